/**
 * The client: connects to Telnet servers, for bots, devices, crawlers, proxies, tests and the
 * browser.
 *
 * @example A bot
 * ```ts ignore
 * import { connect } from "@miniboa/miniboa/connect";
 *
 * await using mud = await connect({ hostname: "localhost", port: 7777, terminal: { name: "BOT" } });
 * mud.send("look\n");
 * for await (const line of mud.lines()) console.log(line);
 * ```
 *
 * @example A device
 * ```ts ignore
 * import { connect } from "@miniboa/miniboa/connect";
 *
 * await using router = await connect({ hostname: "192.0.2.1" });
 * await router.login({ username: "admin", password: "secret" });
 * console.log(await router.exec("show version"));
 * ```
 *
 * @example Without sockets
 * ```ts
 * import { TelnetServer } from "@miniboa/miniboa";
 * import { connect } from "@miniboa/miniboa/connect";
 * import { MemoryTransport } from "@miniboa/miniboa/transport/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = new MemoryTransport();
 * await using server = await TelnetServer.listen({
 *   transport,
 *   onConnect: (client) => client.send("Hello\n"),
 *   onDisconnect: () => {},
 * });
 * await using remote = await connect({ transport, port: server.port });
 * await server.poll();
 * assertEquals(await remote.readLine(), "Hello");
 * ```
 *
 * @module
 */

export type { AardwolfEvents, AardwolfMessage } from "../options/aardwolf.ts";
export type { AtcpEvents, AtcpMessage } from "../options/atcp.ts";
export type { CharsetConfig } from "../options/charset.ts";
export type { ClientOptionDeclarations, ClientOptionEvents } from "../options/client_registry.ts";
export type { EchoEvents } from "../options/echo.ts";
export type { ClientFacts, TerminalSpeed } from "../options/facts.ts";
export type { FlowControl, FlowControlEvents } from "../options/flow_control.ts";
export type { GmcpClientConfig, GmcpEvents, GmcpHandle, GmcpMessage } from "../options/gmcp.ts";
export type { Json } from "../options/json.ts";
export type { LinemodeEvents, LinemodeHandle, SlcEntry, SlcSetting } from "../options/linemode.ts";
export type { MsdpClientEvents, MsdpClientHandle, MsdpValue } from "../options/msdp.ts";
export type { MspEvents, MspOptions, MspTrigger } from "../options/msp.ts";
export type { MsspEvents } from "../options/mssp.ts";
export type { MttsFlags } from "../options/mtts.ts";
export type { MxpEvents, MxpTag } from "../options/mxp.ts";
export type { OptionContext, OptionEffects, OptionState, TelnetOption } from "../options/option.ts";
export type { TimingMarkEvents } from "../options/timing_mark.ts";
export type { ZmpCommand, ZmpConfig, ZmpEvents, ZmpHandle } from "../options/zmp.ts";
export { isTelnetError, TelnetError, type TelnetErrorCode } from "../protocol/error.ts";
export type { OptionChange, Side, ViolationKind } from "../protocol/events.ts";
export type { TelnetLimits } from "../protocol/limits.ts";
export type { ForgetOptions } from "../protocol/negotiator.ts";
export type { Encoding, EncodingLabel } from "../text/charset.ts";
export type { TextCodec, TextStreamDecoder } from "../text/codec.ts";
export type {
  CompressionCodec,
  CompressionHandler,
  Deflater,
  Inflater,
} from "../transport/compression.ts";
export type {
  Certificate,
  Encryption,
  SecureContext,
  SecureHandler,
  ServerTrust,
} from "../transport/encryption.ts";
export type {
  CloseReason,
  Connection,
  ConnectionAcceptor,
  ConnectionHandler,
  Dialler,
  DialOptions,
  DurableConnection,
  Resumed,
  ResumeReason,
} from "../transport/transport.ts";
export { connect, connectOver } from "./connect.ts";
export type {
  ConnectHandlers,
  ConnectOptions,
  ConnectOverOptions,
  ConnectTls,
  TalkOptions,
  Terminal,
} from "./connect_options.ts";
export type { Answer, ExecOptions, LoginOptions } from "./device_options.ts";
export type {
  ConnectEvents,
  Ending,
  ForeignOption,
  ForeignSubnegotiation,
  ServerViolation,
} from "./events.ts";
export { CONNECT_LIMITS, type ConnectLimits } from "./limits.ts";
export type { ReadOptions } from "./read_options.ts";
export { RemoteServer, type ServerEvent } from "./remote_server.ts";
export type { RemoteTelnet } from "./remote_telnet.ts";
export type { ServerSnapshot } from "./session.ts";
export type { Newline } from "./settings.ts";
export type { ConnectClock } from "./timer.ts";
