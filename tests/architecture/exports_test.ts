/** The public names. Update this list when you add or remove one. */
import { assert, assertEquals } from "@std/assert";

const COMMANDS = "ABORT AO AYT BRK DM DO DONT EC EL EOF EOR GA IAC IP NOP SB SE SUSP WILL WONT"
  .split(" ");

const OPTION_NAMES = `
  AARDWOLF ATCP BINARY CHARSET ECHO END_OF_RECORD GMCP LFLOW LINEMODE LINEMODE_BITS LOGOUT
  MAX_TERMINAL_TYPE_LENGTH MAX_WINDOW_SIZE MCCP2 MCCP3 MNES_NAMES MSDP MSP MSSP MXP NAWS
  NEW_ENVIRON SEND_LOCATION SGA SLC_FUNCTIONS START_TLS START_TLS_FOLLOWS STATUS TIMING_MARK
  TSPEED TTYPE XDISPLOC ZMP asciiJson decodeAardwolf decodeAtcp decodeCharset decodeEnviron
  decodeFlowControl decodeGmcp decodeLinemode decodeMsdp decodeMssp decodeMtts decodeNaws
  decodeSendLocation decodeStatus decodeTerminalSpeed decodeTerminalType decodeXDisplayLocation
  decodeZmp encodeAardwolf encodeAtcp encodeCharsetAnswer encodeCharsetRequest
  encodeCharsetTableRejected encodeEnvironInfo encodeEnvironIs encodeEnvironSend encodeFlowControl
  encodeGmcp encodeLinemodeForwardmask encodeLinemodeMode encodeLinemodeSlc encodeMsdp encodeMssp
  encodeMtts encodeNaws encodeSendLocation encodeStatusIs encodeStatusSend encodeTerminalSpeed
  encodeTerminalSpeedSend encodeTerminalType encodeTerminalTypeSend encodeXDisplayLocation
  encodeXDisplayLocationSend encodeZmp mspMusic mspSound msspText mxpElement mxpEscape mxpMode
  optionName readJson readMsp readMsspText MxpReader
`.trim().split(/\s+/);

const VALUES: Record<string, readonly string[]> = {
  ".": [
    "DISCONNECT_REASONS",
    "History",
    "REFUSAL_KINDS",
    "SERVER_LIMITS",
    "SERVER_MESSAGES",
    "TelnetClient",
    "TelnetError",
    "TelnetServer",
    "colorize",
    "createTextDecoder",
    "escapeCaretCodes",
    "isTelnetError",
    "keyName",
    "stripCaretCodes",
    "stripControls",
    "wordWrap",
  ],
  "./protocol": [
    ...COMMANDS,
    "TELNET_LIMITS",
    "TelnetError",
    "TelnetMachine",
    "Tracer",
    "commandName",
    "isTelnetError",
  ],
  "./options": OPTION_NAMES,
  "./text": [
    "EMACS_KEYS",
    "ENCODINGS",
    "History",
    "KeyDecoder",
    "LineEditor",
    "LineInput",
    "NewlineEncoder",
    "PlainRows",
    "RawRows",
    "checkEncoding",
    "clusterWidth",
    "colorize",
    "createTextDecoder",
    "encodeText",
    "encodingByName",
    "encodingOfLocale",
    "escapeCaretCodes",
    "graphemes",
    "keyName",
    "stripAnsi",
    "stripCaretCodes",
    "stripControls",
    "textWidth",
    "transliterate",
    "wordWrap",
  ],
  "./gateway": ["Gateway", "MemoryBus", "REFUSAL_KINDS", "joinZone"],
  "./gateway/nats": ["natsBus"],
  "./connect": [
    "CONNECT_LIMITS",
    "RemoteServer",
    "TelnetError",
    "connect",
    "connectOver",
    "isTelnetError",
  ],
  "./web": ["TelnetError", "WebTerminal", "isTelnetError"],
  "./testing": ["TestClock", "TestGame", "TestPlayer"],
  "./transport": [
    "BaseConnection",
    "MemoryPeer",
    "MemoryTransport",
    "bunWebSocketHandlers",
    "defaultTransport",
    "isOwnPage",
    "webSocketConnection",
  ],
  "./transport/deno": ["denoTransport"],
  "./transport/bun": ["bunTransport"],
  "./transport/node": ["nodeTransport"],
  "./transport/memory": ["MemoryPeer", "MemoryTransport"],
  "./transport/contract": ["CASES", "LocalAgent", "TelnetError", "pattern", "sumOf"],
};

const root = new URL("../../", import.meta.url);
const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));

Deno.test("each entrypoint exports exactly the listed names", async () => {
  assertEquals(Object.keys(config.exports).sort(), Object.keys(VALUES).sort());
  for (const [entrypoint, names] of Object.entries(VALUES)) {
    const module = await import(new URL(config.exports[entrypoint], root).href);
    assertEquals(Object.keys(module).sort(), [...names].sort(), entrypoint);
  }
});

Deno.test("the import map for JSR's stand-ins has every entrypoint and every pinned package", () => {
  const map = JSON.parse(
    Deno.readTextFileSync(new URL("tests/offline/import_map.json", root)),
  ).imports;
  for (const entrypoint of Object.keys(config.exports)) {
    assert(map[config.name + entrypoint.slice(1)] !== undefined, entrypoint);
  }
  for (const [name, target] of Object.entries(config.imports as Record<string, string>)) {
    if (target.startsWith("npm:")) assertEquals(map[name], target);
  }
});

Deno.test("every name of Miniboa exists on TelnetClient or TelnetServer", async () => {
  const { TelnetClient, TelnetServer } = await import("../../mod.ts");
  const client =
    "active cmdReady getCommand bytesSent bytesReceived columns rows address port terminalType " +
    "send sendCc sendWrapped addrport idle duration passwordModeOn passwordModeOff requestDoSga " +
    "requestWillEcho requestWontEcho requestNaws requestTerminalType";
  for (const name of client.split(" ")) assert(name in TelnetClient.prototype, name);
  const server = "port address poll connectionCount clientList stop";
  for (const name of server.split(" ")) assert(name in TelnetServer.prototype, name);
  // onConnect, onDisconnect and timeout are fields; tests/server covers them.
});
