import type { OptionChange, Side } from "../protocol/events.ts";
import type { ForgetOptions } from "../protocol/negotiator.ts";
import type { ClientFacts } from "./facts.ts";
import type { Json } from "./json.ts";

/** What an option may change on its connection, beyond sending. Each takes effect at once. */
export interface OptionEffects {
  /** Uses a character set from now on; returns whether it is known. */
  useCharset(name: string): boolean;
  /** Uses a character set that the client mentions, unless CHARSET or the game chose one. */
  suggestCharset(name: string): void;
  /** Sends the marker and compresses what follows, or ends the compressed stream. */
  compress(on: boolean): void;
  /** Expects the client's next bytes compressed. */
  decompress(): void;
  /** Expects the handshake of TLS in the client's next bytes. */
  encrypt(): void;
  /** The client never shows what is typed, so the server must echo it. */
  needEcho(): void;
  /** Reads nothing more from the client before a time on the clock of `now()`. */
  holdInput(until: number): void;
  /** Drops the client. */
  leave(): void;
}

/**
 * One connection, as an option sees it.
 *
 * @typeParam Events What the option reports to the game: values by the event's name.
 */
export interface OptionContext<Events extends object = never> {
  /** What the client has told of itself. */
  readonly facts: ClientFacts;
  /** What an option may change on the connection. */
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
  /** Forgets what was agreed on a side of an option, without a word to the client. */
  forget(side: Side, option: number, how: ForgetOptions): void;
  /** Codes of the options in force on a side. */
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

/** Whether an option is in force on a side. */
export function isEnabled(context: OptionContext, side: Side, option: number): boolean {
  return side === "local" ? context.localEnabled(option) : context.remoteEnabled(option);
}

/**
 * What an option keeps for one connection.
 *
 * @typeParam Handle What a game sees of it.
 */
export interface OptionState<Handle = unknown> {
  /** What a game sees of it: `client.telnet.handle(option)`. Default: nothing. */
  readonly handle?: Handle;
  /** Whether a question of this option still waits for its answer. */
  readonly pending?: boolean;
  /** A negotiation went on. */
  changed?(side: Side, change: OptionChange): void;
  /** The server has said that it stops performing the option; the client's answer is to come. */
  withdrawn?(): void;
  /** A payload came. A malformed one is ignored. */
  subnegotiation?(payload: Uint8Array): void;
  /** What must survive a restart of the game, as plain JSON. */
  snapshot?(): Json;
  /** Restores what `snapshot` returned. */
  restore?(saved: Json): void;
  /** Takes over what the game has set on the state before it, when the Telnet dialogue begins anew. */
  takeOver?(before: OptionState): void;
}

/**
 * One Telnet option, as one end of a connection uses it. Pure: all effects go through the context.
 *
 * @typeParam Config How a game declares it.
 * @typeParam State What it keeps for one connection.
 * @typeParam Events What it reports to the game.
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
  /** Which side is asked for at the start where the option is declared. */
  readonly offer?: Side;
  /** Whether only MUD clients know it. */
  readonly mud?: boolean;
  /** Whether the other offers wait until this one is answered. */
  readonly exclusive?: boolean;
  /**
   * Which bytes of the stream it changes. It is not offered over a WebSocket; of those that change
   * `both` or the `input` none is offered on a connection that outlives the process.
   */
  readonly changesStream?: "input" | "output" | "both";
  /** Whether it is offered on an encrypted connection too. Default: it is. */
  offerEncrypted?(config: Config): boolean;
  /** Throws `misuse` for a declaration that cannot be right. */
  check?(config: Config): void;
  /** Makes the state for a connection; `config` is `undefined` where the game declares nothing. */
  attach?(context: OptionContext<Events>, config: Config | undefined): State;
}
