import type { TelnetSnapshot } from "../protocol/machine.ts";
import type { DurableConnection } from "../transport/transport.ts";
import type { SessionSnapshot } from "./client_snapshot.ts";
import type { SessionCore } from "./core.ts";
import { partsOf } from "./session_snapshot.ts";

/** An unfinished command up to this size adds little to the size of a committed state. */
const UNFINISHED_BYTES = 64;

/** Commits a client's state, together with its output, to a durable connection. */
export class Commits {
  readonly #core: SessionCore;
  readonly #durable: DurableConnection;
  /** The Telnet state of the last commit: the largest part, sent only if it has changed. */
  #telnet: TelnetSnapshot | undefined;
  /** `bytesSent` at the last commit. */
  #bytesSent = -1;
  /** The place to which the client moves at the end of the turn. */
  #movesTo: string | undefined;

  constructor(core: SessionCore, durable: DurableConnection) {
    this.#core = core;
    this.#durable = durable;
  }

  /** Moves the connection to another place at the end of the turn. */
  moveTo(place: string): void {
    if (!this.#core.active || place === this.#durable.place) return;
    this.#movesTo = place;
    this.#core.changed();
  }

  /** Commits the end of a client that is dropped. */
  commitEnd(): void {
    this.#durable.commit(undefined, 0);
  }

  /**
   * Commits a turn of a client that is served.
   *
   * @param bytesSent How many bytes were sent to the client so far.
   * @param takeSnapshot Takes the state to commit.
   */
  commit(bytesSent: number, takeSnapshot: () => SessionSnapshot): void {
    const { dialogue: { machine }, queuedInput: unread } = this.#core;
    // A large unfinished command stays in the transport: a turn with nothing else commits nothing.
    const idle = bytesSent === this.#bytesSent && this.#movesTo === undefined;
    if (idle && machine.unfinishedLength > UNFINISHED_BYTES) return;
    this.#bytesSent = bytesSent;
    const snapshot = takeSnapshot();
    // Unread input stays in the transport, and so does the end that follows it.
    const ended = snapshot.ended && unread === 0;
    if (this.#movesTo !== undefined) {
      this.#durable.moveTo(this.#movesTo);
      this.#core.leave("moved");
    }
    const { telnet, ...others } = partsOf(snapshot);
    const same = telnet === this.#telnet; // the machine makes a new object if its state changes
    this.#telnet = telnet as TelnetSnapshot;
    const state = { ...others, received: [], ended };
    this.#durable.commit(same ? state : { ...state, telnet }, unread);
  }
}
