import { ECHO } from "../options/echo.ts";
import { joinBytes } from "../protocol/bytes.ts";
import type { TelnetMachine } from "../protocol/machine.ts";
import type { EchoMode } from "../text/line_input.ts";

/** A change of who shows what a person types. */
export interface EchoChange {
  /** Whether the game wants the server to. */
  readonly echoing?: boolean;
  /** Whether it is a password, which nobody shows. */
  readonly password?: boolean;
  /** Whether the client never does by itself. */
  readonly needed?: boolean;
  /** Whether the client is asked to send each key. */
  readonly character?: boolean;
}

/** Who shows what is typed, as plain JSON. */
export type EchoSnapshot = Required<EchoChange> & {
  /** Whether the client was asked to leave the echo to the server. */
  readonly asked: boolean;
  /** Behind how many bytes of the output that waits a change is still to be negotiated; -1: none. */
  readonly changesAt: number;
};

const FIRST: EchoSnapshot = {
  echoing: false,
  password: false,
  needed: false,
  character: false,
  asked: false,
  changesAt: -1,
};

/**
 * Who shows what a person types: the client; or the server in full; or, while it is a password,
 * nobody. To claim the echo (RFC 857) makes clients hide what is typed.
 *
 * A change is negotiated at its place in the output, when that is sent. If it is undone before, nothing
 * is sent: Mudlet stops hiding after a few changes.
 */
export class EchoControl {
  #state: EchoSnapshot = FIRST;

  /** Whether a change is still to be negotiated. */
  get changes(): boolean {
    return this.#state.changesAt !== -1;
  }

  /** Whether a password is typed. */
  get password(): boolean {
    return this.#state.password;
  }

  /** Whether the client is asked to send each key. */
  get character(): boolean {
    return this.#state.character;
  }

  /** Takes a wish; `outputLength` tells where among the output it was made. */
  set(change: EchoChange, outputLength: number): void {
    const state = { ...this.#state, ...change };
    const wanted = state.echoing || state.password || state.needed || state.character;
    const before = state.changesAt;
    const changesAt = wanted === state.asked ? -1 : before === -1 ? outputLength : before;
    this.#state = { ...state, changesAt };
  }

  /** The client has not agreed to the last request: the next wish is one anew. */
  askAgain(): void {
    this.#state = { ...this.#state, asked: false };
  }

  /** The Telnet dialogue begins anew: the client has agreed to nothing yet. */
  renew(): void {
    this.#state = { ...this.#state, asked: false, changesAt: -1 };
    this.set({ needed: false }, 0);
  }

  /** Forgets all wishes; what was agreed is turned off by the caller. */
  reset(): void {
    this.#state = FIRST;
  }

  /** What of the typing goes back to the screen, as agreed. */
  modeFor(machine: TelnetMachine): EchoMode {
    const { echoing, password, needed } = this.#state;
    if (!machine.localEnabled(ECHO)) return "none";
    return password ? "newlines" : echoing || needed ? "all" : "none";
  }

  /** Takes the output of the machine, with the change in it that is due. */
  takeOutput(machine: TelnetMachine, now: number): Uint8Array {
    const { changesAt } = this.#state;
    if (changesAt === -1) return machine.takeOutput();
    const output = machine.takeOutput();
    const asked = !this.#state.asked;
    this.#state = { ...this.#state, asked, changesAt: -1 };
    if (asked) machine.enableLocal(ECHO, { now, urgent: true });
    else machine.disableLocal(ECHO, { now });
    const negotiation = machine.takeOutput();
    return joinBytes([output.subarray(0, changesAt), negotiation, output.subarray(changesAt)]);
  }

  snapshot(): EchoSnapshot {
    return this.#state;
  }

  restore(snapshot: EchoSnapshot): void {
    this.#state = { ...FIRST, ...snapshot };
  }
}
