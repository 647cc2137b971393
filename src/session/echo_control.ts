import { ECHO } from "../options/echo.ts";
import { joinBytes } from "../protocol/bytes.ts";
import type { TelnetMachine } from "../protocol/machine.ts";
import type { EchoMode } from "../text/line_input.ts";

/** A change of who echoes typed text. */
export interface EchoChange {
  /** Whether the game wants the server to echo. */
  readonly echoing?: boolean;
  /** Whether a password is being typed, which nobody echoes. */
  readonly password?: boolean;
  /** Whether the server must echo because the client has no local echo. */
  readonly needed?: boolean;
  /** Whether the client is asked to send each key. */
  readonly character?: boolean;
}

/** The state of the echo, as plain JSON. */
export type EchoSnapshot = Required<EchoChange> & {
  /** Whether the server has offered to echo (WILL ECHO). */
  readonly asked: boolean;
  /** The offset in the pending output at which to negotiate a change; -1: no change. */
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
 * Controls who echoes typed text: the client, the server, or nobody while a password is typed. The
 * offer to echo (WILL ECHO, RFC 857) makes clients hide what is typed.
 *
 * A change is negotiated at its place in the output, when that output is sent. If it is undone
 * before, nothing is sent: Mudlet stops hiding input after a few changes.
 */
export class EchoControl {
  #state: EchoSnapshot = FIRST;

  /** Whether a change must still be negotiated. */
  get changes(): boolean {
    return this.#state.changesAt !== -1;
  }

  /** Whether password mode is on. */
  get password(): boolean {
    return this.#state.password;
  }

  /** Whether the client is asked to send each key. */
  get character(): boolean {
    return this.#state.character;
  }

  /**
   * Changes the wanted state, at the end of the machine's pending output. If the client has turned
   * ECHO down, or has not answered in time, each new wish is a new request.
   */
  set(change: EchoChange, machine: TelnetMachine): void {
    const { asked, changesAt } = this.#state;
    this.#state = { ...this.#state, ...change };
    // Without an answer the client may have turned it on, so an end of the wish is always told.
    const changes = this.#wanted ? !asked || !machine.localOffered(ECHO) : asked;
    const begins = !this.#wanted || Object.values(change).includes(true);
    const place = begins && changesAt === -1 ? machine.outputLength : changesAt;
    this.#state = { ...this.#state, changesAt: changes ? place : -1 };
  }

  /** Starts again with a new Telnet dialogue, in which nothing is agreed yet. */
  renew(): void {
    this.#state = { ...this.#state, needed: false, asked: false };
    this.#state = { ...this.#state, changesAt: this.#wanted ? 0 : -1 };
  }

  get #wanted(): boolean {
    const { echoing, password, needed, character } = this.#state;
    return echoing || password || needed || character;
  }

  /** Forgets the wanted state; the caller turns off what was agreed. */
  reset(): void {
    this.#state = FIRST;
  }

  /** Returns what the server echoes, given what is agreed. */
  modeFor(machine: TelnetMachine): EchoMode {
    const { echoing, password, needed } = this.#state;
    if (!machine.localEnabled(ECHO)) return "none";
    return password ? "newlines" : echoing || needed ? "all" : "none";
  }

  /** Takes the machine's output, with the negotiation of a pending change inserted. */
  takeOutput(machine: TelnetMachine, now: number): Uint8Array {
    const { changesAt } = this.#state;
    if (changesAt === -1) return machine.takeOutput();
    const output = machine.takeOutput();
    const asked = this.#wanted;
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
