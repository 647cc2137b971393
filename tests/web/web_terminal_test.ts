/** WebTerminal: input modes, output, and reconnecting. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type TelnetClient, TelnetError, TelnetServer } from "../../mod.ts";
import { TestClock } from "../../src/testing/mod.ts";
import { retryDelay } from "../../src/web/retries.ts";
import {
  type InputMode,
  type Link,
  type StandardWebSocket,
  WebTerminal,
  type WebTerminalOptions,
} from "../../src/web/mod.ts";
import { until as untilAfter } from "../patience.ts";

const until = (condition: () => boolean) =>
  untilAfter(condition, () => new Promise((resolve) => setTimeout(resolve, 1)));

/** A fake terminal that records its output. */
class FakeScreen {
  cols = 80;
  rows = 24;
  text = "";
  typed: (typed: string) => void = () => {};
  resized: (size: { cols: number; rows: number }) => void = () => {};
  handlers = 0;

  write(text: string): void {
    this.text += text;
  }

  onData(handler: (typed: string) => void): { dispose(): void } {
    this.typed = handler;
    return this.#held();
  }

  onResize(handler: (size: { cols: number; rows: number }) => void): { dispose(): void } {
    this.resized = handler;
    return this.#held();
  }

  #held(): { dispose(): void } {
    this.handlers++;
    return { dispose: () => this.handlers-- };
  }
}

/** A fake WebSocket that the test opens and closes, and whose output it reads. */
class FakeSocket extends EventTarget implements StandardWebSocket {
  binaryType = "blob";
  readyState = 0;
  readonly bufferedAmount = 0;
  readonly sent: string[] = [];
  onopen: unknown;
  onmessage: unknown;
  onerror: unknown;
  onclose: unknown;

  readonly url: string;
  readonly subprotocols: string[];

  constructor(url: string, subprotocols: string[]) {
    super();
    this.url = url;
    this.subprotocols = subprotocols;
  }

  send(data: Uint8Array): void {
    this.sent.push(new TextDecoder("latin1").decode(data));
  }

  close(): void {
    this.end(1000);
  }

  open(): void {
    this.readyState = 1;
    this.#happens("open", {});
  }

  say(text: string): void {
    this.#happens("message", { data: new TextEncoder().encode(text).buffer });
  }

  end(code: number): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#happens("close", { code, wasClean: code !== 1006 });
  }

  #happens(name: string, fields: object): void {
    const handler = this[`on${name}` as "onopen"];
    const event = Object.assign(new Event(name), fields);
    if (typeof handler === "function") handler(event);
    this.dispatchEvent(event);
  }
}

/** A WebTerminal with fake sockets and a test clock. */
function makeTerminal(options: Partial<WebTerminalOptions> = {}) {
  const [sockets, links, modes]: [FakeSocket[], Link[], InputMode[]] = [[], [], []];
  const screen = new FakeScreen();
  const clock = new TestClock();
  const page = new EventTarget();
  const terminal = new WebTerminal({
    url: "ws://game.example/",
    screen,
    clock,
    page,
    webSocket(url, subprotocols) {
      const socket = new FakeSocket(url, subprotocols);
      sockets.push(socket);
      return socket;
    },
    onLink: (_terminal, link) => links.push(link),
    onMode: (_terminal, mode) => modes.push(mode),
    ...options,
  });
  return { terminal, screen, clock, page, sockets, links, modes };
}

Deno.test("the input mode follows the server: lines, hidden lines and keys", async () => {
  const keys: string[] = [];
  let player: TelnetClient | undefined;
  await using server = await TelnetServer.listen({
    port: 0,
    webSocket: true,
    telnetOptions: { naws: true, gmcp: true },
    onConnect: (client) => {
      player = client;
      client.send("Welcome\n");
    },
    onDisconnect: () => {},
    onKey: (_client, key) => keys.push(key.text ?? key.name),
  });
  const playing = server.serve();
  const screen = new FakeScreen();
  const modes: InputMode[] = [];
  const gmcp: unknown[] = [];
  const terminal = new WebTerminal({
    url: `ws://127.0.0.1:${server.port}/`,
    screen,
    onMode: (_terminal, mode) => modes.push(mode),
    onGmcp: (_server, message) => gmcp.push(message.value),
  });
  try {
    await until(() => screen.text.includes("Welcome\r\n"));
    assertEquals([terminal.mode, terminal.link.state], ["line", "open"]);
    assert(player?.connection.webSocket);
    await until(() => player?.columns === 80);
    screen.typed("ignored");
    assert(terminal.sendLine("look \x1b[2J around"));
    assertEquals(await player.readLine(), "look  around");
    assertEquals(screen.text, "Welcome\r\nlook  around\r\n");
    const answer = player.ask("Password? ", { hidden: true });
    await until(() => terminal.mode === "hidden");
    terminal.sendLine("secret");
    assertEquals(await answer, "secret");
    await until(() => terminal.mode === "line");
    assertEquals(screen.text.includes("secret"), false);
    player.enterCharacterMode();
    await until(() => terminal.mode === "keys");
    screen.typed("x");
    await until(() => keys.length === 1);
    assertEquals(keys, ["x"]);
    player.enterLineMode();
    await until(() => terminal.mode === "line");
    assertEquals(modes, ["hidden", "line", "keys", "line"]);
    screen.cols = 132;
    screen.resized({ cols: 132, rows: 50 });
    await until(() => player?.columns === 132 && player.rows === 50);
    player.telnet.gmcp.send("Char.Vitals", { hp: 7 });
    await until(() => gmcp.length === 1);
    assertEquals(gmcp, [{ hp: 7 }]);
  } finally {
    terminal.dispose();
    await terminal.server?.closed;
    await server.stop();
    await playing;
  }
  assertEquals(screen.handlers, 0);
});

Deno.test("a lost link reconnects at once, then after growing delays", async () => {
  const { terminal, clock, sockets, links } = makeTerminal();
  assertEquals(sockets[0]?.url, "ws://game.example/");
  assertEquals(sockets[0]?.subprotocols, ["telnet.mudstandards.org"]);
  sockets[0]?.open();
  assertEquals(links.at(-1), { state: "open", delay: 0 });
  for (let failures = 0; failures < 8; failures++) {
    sockets.at(-1)?.end(1006);
    await until(() => links.at(-1)?.state === "waiting");
    const { delay } = terminal.link;
    const most = failures === 0 ? 0 : Math.min(15_000, 500 * 2 ** (failures - 1));
    assert(delay >= most / 2 && delay <= most, `${delay} after ${failures}`);
    clock.advance(Math.max(0, delay - 1));
    if (delay > 0) assertEquals(sockets.length, failures + 1);
    clock.advance(1);
    await until(() => sockets.length === failures + 2);
  }
  sockets.at(-1)?.open();
  sockets.at(-1)?.say("Welcome back\r\n");
  sockets.at(-1)?.end(1012);
  await until(() => links.at(-1)?.state === "waiting");
  assertEquals(terminal.link.delay, 0); // received data resets the delay
  terminal.dispose();
});

Deno.test("a lost connection ends the row of its prompt, once", async () => {
  for (
    const [said, end] of [
      ["Hello\r\n20hp> ", "\x1b[0m\r\n"],
      ["\x1b[31mred", "\x1b[0m\r\n"],
      ["Bye!\r\n", ""],
      ["Bye!\r\n\x1b[0m", ""],
      ["Bye!\r\n\x1b[?2004l\x1b]0;title\x07", ""],
      ["", ""],
    ] as const
  ) {
    const { terminal, screen, sockets, clock } = makeTerminal();
    sockets[0]?.open();
    if (said !== "") sockets[0]?.say(said);
    sockets[0]?.end(1006);
    await until(() => terminal.link.state === "waiting");
    assertEquals(screen.text, said + end);
    clock.advance(1);
    await until(() => sockets.length === 2);
    sockets[1]?.open();
    sockets[1]?.say("Hello again\r\n");
    terminal.close();
    terminal.close();
    assertEquals(screen.text, `${said}${end}Hello again\r\n`);
    terminal.dispose();
  }
});

Deno.test("a page that comes online or becomes visible reconnects at once", async () => {
  for (const name of ["online", "visibilitychange"]) {
    const { terminal, clock, sockets, page } = makeTerminal();
    sockets[0]?.end(1006);
    await until(() => terminal.link.state === "waiting");
    clock.advance(1);
    await until(() => sockets.length === 2);
    sockets[1]?.end(1006);
    await until(() => terminal.link.state === "waiting");
    page.dispatchEvent(new Event(name));
    assertEquals(sockets.length, 3);
    sockets[2]?.open();
    page.dispatchEvent(new Event(name));
    assertEquals(sockets.length, 3); // an open link is not replaced
    terminal.dispose();
    page.dispatchEvent(new Event(name));
    assertEquals(sockets.length, 3);
  }
});

Deno.test("a page that goes to the background does not try at once", async () => {
  const { terminal, sockets, page } = makeTerminal();
  sockets[0]?.end(1006);
  await until(() => terminal.link.state === "waiting");
  const globals = globalThis as { document?: { visibilityState: string } };
  const { document } = globals;
  try {
    globals.document = { visibilityState: "hidden" };
    page.dispatchEvent(new Event("visibilitychange"));
    assertEquals(sockets.length, 1);
    globals.document = { visibilityState: "visible" };
    page.dispatchEvent(new Event("visibilitychange"));
    assertEquals(sockets.length, 2);
  } finally {
    if (document === undefined) delete globals.document;
    else globals.document = document;
  }
  terminal.dispose();
});

Deno.test("a terminal does not reconnect after a final Close code, close() or with reconnect: false", async () => {
  for (const code of [1000, 1002, 1008, 1009, 4008]) {
    const { terminal, clock, sockets } = makeTerminal();
    sockets[0]?.open();
    sockets[0]?.end(code);
    await until(() => terminal.link.state === "closed");
    clock.advance(60_000);
    assertEquals(sockets.length, 1);
    terminal.reconnect();
    assertEquals(sockets.length, 2);
    sockets[1]?.open();
    terminal.close();
    assertEquals([terminal.link.state, sockets[1]?.readyState], ["closed", 3]);
    clock.advance(60_000);
    assertEquals(sockets.length, 2);
    terminal.dispose();
    assertThrows(() => terminal.reconnect(), Error, "make another");
  }
  const { terminal, sockets } = makeTerminal({ reconnect: false });
  sockets[0]?.end(1006);
  await until(() => terminal.link.state === "closed");
  terminal.dispose();
});

Deno.test("a connection attempt without an answer times out, and is tried again", async () => {
  const { terminal, clock, sockets } = makeTerminal({ timeout: 5000 });
  clock.advance(4999);
  assertEquals(terminal.link.state, "connecting");
  clock.advance(1);
  await until(() => terminal.link.state === "waiting");
  assertEquals(sockets[0]?.readyState, 3);
  terminal.dispose();
});

Deno.test("sendLine returns false and sends nothing while there is no connection", async () => {
  const { terminal, screen, sockets } = makeTerminal();
  assertEquals(terminal.sendLine("too early"), false);
  sockets[0]?.open();
  assertEquals(terminal.sendLine("in time"), true);
  await until(() => sockets[0]?.sent.join("") === "in time\r\n");
  assertEquals(screen.text, "in time\r\n");
  sockets[0]?.end(1006);
  await until(() => terminal.link.state === "waiting");
  assertEquals(terminal.sendLine("too late"), false);
  terminal.dispose();
});

Deno.test("a replaced connection shows no more output", async () => {
  const { terminal, screen, sockets } = makeTerminal({ localEcho: false });
  sockets[0]?.open();
  terminal.reconnect();
  sockets[0]?.say("from before\r\n");
  sockets[1]?.open();
  sockets[1]?.say("from now\r\n");
  await until(() => screen.text !== "");
  assertEquals(screen.text, "from now\r\n");
  terminal.sendLine("not shown");
  assertEquals(screen.text, "from now\r\n");
  terminal.dispose();
});

Deno.test("retryDelay doubles with jitter, up to 15 seconds", () => {
  fc.assert(
    fc.property(
      fc.nat(2000),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, chance) => {
        const delay = retryDelay(failures, chance);
        assert(Number.isInteger(delay) && delay >= 0 && delay <= 15_000);
        if (failures > 0) assert(delay >= 250);
        else assertEquals(delay, 0);
      },
    ),
  );
});

Deno.test("the size of a hidden or very large terminal is clamped to 1 to 1000", () => {
  const { terminal, screen, sockets } = makeTerminal();
  sockets[0]?.open();
  for (const [cols, rows, columns, lines] of [[0, 0, 1, 1], [NaN, 2, 1, 2], [5000, 1.5, 1000, 1]]) {
    screen.resized({ cols: cols ?? 0, rows: rows ?? 0 });
    assertEquals([terminal.server?.columns, terminal.server?.rows], [columns, lines]);
  }
  terminal.dispose();
});

Deno.test("WebTerminal throws misuse at once", async () => {
  const screen = new FakeScreen();
  const url = "ws://game.example/";
  assertThrows(() => new WebTerminal({ url: 7 as unknown as string, screen }), Error, "url");
  assertThrows(() => new WebTerminal({ url, screen: {} as FakeScreen }), Error, "screen");
  assertThrows(() => makeTerminal({ onMode: 7 as never }), Error, "onMode");
  assertThrows(() => makeTerminal({ reconnect: 1 as never }), Error, "reconnect");
  assertThrows(() => makeTerminal({ collumns: 1 } as never), Error, "collumns");
  assertThrows(() => makeTerminal({ reconect: false } as never), Error, '"reconnect"');
  for (const options of [undefined, null, "ws://x/"]) {
    assertThrows(() => new WebTerminal(options as never), TelnetError, "options of a WebTerminal");
  }
  let listening = 0;
  const watched = {
    ...screen,
    write: () => {},
    onData: () => (listening++, { dispose: () => void listening-- }),
    onResize: () => (listening++, { dispose: () => void listening-- }),
  };
  const wrong: readonly object[] = [
    { url: "http://[" },
    { url: "ftp://x" },
    { subprotocol: "a b" },
    { onText: 5 },
    { page: 5 },
    { timeout: -1 },
    { webSocket: () => null },
  ];
  for (const options of wrong) {
    const make = () => new WebTerminal({ url, screen: watched as never, ...options });
    const error = assertThrows(make, TelnetError);
    assertEquals([error.code, listening], ["misuse", 0], JSON.stringify(options));
  }
  const { terminal, sockets } = makeTerminal();
  sockets[0]?.open();
  assertThrows(() => terminal.sendLine("two\nlines"), Error, "split it");
  assertThrows(() => terminal.sendLine(7 as never), Error, "text");
  terminal.dispose();
  terminal.dispose();
  await assertRejects(() => Promise.resolve().then(() => terminal.reconnect()), Error, "dispose()");
});

Deno.test("a server that greets and then fails is not tried again at once each time", async () => {
  const { terminal, clock, sockets } = makeTerminal();
  const began = clock.now();
  for (let attempt = 0; attempt < 12; attempt++) {
    sockets.at(-1)?.open();
    sockets.at(-1)?.say("Welcome\r\n");
    sockets.at(-1)?.end(1011);
    await until(() => terminal.link.state === "waiting");
    clock.advance(terminal.link.delay);
    await until(() => sockets.length === attempt + 2);
  }
  assert(clock.now() - began > 15_000, `${clock.now() - began} ms`);
  terminal.dispose();
});

Deno.test("what a handler of the page throws is shown in the console, and ends the connection", async () => {
  const shown: unknown[] = [];
  const { error } = console;
  console.error = (...given) => void shown.push(...given);
  try {
    for (const wrong of ["onText", "onLine"]) {
      const mistake = new TypeError(`a mistake in ${wrong}`);
      const { terminal, sockets } = makeTerminal({
        [wrong]: () => {
          throw mistake;
        },
      });
      sockets[0]?.open();
      sockets[0]?.say("Welcome\r\n");
      await until(() => terminal.link.state === "closed");
      assertEquals([shown.splice(0), sockets.length], [[mistake], 1]);
      terminal.reconnect();
      assertEquals(sockets.length, 2);
      terminal.dispose();
    }
  } finally {
    console.error = error;
  }
});
