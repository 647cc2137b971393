/** TLS, START-TLS, PROXY headers and foreign protocols, mostly on real sockets. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { connect } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import {
  type ListenOptions,
  SERVER_MESSAGES,
  type ServerLimits,
  TelnetError,
  TelnetServer,
} from "../../mod.ts";
import { AddressSet } from "../../src/guard/addresses.ts";
import { Handshake, type HandshakePort } from "../../src/server/handshake.ts";
import {
  CHARSET,
  decodeMssp,
  ECHO,
  encodeCharsetRequest,
  MSSP,
  NAWS,
  SGA,
  START_TLS,
  START_TLS_FOLLOWS,
} from "../../src/options/mod.ts";
import { DO, IAC, SB, SE, TelnetMachine, WILL, WONT } from "../../src/protocol/mod.ts";
import { freePort } from "../runtimes/free_port.ts";
import type { LineClient } from "../runtimes/line_client.ts";
import { CERTIFICATE, RENEWED } from "../tls/certificates.ts";
import type { MemoryPeer } from "../../src/transport/memory.ts";
import {
  BaseConnection,
  type ConnectionAcceptor,
  type ConnectionHandler,
} from "../../src/transport/mod.ts";
import { assertGrowth, startCounting } from "../steps.ts";
import { latin1, negotiation, start, StepClock } from "./harness.ts";
import { utf8 } from "./remote.ts";
import { Served } from "./served.ts";

/** A TLS client. */
class SecureClient implements Disposable {
  readonly socket: TLSSocket;
  text = "";
  ended = false;
  #changed: () => void = () => {};

  constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on("data", (bytes: Uint8Array) => {
      this.text += new TextDecoder("latin1").decode(bytes);
      this.#changed();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.ended = true;
      this.#changed();
    });
  }

  static connect(port: number, ca: string = CERTIFICATE.cert): Promise<SecureClient> {
    return new Promise((resolve, reject) => {
      const socket = connectTls({ port, host: "127.0.0.1", servername: "localhost", ca });
      socket.once("secureConnect", () => resolve(new SecureClient(socket)));
      socket.once("error", reject);
    });
  }

  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) {
      if (this.ended) throw new Error(`The server closed before ${pattern}: ${this.text}`);
      await new Promise<void>((resolve) => this.#changed = resolve);
    }
    return this.text;
  }

  write(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

Deno.test("TLS: a client is greeted, can send and receive, and counts as encrypted", async () => {
  await using served = await Served.start({ tls: true, certificate: CERTIFICATE });
  using person = await SecureClient.connect(served.server.port);
  await person.until(/hello\r\n/);
  assertEquals([served.client.connection.encrypted, served.client.address], [true, "127.0.0.1"]);
  person.write("look\r\n");
  assert(await served.comes(() => served.lines.includes("look")));
  served.client.send("farewell\n");
  served.client.active = false;
  await person.until(/farewell\r\n/);
  assert(await served.comes(() => person.ended && served.gone.length === 1));
});

Deno.test("a plain and a TLS listener of one server share one list of clients", async () => {
  await using served = await Served.start({
    certificate: CERTIFICATE,
    listeners: [{ port: 0, address: "127.0.0.1", tls: true }],
  });
  const [plain, secure] = served.server.listeners;
  assertEquals([plain?.tls, secure?.tls], [false, true]);
  assertEquals([plain?.port, plain?.address], [served.server.port, served.server.address]);
  await served.join();
  using person = await SecureClient.connect(secure?.port ?? 0);
  await person.until(/hello/);
  assertEquals(served.server.clientList().map(({ connection }) => connection.encrypted), [
    false,
    true,
  ]);
});

Deno.test("if the second listener fails to open, the first is closed", async () => {
  await using taken = await Served.start();
  const port = freePort();
  const error = await assertRejects(
    () =>
      TelnetServer.listen({
        port,
        address: "127.0.0.1",
        listeners: [{ port: taken.server.port, address: "127.0.0.1" }],
      }),
    TelnetError,
  );
  assertEquals(error.code, "address-in-use");
  await using again = await startOn(port);
  assertEquals(again.server.port, port);
});

/** Starts on a port whose last listener was closed: a child that another test starts may hold it. */
async function startOn(port: number): Promise<Served> {
  for (let tries = 0;; tries++) {
    try {
      return await Served.start({ port });
    } catch (error) {
      const held = error instanceof TelnetError && error.code === "address-in-use";
      if (!held || tries === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

Deno.test('tls: "auto" tells TLS from Telnet on one port by the first byte', async () => {
  await using served = await Served.start({
    tls: "auto",
    certificate: CERTIFICATE,
    limits: { helloTimeout: 200 },
    clock: new StepClock(),
  });
  using secure = await SecureClient.connect(served.server.port);
  await secure.until(/hello/);
  const silent = await served.connect(); // sends nothing before the greeting
  assert(await served.comes(() => served.server.stats().handshakes === 1));
  const talking = await served.connect();
  await talking.write("look\r\n"); // sends at once, so it need not wait
  await talking.until(/hello/);
  assertEquals(await served.passes(150, () => served.server.connectionCount() > 2), false);
  assertEquals(await served.passes(50, () => served.server.connectionCount() > 2), true);
  await silent.until(/hello/);
  assertEquals(served.server.clientList().map(({ connection }) => connection.encrypted), [
    true,
    false,
    false,
  ]);
  assert(await served.comes(() => served.lines.includes("look")));
});

Deno.test('tls: "auto" accepts a lone Ctrl-V as a key, and greets a half-closed client', async () => {
  await using served = await Served.start({
    tls: "auto",
    certificate: CERTIFICATE,
    limits: { helloTimeout: 100 },
  });
  const first = await served.connect();
  await first.write(Uint8Array.of(0x16));
  await first.until(/hello/);
  const keys = await served.connect();
  await keys.write(Uint8Array.of(0x16, 0x03, 0x68)); // Ctrl-V, Ctrl-C, h
  await keys.until(/hello/);
  const second = await served.connect();
  await second.end();
  assertEquals(await second.rest(), "hello\r\n");
});

Deno.test("a failed TLS handshake is refused and reported, and others still connect", async () => {
  await using served = await Served.start({ tls: true, certificate: CERTIFICATE });
  const wrong = await served.connect();
  await wrong.write("look\r\n");
  await wrong.rest().catch(() => {});
  assert(await served.comes(() => served.refused("tls-failed")));
  const cut = await served.connect();
  await cut.write(Uint8Array.of(0x16, 3, 1, 0, 200, 1, 0, 0, 196));
  cut[Symbol.dispose]();
  assert(await served.comes(() => served.refusals.length === 2));
  using person = await SecureClient.connect(served.server.port);
  await person.until(/hello/);
  assertEquals([served.server.stats().handshakes, served.server.connectionCount()], [0, 1]);
});

Deno.test("a connection in its TLS handshake is closed and reported when the server stops", async () => {
  await using served = await Served.start({ tls: true, certificate: CERTIFICATE });
  const silent = await served.connect();
  assert(await served.comes(() => served.server.stats().handshakes === 1));
  await served.server.stop();
  await silent.rest().catch(() => {});
  assertEquals(served.refusals.map(({ kind }) => kind), ["stopping"]);
});

Deno.test("setCertificate drops no client; an invalid certificate changes nothing", async () => {
  await using served = await Served.start({ tls: true, certificate: CERTIFICATE });
  using before = await SecureClient.connect(served.server.port);
  await before.until(/hello/);
  served.server.setCertificate(RENEWED);
  await assertRejects(() => SecureClient.connect(served.server.port), Error);
  using after = await SecureClient.connect(served.server.port, RENEWED.cert);
  await after.until(/hello/);
  before.write("still here\r\n");
  assert(await served.comes(() => served.lines.includes("still here")));
  for (
    const wrong of [
      { cert: "no certificate", key: RENEWED.key },
      { cert: RENEWED.cert, key: CERTIFICATE.key },
      // A chain whose second certificate was half written, or is none.
      { cert: CERTIFICATE.cert + RENEWED.cert.slice(0, 300), key: CERTIFICATE.key },
      { cert: CERTIFICATE.cert + RENEWED.cert.replace(/^[A-Za-z]/gm, "!"), key: CERTIFICATE.key },
    ]
  ) {
    const error = assertThrows(() => served.server.setCertificate(wrong), TelnetError);
    assertEquals(error.code, "misuse");
  }
  using again = await SecureClient.connect(served.server.port, RENEWED.cert);
  await again.until(/hello/);
  // The certificates and the key in one file, with its text and byte order mark.
  const file = `\ufeffBag Attributes\n${CERTIFICATE.key}${CERTIFICATE.cert}${RENEWED.cert}`;
  served.server.setCertificate({ cert: file, key: file });
  using last = await SecureClient.connect(served.server.port, CERTIFICATE.cert);
  await last.until(/hello/);
  // OpenSSL's other label, after text.
  const labelled = `Certificate: ...\n${
    RENEWED.cert.replaceAll("CERTIFICATE", "X509 CERTIFICATE")
  }`;
  served.server.setCertificate({ cert: labelled, key: RENEWED.key });
});

Deno.test("listen() rejects an invalid certificate with a fix in the message, and shows no key", async () => {
  const { cert, key } = CERTIFICATE;
  const secret = "c2VjcmV0";
  const wrong: [ListenOptions, RegExp][] = [
    [{ tls: true }, /pass `certificate` to listen\(\)/],
    [{ tls: "auto" }, /pass `certificate` to listen\(\)/],
    [{ listeners: [{ port: 0, tls: true }] }, /pass `certificate` to listen\(\)/],
    [{ telnetOptions: { startTls: true } }, /pass `certificate` to listen\(\)/],
    [{ certificate: CERTIFICATE }, /set `tls`/],
    [{ tls: true, certificate: { cert: "", key: "" } }, /not PEM text/],
    [{ tls: true, certificate: { cert: "cert.pem", key: "key.pem" } }, /read the file/],
    [{ tls: true, certificate: { cert, key: secret } }, /certificate\.key: it is not PEM text/],
    [{ tls: true, certificate: { cert: new Uint8Array(9), key } as never }, /as UTF-8/],
    [{ tls: true, certificate: { cert, key, ca: cert } as never }, /certificate\.ca/],
    [{ tls: true, certificate: cert as never }, /certificate: expected an object/],
    [{ tls: true, certificate: null as never }, /certificate: expected an object/],
    [{ tls: true, certificate: { cert: RENEWED.cert, key } }, /another certificate/],
    [
      {
        tls: true,
        certificate: { cert, key: key.replaceAll("PRIVATE KEY", "ENCRYPTED PRIVATE KEY") },
      },
      /needs a passphrase/,
    ],
    [{ listeners: [{ port: 0, tls: "true" as never }] }, /listeners\[0\]\.tls/],
  ];
  for (const [options, words] of wrong) {
    const error = await assertRejects(
      () => TelnetServer.listen({ port: 0, address: "127.0.0.1", ...options }),
      TelnetError,
    );
    assertEquals(error.code, "misuse");
    assertMatch(error.message, words);
    assert(!error.message.includes(secret));
  }
  await using served = await Served.start();
  assertThrows(() => served.server.setCertificate(CERTIFICATE), TelnetError);
  // With an explicit tls: false a certificate is no error.
  await using plain = await Served.start({ tls: false, certificate: CERTIFICATE });
  assertThrows(() => plain.server.setCertificate(undefined as never), TelnetError);
});

Deno.test("MSSP reports the TLS port", async () => {
  await using served = await Served.start({
    certificate: CERTIFICATE,
    listeners: [{ port: 0, address: "127.0.0.1", tls: true }],
    telnetOptions: { mssp: () => ({ NAME: "Boaville" }) },
  });
  const person = await served.join();
  await person.write(Uint8Array.of(IAC, DO, MSSP));
  const payload = /\xff\xfa\x46([^\xff]*)\xff\xf0/.exec(await person.until(/\xff\xf0/))?.[1] ?? "";
  const told = decodeMssp(Uint8Array.from(payload, (character) => character.charCodeAt(0)));
  const port = String(served.server.listeners[1]?.port);
  assertEquals([told.get("TLS"), told.get("SSL"), told.get("NAME")], [[port], [port], [
    "Boaville",
  ]]);
});

// START-TLS

Deno.test("START-TLS: a client that agrees continues encrypted, and Telnet negotiation starts again", async () => {
  await using served = await Served.start({
    certificate: CERTIFICATE,
    telnetOptions: { startTls: true, naws: true },
    onConnect: async (client) => {
      await client.ready;
      client.send(`hello, ${client.connection.encrypted ? "behind TLS" : "in the clear"}\n`);
    },
  });
  using person = await startTls(served);
  await person.until(/\xff\xfd\x1f/); // DO NAWS comes encrypted
  person.write(Uint8Array.of(IAC, WILL, NAWS, IAC, SB, NAWS, 0, 100, 0, 50, IAC, SE));
  await person.until(/hello, behind TLS/);
  assertEquals([served.client.connection.encrypted, served.client.columns], [true, 100]);
  person.write("look\r\n");
  assert(await served.comes(() => served.lines.includes("look")));
});

Deno.test("START-TLS: a client that refuses is offered the other options, and continues in plain text", async () => {
  await using served = await Served.start({
    certificate: CERTIFICATE,
    telnetOptions: { startTls: true, naws: true },
  });
  const person = await served.join();
  await person.write(Uint8Array.of(IAC, WONT, START_TLS));
  await person.until(/\xff\xfd\x1f/);
  await person.write("look\r\n");
  assert(await served.comes(() => served.lines.includes("look")));
  assertEquals(served.client.connection.encrypted, false);
});

Deno.test("START-TLS: the connection ends if the handshake does not start in time", async () => {
  await using served = await Served.start({
    certificate: CERTIFICATE,
    telnetOptions: { startTls: true },
    limits: { handshakeTimeout: 200 },
  });
  const person = await served.join();
  await person.write(Uint8Array.of(IAC, WILL, START_TLS, IAC, SB, START_TLS, 1, IAC, SE));
  assert(await served.comes(() => served.gone.length === 1));
  assertEquals(served.gone[0]?.disconnectReason, "connection-lost");
  const [violation] = served.violations;
  assertEquals([violation?.kind, violation?.limit], ["handshake-timeout", 200]);
  await person.rest().catch(() => {});
});

Deno.test("START-TLS: plain text after FOLLOWS is not taken as a line", async () => {
  await using served = await Served.start({
    certificate: CERTIFICATE,
    telnetOptions: { startTls: true },
  });
  const person = await served.join();
  const follows = [IAC, WILL, START_TLS, IAC, SB, START_TLS, START_TLS_FOLLOWS, IAC, SE];
  await person.write(Uint8Array.of(...follows, ...new TextEncoder().encode("drop all\r\n")));
  assert(await served.comes(() => served.gone.length === 1));
  assertEquals(served.lines, []);
  await person.rest().catch(() => {});
});

Deno.test("START-TLS: lines and negotiations injected before the handshake have no effect after it", async () => {
  await using served = await Served.start({
    certificate: CERTIFICATE,
    telnetOptions: { startTls: true, charset: true },
    onConnect: (client) => client.passwordModeOn(),
  });
  served.taking = false;
  const injected = [
    ...negotiation(WILL, CHARSET),
    ...[IAC, SB, CHARSET, ...encodeCharsetRequest(["ISO-8859-1"]), IAC, SE],
    ...utf8("say I am wicked\r\ngive purse \x1b["),
  ];
  using person = await startTls(served, Uint8Array.from(injected));
  await person.until(/\xff\xfb\x01/); // WILL ECHO, again
  served.taking = true;
  person.write("to grandmother’s\r\n");
  assert(await served.comes(() => served.lines.length > 0));
  const { client } = served;
  assertEquals(served.lines, ["to grandmother’s"]);
  assertEquals(client.encoding, "utf-8");
});

Deno.test("START-TLS: a partial line and keys from before it are discarded; the game's settings are kept", async () => {
  await using served = await Served.start({
    certificate: CERTIFICATE,
    telnetOptions: { startTls: true },
    onConnect: (client) => {
      client.encoding = "latin1";
      client.enterCharacterMode();
    },
  });
  const agreed = [...negotiation(DO, ECHO), ...negotiation(DO, SGA)];
  using person = await startTls(served, Uint8Array.of(...agreed, ...utf8("quit")));
  await person.until(/\xff\xfb\x01[^]*\xff\xfb\x03|\xff\xfb\x03[^]*\xff\xfb\x01/);
  const { client } = served;
  assertEquals([client.terminal.inCharacterMode, client.getKey()], [false, undefined]);
  person.write(Uint8Array.of(...agreed, 0xe9));
  assert(await served.comes(() => client.terminal.inCharacterMode && client.hasKey));
  assertEquals([client.getKey()?.text, client.getKey(), client.encoding], [
    "é",
    undefined,
    "latin1",
  ]);
});

Deno.test("START-TLS: onSecure is called within a poll once the client is encrypted", async () => {
  const secured: boolean[] = [];
  await using served = await Served.start({
    certificate: CERTIFICATE,
    telnetOptions: { startTls: true },
    onConnect() {},
    onSecure: (client) => void secured.push(client.connection.encrypted),
  });
  using person = await startTls(served);
  person.write("look\r\n");
  assert(await served.comes(() => served.lines.includes("look")));
  assertEquals(secured, [true]);
});

for (
  const [when, prepare] of [
    ["the game has taken a line", async (person, served) => {
      await person.write("login mallory\r\n");
      assert(await served.comes(() => served.lines.length === 1));
    }],
    ["the wait for the answer is over", async (_, served) => {
      await served.passes(20_000);
      await served.client.ready;
    }],
  ] as [string, (person: LineClient, served: Served) => Promise<void>][]
) {
  Deno.test(`START-TLS is refused once ${when}`, async () => {
    await using served = await Served.start({
      clock: new StepClock(),
      certificate: CERTIFICATE,
      telnetOptions: { startTls: true },
      limits: { answerTimeout: 60_000 },
    });
    const person = await served.join();
    await prepare(person, served);
    await person.write(Uint8Array.of(IAC, WILL, START_TLS, IAC, SB, START_TLS, 1, IAC, SE));
    await person.until(/\xff\xfe\x2e/); // DONT START-TLS
    await person.write("look\r\n");
    assert(await served.comes(() => served.lines.includes("look")));
    assertEquals(served.client.connection.encrypted, false);
  });
}

/**
 * Acts as a client that agrees to START-TLS, and returns its encrypted connection.
 *
 * @param injected Bytes that a man in the middle adds to the plain-text part.
 */
async function startTls(
  served: Served,
  injected: Uint8Array = new Uint8Array(0),
): Promise<SecureClient> {
  const socket = connect(served.server.port, "127.0.0.1");
  const telnet = new TelnetMachine({ remote: [], local: [START_TLS] });
  telnet.enableLocal(START_TLS);
  let speaking = true; // anything sent before the handshake would be taken for TLS
  await new Promise<void>((resolve) => {
    const onData = (bytes: Uint8Array) => {
      telnet.receive(bytes);
      for (const event of telnet.takeEvents()) {
        assert(event.type !== "data", "something was said in the clear");
        if (event.type === "option" && event.option === START_TLS && event.change === "enabled") {
          socket.write(injected);
          telnet.sendSubnegotiation(START_TLS, Uint8Array.of(START_TLS_FOLLOWS));
        }
        if (event.type === "subnegotiation" && event.option === START_TLS) {
          socket.off("data", onData);
          socket.pause();
          resolve();
        }
      }
      if (speaking && telnet.outputLength > 0) socket.write(telnet.takeOutput());
      speaking = !telnet.localEnabled(START_TLS);
    };
    socket.on("data", onData);
  });
  const secure = connectTls({ socket, ca: CERTIFICATE.cert, servername: "localhost" });
  await new Promise<void>((resolve, reject) => {
    secure.once("secureConnect", resolve);
    secure.once("error", reject);
  });
  return new SecureClient(secure);
}

// The PROXY protocol

const V2 = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const V2_SSL = Uint8Array.of(
  ...[...V2, 0x21, 0x11, 0, 20, 192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x34, 0x1e, 0x61],
  ...[0x20, 0, 5, 1, 0, 0, 0, 0],
);
const V1 = "PROXY TCP4 192.0.2.7 198.51.100.1 4660 7777\r\n";

Deno.test("PROXY: a trusted proxy gives the client's address; peerAddress is still the proxy's", async () => {
  await using served = await Served.start({ trustedProxies: ["127.0.0.0/8"] });
  const one = await served.connect();
  await one.write(`${V1}look\r\n`); // the header and the first line in one piece
  await one.until(/hello/);
  const { client } = served;
  assertEquals([client.address, client.port, client.addrport()], [
    "192.0.2.7",
    4660,
    "192.0.2.7:4660",
  ]);
  assertEquals([
    client.connection.peerAddress,
    client.connection.peerPort,
    client.connection.encrypted,
  ], [
    "127.0.0.1",
    one.port,
    false,
  ]);
  assert(await served.comes(() => served.lines.includes("look")));
  const other = await served.connect();
  for (const byte of V2_SSL) await other.write(Uint8Array.of(byte));
  await other.until(/hello/);
  const second = served.server.clientList()[1];
  assertEquals([second?.address, second?.port, second?.connection.encrypted], [
    "192.0.2.7",
    4660,
    true,
  ]);
});

Deno.test("PROXY: what the proxy says of TLS counts for every kind of address", async () => {
  const ssl = [0x20, 0, 5, 1, 0, 0, 0, 0];
  for (const [family, length] of [[0x00, 0], [0x11, 12], [0x21, 36], [0x31, 216]] as const) {
    await using harness = await start({ trustedProxies: ["192.0.2.1"] });
    const peer = harness.dial({ remoteAddress: "192.0.2.1" });
    const addresses = new Array(length).fill(1);
    peer.write(Uint8Array.of(...V2, 0x21, family, 0, length + ssl.length, ...addresses, ...ssl));
    await harness.pollUntil(() => harness.server.connectionCount() === 1);
    const [client] = harness.server.clientList();
    assertEquals(client?.connection.encrypted, true, `${family}`);
  }
});

Deno.test("PROXY: a header from an untrusted address is refused, and so is a trusted proxy without one", async () => {
  await using open = await Served.start({ trustedProxies: ["192.0.2.0/24"] });
  for (const header of [utf8(`${V1}look\r\n`), V2_SSL]) {
    open.gone.length = 0;
    const stranger = await open.join();
    await stranger.write(header);
    assert(await open.comes(() => open.gone.length === 1));
    const [{ disconnectReason, connection, address } = open.client] = open.gone;
    assertEquals([disconnectReason, address], ["wrong-protocol", "127.0.0.1"]);
    assertMatch(String(connection.disconnectError), /not among trustedProxies/);
  }
  assertEquals(open.lines, []);

  await using closed = await Served.start({
    trustedProxies: ["127.0.0.1"],
    limits: { handshakeTimeout: 200 },
    clock: new StepClock(),
  });
  for (
    const bytes of ["look\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 99999\r\n", "\r\n\r\n\0\r\nQUIT?"]
  ) {
    const wrong = await closed.connect();
    await wrong.write(bytes);
    await wrong.rest().catch(() => {});
  }
  assert(await closed.comes(() => closed.refusals.length === 3));
  assertEquals(closed.refusals.map(({ kind }) => kind), new Array(3).fill("proxy-header"));
  const silent = await closed.connect();
  await silent.write("PROXY TCP4 192.0.2.7 ");
  assert(await closed.comes(() => closed.server.stats().handshakes === 1));
  assert(await closed.passes(200, () => closed.refused("handshake-timeout")));
  assertEquals([closed.lines, closed.server.connectionCount()], [[], 0]);
});

Deno.test("PROXY: connection limits count the client's address, not the proxy's", async () => {
  await using served = await Served.start({
    trustedProxies: ["127.0.0.1"],
    limits: { connectionsPerAddress: 1 },
  });
  const come = async (address: string) => {
    const person = await served.connect();
    await person.write(`PROXY TCP4 ${address} 198.51.100.1 4660 7777\r\n`);
    return person;
  };
  for (const address of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
    await (await come(address)).until(/hello/);
  }
  const again = await come("192.0.2.3");
  assertMatch(await again.rest(), /too many connections from your address/);
  assert(await served.comes(() => served.refusals[0]?.address === "192.0.2.3"));
  // A LOCAL header: the proxy's own health check.
  for (let count = 0; count < 2; count++) {
    const check = await served.connect();
    await check.write(Uint8Array.of(...V2, 0x20, 0, 0, 0));
    assertEquals(await check.rest(), "");
  }
  assertEquals([served.server.connectionCount(), served.server.stats().healthChecks], [3, 2]);
});

Deno.test("PROXY: a refused client gets a message unless it must use TLS, and is counted once", async () => {
  for (const tls of [false, "auto", true] as const) {
    const refusals: string[] = [];
    await using harness = await start({
      trustedProxies: ["127.0.0.1"],
      tls,
      certificate: CERTIFICATE,
      limits: { connectionsPerAddress: 1 },
      onRefuse: ({ kind, address }) => void refusals.push(`${kind} ${address}`),
    });
    const [first, second] = [harness.dial(), harness.dial()];
    first.write(V1);
    second.write(V1);
    await harness.pollUntil(() => second.ended);
    await harness.server.poll();
    assertEquals(refusals, ["address-full 192.0.2.7"], `tls: ${tls}`);
    const { refused } = harness.server.stats();
    assertEquals(Object.values(refused).reduce((sum, count) => sum + count, 0), 1);
    // A TLS client could not read a plain-text message.
    const told = tls === true ? "" : `${SERVER_MESSAGES.addressFull}\r\n`;
    assertEquals(second.takeText(), told, `tls: ${tls}`);
    first.end();
  }
});

Deno.test("PROXY: the proxy's own health checks do not count towards connectionsPerPrefix", async () => {
  await using harness = await start({
    trustedProxies: ["2001:db8::1"],
    limits: { connectionsPerPrefix: 1 },
  });
  const come = (header: string | Uint8Array) => {
    const peer = harness.dial({ remoteAddress: "2001:db8::1" });
    peer.write(header);
    return peer;
  };
  const person = (address: string) => come(`PROXY TCP6 ${address} 2001:db8::7 4660 7777\r\n`);
  const first = person("2001:db8::2");
  await harness.pollUntil(() => harness.connected.length === 1);
  const check = come(Uint8Array.of(...V2, 0x20, 0, 0, 0)); // a health check
  await harness.pollUntil(() => check.ended);
  assertEquals([harness.connected.length, harness.server.stats().healthChecks], [1, 1]);
  const neighbour = person("2001:db8::3");
  await harness.pollUntil(() => neighbour.ended);
  assertEquals(harness.server.stats().refused["prefix-full"], 1);
  first.end();
  await harness.pollUntil(() => harness.disconnected.length === 1);
  person("2001:db8::3");
  await harness.pollUntil(() => harness.connected.length === 2);
});

Deno.test("PROXY: a health check that closes, in any way and at any time, is no failed handshake", async () => {
  const header = Uint8Array.of(...V2, 0x20, 0, 0, 0);
  for (const tls of [false, "auto", true] as const) {
    await using harness = await start({
      trustedProxies: ["192.0.2.1"],
      tls,
      certificate: CERTIFICATE,
      limits: { helloTimeout: 10, handshakeTimeout: 100 },
    });
    let checks = 0;
    for (const end of ["end", "abort", "wait"] as const) {
      for (const more of [[], [0x16], [0x16, 3, 1, 0, 5, 1, 2]]) {
        const peer = harness.dial({ remoteAddress: "192.0.2.1" });
        peer.write(header);
        if (more.length > 0) peer.write(Uint8Array.from(more));
        await harness.server.poll();
        if (end !== "wait") peer[end]();
        checks++;
        await harness.pollUntil(() => {
          harness.clock.advance(1); // a TLS handshake that stands still is over in time, too
          return harness.server.stats().healthChecks === checks;
        });
      }
    }
    const { refused } = harness.server.stats();
    assertEquals(Object.values(refused).reduce((sum, count) => sum + count, 0), 0, String(tls));
    assertEquals(harness.connected.length, 0);
  }
});

Deno.test("PROXY: a health check never becomes a client, whichever header the proxy sends for it", async () => {
  const own = (port: number) =>
    new TextEncoder().encode(`PROXY TCP4 192.0.2.1 192.0.2.9 ${port} 7777\r\n`);
  const looks: ((port: number) => Uint8Array)[] = [
    () => Uint8Array.of(...V2, 0x20, 0, 0, 0),
    () => Uint8Array.of(...V2, 0x20, 0x11, 0, 20, 5, 0, 17, ...new Array(17).fill(1)),
    () => Uint8Array.of(...V2, 0x20, 0, 0, 5, 1, 2, 3, 4, 5),
    () => Uint8Array.of(...V2, 0x20, 0x77, 0, 7, ...new Array(7).fill(0xff)),
    () => Uint8Array.of(...V2, 0x20, 0x10, 0, 12, ...new Array(12).fill(0)),
    () => Uint8Array.of(...V2, 0x20, 0, 0x13, 0x88, ...new Array(5_000).fill(0)),
    own, // version 1 has no LOCAL command: the source is the proxy's own address and port
  ];
  for (const tls of [false, "auto"] as const) {
    await using harness = await start({
      trustedProxies: ["192.0.2.1"],
      tls,
      certificate: CERTIFICATE,
      limits: { helloTimeout: 10 },
    });
    for (const [index, look] of looks.entries()) {
      for (const size of [10_000, 1]) {
        const peer = harness.dial({ remoteAddress: "192.0.2.1" });
        const header = look(peer.localPort);
        for (let at = 0; at < header.length; at += size) peer.write(header.subarray(at, at + size));
        await harness.pollUntil(() => {
          harness.clock.advance(10);
          return peer.ended;
        });
        assertEquals(peer.takeText(), "", `header ${index}`);
      }
    }
    assertEquals([harness.connected.length, harness.server.stats().healthChecks], [0, 14]);
    assertEquals(harness.server.stats().refused["proxy-header"], 0);
  }
});

Deno.test("PROXY: the destination may be of the other address family, as nginx sends, and headers may be long", async () => {
  await using harness = await start({ trustedProxies: ["192.0.2.1"] });
  const source = [192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x34, 0x1e, 0x61];
  const field = [0x21, 0, 0];
  const long = (size: number) => {
    const value = new Array(size).fill(0x41);
    const fields = [0x22, size >> 8, size & 0xff, ...value, ...field];
    const length = source.length + fields.length;
    return Uint8Array.of(...V2, 0x21, 0x11, length >> 8, length & 0xff, ...source, ...fields);
  };
  const headers: [string | Uint8Array, string][] = [
    ["PROXY TCP6 2001:db8::1 127.0.0.1 4660 7777\r\n", "2001:db8::1"],
    ["PROXY TCP4 192.0.2.7 ::1 4660 7777\r\n", "192.0.2.7"],
    ["PROXY TCP6 ::ffff:192.0.2.7 127.0.0.1 4660 7777\r\n", "192.0.2.7"],
    ["PROXY TCP6 fe80::1%eth0 fe80::2%eth0 4660 7777\r\n", "fe80::1"],
    [long(4_200), "192.0.2.7"],
    [long(16_384), "192.0.2.7"],
  ];
  for (const [header, address] of headers) {
    harness.dial({ remoteAddress: "192.0.2.1" }).write(header);
    const count = harness.connected.length + 1;
    await harness.pollUntil(() => harness.connected.length === count);
    assertEquals(harness.connected.at(-1)?.address, address);
  }
});

Deno.test("PROXY: a long header that arrives byte by byte takes linear time", () => {
  const cost = (size: number) => {
    let checks = 0;
    const handler: ConnectionHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
    const port: HandshakePort = {
      trustedProxies: new AddressSet("trustedProxies", []),
      answered: () => handler,
      handshakeTimeout: 1_000,
      helloTimeout: 1_000,
      context: undefined,
      timeOfDay: () => 0,
      now: () => 0,
      timed() {},
      arrived: () => true,
      noteBrowser() {},
      browsedAt: () => -Infinity,
      done: () => handler,
      checked: () => {
        checks++;
        return handler;
      },
      failed() {},
    };
    const handshake = new Handshake(new SilentConnection("192.0.2.1", 1), true, {
      tls: false,
      web: undefined,
    }, port);
    const zeros = new Array(size).fill(0);
    const header = Uint8Array.of(...V2, 0x20, 0, size >> 8, size & 0xff, ...zeros);
    const stop = startCounting();
    for (const byte of header) handshake.onData(Uint8Array.of(byte));
    const { count } = stop();
    assertEquals(checks, 1);
    return count;
  };
  assertGrowth(cost(16_000), cost(4_000), 4);
});

/** A connection that sends nothing by itself. */
class SilentConnection extends BaseConnection {
  protected transmit(chunk: Uint8Array): number {
    return chunk.length;
  }
  protected shutdown(): void {}
  protected destroy(): void {}
  protected setReading(): void {}
}

/** Resets the limits that the harness lifts to their defaults. */
const UNSET = { connectionsPerAddress: undefined, connectionRate: undefined } as unknown as Partial<
  ServerLimits
>;

Deno.test("loopback addresses have no limits per address unless they are set; other addresses do", async () => {
  const admitted = async (remoteAddress: string, limits = {}) => {
    await using harness = await start({
      limits: { ...UNSET, ...limits },
    });
    for (let count = 0; count < 70; count++) harness.dial({ remoteAddress });
    await harness.pollUntil(() => {
      const { accepted, refused } = harness.server.stats();
      const all = Object.values(refused).reduce((sum, one) => sum + one, accepted);
      return all === 70;
    });
    return harness.server.stats().accepted;
  };
  for (const address of ["127.0.0.1", "127.8.0.2", "::1", "::ffff:127.0.0.1"]) {
    assertEquals(await admitted(address), 70, address);
  }
  assertEquals(await admitted("192.0.2.1"), 64);
  assertEquals(await admitted("127.0.0.1", { connectionsPerAddress: 2 }), 2);
});

Deno.test("a peer that left before its connection was accepted never becomes a client, and is counted as lost", async () => {
  const refusals: string[] = [];
  await using harness = await start({
    trustedProxies: ["192.0.2.1"],
    onRefuse: ({ kind, address }) => void refusals.push(`${kind} ${address}`),
  });
  const peer = harness.dial({ remoteAddress: "" });
  await harness.pollUntil(() => refusals.length === 1);
  assertEquals([refusals, harness.connected.length, peer.ended], [["lost "], 0, true]);
  assertEquals(harness.server.stats().refused.lost, 1);
});

Deno.test("PROXY and TLS: the header comes first, in plain text", async () => {
  await using served = await Served.start({
    trustedProxies: ["127.0.0.1"],
    tls: "auto",
    certificate: CERTIFICATE,
    clock: new StepClock(), // helloTimeout never passes, however slow the machine
  });
  const socket = connect(served.server.port, "127.0.0.1");
  socket.write(V1);
  const secure = connectTls({ socket, ca: CERTIFICATE.cert, servername: "localhost" });
  await new Promise<void>((resolve) => secure.once("secureConnect", resolve));
  assert(await served.comes(() => served.server.connectionCount() === 1));
  assertEquals([served.client.address, served.client.connection.encrypted], ["192.0.2.7", true]);
  secure.destroy();
});

// Guards

Deno.test("HTTP, SSH, TLS and RDP clients get a refusal in their own protocol, and nothing reaches the game", async () => {
  await using served = await Served.start({ onConnect: () => {} });
  const cases: [string | Uint8Array, RegExp][] = [
    [
      "POST / HTTP/1.1\r\nHost: x\r\n\r\nsay pwned\r\n",
      /^HTTP\/1\.1 400 Bad Request\r\n[^]*This is a Telnet server/,
    ],
    [
      Uint8Array.of(0, 26, 0, 1, 0, 10, 0x21, 0x12, 0xa4, 0x42, ...utf8("quit:\r\n".repeat(3))),
      /^$/, // a browser's STUN, sent for a web page
    ],
    ["GET /quit HTTP/1.1\r", /^HTTP\/1\.1 400 Bad Request\r\n/], // an incomplete request
    ["SSH-2.0-OpenSSH_9.2\r\n", /^SSH-2\.0-miniboa\r\n[^]*This is a Telnet server/],
    [Uint8Array.of(0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3), /^\x15\x03\x01\x00\x02\x02\x28$/],
    [
      Uint8Array.of(3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0),
      /^\x03\x00\x00\x13\x0e\xd0/,
    ],
  ];
  for (const [sent, answer] of cases) {
    const peer: LineClient = await served.connect();
    await peer.write(sent);
    assertMatch(await peer.rest(), answer);
  }
  assert(await served.comes(() => served.server.connectionCount() === 0));
  assertEquals(served.lines, []);
  const { refused, disconnected } = served.server.stats();
  assertEquals(refused["wrong-protocol"] + disconnected["wrong-protocol"], cases.length);
});

Deno.test("closing sockets take at most a tenth more than maxConnections; the oldest are closed first", async () => {
  await using harness = await start({ maxConnections: 20 });
  const peers: MemoryPeer[] = [];
  for (let count = 0; count < 100; count++) {
    const { peer, client } = await harness.join({ allowHalfOpen: true });
    peers.push(peer); // and never closes
    client.send("go away\n");
    client.active = false;
    await harness.pollUntil(() => harness.server.connectionCount() === 0);
    const { connections, handshakes, closing } = harness.server.stats();
    assert(connections + handshakes + closing <= 22, `${closing} are closing`);
  }
  assertEquals(peers.filter((peer) => latin1(peer.take()).includes("go away")).length, 100);
});

Deno.test("a client of another protocol holds no socket after the answer", async () => {
  await using harness = await start();
  for (let count = 0; count < 10; count++) {
    const peer = harness.dial({ allowHalfOpen: true });
    peer.write("GET / HTTP/1.1\r\n\r\n");
    await harness.hear(peer, "HTTP/1.1 400");
    await harness.pollUntil(() => peer.ended);
  }
  assertEquals(harness.server.stats().closing, 0);
});

Deno.test("transport overhead, such as TLS handshakes, counts towards byteRate", async () => {
  const violations: string[] = [];
  let reading = true;
  class Encrypted extends BaseConnection {
    protected transmit(chunk: Uint8Array): number {
      return chunk.length;
    }
    protected shutdown(): void {}
    protected destroy(): void {}
    protected setReading(on: boolean): void {
      reading = on;
    }
  }
  let accept: ConnectionAcceptor | undefined;
  const clock = new StepClock();
  const server = await TelnetServer.listen({
    clock,
    timeout: 0,
    transport: {
      name: "of this test",
      listen(_, acceptor) {
        accept = acceptor;
        return Promise.resolve({ address: "", port: 1, close: () => Promise.resolve() });
      },
    },
    limits: { byteRate: 1_000, burst: 1 },
    onConnect() {},
    onViolation: (_, { kind }) => void violations.push(kind),
  });
  const connection = new Encrypted("192.0.2.1", 1);
  connection.attach(accept?.(connection) as ConnectionHandler);
  await server.poll();
  connection.overhead(5_000);
  await server.poll();
  assertEquals([violations, reading], [["too-many-bytes"], false]);
  clock.advance(5_000);
  for (let polls = 0; polls < 2; polls++) await server.poll();
  assertEquals(reading, true);
  connection.abort();
  await server.stop();
});
