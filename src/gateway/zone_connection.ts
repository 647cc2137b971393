import type {
  CloseReason,
  Connection,
  ConnectionHandler,
  DurableConnection,
  Resumed,
} from "../transport/transport.ts";
import { TelnetError } from "../protocol/error.ts";
import { InputBuffer } from "../session/input_buffer.ts";
import { changeOf, type PartChange } from "./part_change.ts";
import type { CommitRecord, OpenRecord, Step } from "./records.ts";
import { WireError } from "./wire.ts";

/** The longest state of one client, in UTF-16 units. As UTF-8 it must fit in one message. */
const MAX_STATE = 10_000_000;

/** What a connection needs from its zone. */
export interface ZoneConnectionOwner {
  /** The name of the zone. */
  readonly name: string;
  /** Whether nothing has arrived from the gateway for a while. */
  readonly stalled: boolean;
  /**
   * Whether a commit can be sent now. If not, `drain()` of the connection is called later;
   * everything written and changed until then goes into one commit.
   */
  ready(connection: ZoneConnection): boolean;
  /**
   * Sends a commit, unless another worker serves the zone now.
   *
   * @throws {TelnetError} `limit-exceeded`: the commit is too large.
   */
  commit(connection: ZoneConnection, commit: CommitRecord): void;
}

/**
 * A client's connection, as a worker sees it; a gateway holds the socket. Output is kept until the
 * next commit, which sends it together with the state of the connection's owner.
 */
export class ZoneConnection implements Connection, DurableConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly identity: string;
  readonly encrypted: boolean;
  readonly framed: boolean;
  readonly resumed: Resumed | undefined;
  /** Identifies this opening of the connection on the link. */
  readonly handle: number;
  compressing: boolean;
  inTurn = false;
  readonly #owner: ZoneConnectionOwner;
  #handler: ConnectionHandler | undefined;
  /** Received bytes that were not passed to the handler yet. */
  readonly #input = new InputBuffer();
  /** Whether the half-close follows these bytes. */
  #endFollows = false;
  /** Why the client's connection broke, if its input is still used. */
  #endError: Error | undefined;
  /** The input offset passed to the handler; the half-close and the loss count as one byte each. */
  #handed: number;
  /** The input offset that the last commit covers. */
  #acked: number;
  #endHanded = false;
  #paused = false;
  #steps: Step[] = [];
  #waiting = 0;
  #written = 0;
  #taken = 0;
  #closing = false;
  #acted = false;
  /** Whether the gateway must still be told that the client has arrived in this zone. */
  #arrives: boolean;
  /** Set once the connection is gone, with the error if it broke. */
  #gone: { readonly error: Error | undefined } | undefined;
  #goneTold = false;
  /** Whether this object no longer sends to the gateway, nor receives from it. */
  #detached = false;
  /** The state as the gateway has it: JSON texts by name. */
  readonly #parts: Map<string, string>;
  /** The length of these texts. */
  #stateLength = 0;
  /** The parts of the state that could not be committed yet, and the input offset that they cover. */
  #late: { readonly state: Readonly<Record<string, unknown>>; readonly acked: number } | undefined;
  #reason: CloseReason = "done";
  #closed: Promise<void> | undefined;
  #settleClosed: (() => void) | undefined;

  constructor(open: OpenRecord, gateway: string, owner: ZoneConnectionOwner) {
    const { reason, parts, connectedFor, inputWaits } = open;
    this.handle = open.handle;
    this.remoteAddress = open.address;
    this.remotePort = open.port;
    this.identity = `${gateway}/${open.number}`;
    this.encrypted = open.encrypted;
    this.framed = open.framed;
    this.compressing = open.compressing;
    this.#handed = this.#acked = open.acked;
    this.#owner = owner;
    this.#parts = new Map(parts);
    for (const text of parts.values()) this.#stateLength += text.length;
    this.#arrives = reason === "move" || reason === "no-zone";
    this.resumed = reason && { reason, state: readParts(parts), connectedFor, inputWaits };
  }

  /** This object: the connection outlives the process. */
  get durable(): DurableConnection {
    return this;
  }

  get place(): string {
    return this.#owner.name;
  }

  get stalled(): boolean {
    return this.#owner.stalled;
  }

  get queued(): number {
    return this.#waiting + this.#written - this.#taken;
  }

  /** The received bytes that a pause holds back, with the overhead of their chunks. */
  get held(): number {
    return this.#input.held;
  }

  get destroyed(): boolean {
    return this.#gone !== undefined;
  }

  get closed(): Promise<void> {
    this.#closed ??= this.destroyed
      ? Promise.resolve()
      : new Promise((resolve) => this.#settleClosed = resolve);
    return this.#closed;
  }

  /** Whether its owner's turn is over, with all its output committed. */
  get settled(): boolean {
    return !this.inTurn && this.#late === undefined && this.#steps.length === 0;
  }

  /** Whether its owner has tried to commit. */
  get taken(): boolean {
    return this.#acted;
  }

  attach(handler: ConnectionHandler): void {
    this.#handler = handler;
    this.#hand();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#hand();
  }

  write(chunk: Uint8Array): void {
    if (this.#closing || this.#detached || chunk.length === 0) return;
    this.#waiting += chunk.length;
    this.#steps.push({ type: "write", bytes: chunk });
  }

  compress(on: boolean): void {
    if (this.#closing || on === this.compressing) return;
    this.compressing = on;
    this.#steps.push({ type: "compress", on });
  }

  moveTo(place: string): void {
    if (!this.#closing) this.#steps.push({ type: "move", zone: place });
  }

  closesFor(reason: CloseReason): void {
    this.#reason = reason;
  }

  close(): void {
    if (this.#closing || this.#gone !== undefined) return;
    this.#closing = true;
    if (this.#detached) return queueMicrotask(() => this.lose(undefined));
    this.#steps.push({ type: "close", reason: this.#reason });
  }

  abort(): void {
    if (this.#gone !== undefined) return;
    this.#closing = true;
    this.#steps = [{ type: "abort" }];
    this.#waiting = 0;
    if (!this.#detached) this.#send(new Map());
    this.detach();
    this.lose(undefined);
  }

  commit(state: Readonly<Record<string, unknown>> | undefined, unread: number): void {
    if (this.#detached) return;
    this.#acted = true;
    // The half-close comes after the bytes: while bytes are unread, the state does not cover it.
    const end = unread > 0 && this.#endHanded && !this.#goneTold ? 1 : 0;
    const acked = Math.max(this.#acked, this.#handed - end - unread);
    if (!this.#owner.ready(this)) {
      if (state !== undefined) this.#late = { state: { ...this.#late?.state, ...state }, acked };
      return;
    }
    const late = this.#late;
    this.#late = undefined;
    const changes = this.#changesTo(late === undefined ? state ?? {} : { ...late.state, ...state });
    // On a move, the next worker reads the input that came after the late state.
    const upTo = state === undefined && late !== undefined && this.#moves ? late.acked : acked;
    const news = changes.size > 0 || this.#steps.length > 0 || this.#arrives;
    if (upTo === this.#acked && !news) return;
    this.#arrives = false;
    this.#acked = upTo;
    const moves = this.#moves;
    this.#send(changes);
    if (!moves) return;
    this.detach();
    queueMicrotask(() => this.lose(undefined));
  }

  /** Called when commits can be sent again. */
  drain(): void {
    this.#handler?.onDrain();
  }

  get #moves(): boolean {
    return this.#steps.some(({ type }) => type === "move");
  }

  // Events of the zone.

  /** Receives bytes of the client. */
  receive(bytes: Uint8Array): void {
    if (this.#detached) return;
    this.#input.push(bytes, false);
    this.#hand();
  }

  /** Receives the half-close of the client; `error`: its connection broke. */
  receiveEnd(error?: Error): void {
    if (this.#detached) return;
    this.#endFollows = true;
    this.#endError = error;
    this.#hand();
  }

  /** Notes how many output bytes the gateway's operating system has accepted. */
  noteTaken(taken: number): void {
    this.#taken = Math.min(taken, this.#written);
  }

  /** Notes that the client's connection is gone. */
  lose(error: Error | undefined): void {
    if (this.#gone !== undefined) return;
    this.#gone = { error };
    this.#settleClosed?.();
    this.#hand();
  }

  /**
   * Ends the exchange with the gateway, in both directions: another worker may serve the client.
   */
  detach(): void {
    this.#detached = true;
    this.#input.takeAll();
    this.#endFollows = false;
    this.#steps = [];
    this.#waiting = 0;
    if (this.#closing) queueMicrotask(() => this.lose(undefined));
  }

  /**
   * Passes input to the handler, in order. Once the connection is gone, drops input held by a
   * pause.
   */
  #hand(): void {
    const handler = this.#handler;
    if (handler === undefined) return;
    while (!this.#paused && this.#input.length > 0) {
      const bytes = this.#input.peek(Infinity) as Uint8Array;
      this.#input.take(bytes.length);
      this.#handed += bytes.length;
      if (!this.#closing) handler.onData(bytes);
    }
    if (this.#endFollows && this.#input.length === 0 && !this.#paused) {
      this.#handEnd();
      if (!this.#closing) handler.onEnd(this.#endError);
    }
    if (this.#gone === undefined || this.#goneTold) return;
    this.#handed += this.#input.length;
    this.#input.takeAll();
    if (this.#endFollows) this.#handEnd();
    this.#handed++;
    this.#goneTold = true;
    handler.onClose(this.#gone.error);
  }

  #handEnd(): void {
    this.#endFollows = false;
    this.#endHanded = true;
    this.#handed++;
  }

  #send(changes: CommitRecord["changes"]): void {
    const steps = this.#steps;
    this.#steps = [];
    this.#written += this.#waiting;
    this.#waiting = 0;
    const { handle } = this;
    this.#owner.commit(this, { type: "commit", handle, acked: this.#acked, changes, steps });
  }

  /** Returns the changes that make the gateway's state this one, and notes that it has it. */
  #changesTo(state: Readonly<Record<string, unknown>>): Map<string, PartChange> {
    const changed: [name: string, old: string, text: string][] = [];
    let length = this.#stateLength;
    for (const [name, value] of Object.entries(state)) {
      const text = jsonOf(value) ?? "";
      const old = this.#parts.get(name) ?? "";
      if (text === old) continue;
      changed.push([name, old, text]);
      length += text.length - old.length;
    }
    if (length > MAX_STATE) {
      throw new TelnetError(
        "limit-exceeded",
        `Cannot keep a state of ${length} characters: the state of one client may have ${MAX_STATE}`,
      );
    }
    this.#stateLength = length;
    const changes = new Map<string, PartChange>();
    for (const [name, old, text] of changed) {
      changes.set(name, changeOf(old, text));
      if (text === "") this.#parts.delete(name);
      else this.#parts.set(name, text);
    }
    return changes;
  }
}

/** JSON of a part, with a fast path for numbers and booleans. */
function jsonOf(value: unknown): string | undefined {
  const simple = typeof value === "boolean" || typeof value === "number" && Number.isFinite(value);
  return simple ? String(value) : JSON.stringify(value);
}

/** Reads all parts at once, which is faster than one by one. */
function readParts(parts: ReadonlyMap<string, string>): Record<string, unknown> {
  let json = "";
  for (const [name, text] of parts) {
    json += `${json === "" ? "{" : ","}${JSON.stringify(name)}:${text}`;
  }
  try {
    return json === "" ? {} : JSON.parse(`${json}}`);
  } catch {
    throw new WireError("A part of the state is not JSON");
  }
}
