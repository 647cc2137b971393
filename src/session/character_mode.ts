import { ECHO } from "../options/echo.ts";
import { LINEMODE, linemode, LINEMODE_BITS } from "../options/linemode.ts";
import { SGA } from "../options/sga.ts";
import type { OptionEvent } from "../protocol/events.ts";
import type { EchoControl } from "./echo_control.ts";
import type { OptionHost } from "./option_host.ts";

/** What the game wants of a client that can send each key. */
export type KeyUse = "nothing" | "an editor" | "the keys";

/** Asks a client for character mode, which is ECHO and SGA of the server; keeps what it answers. */
export class CharacterMode {
  /** START-TLS replaces its options. */
  readonly #context: { readonly options: OptionHost };
  readonly #echo: EchoControl;
  /** Changes who echoes typed text. */
  readonly #setEcho: (character: boolean) => void;
  #refused = false;
  /** Which of ECHO and SGA were agreed since character mode was requested: a bit for each code. */
  #agreed = 0;

  constructor(
    context: { readonly options: OptionHost },
    echo: EchoControl,
    setEcho: (character: boolean) => void,
  ) {
    this.#context = context;
    this.#echo = echo;
    this.#setEcho = setEcho;
  }

  /** Whether the client refused, and is not asked again. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Whether it is requested and agreed. */
  get inForce(): boolean {
    return this.#echo.character && this.#inForce === BOTH;
  }

  /** Lets a client be asked that has refused before. */
  forgive(): void {
    this.#refused = false;
  }

  /**
   * Requests character mode or line mode. A client with its own line editing (LINEMODE) does not
   * need the server's editor, so it is put into character mode only if the game wants keys.
   */
  steer(use: KeyUse): void {
    const { options } = this.#context;
    const own = options.remoteEnabled(LINEMODE);
    const character = !this.#refused && (use === "the keys" || (use === "an editor" && !own));
    if (character === this.#echo.character) return;
    this.#ask(character);
    const { edit, trapsig } = LINEMODE_BITS;
    if (!character && !own) return;
    options.stateOf(linemode).setMode(character ? trapsig : edit | trapsig);
  }

  /** Handles a change of an option; returns whether the client refused character mode by it. */
  optionChanged({ option, side, change }: OptionEvent): boolean {
    if (side !== "local" || (option !== ECHO && option !== SGA)) return false;
    if (!this.#echo.character) {
      // A client that refused, and then asks for SGA by itself, wants character mode now.
      if (option === SGA && change === "enabled") this.forgive();
      return false;
    }
    // Without earlier agreement, `disabled` is a late answer to an older request.
    const withdrawn = change === "disabled" && (this.#agreed & bitOf(option)) !== 0;
    if (change === "enabled") this.#agreed |= bitOf(option);
    if (change !== "refused" && change !== "unanswered" && !withdrawn) return false;
    // One half alone is of no use: else nobody would echo.
    this.#refused = true;
    this.#ask(false);
    this.#context.options.agreeLocal(SGA);
    return true;
  }

  /** Restores the state from before a restart. */
  restore(refused: boolean): void {
    this.#refused = refused;
    this.#agreed = this.#inForce;
  }

  #ask(character: boolean): void {
    const { options } = this.#context;
    this.#agreed = this.#inForce;
    this.#setEcho(character);
    if (character) options.enableLocal(SGA);
    else options.disableLocal(SGA);
  }

  /** The bits of the options that are in force. */
  get #inForce(): number {
    const { options } = this.#context;
    const inForce = [ECHO, SGA].filter((option) => options.localEnabled(option));
    return inForce.reduce((bits, option) => bits | bitOf(option), 0);
  }
}

const bitOf = (option: number) => 1 << option;
const BOTH = bitOf(ECHO) | bitOf(SGA);
