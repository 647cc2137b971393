import type { OptionChange, Side } from "../protocol/events.ts";
import type { ForgetOptions } from "../protocol/negotiator.ts";
import type { AardwolfMessage } from "./aardwolf.ts";
import type { AtcpMessage } from "./atcp.ts";
import type { ClientFacts } from "./facts.ts";
import type { GmcpMessage, Json } from "./gmcp.ts";
import type { SlcEntry } from "./linemode.ts";
import type { WindowSize } from "./naws.ts";
import type { EnvironVariable } from "./new_environ.ts";
import type { ZmpCommand } from "./zmp.ts";

/** What an option tells the game, by the name of the notice. Each has its handler at `listen()`. */
export interface OptionEvents {
  /** The window has another size (NAWS). */
  resize: WindowSize;
  /** A message of GMCP, also one whose JSON is malformed. */
  gmcp: GmcpMessage;
  /** The client sets a variable of MSDP that the game declared as its to set. */
  msdp: { readonly name: string; readonly value: string };
  /** Variables of NEW-ENVIRON, answered or new. */
  environ: readonly EnvironVariable[];
  /** A command of ZMP. */
  zmp: ZmpCommand;
  /** A message of ATCP. */
  atcp: AtcpMessage;
  /** A message of Aardwolf's channel. */
  aardwolf: AardwolfMessage;
  /** Which keys the client edits with (LINEMODE). */
  slc: readonly SlcEntry[];
  /** The round trip of a ping by TIMING-MARK, in milliseconds. */
  pong: number;
  /** The person asks to be logged out (LOGOUT); the client is dropped afterwards. */
  logout: undefined;
}

/** What an option may do to the connection that it was negotiated on. */
export interface OptionContext {
  /** What the client has told of itself. */
  readonly facts: ClientFacts;
  /** The time in milliseconds, on a clock that never goes back. */
  now(): number;
  /** The time of day, such as `2026-11-25T14:30:00.000Z`. */
  utc(): string;
  /** Whether both ends agree that we perform an option. */
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
  /** Tells the game. */
  tell<Name extends keyof OptionEvents>(name: Name, value: OptionEvents[Name]): void;
  /** Calls the game's own code: if it fails, the client is dropped. */
  run(call: () => unknown): void;
  /** Uses a character set from now on, where it is known. */
  useCharset(name: string): boolean;
  /** Uses a character set that the client tells by the way, where nothing better is known. */
  suggestCharset(name: string): void;
  /** Compresses what we send from now on, after the marker, or stops it. */
  compress(on: boolean): void;
  /** Expects the client's next bytes compressed. */
  decompress(): void;
  /** Takes the client's next bytes as the handshake of TLS. */
  encrypt(): void;
  /** The client never shows what is typed: we have to. */
  needEcho(): void;
  /** Drops the client. */
  leave(): void;
  /** What another option keeps for this connection. */
  handlerOf<Handler extends OptionState>(option: TelnetOption<never, Handler>): Handler;
}

/** What an option keeps for one connection. */
export interface OptionState {
  /** Whether a question of this option still waits for its answer. */
  readonly pending?: boolean;
  /** A negotiation went on. */
  changed?(side: Side, change: OptionChange): void;
  /** A payload came, which may be malformed: then it is ignored. */
  subnegotiation?(payload: Uint8Array): void;
  /** What is to be carried over a restart of the game. */
  snapshot?(): Json;
  /** Takes what was carried over. */
  restore?(saved: Json): void;
}

/** One Telnet option, as the server uses it. Pure: all effects go through the session. */
export interface TelnetOption<Config = never, Handler extends OptionState = OptionState> {
  /** The option's code. */
  readonly code: number;
  /** Its name in the list of assigned options. */
  readonly name: string;
  /** Whether the server performs it when the client asks with DO, even if it was not declared. */
  readonly agreeLocal?: boolean;
  /** Whether the client may perform it when it offers with WILL, even if it was not declared. */
  readonly agreeRemote?: boolean;
  /** Which side is asked for at the start where the option is declared. */
  readonly offer?: Side;
  /** Whether only MUD clients know it. */
  readonly mud?: boolean;
  /** Whether the other offers wait until this one is answered. */
  readonly alone?: boolean;
  /** Whether it is offered on an encrypted connection too. Default: it is. */
  offerEncrypted?(config: Config): boolean;
  /** Refuses a declaration that cannot be right, by an error of the code `misuse`. */
  check?(config: Config): void;
  /** Starts what is kept for a connection; the declaration is `undefined` where there is none. */
  attach?(session: OptionContext, config: Config | undefined): Handler;
}
