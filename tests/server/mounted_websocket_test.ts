/** WebSockets that another HTTP server upgraded: Deno.serve, ws on node:http, Bun.serve. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { once } from "node:events";
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { TelnetError, TelnetServer } from "../../mod.ts";
import {
  bunWebSocketHandlers,
  isOwnPage,
  MemoryTransport,
  type StandardWebSocket,
  webSocketConnection,
} from "../../src/transport/mod.ts";
import { connectOver } from "../../src/connect/mod.ts";
import { inTime, until } from "../patience.ts";

async function startGame() {
  const gone: unknown[] = [];
  const refused: string[] = [];
  const server = await TelnetServer.listen({
    transport: new MemoryTransport(),
    maxConnections: 2,
    telnetOptions: { naws: true, mccp2: true },
    onConnect: async (client) => {
      client.send(`Welcome ${client.address} ${client.connection.webSocket}\n`);
      for await (const line of client.lines()) {
        if (line === "quit") client.active = false;
        else client.send(`You: ${line}\n`);
      }
    },
    onDisconnect: (client) => gone.push(client.disconnectReason),
    onRefuse: ({ kind }) => refused.push(kind),
  });
  const stop = new AbortController();
  const serving = server.serve({ signal: stop.signal });
  return {
    server,
    gone,
    refused,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await serving;
    },
  };
}

/** Plays as a browser would: this library's client over the runtime's WebSocket. */
async function play(url: string, address: string): Promise<void> {
  const socket = new WebSocket(url, ["telnet"]);
  const remote = connectOver(webSocketConnection(socket), { terminal: { columns: 90 } });
  assertEquals(await inTime(remote.readLine(), "the welcome"), `Welcome ${address} true`);
  remote.send("look\n");
  assertEquals(await inTime(remote.readLine(), "the answer"), "You: look");
  assertEquals(remote.telnet.optionEnabled(86, "remote"), false); // MCCP2: not over WebSocket
  remote.send("x".repeat(4_000) + "\n");
  assertEquals((await inTime(remote.readLine(), "a long line"))?.length, 4_005);
  remote.send("quit\n");
  assertEquals(await inTime(remote.readLine(), "the end"), undefined);
  assertEquals((await remote.closed).error, undefined);
}

Deno.test("a WebSocket that Deno.serve upgraded becomes a client", async () => {
  await using game = await startGame();
  const http = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request, info) => {
    const { hostname: address, port } = info.remoteAddr as Deno.NetAddr; // not known after the upgrade
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "telnet" });
    game.server.accept(webSocketConnection(socket), { address, port });
    return response;
  });
  const { port } = http.addr as Deno.NetAddr;
  await play(`ws://127.0.0.1:${port}/`, "127.0.0.1");
  await play(`ws://127.0.0.1:${port}/`, "127.0.0.1");
  assertEquals(game.gone, ["deactivated", "deactivated"]);
  await http.shutdown();
});

Deno.test("lines that come together with the end of a mounted WebSocket reach the game", async () => {
  for (const [wasClean, reason] of [[true, "client-closed"], [false, "connection-lost"]] as const) {
    const lines: string[] = [];
    const gone: unknown[] = [];
    const server = await TelnetServer.listen({
      transport: new MemoryTransport(),
      timeout: 0,
      onConnect: () => {},
      onDisconnect: (client) => void gone.push(client.disconnectReason),
    });
    const socket: StandardWebSocket = {
      binaryType: "",
      readyState: 1,
      bufferedAmount: 0,
      send() {},
      close() {},
      onopen: undefined,
      onmessage: undefined,
      onerror: undefined,
      onclose: undefined,
    };
    server.accept(webSocketConnection(socket));
    await server.poll();
    const call = (handler: unknown, event: object) => (handler as (event: object) => void)(event);
    call(socket.onmessage, { data: new TextEncoder().encode("save\r\nquit\r\n") });
    Object.assign(socket, { readyState: 3 });
    call(socket.onclose, { wasClean });
    for (let polls = 0; polls < 10; polls++) {
      await server.poll();
      for (const client of server.clientList()) {
        const line = client.getCommand();
        if (line !== undefined) lines.push(line);
      }
    }
    assertEquals([lines, gone], [["save", "quit"], [reason]]);
    await server.stop();
  }
});

Deno.test("a WebSocket of ws on node:http becomes a client, and is refused when the game is full", async () => {
  await using game = await startGame();
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  sockets.on("connection", (socket: never, request: { socket: { remoteAddress?: string } }) => {
    const remoteAddress = request.socket.remoteAddress;
    game.server.accept(webSocketConnection(socket, { remoteAddress }));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as { port: number };
  const url = `ws://127.0.0.1:${port}/`;
  await play(url, "127.0.0.1");
  const open = [new WebSocket(url), new WebSocket(url)];
  await Promise.all(open.map((socket) => inTime(once(socket, "message"), "the welcome")));
  const third = new WebSocket(url);
  const [closed] = await inTime(once(third, "close"), "the refusal");
  assertEquals(closed.code, 4008);
  assertEquals(game.refused, ["server-full"]);
  for (const socket of open) socket.close();
  await Promise.all(open.map((socket) => inTime(once(socket, "close"), "the end")));
  sockets.close();
  http.close();
});

/** A fake Bun WebSocket that accepts some messages, and drops the next. */
class BunsSocket {
  readyState = 1;
  remoteAddress = "192.0.2.7";
  readonly sent: string[] = [];
  ended: number | "at once" | undefined;
  #room: number;

  constructor(room: number) {
    this.#room = room;
  }

  getBufferedAmount(): number {
    return 0;
  }

  send(data: Uint8Array): number {
    if (this.#room-- <= 0) return 0;
    this.sent.push(new TextDecoder().decode(data));
    return data.length;
  }

  close(code: number): void {
    this.ended ??= code;
  }

  terminate(): void {
    this.ended ??= "at once";
  }
}

Deno.test("WebSockets of Bun.serve: messages arrive, the close is seen, and a dropped message is noticed", async () => {
  await using game = await startGame();
  const handlers = bunWebSocketHandlers((socket, { remoteAddress }: BunsSocket) => {
    game.server.accept(webSocketConnection(socket, { remoteAddress }));
  });
  const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
  const good = new BunsSocket(Infinity);
  handlers.open(good);
  await until(() => good.sent.join("").includes("Welcome 192.0.2.7 true\r\n"), turn);
  handlers.message(good, "text\r\n");
  handlers.message(good, new TextEncoder().encode("bytes\r\n"));
  await until(() => good.sent.join("").includes("You: text\r\nYou: bytes\r\n"), turn);
  handlers.close(good, 1001);
  await until(() => game.gone.length === 1, turn);
  assertEquals(game.gone, ["client-closed"]);
  const broken = new BunsSocket(Infinity);
  handlers.open(broken);
  handlers.close(broken, 1006);
  await until(() => game.gone.length === 2, turn);
  assertEquals(game.gone[1], "connection-lost");
  const full = new BunsSocket(0);
  handlers.open(full);
  await until(() => full.ended === "at once", turn);
  handlers.close(full, 1006);
  await until(() => game.gone.length === 3, turn);
  assertEquals(game.gone[2], "connection-lost");
  handlers.message(full, "nobody hears it");
  assertThrows(() => bunWebSocketHandlers(7 as never), Error, "accept");
});

Deno.test("an object that is no WebSocket or connection is misuse", async () => {
  await using game = await startGame();
  assertThrows(() => webSocketConnection({} as never), Error, "send(), close() and onmessage");
  assertThrows(() => game.server.accept({} as never), Error, "webSocketConnection()");
  assert(game.server.running);
});

/** Lets the loop of the game go on. */
const moment = () => new Promise((resolve) => setTimeout(resolve, 1));

/** A standard WebSocket that a test drives. */
class FakeSocket implements StandardWebSocket {
  binaryType = "";
  readyState = 1;
  bufferedAmount = 0;
  closed = false;
  onopen: unknown;
  onmessage: unknown;
  onerror: unknown;
  onclose: unknown;
  readonly sent: string[] = [];
  send(data: Uint8Array<ArrayBuffer>): void {
    this.sent.push(String.fromCharCode(...data));
  }
  close(): void {
    this.closed = true;
  }
  /** What the browser sends. */
  hear(text: string): void {
    (this.onmessage as (event: { data: ArrayBuffer }) => void)({
      data: new TextEncoder().encode(text).buffer,
    });
  }
}

Deno.test("what a mounted WebSocket sends before accept() reaches the game", async () => {
  await using game = await startGame();
  const socket = new FakeSocket();
  const connection = webSocketConnection(socket);
  socket.hear("connect guest\r\n");
  await new Promise((resolve) => setTimeout(resolve, 5)); // as if a session were looked up
  assert(game.server.accept(connection));
  socket.hear("look\r\n");
  await until(() => socket.sent.join("").includes("You: look"), moment);
  const heard = socket.sent.join("");
  assert(heard.indexOf("You: connect guest") < heard.indexOf("You: look"), heard);
  assert(heard.includes("You: connect guest"));
});

Deno.test("a mounted WebSocket is closed when all of its output was sent", async () => {
  const game = await startGame();
  const socket = new FakeSocket();
  assert(game.server.accept(webSocketConnection(socket)));
  await until(() => socket.sent.length > 0, moment);
  socket.bufferedAmount = 100_000;
  let stopped = false;
  const stopping = game.server.stop().then(() => stopped = true);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assertEquals([socket.closed, stopped], [false, false]);
  socket.bufferedAmount = 0;
  await until(() => socket.closed, moment);
  (socket.onclose as (event: object) => void)({ wasClean: true });
  await inTime(stopping, "the stop");
});

Deno.test("what is wrong with a mounted WebSocket is said at once", async () => {
  await using game = await startGame();
  const { server } = game;
  const wrongSockets = [
    { send() {}, close() {} },
    { send() {}, close() {}, readyState: 1, raw: new FakeSocket() },
    { send() {}, close() {}, readyState: 1, onmessage: null },
    null,
    "a socket",
  ];
  for (const socket of wrongSockets) {
    const error = assertThrows(() => webSocketConnection(socket as never), TelnetError);
    assertEquals(error.code, "misuse");
  }
  const wrongPlaces = [
    { remoteAdress: "192.0.2.1" },
    { address: "192.0.2.1" },
    { remotePort: "x" },
    { remotePort: 70_000 },
    { remoteAddress: 5 },
    { remoteAddress: null },
    { encrypted: "yes" },
    "192.0.2.1",
    null,
  ];
  for (const place of wrongPlaces) {
    const make = () => webSocketConnection(new FakeSocket(), place as never);
    assertEquals(assertThrows(make, TelnetError).code, "misuse", JSON.stringify(place));
  }
  const wrongOrigins = [
    { address: "192.0.2.1:55" },
    { address: "[::1]:5" },
    { port: "x" },
    { port: -1 },
    { port: NaN },
    { port: null },
    { encrypted: "yes" },
    { encrypted: null },
    { adress: "192.0.2.1" },
  ];
  for (const from of wrongOrigins) {
    const accept = () => server.accept(webSocketConnection(new FakeSocket()), from as never);
    assertEquals(assertThrows(accept, TelnetError).code, "misuse", JSON.stringify(from));
  }
  const socket = new FakeSocket();
  const connection = webSocketConnection(socket);
  assertThrows(() => webSocketConnection(socket), TelnetError, "two connections");
  server.accept(connection);
  assertThrows(() => server.accept(connection), TelnetError, "twice");
});

Deno.test("isOwnPage lets a site's own pages and programs in, and nobody else", () => {
  for (const origin of [undefined, null, "https://a.example", "http://A.example:80"]) {
    assert(isOwnPage(origin, "a.example"), String(origin));
  }
  for (
    const origin of ["null", "x", "", "https://b.example", "https://a.example:8443", "file://"]
  ) {
    assert(!isOwnPage(origin, "a.example"), origin);
  }
  assert(isOwnPage("http://localhost:8000", "localhost:8000"));
  assert(!isOwnPage("https://a.example", undefined));
});
