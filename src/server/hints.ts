import { throwMisuse } from "../protocol/error.ts";

/** What to use instead of a name that does not exist here, by that name. */
export type Hints = Readonly<Record<string, string>>;

/** Hints for method and property names of other libraries. */
interface HintTable {
  readonly methods: Hints;
  readonly properties: Hints;
}

const SEND = "client.send(text)";
const DROP = "client.active = false, which delivers what is queued first";
const READ = "client.getCommand() in your loop, or await client.readLine()";
const LISTEN = "a handler of TelnetServer.listen(), such as onConnect or onDisconnect";
const ROOMS = "server.broadcast(text, { where: (client) => … })";

/** Gives several names the same hint. */
const sameHint = (names: string, hint: string): Hints =>
  Object.fromEntries(names.split(" ").map((name) => [name, hint]));
/** Hints for members that a group has under the same name. */
const movedTo = (names: string, group: string): Hints =>
  Object.fromEntries(names.split(" ").map((name) => [name, `client.${group}.${name}`]));

/** Hints for names that people try on a client. */
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

/** Hints for names that people try on a server. */
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

/** For the groups of a client: hints only for other spellings of their own names. */
export const NO_HINTS: HintTable = { methods: {}, properties: {} };

/** Hints for names that people try on the class `TelnetServer`. */
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
 * @param what The name of the object in messages, such as `client`.
 * @param hints The hints.
 * @param refuse Called when a missing name is set: returns what to use instead, or `undefined` to
 * allow it.
 */
export function addHints(
  target: object,
  what: string,
  hints: HintTable,
  refuse: (name: string, value: unknown) => string | undefined = () => undefined,
): void {
  const methods = new Map(Object.entries(hints.methods));
  const properties = new Map(Object.entries(hints.properties));
  const byLetters = new Map<string, { readonly name: string; readonly isMethod: boolean }>();
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(target))) {
    byLetters.set(lettersOf(name), { name, isMethod: typeof value === "function" });
  }
  const parent = Object.getPrototypeOf(target);
  const get = (parent: object, name: string | symbol, receiver: unknown): unknown => {
    if (typeof name === "symbol" || name in parent) return Reflect.get(parent, name, receiver);
    const meant = byLetters.get(lettersOf(name));
    const own = meant && `${what}.${meant.name}`;
    const property = properties.get(name);
    const method = methods.get(name) ??
      (property === undefined && meant?.isMethod ? `${own}()` : undefined);
    if (method !== undefined) {
      return () => throwMisuse(`Cannot call ${what}.${name}(): use ${method}`);
    }
    const instead = property ?? own;
    return instead === undefined
      ? undefined
      : throwMisuse(`Cannot find ${what}.${name}: use ${instead}`);
  };
  const set = (parent: object, name: string | symbol, value: unknown, receiver: unknown) => {
    const instead = typeof name === "string" ? refuse(name, value) : undefined;
    if (instead !== undefined) {
      throwMisuse(`Cannot set ${what}.${String(name)}: ${instead}`);
    }
    return Reflect.set(parent, name, value, receiver);
  };
  // The proxy goes between the target and its parent, so that `instanceof` still finds the parent.
  Object.setPrototypeOf(target, new Proxy(Object.create(parent), { get, set }));
}

/** A name in lower case without underscores, so that `get_command` and `sendCC` are found. */
function lettersOf(name: string): string {
  return name.toLowerCase().replaceAll("_", "");
}
