/** Browsers on the Telnet port: upgrade, pages, origins, proxies, and Close codes. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type ListenOptions, type Refusal, TelnetError, TelnetServer } from "../../mod.ts";
import { type MemoryPeer, MemoryTransport } from "../../src/transport/memory.ts";
import { TestClock } from "../../src/testing/mod.ts";
import { until } from "../patience.ts";
import { startCounting } from "../steps.ts";
import { ACCEPT, message, ServerFrames, upgradeRequest } from "../websocket/client.ts";
import { closeFrame, frame, join } from "../websocket/frames.ts";
import { CERTIFICATE } from "../tls/certificates.ts";

interface Scene extends AsyncDisposable {
  readonly server: TelnetServer;
  readonly transport: MemoryTransport;
  readonly refusals: Refusal[];
  readonly gone: (string | undefined)[];
  readonly lines: string[];
  /** Browsers; disposing the scene aborts them. */
  readonly peers: MemoryPeer[];
  poll(): Promise<void>;
}

async function start(options: ListenOptions = {}, chunkSize?: number): Promise<Scene> {
  const transport = new MemoryTransport(chunkSize === undefined ? {} : { chunkSize });
  const [refusals, gone, lines]: [Refusal[], (string | undefined)[], string[]] = [[], [], []];
  const peers: MemoryPeer[] = [];
  const server = await TelnetServer.listen({
    transport,
    timeout: 0,
    webSocket: true,
    onConnect: (client) => client.send("Welcome\n"),
    onDisconnect: (client) => gone.push(client.disconnectReason),
    onRefuse: (refusal) => refusals.push(refusal),
    ...options,
  });
  return {
    server,
    transport,
    refusals,
    gone,
    lines,
    peers,
    async poll() {
      await server.poll();
      for (const client of server.clientList()) {
        for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
          lines.push(line);
          client.send(`You: ${line}\n`);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
    async [Symbol.asyncDispose]() {
      for (const peer of peers) peer.abort(); // else stop() waits for them
      await server.stop();
    },
  };
}

/** A browser on the in-memory transport. */
class Browser {
  readonly peer: MemoryPeer;
  readonly frames = new ServerFrames();
  readonly #scene: Scene;

  constructor(scene: Scene, remoteAddress?: string) {
    this.#scene = scene;
    scene.peers.push(
      this.peer = scene.transport.connect(
        scene.server.port,
        remoteAddress === undefined
          ? { allowHalfOpen: true }
          : { allowHalfOpen: true, remoteAddress },
      ),
    );
  }

  async until(condition: (frames: ServerFrames) => boolean): Promise<void> {
    await until(() => {
      this.frames.push(this.peer.take());
      return condition(this.frames);
    }, () => this.#scene.poll());
  }
}

Deno.test("WebSocket: a session over messages works however the bytes are split", async () => {
  const request = new TextEncoder().encode(
    upgradeRequest({ "Sec-WebSocket-Protocol": "chat, binary" }),
  );
  const bytes = join(
    request,
    frame(1, "lo"),
    message("ok\r\n"),
    frame(9, "p"),
    message("say hi\r\n"),
  );
  const play = async (cut: number) => {
    await using scene = await start({ telnetOptions: { naws: true, mccp2: true, mccp3: true } });
    const browser = new Browser(scene);
    browser.peer.write(bytes.slice(0, cut));
    await scene.poll();
    await scene.poll();
    browser.peer.write(bytes.slice(cut));
    await browser.until(({ text }) => text.includes("You: say hi\r\n"));
    const { frames } = browser;
    assertMatch(
      frames.head ?? "",
      new RegExp(`Sec-WebSocket-Accept: ${ACCEPT.replaceAll("+", "\\+")}\r\n`),
    );
    assertMatch(frames.head ?? "", /Sec-WebSocket-Protocol: binary\r\n/);
    assertEquals(frames.pongs.map((pong) => String.fromCharCode(...pong)), ["p"]);
    const [client] = scene.server.clientList();
    assertEquals(client?.connection.webSocket, true);
    return { lines: scene.lines, text: frames.text };
  };
  const whole = await play(bytes.length);
  assertEquals(whole.lines, ["look", "say hi"]);
  // MCCP2 is not offered, only DO NAWS is sent.
  assertEquals(whole.text, "\xff\xfd\x1fWelcome\r\nYou: look\r\nYou: say hi\r\n");
  for (let cut = 1; cut < bytes.length; cut += 3) {
    assertEquals(await play(cut), whole, `cut at ${cut}`);
  }
});

Deno.test("WebSocket: lines before a violation reach the game, however the bytes are split", async () => {
  const bytes = join(message("save\r\n"), message("quit\r\n"), frame(3, "?"));
  for (let cut = 0; cut <= bytes.length; cut++) {
    await using scene = await start();
    const browser = new Browser(scene);
    browser.peer.write(upgradeRequest());
    await browser.until(({ text }) => text.includes("Welcome"));
    if (cut > 0) {
      browser.peer.write(bytes.slice(0, cut));
      await scene.poll();
    }
    browser.peer.write(bytes.slice(cut));
    await until(() => scene.gone.length === 1, () => scene.poll());
    assertEquals([scene.lines, scene.gone], [["save", "quit"], ["connection-lost"]]);
    await browser.until(({ close }) => close?.code === 1002);
  }
});

Deno.test("WebSocket: byte by byte, with a Telnet client on the same port", async () => {
  await using scene = await start({}, 1);
  const browser = new Browser(scene);
  browser.peer.write(upgradeRequest());
  browser.peer.write(message("look\r\n"));
  await browser.until(({ text }) => text.includes("You: look\r\n"));
  const telnet = scene.transport.connect(scene.server.port);
  telnet.write("quick\r\n");
  let text = "";
  await until(() => (text += telnet.takeText()).includes("You: quick\r\n"), scene.poll);
  assertEquals(scene.lines, ["look", "quick"]);
});

Deno.test("WebSocket: a silent Telnet client is greeted after helloTimeout, one that sends non-HTTP bytes at once", async () => {
  const clock = new TestClock();
  await using scene = await start({ clock, limits: { helloTimeout: 300 } });
  const silent = scene.transport.connect(scene.server.port);
  const letters = ["G", "GE", "GET", "g", "\xff"].map((text) => {
    const peer = scene.transport.connect(scene.server.port);
    peer.write(text === "\xff" ? Uint8Array.of(255, 241) : text);
    return peer;
  });
  for (let turns = 0; turns < 3; turns++) await scene.poll();
  const greeted = () => [silent, ...letters].map((peer) => peer.takeText().includes("Welcome"));
  assertEquals(greeted(), [false, false, false, false, true, true]);
  clock.advance(300);
  for (let turns = 0; turns < 3; turns++) await scene.poll();
  assertEquals(greeted(), [true, true, true, true, false, false]);
});

Deno.test("a page that is not read is cut off after closeTimeout; a slow reader gets all of it", async () => {
  const clock = new TestClock();
  const body = "page ".repeat(100_000);
  const pages = { "/": { type: "text/plain", body } };
  const limits = { closeTimeout: 5_000 };
  await using scene = await start({ clock, webSocket: { pages }, limits });
  const request = () => {
    const peer = scene.transport.connect(scene.server.port);
    peer.write("GET / HTTP/1.1\r\nHost: mud.example:7777\r\n\r\n");
    return peer;
  };
  const turns = async () => {
    for (let turn = 0; turn < 4; turn++) await scene.poll();
  };
  const [idle, slow, trickling] = [request(), request(), request()];
  await turns();
  assertEquals(scene.server.stats().closing, 3);
  let got = "";
  let read = 0;
  for (let seconds = 0; seconds < 80; seconds++) {
    clock.advance(1_000);
    if (seconds < 40) got += slow.takeText();
    // The connection holds 64 KiB of what was not read; this one takes a bit of it every 4 s.
    if (seconds % 4 === 0 && read < 5) {
      trickling.take();
      read++;
    }
    await turns();
    if (seconds === 4) assert(idle.ended && !slow.ended);
  }
  assertEquals(got.split("\r\n\r\n")[1], body);
  assert(trickling.ended);
  assertEquals(scene.server.stats().closing, 0);
});

for (const tls of [false, "auto"] as const) {
  Deno.test(`a browser's spare connection is not greeted while its page loads (tls: ${tls})`, async () => {
    const clock = new TestClock();
    const pages = {
      "/": { type: "text/html", body: "page" },
      "/a.css": { type: "text/css", body: "style" },
    };
    await using scene = await start({
      clock,
      webSocket: { pages },
      limits: { helloTimeout: 300 },
      ...tls === "auto" ? { tls, certificate: CERTIFICATE } : {},
    });
    const connect = (remoteAddress: string) =>
      scene.transport.connect(scene.server.port, { remoteAddress });
    const turns = async () => {
      for (let turn = 0; turn < 4; turn++) await scene.poll();
    };
    const get = async (peer: MemoryPeer, path: string) => {
      peer.write(`GET ${path} HTTP/1.1\r\nHost: mud.example:7777\r\n\r\n`);
      await turns();
      return peer.takeText().split("\r\n\r\n")[1];
    };
    const [first, spare, unused] = [
      connect("192.0.2.1"),
      connect("192.0.2.1"),
      connect("192.0.2.1"),
    ];
    const other = connect("192.0.2.2");
    assertEquals(await get(first, "/"), "page");
    clock.advance(1_900);
    await turns();
    assertEquals(other.takeText(), "Welcome\r\n", "a Telnet client of another address");
    assertEquals(await get(spare, "/a.css"), "style");
    clock.advance(1_960);
    await turns();
    assertEquals(unused.takeText(), "");
    clock.advance(40);
    await turns();
    assertEquals(unused.takeText(), "Welcome\r\n", "two seconds after the last request");
    const later = connect("192.0.2.1");
    clock.advance(300);
    await turns();
    assertEquals(later.takeText(), "Welcome\r\n", "the page is loaded");
    const patient = connect("192.0.2.1");
    for (let second = 0; second < 5; second++) {
      assertEquals(patient.takeText(), "", `after ${second} seconds`);
      await get(connect("192.0.2.1"), "/");
      clock.advance(1_000);
      await turns();
    }
    assertEquals(patient.takeText(), "Welcome\r\n", "somebody browses all the time");
  });
}

const FAULTS: readonly (readonly [what: string, request: string, status: number])[] = [
  ["no version", upgradeRequest({ "Sec-WebSocket-Version": undefined }), 426],
  ["another version", upgradeRequest({ "Sec-WebSocket-Version": "8" }), 426],
  ["no key", upgradeRequest({ "Sec-WebSocket-Key": undefined }), 400],
  ["a short key", upgradeRequest({ "Sec-WebSocket-Key": "AAAA" }), 400],
  ["a long key", upgradeRequest({ "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZS4=" }), 400],
  [
    "two keys",
    upgradeRequest().replace("\r\n\r\n", "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
    400,
  ],
  ["no Host", upgradeRequest({ Host: undefined }), 400],
  ["no Connection", upgradeRequest({ Connection: "close" }), 400],
  ["POST", upgradeRequest({}, "POST / HTTP/1.1"), 405],
  ["HTTP/1.0", upgradeRequest({}, "GET / HTTP/1.0"), 400],
  ["a body", upgradeRequest({ "Content-Length": "5" }), 400],
  ["a chunked body", upgradeRequest({ "Transfer-Encoding": "chunked" }), 400],
  ["a malformed line", upgradeRequest({}, "GET  / HTTP/1.1"), 400],
  ["a malformed header", upgradeRequest({ "a b": "c" }), 400],
  ["a folded header", upgradeRequest({ A: "b\r\n c" }), 400],
  ["a head without end", "GET / HTTP/1.1\r\nA: " + "x".repeat(9_000), 431],
  ["a page of another host", upgradeRequest({ Origin: "https://evil.example" }), 403],
  ["a page of the host, another port", upgradeRequest({ Origin: "http://mud.example:8080" }), 403],
  ["a page without an origin", upgradeRequest({ Origin: "null" }), 403],
  ["no upgrade, and no pages", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 426],
  ["another method", "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", 405],
  ["HTTP/2", upgradeRequest({}, "GET / HTTP/2.0"), 505],
  ["HTTP/9", upgradeRequest({}, "GET / HTTP/9.9"), 505],
  ["a target that is no path", upgradeRequest({}, "GET foo HTTP/1.1"), 400],
  ["the target of OPTIONS, with GET", upgradeRequest({}, "GET * HTTP/1.1"), 400],
  ["the target of OPTIONS", upgradeRequest({}, "OPTIONS * HTTP/1.1"), 405],
  ["two hosts in one", upgradeRequest({ Host: "a, b" }), 400],
  ["a Host with a path", upgradeRequest({ Host: "a/b" }), 400],
  ["bare line feeds", upgradeRequest().replaceAll("\r\n", "\n"), 400],
  ["a bare line feed", upgradeRequest().replace("HTTP/1.1\r\n", "HTTP/1.1\n"), 400],
  ["a bare line feed at the end", upgradeRequest().replace("\r\n\r\n", "\r\n\n"), 400],
];

for (const [what, request, status] of FAULTS) {
  Deno.test(`WebSocket: refused with ${status}: ${what}`, async () => {
    await using scene = await start();
    const browser = new Browser(scene);
    browser.peer.write(request);
    await browser.until(({ head }) => head !== undefined);
    assertEquals(browser.frames.status, status);
    await until(() => scene.refusals.length > 0, scene.poll);
    assertEquals(scene.refusals.map(({ kind }) => kind), ["http-refused"]);
    assertEquals(scene.server.connectionCount(), 0);
    assertEquals(scene.server.stats().httpRequests, 1);
    if (status === 426) assertMatch(browser.frames.head ?? "", /Sec-WebSocket-Version: 13\r\n/);
  });
}

Deno.test("WebSocket: Upgrade is a list, in one header or several; any form of Host and target is accepted", async () => {
  for (
    const request of [
      upgradeRequest().replace("\r\n\r\n", "\r\nUpgrade: h2c\r\n\r\n"),
      upgradeRequest({ Upgrade: "h2c, websocket" }),
      upgradeRequest({ Host: "[2001:db8::1]:7777" }),
      upgradeRequest({ Host: "müd.example".normalize("NFKD").replaceAll(/[^ -~]/g, "%") }),
      upgradeRequest({ Host: "" }),
      upgradeRequest({}, "GET http://mud.example/ HTTP/1.1"),
    ]
  ) {
    await using scene = await start();
    const browser = new Browser(scene);
    browser.peer.write(request);
    await browser.until(({ head }) => head !== undefined);
    assertEquals(browser.frames.status, 101, request);
  }
});

Deno.test("WebSocket: pages of the same origin may connect, others if listed, or any", async () => {
  const tries = [
    [true, "http://mud.example:7777", 101],
    [true, "HTTP://MUD.EXAMPLE:7777", 101],
    [true, undefined, 101],
    [{ origins: ["https://play.example"] }, "https://play.example", 101],
    [{ origins: ["https://play.example"] }, "http://play.example", 403],
    [{ origins: ["https://play.example:443"] }, "https://play.example", 101],
    [{ origins: ["http://PLAY.example:80"] }, "http://play.example", 101],
    [{ origins: ["https://müd.example"] }, "https://xn--md-xka.example", 101],
    [{ origins: "any" }, "null", 101],
  ] as const;
  for (const [webSocket, origin, status] of tries) {
    await using scene = await start({ webSocket });
    const browser = new Browser(scene);
    browser.peer.write(upgradeRequest({ Origin: origin }));
    await browser.until(({ head }) => head !== undefined);
    assertEquals(browser.frames.status, status, String(origin));
  }
});

Deno.test("WebSocket: a default port in Host or Origin makes no difference", async () => {
  const tries = [
    ["play.example:443", "https://play.example", 101],
    ["play.example", "https://play.example:443", 101],
    ["play.example:80", "http://play.example", 101],
    ["play.example:80", "https://play.example", 403],
    ["play.example:443", "http://play.example", 403],
    ["play.example:8443", "https://play.example", 403],
  ] as const;
  for (const [host, origin, status] of tries) {
    await using scene = await start();
    const browser = new Browser(scene);
    browser.peer.write(upgradeRequest({ Origin: origin, Host: host }));
    await browser.until(({ head }) => head !== undefined);
    assertEquals(browser.frames.status, status, `${host} ${origin}`);
  }
});

Deno.test("WebSocket: a path with other characters is encoded by the browser", async () => {
  const page = { type: "text/plain", body: "there" };
  const paths = [
    ["/a b", "/a%20b"],
    ["/é", "/%C3%A9"],
    ["/%C3%A9", "/%C3%A9"], // as the game has encoded it
    ["/50%", "/50%25"],
    ["/50%", "/50%"],
    ["/x", "/x%"],
  ] as const;
  for (const [path, target] of paths) {
    await using scene = await start({ webSocket: { pages: { [path]: page } } });
    const browser = new Browser(scene);
    browser.peer.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await browser.until(({ head }) => head !== undefined);
    assertEquals(browser.frames.status, target === "/x%" ? 404 : 200, target);
  }
});

Deno.test("WebSocket: the last ping is answered when a peer has read what waited for it", async () => {
  await using scene = await start();
  const browser = new Browser(scene);
  browser.peer.write(upgradeRequest());
  await browser.until(({ text }) => text.includes("Welcome"));
  const [client] = scene.server.clientList();
  client?.send("x".repeat(300_000));
  await scene.poll();
  for (const payload of ["one", "two", "three"]) {
    browser.peer.write(frame(9, payload));
    await scene.poll();
  }
  await browser.until(({ pongs }) => pongs.length > 0);
  const length = browser.frames.messages.reduce((sum, bytes) => sum + bytes.length, 0);
  assertEquals(length, "Welcome\r\n".length + 300_000);
  for (let turns = 0; turns < 5; turns++) await scene.poll();
  browser.frames.push(browser.peer.take());
  assertEquals(browser.frames.pongs.map((pong) => String.fromCharCode(...pong)), ["three"]);
});

Deno.test("WebSocket: HTTP serves exactly the configured pages", async () => {
  const pages = {
    "/": { type: "text/html; charset=utf-8", body: "<h1>caf\u00e9</h1>" },
    "/a.js": { type: "text/javascript", body: Uint8Array.of(59) },
  };
  await using scene = await start({ webSocket: { pages } });
  const get = async (line: string) => {
    const browser = new Browser(scene);
    browser.peer.write(`${line} HTTP/1.1\r\nHost: mud.example\r\n\r\n`);
    await browser.until(({ head }) => head !== undefined && browser.peer.ended);
    const { status, body, head = "" } = browser.frames;
    return { status, body, head };
  };
  const page = await get("GET /?room=inn");
  assertEquals([page.status, page.body], [200, "<h1>caf\u00e9</h1>"]);
  for (
    const header of [
      "nosniff",
      "default-src 'self'",
      "frame-ancestors 'none'",
      "Content-Length: 14",
    ]
  ) {
    assert(page.head.includes(header), header);
  }
  assertEquals((await get("HEAD /")).body, "");
  const refusedHead = await get("HEAD /nope");
  assertEquals([refusedHead.status, refusedHead.body], [404, ""]);
  assertEquals((await get("GET /a.js")).body, ";");
  assertEquals((await get("GET http://mud.example/a.js?x")).body, ";");
  assertEquals((await get("GET http://mud.example")).status, 200);
  const browser = new Browser(scene);
  browser.peer.write("GET / HTTP/1.1\r\n\r\n"); // without Host
  await browser.until(({ head }) => head !== undefined && browser.peer.ended);
  assertEquals(browser.frames.status, 400);
  for (const path of ["/../etc/passwd", "/toString", "/__proto__", "//", "/A.JS"]) {
    assertEquals((await get(`GET ${path}`)).status, 404, path);
  }
  assertEquals(scene.server.stats().accepted, 0);
});

Deno.test("WebSocket: the Close code tells why the server closed", async () => {
  const ends: readonly (readonly [string, (scene: Scene) => unknown, number])[] = [
    [
      "dropped by the game",
      ({ server }) => server.clientList().forEach((client) => client.active = false),
      1000,
    ],
    ["the server stops", ({ server }) => void server.stop(), 1001],
    ["the server drains", ({ server }) => void server.drain({ message: "" }), 1012],
  ];
  for (const [what, end, code] of ends) {
    await using scene = await start();
    const browser = new Browser(scene);
    browser.peer.write(upgradeRequest());
    await browser.until(({ text }) => text.includes("Welcome"));
    end(scene);
    await browser.until(({ close }) => close !== undefined);
    assertEquals(browser.frames.close?.code, code, what);
    browser.peer.write(closeFrame(code));
    browser.peer.end();
  }
});

Deno.test("WebSocket: a Close frame is a half-close: lines before it are still answered", async () => {
  await using scene = await start();
  const browser = new Browser(scene);
  browser.peer.write(upgradeRequest());
  browser.peer.write(
    join(message("one\r\n"), message("two\r\n"), closeFrame(1001), message("three\r\n")),
  );
  await browser.until(({ close }) => close !== undefined);
  assertEquals(scene.lines, ["one", "two"]);
  assert(browser.frames.text.endsWith("You: one\r\nYou: two\r\n"));
  assertEquals(browser.frames.close?.code, 1000);
  assertEquals(scene.gone, ["client-closed"]);
});

Deno.test("WebSocket: a protocol error is answered with a Close reason, after the answers to earlier frames", async () => {
  await using scene = await start();
  const browser = new Browser(scene);
  browser.peer.write(upgradeRequest());
  await browser.until(({ text }) => text.includes("Welcome"));
  browser.peer.write(join(frame(9, "a"), frame(1, "x", { masked: false })));
  await browser.until(({ close }) => close !== undefined);
  assertEquals(browser.frames.pongs.length, 1);
  assertEquals(browser.frames.close, { code: 1002, reason: "a frame is not masked" });
  await until(() => scene.gone.length > 0, scene.poll);
  assertEquals(scene.gone, ["connection-lost"]);
});

Deno.test("WebSocket: pings count towards byteRate, and reading pauses above it", async () => {
  const clock = new TestClock();
  await using scene = await start({ clock, limits: { byteRate: 100, burst: 1, helloTimeout: 0 } });
  const browser = new Browser(scene);
  browser.peer.write(upgradeRequest());
  await browser.until(({ text }) => text.includes("Welcome"));
  for (let ping = 0; ping < 100; ping++) browser.peer.write(frame(9, "x"));
  for (let turns = 0; turns < 5; turns++) await scene.poll();
  browser.frames.push(browser.peer.take());
  const { length } = browser.frames.pongs;
  assert(length > 0 && length < 30, String(length));
  assertEquals(scene.server.stats().violations["too-many-bytes"], 1);
  assert(browser.peer.queued > 400); // the rest stays in the network
  for (let turns = 0; turns < 20; turns++) {
    clock.advance(1_000);
    await scene.poll();
  }
  await browser.until(({ pongs }) => pongs.length === 100);
});

Deno.test("WebSocket: behind a trusted proxy, by PROXY or by a forwarded header", async () => {
  const trustedProxies = ["10.0.0.0/8"];
  const enter = async (options: ListenOptions, bytes: string, address = "10.0.0.1") => {
    await using scene = await start({ trustedProxies, limits: { helloTimeout: 0 }, ...options });
    const browser = new Browser(scene, address);
    browser.peer.write(bytes);
    await until(
      () => scene.refusals.length > 0 || scene.server.clientList().length > 0,
      scene.poll,
    );
    const [client] = scene.server.clientList();
    if (client === undefined) return scene.refusals[0]?.kind;
    return `${client.address}${client.connection.encrypted ? " encrypted" : ""}`;
  };
  const forwarded = { webSocket: { forwardedHeader: "X-Forwarded-For" } } as const;
  const header = (value: string, more: Record<string, string> = {}) =>
    upgradeRequest({ "X-Forwarded-For": value, ...more });
  const proxy = "PROXY TCP4 192.0.2.7 10.0.0.1 4000 7777\r\n";
  assertEquals(await enter({}, proxy + upgradeRequest()), "192.0.2.7");
  assertEquals(await enter({}, upgradeRequest()), "proxy-header"); // no PROXY header
  assertEquals(await enter(forwarded, header("192.0.2.9")), "192.0.2.9");
  // The rightmost address that is no trusted proxy counts: a client can forge the others.
  assertEquals(await enter(forwarded, header("1.1.1.1, 192.0.2.9, 10.0.0.2")), "192.0.2.9");
  assertEquals(await enter(forwarded, header('"[2001:db8::1]:4000", 10.1.1.1')), "2001:db8::1");
  // As sockets and PROXY headers report them.
  assertEquals(await enter(forwarded, header("::ffff:192.0.2.9")), "192.0.2.9");
  assertEquals(await enter(forwarded, header("2001:DB8:0:0:0:0:0:7")), "2001:db8::7");
  assertEquals(await enter(forwarded, header("fe80::1%eth0")), "fe80::1");
  const wss = { "X-Forwarded-Proto": "wss" };
  assertEquals(await enter(forwarded, header("192.0.2.9", wss)), "192.0.2.9 encrypted");
  const https = { "X-Forwarded-Proto": "https" };
  assertEquals(await enter(forwarded, header("192.0.2.9", https)), "192.0.2.9 encrypted");
  const http = { "X-Forwarded-Proto": "http, https" };
  assertEquals(await enter(forwarded, header("192.0.2.9, 10.0.0.3", http)), "192.0.2.9");
  assertEquals(
    await enter(forwarded, header("192.0.2.9, 10.0.0.3", { "X-Forwarded-Proto": "https, http" })),
    "192.0.2.9 encrypted",
  );
  assertEquals( // the person wrote the first of each
    await enter(forwarded, header("1.1.1.1, 192.0.2.9", { "X-Forwarded-Proto": "https, http" })),
    "192.0.2.9",
  );
  const standard = { webSocket: { forwardedHeader: "Forwarded" } } as const;
  const forwardedBy = (value: string) => upgradeRequest({ "Forwarded": value });
  assertEquals(
    await enter(
      standard,
      forwardedBy('for=1.1.1.1, For="[2001:db8::1]:4000";proto=https;by=10.0.0.1'),
    ),
    "2001:db8::1 encrypted",
  );
  assertEquals(
    await enter(standard, forwardedBy("proto=http;for=192.0.2.9, for=10.0.0.2;proto=https")),
    "192.0.2.9",
  );
  // A client may have written what is in quotes, for example in its Host header.
  for (const quoted of ["a;for=6.6.6.6", "a,for=6.6.6.6;x=", 'a\\";for=6.6.6.6;x=\\"', "a, b"]) {
    const element = `proto=http;host="${quoted}";for=192.0.2.9`;
    assertEquals(await enter(standard, forwardedBy(element)), "192.0.2.9", quoted);
  }
  const malformed = [
    'host="a;for=192.0.2.9',
    'host="a";for=6.6.6.6;x="";for=192.0.2.9',
    "for=192.0.2.9 for=192.0.2.8",
    "host=a b;for=192.0.2.9",
  ];
  for (const value of malformed) {
    assertEquals(await enter(standard, forwardedBy(value)), "proxy-header", value);
  }
  assertEquals(await enter(standard, forwardedBy('for="192.0.2.9:_x"')), "192.0.2.9");
  assertEquals(await enter(standard, forwardedBy(' , for="[2001:db8::1]:_x" ; , ')), "2001:db8::1");
  // A person in the network of the proxies.
  assertEquals(await enter(forwarded, header("10.0.0.5")), "10.0.0.5");
  assertEquals(await enter(forwarded, header("10.0.0.5, 10.0.0.6")), "10.0.0.5");
  assertEquals(await enter(standard, forwardedBy("proto=https")), "proxy-header");
  assertEquals(await enter(standard, forwardedBy("for=unknown")), "proxy-header");
  assertEquals(await enter(forwarded, upgradeRequest()), "proxy-header");
  assertEquals(await enter(forwarded, header("nonsense")), "proxy-header");
  assertEquals(await enter(forwarded, proxy + upgradeRequest()), "192.0.2.7");
  // Without a trusted proxy the header is ignored.
  assertEquals(await enter(forwarded, header("192.0.2.9"), "192.0.2.1"), "192.0.2.1");
  const one = { ...forwarded, limits: { connectionsPerAddress: 1, helloTimeout: 0 } };
  await using scene = await start({ trustedProxies, ...one });
  for (let count = 0; count < 2; count++) {
    new Browser(scene, "10.0.0.1").peer.write(header("192.0.2.9"));
  }
  const refused = new Browser(scene, "10.0.0.1");
  refused.peer.write(header("192.0.2.9"));
  await refused.until(({ head }) => head !== undefined);
  assertEquals(refused.frames.status, 503);
  assertEquals(scene.refusals.slice(0, 1).map(({ kind, address }) => [kind, address]), [[
    "address-full",
    "192.0.2.9",
  ]]);
});

Deno.test("WebSocket: a proxy's own requests are answered as health checks", async () => {
  for (const tls of [false, "auto"] as const) {
    for (
      const [method, page] of [["GET", true], ["HEAD", true], ["GET", false], ["OPTIONS", true]]
    ) {
      const pages = page ? { "/": { type: "text/plain", body: "up" } } : {};
      await using scene = await start({
        trustedProxies: ["10.0.0.0/8"],
        webSocket: { forwardedHeader: "x-forwarded-for", pages },
        ...tls === "auto" && { tls, certificate: CERTIFICATE },
      });
      const browser = new Browser(scene, "10.0.0.1");
      // In two segments, of which the first says nothing yet.
      browser.peer.write(String(method).charAt(0));
      await scene.poll();
      browser.peer.write(`${String(method).slice(1)} / HTTP/1.1\r\nHost: game\r\n\r\n`);
      let answer = "";
      await until(() => (answer += browser.peer.takeText()).includes("\r\n\r\n"), scene.poll);
      const status = method === "OPTIONS" ? 405 : page ? 200 : 426;
      assertMatch(answer, new RegExp(`^HTTP/1.1 ${status} `));
      const { healthChecks, httpRequests } = scene.server.stats();
      assertEquals([healthChecks, httpRequests, scene.refusals], [1, 0, []]);
    }
  }
});

Deno.test("WebSocket: the error of an invalid option says what to write", async () => {
  const wrong = [
    5,
    "yes",
    { origins: "all" },
    { origins: ["play.example"] },
    { pages: { "a": { type: "x", body: "" } } },
    { pages: { "/": "<h1>" } },
    { page: {} },
    { origins: ["https://*.example.com"] },
    { origins: ["https://play.example?x=1"] },
    { origins: ["https://play.example#x"] },
    { origins: ["https://user:pw@play.example"] },
    { origins: ["https://a\\b"] },
    { pages: { "/*": { type: "text/html", body: "" } } },
    { pages: { "/": { type: "html", body: "" } } },
    { pages: { "/": { type: "   ", body: "" } } },
    { pages: { "/a?b": { type: "text/html", body: "" } } },
    { pages: { "/": { type: "text/html\r\nX: y", body: "" } } },
    { forwardedHeader: 5 },
    { forwardedHeader: "" },
    { forwardedHeader: "X-Forwarded-For:" },
  ];
  const forwarded = { webSocket: { forwardedHeader: "x-forwarded-for" } };
  await assertRejects(
    () => TelnetServer.listen({ transport: new MemoryTransport(), ...forwarded }),
    TelnetError,
    "list their addresses in `trustedProxies`",
  );
  for (const address of ["*", "[::1]"]) {
    const listening = () => TelnetServer.listen({ address });
    await assertRejects(listening, TelnetError, "a name or an IP address");
  }
  for (const webSocket of wrong) {
    const error = await TelnetServer.listen({
      transport: new MemoryTransport(),
      trustedProxies: ["10.0.0.1"],
      webSocket: webSocket as never,
    })
      .then(() => undefined, (error) => error);
    assertEquals(error?.code, "misuse", JSON.stringify(webSocket));
  }
});

Deno.test("WebSocket: a client that floods pings is dropped after floodTimeout, though no input is queued", async () => {
  const clock = new TestClock();
  const limits = { byteRate: 100, floodTimeout: 2_000 };
  await using scene = await start({ clock, limits });
  const browser = new Browser(scene);
  browser.peer.write(upgradeRequest());
  await browser.until(({ text }) => text === "Welcome\r\n");
  // One chunk that exceeds byteRate for far longer than floodTimeout.
  browser.peer.write(join(...Array.from({ length: 2_000 }, () => frame(9, "are you there"))));
  await browser.until(({ pongs }) => pongs.length > 0);
  for (let turns = 0; turns < 20; turns++) await scene.poll();
  assert(browser.frames.pongs.length < 200); // the rest waits for the rate
  clock.advance(1_900);
  await scene.poll();
  assertEquals(scene.gone, []);
  clock.advance(200);
  await browser.until(({ close }) => close !== undefined);
  assertEquals(scene.gone, ["flooding"]);
});

Deno.test("WebSocket: a chunk of many frames is processed in slices, and the end of input comes after it", async () => {
  await using scene = await start({ limits: { byteRate: 1e9, lineRate: 1e9, workRate: 1e9 } });
  const browser = new Browser(scene);
  browser.peer.write(upgradeRequest());
  await browser.until(({ text }) => text === "Welcome\r\n");
  const frames: Uint8Array[] = [];
  for (let index = 0; index < 3_000; index++) frames.push(frame(9, String(index)));
  const line = [...new TextEncoder().encode("hello\r\n")];
  for (let turns = 0; turns < 300; turns++) {
    for (const byte of line) frames.push(frame(2, Uint8Array.of(byte)));
  }
  browser.peer.write(join(...frames));
  browser.peer.end();
  await browser.until(({ pongs }) => pongs.length > 0);
  assert(browser.frames.pongs.length < 3_000);
  await browser.until(({ pongs }) => pongs.length === 3_000);
  assertEquals(
    browser.frames.pongs.map((pong) => new TextDecoder().decode(pong)),
    Array.from({ length: 3_000 }, (_, index) => String(index)),
  );
  await until(() => scene.lines.length === 300, scene.poll);
  assert(scene.lines.every((line) => line === "hello"));
});

Deno.test("a request that comes byte by byte costs in proportion to its length", async () => {
  const stepsOf = async (length: number) => {
    await using scene = await start({}, 1);
    const browser = new Browser(scene);
    const stop = startCounting();
    try {
      const head = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x\n".repeat(length / 2)}`;
      for (let at = 0; at < head.length; at++) {
        browser.peer.write(head.charAt(at));
        if (at % 50 === 0) await scene.poll(); // the queue of the network has its own cost
      }
      await until(() => browser.peer.queued === 0, scene.poll);
    } finally {
      stop();
    }
    return stop().count;
  };
  const less = await stepsOf(1_800);
  const more = await stepsOf(7_200);
  assert(less > 0 && more < 5 * less, `${more} steps for four times the ${less}`);
});

/** Sends a request, and returns the whole answer. */
async function answerTo(request: string, options: ListenOptions = {}): Promise<string> {
  await using scene = await start(options);
  const peer = scene.transport.connect(scene.server.port, { allowHalfOpen: true });
  scene.peers.push(peer);
  peer.write(request);
  let answer = "";
  await until(() => {
    answer += String.fromCharCode(...peer.take());
    return peer.ended || answer.startsWith("HTTP/1.1 101");
  }, () => scene.poll());
  return answer;
}

Deno.test("HTTP: only spaces and TABs are left out around a value", async () => {
  const head = "GET / HTTP/1.1\r\n";
  for (const header of ["Host: \x0bh", "Host: h\r\nX: \x0c1", "Host: h\r\nX: a\r\r"]) {
    assertMatch(await answerTo(`${head}${header}\r\n\r\n`), /^HTTP\/1\.1 400 /, header);
  }
  for (const name of ["Upgrade", "Connection", "Sec-WebSocket-Key", "Origin"]) {
    const request = upgradeRequest({ Origin: "http://h", Host: "h", Connection: "Upgrade" });
    assertMatch(request, new RegExp(`${name}: `));
    const odd = request.replace(`${name}: `, `${name}: \xa0`);
    assertMatch(await answerTo(odd), /^HTTP\/1\.1 4/, name);
  }
});

Deno.test("HTTP: no answer to HEAD has a body, each has a date, and 426 names the connection option", async () => {
  for (
    const rest of ["/ HTTP/1.1\r\nHost: h\r\nbad header", "/ HTTP/2.0", "x HTTP/1.1", "/ HTTP/1.1"]
  ) {
    for (const method of ["HEAD", "GET"]) {
      const answer = await answerTo(`${method} ${rest}\r\n\r\n`);
      const [answered = "", body = ""] = answer.split("\r\n\r\n");
      assertEquals(body === "", method === "HEAD", `${method} ${rest}: ${answer}`);
      assertMatch(answered, /\r\nDate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n/);
    }
  }
  const answer = await answerTo("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assertMatch(answer, /^HTTP\/1\.1 426 /);
  assertMatch(answer, /\r\nConnection: close, Upgrade\r\n/);
});

Deno.test("null is no value of an option, and a clock must tell the time", async () => {
  const names = ["listeners", "trustedProxies", "clientClass", "keepAlive", "clock", "limits"];
  const wrong: object[] = names.map((name) => ({ [name]: null }));
  wrong.push({ clock: { now: () => NaN } }, { clock: { now: () => 0, timeOfDay: 5 } });
  wrong.push({ clock: { now: () => 0, timeOfDay: () => NaN } });
  for (const options of wrong) {
    const error = await TelnetServer.listen({ transport: new MemoryTransport(), ...options })
      .then(() => undefined, (error) => error);
    assertEquals([error?.name, error?.code], ["TelnetError", "misuse"], JSON.stringify(options));
  }
});
