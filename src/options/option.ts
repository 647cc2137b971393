import type { OptionChange, Side } from "../protocol/events.ts";
import type { ForgetOptions } from "../protocol/negotiator.ts";
import type { ClientFacts } from "./facts.ts";
import type { Json } from "./json.ts";

/**
 * Changes that an option can make to its connection, besides sending. Each takes effect at once.
 */
export interface OptionEffects {
  /** Uses a character set from now on; returns whether it is known. */
  useCharset(name: string): boolean;
  /** Uses a character set that the client mentions, unless CHARSET or the game chose one. */
  suggestCharset(name: string): void;
  /** Sends the marker and compresses what follows, or ends the compressed stream. */
  compress(on: boolean): void;
  /** Decompresses the bytes that follow. */
  decompress(): void;
  /** Starts the TLS handshake with the bytes that follow. */
  encrypt(): void;
  /** Makes the server echo what is typed, because the client never does. */
  needEcho(): void;
  /** Processes no further input of the client until a time on the clock of `now()`. */
  holdInput(until: number): void;
  /** Drops the client. */
  leave(): void;
}

/**
 * The part of a connection that an option can use.
 *
 * @typeParam Events The events that the option reports to the game: values by the event's name.
 */
export interface OptionContext<Events extends object = never> {
  /** Facts that the client has reported about itself. */
  readonly facts: ClientFacts;
  /** Changes that an option can make to the connection. */
  readonly effects: OptionEffects;
  /** The time in milliseconds, on a clock that never goes back. */
  now(): number;
  /** The time of day, such as `2026-11-25T14:30:00.000Z`. */
  utc(): string;
  /** Whether both ends agree that the server performs an option. */
  localEnabled(option: number): boolean;
  /** Whether both ends agree that the client performs an option. */
  remoteEnabled(option: number): boolean;
  /** Asks the client to perform an option. */
  enableRemote(option: number): void;
  /** Sets a side of an option to off, without a message to the client. */
  forget(side: Side, option: number, how: ForgetOptions): void;
  /** Codes of the options that are on for a side. */
  inForce(side: Side): number[];
  /** Sends IAC SB option payload IAC SE. */
  sendSubnegotiation(option: number, payload: Uint8Array): void;
  /** Reports an event to the game, whose handler is called at once. */
  emit<Name extends keyof Events & string>(name: Name, value: Events[Name]): void;
  /** Calls the game's own code: if it fails, the client is dropped. */
  run(call: () => unknown): void;
  /** The state of another option on this connection. */
  stateOf<State extends OptionState>(option: TelnetOption<never, State>): State;
}

/** Whether an option is on for a side. */
export function isEnabled(context: OptionContext, side: Side, option: number): boolean {
  return side === "local" ? context.localEnabled(option) : context.remoteEnabled(option);
}

/**
 * The state of an option on one connection.
 *
 * @typeParam Handle The part of it that a game can use.
 */
export interface OptionState<Handle = unknown> {
  /** The part that a game can use: `client.telnet.handle(option)`. Default: none. */
  readonly handle?: Handle;
  /** Whether a request of this option still waits for its answer. */
  readonly pending?: boolean;
  /** Handles the result of a negotiation. */
  changed?(side: Side, change: OptionChange): void;
  /** Called when this end has sent WONT for the option, before the other end answers. */
  withdrawn?(): void;
  /** Handles the payload of a subnegotiation; ignores a malformed one. */
  subnegotiation?(payload: Uint8Array): void;
  /** Returns the data that must survive a restart of the game, as plain JSON. */
  snapshot?(): Json;
  /** Restores what `snapshot` returned. */
  restore?(saved: Json): void;
  /**
   * Copies the game's settings from the previous state, when Telnet starts again on the connection.
   */
  takeOver?(before: OptionState): void;
}

/**
 * A Telnet option at one end of a connection. Pure: all effects go through the context.
 *
 * @typeParam Config The type of its declaration.
 * @typeParam State The type of its state for one connection.
 * @typeParam Events The events that it reports to the game.
 */
export interface TelnetOption<
  Config = never,
  State extends OptionState = OptionState,
  Events extends object = never,
> {
  /** The option's code. */
  readonly code: number;
  /** Its name in the list of assigned options. */
  readonly name: string;
  /** The events that it reports to the game. `resize` is handled by `onResize`. Default: none. */
  readonly events?: readonly (keyof Events & string)[];
  /** Whether the server performs it when the client asks with DO, even if it was not declared. */
  readonly agreeLocal?: boolean;
  /** Whether the client may perform it when it offers with WILL, even if it was not declared. */
  readonly agreeRemote?: boolean;
  /** The side that is requested at the start if the option is declared. */
  readonly offer?: Side;
  /** Whether only MUD clients know it. */
  readonly mud?: boolean;
  /** Whether the other offers wait until this one is answered. */
  readonly exclusive?: boolean;
  /**
   * The direction of the stream that it changes. Such an option is not offered over a WebSocket. If
   * it changes the `input` or `both`, it is not offered on a connection that outlives the process.
   */
  readonly changesStream?: "input" | "output" | "both";
  /** Whether it is offered on an encrypted connection too. Default: yes. */
  offerEncrypted?(config: Config): boolean;
  /** Throws `misuse` for an invalid declaration. */
  check?(config: Config): void;
  /** Makes the state for a connection; `config` is `undefined` if the option is not declared. */
  attach?(context: OptionContext<Events>, config: Config | undefined): State;
}
