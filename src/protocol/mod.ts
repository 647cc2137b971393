/**
 * The Telnet protocol as a pure state machine: bytes in, events and bytes out. No I/O, no clock, no
 * dependency; it works with any socket, at either end.
 *
 * @example
 * ```ts
 * import { GA, TelnetMachine } from "@miniboa/miniboa/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const telnet = new TelnetMachine();
 * telnet.send(new TextEncoder().encode("> "));
 * telnet.sendTelnetCommand(GA);
 * assertEquals([...telnet.takeOutput()], [0x3e, 0x20, 0xff, 0xf9]);
 * ```
 *
 * @module
 */

export {
  ABORT,
  AO,
  AYT,
  BRK,
  commandName,
  DM,
  DO,
  DONT,
  EC,
  EL,
  EOF,
  EOR,
  GA,
  IAC,
  IP,
  NOP,
  SB,
  SE,
  SUSP,
  WILL,
  WONT,
} from "./codes.ts";
export type { DecoderSnapshot, DecoderState } from "./decoder.ts";
export { isTelnetError, TelnetError, type TelnetErrorCode } from "./error.ts";
export type {
  ByteRange,
  CommandEvent,
  DataEvent,
  OptionChange,
  OptionEvent,
  Side,
  SubnegotiationEvent,
  TelnetEvent,
  TelnetHandler,
  ViolationEvent,
  ViolationKind,
} from "./events.ts";
export { TELNET_LIMITS, type TelnetLimits } from "./limits.ts";
export {
  type EnableOptions,
  type RequestOptions,
  TelnetMachine,
  type TelnetMachineOptions,
  type TelnetSnapshot,
} from "./machine.ts";
export type { NegotiationState } from "./negotiation_table.ts";
export type { LateAnswer } from "./late_answers.ts";
export type { ForgetOptions, NegotiationSnapshot } from "./negotiator.ts";
export { Tracer } from "./tracer.ts";
