import { throwMisuse } from "../protocol/error.ts";

/** What to write in place of a name that does not exist here, by that name. */
export type Hints = Readonly<Record<string, string>>;

/** Names of other libraries that people try, for methods and for properties. */
interface HintTable {
  readonly methods: Hints;
  readonly properties: Hints;
}

const SEND = "client.send(text)";
const DROP = "client.active = false, which delivers what is queued first";
const READ = "client.getCommand() in your loop, or await client.readLine()";
const LISTEN = "a handler of TelnetServer.listen(), such as onConnect or onDisconnect";
const ROOMS = "server.broadcast(text, { where: (client) => … })";

/** Shares an explanation among several names. */
const sameHint = (names: string, hint: string): Hints =>
  Object.fromEntries(names.split(" ").map((name) => [name, hint]));
/** Names that stand in a group, under the same name. */
const movedTo = (names: string, group: string): Hints =>
  Object.fromEntries(names.split(" ").map((name) => [name, `client.${group}.${name}`]));

/** What people try on a client. */
export const CLIENT_HINTS: HintTable = {
  methods: {
    ...sameHint("write writeLine print println writeln puts sendLine sendText msg emit", SEND),
    ...sameHint("end close destroy disconnect terminate kick drop hangup soft_disconnect", DROP),
    ...sameHint("on once off addListener addEventListener subscribe", LISTEN),
    ...sameHint("readline getLine nextLine receive recv", READ),
    ...sameHint("question", "await client.ask(question)"),
    ...sameHint("getpass readPassword askPassword", "await client.ask(question, { hidden: true })"),
    ...sameHint("broadcast join", ROOMS),
    ...sameHint("setPrompt showPrompt", "client.prompt(text)"),
    ...sameHint("setEncoding setCharset", "client.encoding = label"),
    ...sameHint("setTimeout", "limits: { idleTimeout } of TelnetServer.listen()"),
    ...sameHint("setKeepAlive", "client.connection.keepAlive = value"),
    ...sameHint(
      "pipe pause resume",
      "limits of TelnetServer.listen(), which hold back what floods",
    ),
    ...sameHint("iac will wont", 'client.telnet.enableOption(option, "local")'),
    ...sameHint("sendGmcp", "client.telnet.gmcp.send(name, value)"),
    ...sameHint("sendCommand", "client.telnet.sendTelnetCommand(command)"),
    ...sameHint("get_extra_info getExtraInfo", "client.terminal.profile"),
    ...sameHint("prepareReload resetTelnet", "client.telnet.reset()"),
    ...sameHint("characterMode rawMode setRawMode", "client.enterCharacterMode()"),
    ...sameHint("lineMode", "client.enterLineMode()"),
    ...movedTo("enableOption disableOption optionEnabled sendSubnegotiation", "telnet"),
    ...movedTo("sendTelnetCommand ping offerOptions", "telnet"),
    ...movedTo("record addRecordingMarker", "terminal"),
  },
  properties: {
    ...movedTo("gmcp msdp zmp linemode flowControl", "telnet"),
    ...movedTo("inCharacterMode", "terminal"),
    ...movedTo("peerAddress peerPort encrypted compressed queuedOutput", "connection"),
    ...movedTo("memoryUsed throttled keepAlive disconnectError", "connection"),
    ...sameHint("bufferedAmount writableLength", "client.connection.queuedOutput"),
    ...sameHint("remoteAddress", "client.address"),
    ...sameHint("remotePort", "client.port"),
    ...sameHint("bytesWritten", "client.bytesSent"),
    ...sameHint("bytesRead", "client.bytesReceived"),
    ...sameHint("destroyed readyState", "client.active"),
    ...sameHint("cols", "client.columns"),
    ...sameHint("socket", "client.sendBytes(bytes), or a Transport of your own"),
    ...sameHint("keyReady", "client.hasKey"),
    ...sameHint("commandReady lineReady", "client.cmdReady"),
  },
};

/** What people try on a server. */
export const SERVER_HINTS: HintTable = {
  methods: {
    ...sameHint("on once off addListener addEventListener use", LISTEN),
    ...sameHint("close end shutdown destroy dispose", "await server.stop(), or server.drain()"),
    ...sameHint("listen start_server", "await TelnetServer.listen({ port: 7777 })"),
    ...sameHint("start run forever serveForever wait_closed", "await server.serve()"),
    ...sameHint("update tick step", "await server.poll()"),
    ...sameHint("emit send sendAll write to in except of", ROOMS),
    ...sameHint("getConnections count", "server.connectionCount()"),
    ...sameHint("getClients forEach", "server.clientList()"),
    ...sameHint("kick drop", "client.active = false"),
    ...sameHint("readyClients", "server.clientsWithInput()"),
  },
  properties: {
    ...sameHint("clients sockets connections", "server.clientList()"),
    ...sameHint("maxConnections", "maxConnections of TelnetServer.listen()"),
    ...sameHint("listening", "server.running"),
  },
};

/** The groups of a client have their names in other letters only. */
export const NO_HINTS: HintTable = { methods: {}, properties: {} };

/** What people try on the class of servers. */
export const SERVER_CLASS_HINTS: HintTable = {
  methods: sameHint(
    "createServer create start run serve bind open",
    "await TelnetServer.listen({ port: 7777 })",
  ),
  properties: {},
};

/**
 * Makes names of other libraries throw an error with the name to use here. These names are not in
 * the types, in completion or in `in`. A subclass can define them: only a missing name gets here.
 *
 * @param target The prototype, or the class.
 * @param what What people call it, such as `client`.
 * @param hints The names.
 * @param fixed What can be given at the start only: to set it later has no effect.
 */
export function addHints(
  target: object,
  what: string,
  hints: HintTable,
  fixed: object = {},
): void {
  const methods = new Map(Object.entries(hints.methods));
  const properties = new Map(Object.entries(hints.properties));
  addOtherSpellings(target, what, methods, properties);
  const parent = Object.getPrototypeOf(target);
  const get = (parent: object, name: string | symbol, receiver: unknown): unknown => {
    if (typeof name === "symbol" || name in parent) return Reflect.get(parent, name, receiver);
    const property = properties.get(name);
    if (property !== undefined) throwMisuse(`Cannot find ${what}.${name}: use ${property}`);
    const method = methods.get(name);
    if (method === undefined) return undefined;
    return () => throwMisuse(`Cannot call ${what}.${name}(): use ${method}`);
  };
  const set = (parent: object, name: string | symbol, value: unknown, receiver: unknown) => {
    if (name === "keepAlive" && ["off", "nop", "timing-mark"].includes(String(value))) {
      throwMisuse(`Cannot set ${what}.keepAlive: use ${properties.get(name)}`);
    }
    if (typeof name === "string" && Object.hasOwn(fixed, name)) {
      throwMisuse(`Cannot set ${what}.${name}: give it to TelnetServer.listen()`);
    }
    return Reflect.set(parent, name, value, receiver);
  };
  // In between, so that `instanceof Object` and its like find what they look for behind it.
  Object.setPrototypeOf(target, new Proxy(Object.create(parent), { get, set }));
}

/** `get_command` and `sendCC`: names that are there in other letters. */
function addOtherSpellings(
  target: object,
  what: string,
  methods: Map<string, string>,
  properties: Map<string, string>,
): void {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(target))) {
    if (!/^[a-z]/.test(name)) continue;
    const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const isMethod = typeof value === "function";
    const spellings = [snake, name.toLowerCase(), name.charAt(0).toUpperCase() + name.slice(1)];
    if (name === "sendCc") spellings.push("sendCC");
    if (name === "addrport") spellings.push("addrPort");
    for (const spelling of spellings) {
      const known = methods.has(spelling) || properties.has(spelling);
      if (spelling === name || known || spelling in target) continue;
      (isMethod ? methods : properties).set(spelling, `${what}.${name}${isMethod ? "()" : ""}`);
    }
  }
}
