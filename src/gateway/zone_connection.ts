import type {
  CloseReason,
  Connection,
  ConnectionHandler,
  DurableConnection,
  Resumed,
} from "../transport/transport.ts";
import type { CommitRecord, OpenRecord, Step } from "./records.ts";

/** What a connection needs of its zone. */
export interface ZoneConnectionOwner {
  /** The name of the zone. */
  readonly name: string;
  /** Whether the gateway was not heard for a while. */
  readonly stalled: boolean;
  /**
   * Whether a commit can be sent now. If not, `onDrain` of the connection's owner is called when it can:
   * what was written and changed meanwhile goes into one.
   */
  ready(connection: ZoneConnection): boolean;
  /**
   * Sends a commit, unless the zone is served by somebody else by now.
   *
   * @throws {TelnetError} `limit-exceeded`: it is too large.
   */
  commit(connection: ZoneConnection, commit: CommitRecord): void;
}

/** What came and was not handed over. */
type Input = Uint8Array | "end";

/**
 * A person's connection as a worker has it: a gateway holds the socket. What is written waits for the
 * commit, which carries it with the state of its owner.
 */
export class ZoneConnection implements Connection, DurableConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly identity: string;
  readonly encrypted: boolean;
  readonly framed: boolean;
  readonly resumed: Resumed | undefined;
  /** Stands for this opening on the link. */
  readonly handle: number;
  compressing: boolean;
  readonly #owner: ZoneConnectionOwner;
  #handler: ConnectionHandler | undefined;
  #input: Input[] = [];
  /** How much of the input was handed over; the end and the loss count as one byte each. */
  #handed: number;
  /** How much of that is part of the state that was committed. */
  #acked: number;
  #endHanded = false;
  #paused = false;
  #steps: Step[] = [];
  #waiting = 0;
  #written = 0;
  #taken = 0;
  #closing = false;
  #acted = false;
  /** Why it is gone; `undefined`: it is there. */
  #gone: { readonly error: Error | undefined } | undefined;
  #goneTold = false;
  /** Whether nothing that is done here reaches the gateway any more. */
  #detached = false;
  readonly #parts: Map<string, string>;
  /** The last state that could not be committed yet, and how much of the input it has. */
  #late: { readonly state: Readonly<Record<string, unknown>>; readonly acked: number } | undefined;
  #reason: CloseReason = "done";
  #closed: Promise<void> | undefined;
  #settleClosed: (() => void) | undefined;

  constructor(open: OpenRecord, gateway: string, owner: ZoneConnectionOwner) {
    const { handle, number, address, port, encrypted, framed, compressing, acked, reason, parts } =
      open;
    this.handle = handle;
    this.remoteAddress = address;
    this.remotePort = port;
    this.identity = `${gateway}/${number}`;
    this.encrypted = encrypted;
    this.framed = framed;
    this.compressing = compressing;
    this.#handed = this.#acked = acked;
    this.#owner = owner;
    this.#parts = new Map(parts);
    this.resumed = reason && { reason, state: readParts(parts) };
  }

  /** Itself: it outlives the process. */
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

  get destroyed(): boolean {
    return this.#gone !== undefined;
  }

  get closed(): Promise<void> {
    this.#closed ??= this.destroyed
      ? Promise.resolve()
      : new Promise((resolve) => this.#settleClosed = resolve);
    return this.#closed;
  }

  /** Whether all input that was handed over, and all output, is committed. */
  get settled(): boolean {
    return this.#acked === this.#handed && this.#steps.length === 0;
  }

  /** Whether its owner has done anything with it. */
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
    // The end stands behind the bytes: while some of these are unread it is not part of the state.
    const end = unread > 0 && this.#endHanded && !this.#goneTold ? 1 : 0;
    const acked = Math.max(this.#acked, this.#handed - end - unread);
    if (!this.#owner.ready(this)) {
      if (state !== undefined) this.#late = { state, acked };
      return;
    }
    const late = this.#late;
    this.#late = undefined;
    const kept = state ?? late?.state;
    const parts = kept === undefined ? new Map<string, string>() : this.#changedParts(kept);
    // Where it moves the one who comes after reads what came since.
    const upTo = state === undefined && late !== undefined && this.#moves ? late.acked : acked;
    if (upTo === this.#acked && parts.size === 0 && this.#steps.length === 0) return;
    this.#acked = upTo;
    const moves = this.#moves;
    this.#send(parts);
    if (!moves) return;
    this.detach();
    queueMicrotask(() => this.lose(undefined));
  }

  /** Commits can be sent again. */
  drain(): void {
    this.#handler?.onDrain();
  }

  get #moves(): boolean {
    return this.#steps.some(({ type }) => type === "move");
  }

  // What the zone reports.

  /** Bytes of the person came. */
  receive(bytes: Uint8Array): void {
    this.#input.push(bytes);
    this.#hand();
  }

  /** The person sends no more. */
  receiveEnd(): void {
    this.#input.push("end");
    this.#hand();
  }

  /** The system of the gateway has taken so much of the output. */
  noteTaken(taken: number): void {
    this.#taken = Math.min(taken, this.#written);
  }

  /** The person's connection is gone. */
  lose(error: Error | undefined): void {
    if (this.#gone !== undefined) return;
    this.#gone = { error };
    this.#settleClosed?.();
    this.#hand();
  }

  /** Somebody else serves the person from now on: nothing comes, and nothing that is done here is seen. */
  detach(): void {
    this.#detached = true;
    this.#input = [];
    this.#steps = [];
    this.#waiting = 0;
    if (this.#closing) queueMicrotask(() => this.lose(undefined));
  }

  /** Hands over what came, in order. What is left of a connection that is gone is not waited for. */
  #hand(): void {
    while (this.#handler !== undefined && !this.#paused && this.#input.length > 0) {
      const next = this.#input.shift();
      if (next === "end") {
        this.#handed++;
        this.#endHanded = true;
        if (!this.#closing) this.#handler.onEnd();
      } else if (next !== undefined) {
        this.#handed += next.length;
        if (!this.#closing) this.#handler.onData(next);
      }
    }
    if (this.#gone === undefined || this.#goneTold || this.#handler === undefined) return;
    for (const left of this.#input.splice(0)) this.#handed += left === "end" ? 1 : left.length;
    this.#handed++;
    this.#goneTold = true;
    this.#handler.onClose(this.#gone.error);
  }

  #send(parts: ReadonlyMap<string, string>): void {
    const steps = this.#steps;
    this.#steps = [];
    this.#written += this.#waiting;
    this.#waiting = 0;
    const { handle } = this;
    this.#owner.commit(this, { type: "commit", handle, acked: this.#acked, parts, steps });
  }

  #changedParts(state: Readonly<Record<string, unknown>>): Map<string, string> {
    const changed = new Map<string, string>();
    for (const [name, value] of Object.entries(state)) {
      const text = jsonOf(value);
      if (text === this.#parts.get(name)) continue;
      changed.set(name, text ?? "");
      if (text === undefined) this.#parts.delete(name);
      else this.#parts.set(name, text);
    }
    return changed;
  }
}

/** JSON of a part; most are numbers and `true` or `false`. */
function jsonOf(value: unknown): string | undefined {
  const simple = typeof value === "boolean" || typeof value === "number" && Number.isFinite(value);
  return simple ? String(value) : JSON.stringify(value);
}

function readParts(parts: ReadonlyMap<string, string>): Record<string, unknown> {
  return Object.fromEntries(Array.from(parts, ([name, text]) => [name, JSON.parse(text)]));
}
