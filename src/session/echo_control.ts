import { ECHO } from "../options/echo.ts";
import type { TelnetMachine } from "../protocol/machine.ts";
import type { LineInput } from "../text/line_input.ts";

/** A change of who shows what a person types. */
export interface EchoChange {
  /** Whether the game wants us to. */
  readonly echoing?: boolean;
  /** Whether it is a password, which nobody shows. */
  readonly password?: boolean;
  /** Whether the client never does by itself. */
  readonly needed?: boolean;
  /** Whether the client shall send each key. */
  readonly character?: boolean;
}

/** What a snapshot keeps of it. */
export type EchoSnapshot = Required<EchoChange> & { readonly asked: boolean };

const FIRST: EchoSnapshot = {
  echoing: false,
  password: false,
  needed: false,
  character: false,
  asked: false,
};

/**
 * Who shows what a person types: the client; or we in full; or, while it is a password, nobody. To
 * claim the echo (RFC 857) makes clients hide what is typed.
 */
export class EchoControl {
  #state: EchoSnapshot = FIRST;
  #changed = false;

  /** Whether `apply` has something to do. */
  get changed(): boolean {
    return this.#changed;
  }

  /** Takes a wish. It is negotiated by `apply`: off and on again at once costs no word. */
  set(change: EchoChange): void {
    this.#state = { ...this.#state, ...change };
    this.#changed = true;
  }

  /** Telnet begins anew: the client has agreed to nothing yet. */
  renew(): void {
    this.#state = { ...this.#state, needed: false, asked: false };
    this.#changed = true;
  }

  /** Forgets all wishes. */
  reset(): void {
    this.#state = FIRST;
    this.#changed = true;
  }

  /** Whether a password is typed. */
  get password(): boolean {
    return this.#state.password;
  }

  /** Whether the client shall send each key. */
  get character(): boolean {
    return this.#state.character;
  }

  /** What it is, for a snapshot. */
  snapshot(): EchoSnapshot {
    return this.#state;
  }

  /**
   * Negotiates where the wish has changed; some clients stop hiding after a few changes.
   *
   * @returns Whether it did.
   */
  apply(machine: TelnetMachine, now: number): boolean {
    const { echoing, password, needed, character, asked } = this.#state;
    const wanted = echoing || password || needed || character;
    this.#changed = false;
    if (wanted === asked) return false;
    this.#state = { ...this.#state, asked: wanted };
    if (wanted) machine.enableLocal(ECHO, { now, urgent: true });
    else machine.disableLocal(ECHO, { now });
    return true;
  }

  /** Has the line input echo as agreed. */
  direct(lines: LineInput, machine: TelnetMachine): void {
    const { echoing, password, needed } = this.#state;
    const mode = password ? "newlines" : echoing || needed ? "all" : "none";
    lines.echo = machine.localEnabled(ECHO) ? mode : "none";
  }
}
