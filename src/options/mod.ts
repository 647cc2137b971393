/**
 * Telnet options and MUD protocols: their codes, and functions that read and write their payloads.
 * Without I/O.
 *
 * @example
 * ```ts
 * import { decodeNaws, NAWS } from "@miniboa/miniboa/options";
 * import { TelnetMachine } from "@miniboa/miniboa/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const telnet = new TelnetMachine({ remote: [NAWS] });
 * telnet.receive(Uint8Array.of(255, 251, NAWS, 255, 250, NAWS, 0, 80, 0, 24, 255, 240));
 * for (const event of telnet.takeEvents()) {
 *   if (event.type !== "subnegotiation") continue;
 *   assertEquals(decodeNaws(event.bytes), { columns: 80, rows: 24 });
 * }
 * ```
 *
 * @module
 */

export {
  AARDWOLF,
  type AardwolfEvents,
  type AardwolfMessage,
  decodeAardwolf,
  encodeAardwolf,
} from "./aardwolf.ts";
export { ATCP, type AtcpEvents, type AtcpMessage, decodeAtcp, encodeAtcp } from "./atcp.ts";
export { BINARY } from "./binary.ts";
export {
  CHARSET,
  type CharsetConfig,
  type CharsetMessage,
  decodeCharset,
  encodeCharsetAnswer,
  encodeCharsetRequest,
  encodeCharsetTableRejected,
} from "./charset.ts";
export { ECHO, type EchoEvents } from "./echo.ts";
export { END_OF_RECORD } from "./end_of_record.ts";
export type { ClientFacts, TerminalSpeed } from "./facts.ts";
export {
  decodeFlowControl,
  encodeFlowControl,
  type FlowControl,
  type FlowControlEvents,
  type FlowControlHandle,
  LFLOW,
} from "./flow_control.ts";
export {
  decodeGmcp,
  encodeGmcp,
  GMCP,
  type GmcpClientConfig,
  type GmcpEvents,
  type GmcpHandle,
  type GmcpMessage,
} from "./gmcp.ts";
export { asciiJson, type Json, readJson } from "./json.ts";
export {
  decodeLinemode,
  encodeLinemodeForwardmask,
  encodeLinemodeMode,
  encodeLinemodeSlc,
  LINEMODE,
  LINEMODE_BITS,
  type LinemodeEvents,
  type LinemodeHandle,
  type LinemodeMessage,
  SLC_FUNCTIONS,
  type SlcEntry,
  type SlcSetting,
} from "./linemode.ts";
export { LOGOUT, type LogoutEvents } from "./logout.ts";
export { MCCP2, MCCP3, type MccpConfig } from "./mccp.ts";
export {
  decodeMsdp,
  encodeMsdp,
  MSDP,
  type MsdpClientEvents,
  type MsdpClientHandle,
  type MsdpConfig,
  type MsdpEvents,
  type MsdpHandle,
  type MsdpInput,
  type MsdpValue,
  type MsdpVariable,
} from "./msdp.ts";
export {
  MSP,
  type MspEvents,
  mspMusic,
  type MspOptions,
  mspSound,
  type MspTrigger,
  readMsp,
} from "./msp.ts";
export {
  decodeMssp,
  encodeMssp,
  MSSP,
  type MsspEvents,
  type MsspStatus,
  msspText,
  type MsspValue,
  readMsspText,
} from "./mssp.ts";
export { decodeMtts, encodeMtts, type MttsFlags } from "./mtts.ts";
export {
  MXP,
  mxpElement,
  mxpEscape,
  type MxpEvents,
  type MxpLineMode,
  type MxpMode,
  mxpMode,
  MxpReader,
  type MxpSink,
  type MxpSnapshot,
  type MxpTag,
} from "./mxp.ts";
export type { ClientOptionDeclarations, ClientOptionEvents } from "./client_registry.ts";
export {
  decodeNaws,
  encodeNaws,
  MAX_WINDOW_SIZE,
  NAWS,
  type NawsEvents,
  type WindowSize,
} from "./naws.ts";
export {
  decodeEnviron,
  encodeEnvironInfo,
  encodeEnvironIs,
  encodeEnvironSend,
  type EnvironConfig,
  type EnvironEvents,
  type EnvironMessage,
  type EnvironVariable,
  MNES_NAMES,
  NEW_ENVIRON,
} from "./new_environ.ts";
export type { OptionContext, OptionEffects, OptionState, TelnetOption } from "./option.ts";
export { type OptionDeclarations, type OptionEvents, optionName } from "./registry.ts";
export { decodeSendLocation, encodeSendLocation, SEND_LOCATION } from "./send_location.ts";
export { SGA } from "./sga.ts";
export { START_TLS, START_TLS_FOLLOWS } from "./start_tls.ts";
export {
  decodeStatus,
  encodeStatusIs,
  encodeStatusSend,
  STATUS,
  type StatusMessage,
  type StatusReport,
} from "./status.ts";
export {
  decodeTerminalSpeed,
  encodeTerminalSpeed,
  encodeTerminalSpeedSend,
  TSPEED,
} from "./terminal_speed.ts";
export {
  decodeTerminalType,
  encodeTerminalType,
  encodeTerminalTypeSend,
  MAX_TERMINAL_TYPE_LENGTH,
  TTYPE,
} from "./terminal_type.ts";
export { TIMING_MARK, type TimingMarkEvents } from "./timing_mark.ts";
export {
  decodeXDisplayLocation,
  encodeXDisplayLocation,
  encodeXDisplayLocationSend,
  XDISPLOC,
} from "./x_display_location.ts";
export {
  decodeZmp,
  encodeZmp,
  ZMP,
  type ZmpCommand,
  type ZmpConfig,
  type ZmpEvents,
  type ZmpHandle,
} from "./zmp.ts";
export type { ForgetOptions } from "../protocol/negotiator.ts";
export type { OptionChange, Side } from "../protocol/events.ts";
