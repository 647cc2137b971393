import { throwMisuse } from "../protocol/error.ts";
import type { Json } from "../options/json.ts";
import type { DurableConnection, Resumed, ResumeReason } from "../transport/transport.ts";
import type { ClientSnapshot, SessionSnapshot } from "./client_snapshot.ts";
import type { SessionCore } from "./core.ts";
import type { Reader } from "./reader.ts";
import { CommittedState, HISTORY_LINES } from "./committed_state.ts";
import { takeSnapshot, takeState } from "./session_snapshot.ts";

/** An unfinished command up to this size adds little to the size of a committed state. */
const UNFINISHED_BYTES = 64;
/**
 * How much a larger one may grow before it is committed. A durable connection keeps 64 KiB of input
 * that is not committed, where each 0xFF may take two bytes.
 */
const GROWTH_BYTES = 16_384;

/** What of a client outlives the process: its state, which a durable connection commits. */
export class Continuity {
  readonly #core: SessionCore;
  readonly #reader: Reader;
  readonly #committed = new CommittedState();
  /** `delivered` at the last commit. */
  #delivered = 0;
  /** `bytesSent` at the last commit. */
  #bytesSent = -1;
  /** Whether the game has set its data since the last commit. */
  #stateSet = false;
  /** The size of the current unfinished command when it was last committed. */
  #unfinished = 0;
  /** The place to which the client moves at the end of the turn. */
  #movesTo: string | undefined;

  constructor(core: SessionCore, reader: Reader) {
    this.#core = core;
    this.#reader = reader;
  }

  /** The game's own data about the client. */
  get state(): Json | undefined {
    return this.#core.state;
  }

  set state(state: Json | undefined) {
    this.#core.state = state;
    this.#stateSet = true;
    this.#core.changed();
  }

  /** How many lines of the client the game has taken, including those before a restart. */
  get lineNumber(): number {
    return this.#core.lineNumber;
  }

  /** Why the client existed before its `onConnect`; `undefined` for a new client. */
  get returning(): ResumeReason | undefined {
    return this.#core.returning;
  }

  /** Returns the state that a previous owner of the connection has committed. */
  committed({ state, connectedFor, inputWaits }: Resumed): ClientSnapshot {
    const snapshot = this.#committed.restore(state, connectedFor);
    const { idle = null } = snapshot as { readonly idle?: { readonly answers: boolean } | null };
    // What waits was typed after a warning.
    const newly = idle && { ...idle, warned: false };
    return inputWaits ? { ...snapshot, idleFor: 0, idle: newly } : snapshot;
  }

  /** Notes that the client was resumed as it was committed. */
  resumed({ reason }: Resumed): void {
    this.#core.returning = reason;
    this.#core.asResumed = true;
  }

  /** Returns the state of the client, as plain JSON. */
  snapshot(): SessionSnapshot {
    this.#reader.takeEvents();
    return takeSnapshot(this.#core);
  }

  /** Moves a durable connection to another place at the end of the turn. */
  moveTo(place: string): void {
    const durable = this.#durable;
    if (durable === undefined) {
      throwMisuse("Cannot move a client to another zone: its server does not run behind a gateway");
    }
    if (!this.#core.active) return;
    this.#movesTo = place === durable.place ? undefined : place;
    this.#core.changed();
  }

  /**
   * Ends a turn of a durable connection: commits its output together with its state.
   *
   * @param bytesSent How many bytes were sent to the client so far.
   * @param finished Whether the game knows that the client has gone.
   */
  commit(bytesSent: number, finished: boolean): void {
    const durable = this.#durable;
    if (durable === undefined) return;
    const { active, begun, life } = this.#core;
    // Before the session has begun, a commit would overwrite the previous owner's state. A closed
    // client is committed only after `onDisconnect`.
    if (active) {
      if (begun) this.#commitTurn(durable, bytesSent);
    } else if (life.state === "leaving") return; // its end goes into the same commit as its last output
    else if (life.state !== "closed" || finished) durable.commit(undefined, 0);
    durable.inTurn = false;
  }

  #commitTurn(durable: DurableConnection, bytesSent: number): void {
    const { dialogue: { machine }, queuedInput: unread } = this.#core;
    // Nothing has happened since: the previous owner's commit holds.
    if (this.#core.asResumed && bytesSent === 0) return durable.commit(undefined, unread);
    // A large unfinished command stays in the transport: a turn with nothing else commits nothing.
    const { unfinishedLength: unfinished } = machine;
    const { delivered } = this.#core;
    const idle = bytesSent === this.#bytesSent && delivered === this.#delivered &&
      this.#movesTo === undefined && !this.#stateSet;
    if (unfinished < this.#unfinished) this.#unfinished = 0;
    const grown = unfinished - this.#unfinished;
    if (idle && unfinished > UNFINISHED_BYTES && grown < GROWTH_BYTES) return;
    this.#unfinished = unfinished;
    this.#bytesSent = bytesSent;
    this.#delivered = delivered;
    this.#stateSet = false;
    this.#reader.takeEvents();
    const snapshot = takeState(this.#core, HISTORY_LINES);
    // Unread input stays in the transport, and so does the end that follows it.
    const ended = snapshot.ended && unread === 0;
    if (this.#movesTo !== undefined) {
      durable.moveTo(this.#movesTo);
      this.#core.leave("moved");
    }
    durable.commit(this.#committed.partsOf({ ...snapshot, ended }), unread);
  }

  /** The connection, if it outlives the process. */
  get #durable(): DurableConnection | undefined {
    return this.#core.stream.connection.durable;
  }
}
