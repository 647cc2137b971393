/**
 * Calls that a new user may guess from Node, Miniboa, telnetlib3 or Socket.IO: each works, or its
 * error names the right call in one line.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  isTelnetError,
  type ListenOptions,
  TelnetClient,
  TelnetServer,
  wordWrap,
} from "../../mod.ts";
import { connect } from "../../src/connect/mod.ts";
import { KeyDecoder, LineEditor } from "../../src/text/mod.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";

/** Untyped, as in plain JavaScript: the types refuse most of these calls. */
// deno-lint-ignore no-explicit-any -- guesses have no types
type Anything = any;

const transport = new MemoryTransport();
const NOTHING = { onConnect: () => {}, onDisconnect: () => {} };

const listen = (options: unknown) =>
  TelnetServer.listen({ transport, port: 0, ...NOTHING, ...options as ListenOptions });

type Guess = readonly [
  call: (client: Anything, server: Anything) => unknown,
  /** Matches the error message; `undefined`: the call works. */
  hint?: RegExp,
];

const GUESSES: Readonly<Record<string, readonly Guess[]>> = {
  "Miniboa, in camelCase": [
    [(client) => client.send("x\n")],
    [(client) => client.sendCc("^Rx^~\n")],
    [(client) => client.sendWrapped("x")],
    [(client) => client.getCommand()],
    [(client) => client.addrport()],
    [(_, server) => server.connectionCount()],
    [(_, server) => server.clientList()],
  ],
  "Miniboa, as Python has it": [
    [(client) => client.get_command(), /use client\.getCommand\(\)/],
    [(client) => client.cmd_ready, /use client\.cmdReady/],
    [(client) => client.send_cc("x"), /use client\.sendCc\(\)/],
    [(client) => client.password_mode_on(), /use client\.passwordModeOn\(\)/],
    [(client) => client.terminal_type, /use client\.terminalType/],
    [(_, server) => server.client_list(), /use server\.clientList\(\)/],
    [() => new (TelnetServer as Anything)({ port: 7777 }), /await TelnetServer\.listen\(/],
    [() => listen({ on_connect: () => {} }), /did you mean "onConnect"\?/],
    [() => listen({ on_disconnect: () => {} }), /did you mean "onDisconnect"\?/],
  ],
  "Node's net": [
    [(client) => client.write("x"), /use client\.send\(text\)/],
    [(client) => client.end(), /use client\.active = false/],
    [(client) => client.destroy(), /use client\.active = false/],
    [(client) => client.on("data", () => {}), /handler of TelnetServer\.listen\(\)/],
    [(client) => client.setEncoding("utf8"), /use client\.encoding = label/],
    [(client) => client.setTimeout(5), /idleTimeout/],
    [(client) => client.remoteAddress, /use client\.address/],
    [(client) => client.socket, /use client\.sendBytes/],
    [(client) => client.bytesWritten, /use client\.bytesSent/],
    [(_, server) => server.on("connection", () => {}), /handler of TelnetServer\.listen\(\)/],
    [(_, server) => server.close(), /use await server\.stop\(\)/],
    [(_, server) => server.listen(7777), /use await TelnetServer\.listen\(/],
    [(_, server) => server.getConnections(), /use server\.connectionCount\(\)/],
    [() => (TelnetServer as Anything).createServer(() => {}), /await TelnetServer\.listen\(/],
    [() => (TelnetServer as Anything).listen(7777), /listen\(\{ port: 7777 \}\)/],
    [() => listen({ host: "localhost" }), /did you mean "address"\?/],
    [() => listen({ hostname: "localhost" }), /did you mean "address"\?/],
    [() => listen({ cert: "PEM", key: "PEM" }), /certificate: \{ cert, key \}/],
    [() => listen({ encoding: "utf8" })],
    [() => listen({ encoding: "UTF-8" })],
    [() => listen({ encoding: "iso-8859-1" })],
    [() => listen({ encoding: "utf-7" }), /did you mean "utf-8"\?/],
    [() => listen({ port: "7777" }), /port: expected a whole number .* got "7777"/],
    [() => listen({ transport: "node" }), /transport: expected a Transport/],
    [() => listen({ onData: () => {} }), /client\.getCommand\(\)/],
  ],
  "Node's readline": [
    [(client) => client.question("Name? "), /use await client\.ask\(question\)/],
    [(client) => client.setPrompt("> "), /use client\.prompt\(text\)/],
    [(client) => client.prompt(5), /the prompt: expected text, got 5/],
    [(client) => client.useEditor({ completer: () => [] }), /did you mean "complete"\?/],
    [(client) => client.useEditor({ hystory: [] }), /did you mean "history"\?/],
    [(client) => client.useEditor({ history: [] }), /history: expected a store/],
    [(client) => client.useEditor({ keys: { "C-x": "cancel" } }), /did you mean "ctrl\+x"\?/],
    [
      (client) => client.useEditor({ keys: { "ctrl+x": "kill" } }),
      /did you mean "kill-line"\?|use one of/,
    ],
  ],
  "telnetlib3": [
    [(client) => client.readline(), /await client\.readLine\(\)/],
    [(client) => client.get_extra_info("TERM"), /use client\.terminal\.profile/],
    [(client) => client.iac(253, 31), /use client\.telnet\.enableOption/],
    [(_, server) => server.wait_closed(), /use await server\.serve\(\)/],
    [() => listen({ shell: () => {} }), /did you mean "onConnect"\?/],
    [() => listen({ maxClients: 5 }), /did you mean "maxConnections"\?/],
  ],
  "Socket.IO": [
    [(client) => client.emit("message", "x"), /use client\.send\(text\)/],
    [(client) => client.disconnect(), /use client\.active = false/],
    [(client) => client.join("room"), /use server\.broadcast\(/],
    [(client) => client.broadcast("x"), /use server\.broadcast\(/],
    [(_, server) => server.emit("message"), /use server\.broadcast\(/],
    [(_, server) => server.to("room"), /use server\.broadcast\(/],
    [(_, server) => server.sockets, /use server\.clientList\(\)/],
    [(_, server) => server.broadcast("x\n")],
    [(_, server) => server.broadcast("x", { exclude: [] }), /did you mean "except"\?/],
  ],
  "options of Telnet": [
    [(client) => client.gmcp, /use client\.telnet\.gmcp/],
    [(client) => client.enableOption(201), /use client\.telnet\.enableOption/],
    [(client) => client.telnet.enableOption(201), /side: expected "local", .* got undefined/],
    [(client) => client.telnet.enableOption(1, "server"), /side: expected .* got "server"/],
    [(client) => client.telnet.enableOption("gmcp", "local"), /option: expected a byte/],
    [() => listen({ gmcp: true }), /telnetOptions: \{ gmcp: true \}/],
    [() => listen({ options: { gmcp: true } }), /did you mean "telnetOptions"\?/],
    [() => listen({ telnetOptions: { gmcp: false, naws: undefined } })],
    [() => listen({ telnetOptions: { ttype: true } }), /did you mean "terminalType"\?/],
    [() => listen({ telnetOptions: { mssp: async () => await 5 } }), /got an async function/],
    [() => listen({ limits: { idle: 5 } }), /did you mean "idleTimeout"\?/],
    [() => listen({ limits: { line: Infinity } }), /this limit cannot be off.*got Infinity/],
    [() => listen({ trustedProxies: ["localhost"] }), /an IP address such as 127\.0\.0\.1/],
    [
      () => connect({ hostname: "x", port: 1, tls: "start" as never }),
      /\{ start: true \}.*got text/,
    ],
    [() => listen({ limits: { connectionsPerIp: 5 } }), /did you mean "connectionsPerAddress"\?/],
    [() => listen({ onNaws: () => {} }), /did you mean "onResize"\?/],
    [() => listen({ telnetOptions: { msdp: true } }), /msdp: expected an object/],
    [(client) => client.telnet.enable_option(1, "local"), /use client\.telnet\.enableOption\(\)/],
    [(client) => client.telnet.sendTelnetCommand(251), /WILL as a command: use enableOption\(\)/],
    [(client) => client.telnet.handle(), /name it in customOptions/],
    [(client) => client.telnet.gmcp.send("Char.Vitals", () => 5), /has none: give text/],
    [(client) => client.telnet.gmcp.send("A.B", new Map()), /has none: give text/],
    [(client) => client.telnet.gmcp.send("A.B", { hp: 1n }), /has none: give text/],
    [(client) => client.telnet.gmcp.on(5, () => {}), /expected text, got 5/],
    [(client) => client.telnet.msdp.update("TYPO"), /Unknown MSDP variable "TYPO"/],
    [(client) => client.telnet.zmp.send("a.b", "xyz"), /expected an array, got text/],
  ],
  "methods without their object, and options that are something else": [
    [(_, { poll }) => poll(), /write \(\) => server\.poll\(\)/],
    [(_, { stop }) => stop(), /write \(\) => server\.stop\(\)/],
    [(client, server) => server.broadcast("x", client), /expected an object such as \{ except/],
    [(_, server) => server.serve(AbortSignal.abort()), /such as \{ signal \}/],
    [(_, server) => server.drain(5000), /such as \{ message, grace: 30_000 \}, got 5000/],
    [(_, server) => server.drain(new Map([["grace", 5]])), /expected an object such as/],
    [(client) => client.ask("q ", 5000), /such as \{ hidden: true, timeout: 60_000 \}, got 5000/],
    [(client) => client.readLine("Name? "), /call ask\(question\), got text/],
    [(client) => client.useEditor({ keys: [] }), /keys: expected an object/],
    [(_, server) => server.onGmcp = () => {}, /onGmcp: give it to TelnetServer\.listen\(\)/],
    [(_, server) => server.maxConnections = 5, /give it to TelnetServer\.listen\(\)/],
    [(client) => client.send(Promise.resolve("x")), /got a promise: await it/],
    [(client) => client.sendCC("x"), /use client\.sendCc\(\)/],
  ],
  "text": [
    [
      (client) => client.sendWrapped("x", 40),
      /wrap: expected an object such as \{ columns: 60 \}, got 40/,
    ],
    [(client) => client.sendWrapped("x", { width: 40 }), /did you mean "columns"\?/],
    [() => wordWrap("x", { colums: 40 } as never), /did you mean "columns"\?/],
    [() => new LineEditor({ histroy: [] } as never), /did you mean "history"\?/],
    [() => new KeyDecoder({ timeout: 5 } as never), /use one of escapeTimeout, runs/],
    [(client) => client.send(5), /text: expected text, got 5/],
    [(client) => client.send(new Uint8Array(1)), /text: expected text, got an object/],
    [(client) => client.sendBytes("x"), /bytes: expected a Uint8Array, got text/],
  ],
};

for (const [library, guesses] of Object.entries(GUESSES)) {
  Deno.test(`guessed calls work, or the error names the right call: ${library}`, async () => {
    await using server = await listen({});
    transport.connect(server.port);
    await server.poll();
    const [client] = server.clientList();
    for (const [call, hint] of guesses) {
      const error = await outcome(() => call(client, server));
      if (hint === undefined) {
        assertEquals(error, undefined, `${call}: ${error}`);
      } else {
        assert(isTelnetError(error), `${call}: ${error}`);
        assertEquals(error.code, "misuse");
        assertMatch(error.message, hint, `${call}`);
        assert(!error.message.includes("\n"), "one line");
      }
    }
  });
}

async function outcome(call: () => unknown): Promise<unknown> {
  try {
    const result = await call();
    if (result instanceof TelnetServer) await result.stop();
    return undefined;
  } catch (error) {
    return error;
  }
}

Deno.test("the list has more than forty guesses", () => {
  assert(Object.values(GUESSES).flat().length > 40);
});

Deno.test("a client class may define the guessed names itself", async () => {
  class Player extends TelnetClient {
    profile = { level: 3 };
    write(text: string): void {
      this.send(text.toUpperCase());
    }
  }
  await using server = await listen({ clientClass: Player });
  const peer = transport.connect(server.port);
  await server.poll();
  const [player] = server.clientList() as Player[];
  assertEquals(player?.profile.level, 3);
  player?.write("hello\n");
  Object.assign(player ?? {}, { remoteAddress: "set in plain JavaScript" });
  assertEquals((player as Anything).remoteAddress, "set in plain JavaScript");
  await server.poll();
  assertEquals(peer.takeText(), "HELLO\r\n");
});

Deno.test("no error of listen() shows a secret", async () => {
  const secret = "-----BEGIN PRIVATE KEY-----hunter2";
  const wrong = [
    { certificate: secret },
    { certificate: { cert: secret, key: secret, passphrase: secret } },
    { certificate: [secret] },
    { tls: true, certificate: { cert: "x".repeat(50) + secret, key: secret } },
    { restore: secret },
    { clientClass: { secret } },
    { stripControls: secret },
  ];
  for (const options of wrong) {
    const error = await outcome(() => listen(options));
    assert(isTelnetError(error), JSON.stringify(options));
    assert(!error.message.includes("hunter2"), error.message);
  }
});

Deno.test("no error of a call on a client shows a secret", async () => {
  await using server = await listen({});
  transport.connect(server.port);
  await server.poll();
  const [client] = server.clientList() as Anything[];
  const calls = [
    () => client.sendBytes("hunter2"),
    () => client.telnet.sendSubnegotiation(201, "Char.Login {pw:hunter2}"),
    () => client.telnet.gmcp.send('Char.Login {"password":"hunter2"}'),
    () => client.ask("Password: ", { hidden: "hunter2" }),
    () => client.readLine("hunter2"),
  ];
  for (const call of calls) {
    const error = await outcome(call);
    assert(isTelnetError(error), `${call}`);
    assert(!error.message.includes("hunter2"), error.message);
  }
});

Deno.test("an option handle has only its public members, for completion", async () => {
  await using server = await listen({});
  transport.connect(server.port);
  await server.poll();
  const [client] = server.clientList();
  const { gmcp, msdp, zmp, linemode, flowControl } = (client as TelnetClient).telnet;
  const names = [gmcp, msdp, zmp, linemode, flowControl].map((handle) => {
    assertEquals(Object.getPrototypeOf(handle), Object.prototype);
    return Object.getOwnPropertyNames(handle).join(" ");
  });
  assertEquals(names, [
    "enabled supports send on",
    "reported declare update",
    "send",
    "enabled mode forwards keys setMode forward",
    "set",
  ]);
});

Deno.test("settable properties validate their value when they are set", async () => {
  await using server = await listen({});
  transport.connect(server.port);
  await server.poll();
  const [client] = server.clientList() as Anything[];
  const wrong: [() => unknown, RegExp][] = [
    [() => (server as Anything).onConnect = 5, /onConnect: expected a function, got 5/],
    [() => (server as Anything).onDisconnect = null, /onDisconnect: expected a function/],
    [() => server.timeout = NaN, /timeout: expected a number of milliseconds/],
    [() => client.active = "no", /active: expected true or false/],
    [() => client.useAnsi = 1, /useAnsi: expected true or false/],
    [() => client.encoding = "klingon", /Cannot use encoding "klingon"/],
    [() => client.connection.keepAlive = "ping", /keepAlive: expected "off" or "nop"/],
    [() => client.keepAlive = "nop", /use client\.connection\.keepAlive/],
  ];
  for (const [set, words] of wrong) {
    const error = await outcome(set);
    assert(isTelnetError(error), `${set}`);
    assertMatch(error.message, words);
  }
});

Deno.test("completion on a client shows at most 45 names, the most used first", () => {
  const names: string[] = [];
  for (let one = TelnetClient.prototype; one !== null; one = Object.getPrototypeOf(one)) {
    if (one !== Object.prototype) names.push(...Object.getOwnPropertyNames(one));
  }
  const common = ["constructor", ...Object.getOwnPropertyNames(Object.prototype)];
  const own = names.filter((name) => !common.includes(name));
  assert(own.length <= 45, `${own.length}: ${own}`);
  assert(!("write" in TelnetClient.prototype), "guessed names are not there");
  assertEquals(own.slice(0, 4), ["send", "sendCc", "sendWrapped", "prompt"]);
});
