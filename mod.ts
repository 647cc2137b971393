/**
 * A text server for Telnet and MUD clients that runs under your game loop, on Deno, Bun and Node.
 *
 * @example The three-line server
 * ```ts ignore
 * import { TelnetServer } from "@miniboa/miniboa";
 * const server = await TelnetServer.listen();
 * while (true) await server.poll();
 * ```
 *
 * @example A handler, and a loop of your own
 * ```ts
 * import { TelnetServer } from "@miniboa/miniboa";
 * import { MemoryTransport } from "@miniboa/miniboa/transport/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = new MemoryTransport(); // without it, the server listens on a real port
 * const server = await TelnetServer.listen({
 *   transport,
 *   onConnect: (client) => client.sendCc("^GWelcome!^~\n"),
 *   onDisconnect: () => {},
 * });
 * const peer = transport.connect(server.port);
 * peer.write("shout hello\r\n");
 *
 * let heard: string | undefined;
 * while (heard === undefined) {
 *   await server.poll();
 *   for (const client of server.clientList()) heard = client.getCommand();
 * }
 * assertEquals(heard, "shout hello");
 * await server.stop();
 * ```
 *
 * The subpath `./protocol` is the Telnet protocol alone, without any I/O; `./options`, `./text` and
 * `./transport` are the other parts.
 *
 * @module
 */

// The server.
export { TelnetServer } from "./src/server/server.ts";
export type {
  AcceptedFrom,
  ClientHandler,
  CustomEventHandlers,
  CustomOptions,
  DrainOptions,
  EventsOf,
  ListenerOptions,
  ListenOptions,
  OptionEventHandlers,
  RestoredConnection,
  ServeOptions,
} from "./src/server/listen_options.ts";
export type { BroadcastOptions } from "./src/server/broadcast.ts";
export type { Clock } from "./src/server/clock.ts";
export type { ListenerInfo } from "./src/server/acceptor.ts";
export type { ServerRates, ServerStats } from "./src/server/stats.ts";
export type { TlsMode } from "./src/server/handshake.ts";
export type { WebPage, WebSocketOptions } from "./src/server/web_requests.ts";

// Clients.
export { type AskOptions, type ReadLineOptions, TelnetClient } from "./src/server/client.ts";
export type { ClientConnection } from "./src/server/client_connection.ts";
export type { ClientTelnet } from "./src/server/client_telnet.ts";
export type { ClientTerminal, RecordOptions } from "./src/server/client_terminal.ts";
export type { ClientProfile } from "./src/session/profile.ts";
export type { ClientSnapshot } from "./src/session/client_snapshot.ts";
export type { EditorOptions } from "./src/session/key_input.ts";
export type { RecordingSink } from "./src/session/recorder.ts";
export type { UnknownOption, UnknownSubnegotiation } from "./src/session/session_host.ts";
export type { TraceDirection } from "./src/session/taps.ts";

// Limits, messages, refusals, violations and errors.
export { SERVER_LIMITS, type ServerLimits } from "./src/guard/limits.ts";
export { SERVER_MESSAGES, type ServerMessages } from "./src/guard/messages.ts";
export { type Refusal, REFUSAL_KINDS, type RefusalKind } from "./src/guard/refusal.ts";
export {
  type ClientViolation,
  type ClientViolationKind,
  DISCONNECT_REASONS,
  type DisconnectReason,
} from "./src/guard/violations.ts";
export type { FloodKind } from "./src/guard/rate_limiter.ts";
export type { KeepAlive } from "./src/guard/idle_monitor.ts";
export { isTelnetError, TelnetError, type TelnetErrorCode } from "./src/protocol/error.ts";
export type { TelnetLimits } from "./src/protocol/limits.ts";
export type { OptionChange, Side, ViolationKind } from "./src/protocol/events.ts";

// Telnet options: declarations and events.
export type { OptionDeclarations, OptionEvents } from "./src/options/registry.ts";
export type {
  AardwolfEvents,
  AardwolfMessage,
  AtcpEvents,
  AtcpMessage,
  CharsetConfig,
  ClientFacts,
  EnvironConfig,
  EnvironEvents,
  EnvironVariable,
  FlowControl,
  FlowControlHandle,
  ForgetOptions,
  GmcpEvents,
  GmcpHandle,
  GmcpMessage,
  Json,
  LinemodeEvents,
  LinemodeHandle,
  LogoutEvents,
  MccpConfig,
  MsdpConfig,
  MsdpEvents,
  MsdpHandle,
  MsdpInput,
  MsdpValue,
  MsdpVariable,
  MsspStatus,
  MsspValue,
  MttsFlags,
  NawsEvents,
  OptionContext,
  OptionEffects,
  OptionState,
  SlcEntry,
  SlcSetting,
  TelnetOption,
  TerminalSpeed,
  TimingMarkEvents,
  WindowSize,
  ZmpCommand,
  ZmpConfig,
  ZmpEvents,
  ZmpHandle,
} from "./src/options/mod.ts";

// Text.
export { colorize, escapeCaretCodes, stripCaretCodes } from "./src/text/caret.ts";
export { stripControls } from "./src/text/controls.ts";
export type { ColourDepth } from "./src/text/colour.ts";
export { createTextDecoder, type Encoding, type EncodingLabel } from "./src/text/charset.ts";
export type { TextCodec, TextStreamDecoder } from "./src/text/codec.ts";
export type { EditAction } from "./src/text/edit_actions.ts";
export { History, type HistoryStore } from "./src/text/history.ts";
export { type Key, keyName } from "./src/text/key.ts";
export type { LineEditorOptions } from "./src/text/editor_options.ts";
export type { AmbiguousWidth } from "./src/text/width.ts";
export { wordWrap, type WrapOptions } from "./src/text/wrap.ts";

// Transports.
export type {
  CompressionCodec,
  CompressionHandler,
  Deflater,
  Inflater,
} from "./src/transport/compression.ts";
export type {
  Certificate,
  Encryption,
  SecureContext,
  SecureHandler,
  ServerTrust,
} from "./src/transport/encryption.ts";
export type {
  CloseReason,
  Connection,
  ConnectionAcceptor,
  ConnectionHandler,
  Dialler,
  DialOptions,
  DurableConnection,
  Listener,
  Resumed,
  ResumeReason,
  Transport,
  TransportListenOptions,
} from "./src/transport/transport.ts";
