import { TelnetError } from "../protocol/error.ts";
import type { Rows } from "../text/plain_rows.ts";
import type { ConnectClock } from "./timer.ts";

/** An unread line, prompt or option event. */
export type Entry =
  | { readonly type: "line"; readonly text: string }
  | {
    readonly type: "prompt";
    readonly text: string;
    readonly marked: boolean;
    /** Whether the prompt is a guess and its row has not ended; a later entry has its text. */
    readonly stands?: boolean;
    /** Whether a guess has reported the prompt already; reads of prompts skip it. */
    readonly reported?: boolean;
  }
  | { readonly type: "event"; readonly event: object };

/** A read, which takes its result out of an inbox. */
export interface Read<Result> {
  /** A description of the result, for the message of a timeout. */
  readonly wanted: string;
  /**
   * Tries to take the result.
   *
   * @param ended Whether the input has ended.
   * @returns An object with the result; `undefined` if it is not available yet.
   */
  take(inbox: Inbox, ended: boolean): { readonly value: Result } | undefined;
}

/** How to wait. */
export interface WaitOptions {
  /** How long to wait, in milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  readonly read: Read<unknown>;
  /** Whether the read belongs to the program that has claimed the dialogue. */
  readonly claims: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Stops the timer, and removes the listener of the signal. */
  end: () => void;
}

/** What an inbox needs from its connection. */
export interface InboxHost {
  readonly clock: Required<ConnectClock>;
  /** The maximum number of unread characters. */
  readonly limit: number;
  /** Called after each read, as there may be room again. */
  onRead(): void;
  /** Called after a read that has taken the unterminated row, or the start of it. */
  onRowRead(): void;
  /** Called when no program claims the dialogue any more. */
  onReleased(): void;
  /** Creates an error that shows the text received instead of the wanted result. */
  failure(code: "timeout" | "connection-closed" | "limit-exceeded", wanted: string): TelnetError;
}

/** The overhead of an entry, in characters. */
const ENTRY_SIZE = 64;
/** The minimum number of read entries that are removed from the array at once. */
const FORGET = 1_024;

/**
 * The queue of unread input. A read takes entries from its start. Pending reads are served in the
 * order of their calls.
 */
export class Inbox {
  readonly rows: Rows;
  /** Increases whenever text arrives. */
  serial = 0;
  /** Changes when entries are taken. */
  taken = 0;
  readonly #host: InboxHost;
  #entries: Entry[] = [];
  #first = 0;
  #size = 0;
  readonly #waiting: Waiting[] = [];
  #ended = false;
  #error: unknown;
  #claims = 0;

  constructor(rows: Rows, host: InboxHost) {
    this.rows = rows;
    this.#host = host;
  }

  // Input.

  /** Whether a read is pending, or a program has claimed the dialogue. */
  get awaited(): boolean {
    return this.#waiting.length > 0 || this.#claims > 0;
  }

  /** Whether a program has claimed the dialogue. If so, prompts are not guessed. */
  get claimed(): boolean {
    return this.#claims > 0;
  }

  /** Whether the unread input exceeds the limit. */
  get full(): boolean {
    return this.#size + this.rows.length > this.#host.limit;
  }

  /** The number of unread characters, including the overhead of entries. */
  get held(): number {
    return this.#size + this.rows.length;
  }

  /** Adds an entry. */
  add(entry: Entry): void {
    if (entry.type !== "event") this.serial++;
    this.#entries.push(entry);
    this.#size += sizeOf(entry);
  }

  /** Serves pending reads after input has arrived. */
  serve(): void {
    for (let first = this.#next(); first !== undefined; first = this.#next()) {
      const taken = this.#take(first.read);
      if (taken !== undefined) this.#settle(() => first.resolve(taken.value));
      else if (this.#ended) this.#settle(() => first.reject(this.#endError(first.read)));
      else if (this.full) {
        this.#settle(() => first.reject(this.#host.failure("limit-exceeded", first.read.wanted)));
      } else return;
    }
  }

  /** Ends the input. */
  end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.serial++;
    this.serve();
  }

  /** Whether the input has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  // Reads.

  /** Reads, or waits for input. A read with `claims` comes before all others. */
  read<Result>(
    read: Read<Result>,
    { timeout, signal }: WaitOptions,
    claims: boolean = false,
  ): Promise<Result> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (claims || (this.#waiting.length === 0 && !this.claimed)) {
      const taken = this.#take(read);
      if (taken !== undefined) return Promise.resolve(taken.value);
      if (this.#ended) return Promise.reject(this.#endError(read));
      if (this.full) return Promise.reject(this.#host.failure("limit-exceeded", read.wanted));
    }
    return new Promise<Result>((resolve, reject) => {
      const waiting: Waiting = {
        read,
        claims,
        resolve: resolve as (value: unknown) => void,
        reject,
        end: () => {},
      };
      const leave = (error: unknown) => {
        waiting.end();
        const at = this.#waiting.indexOf(waiting);
        if (at !== -1) this.#waiting.splice(at, 1);
        reject(error);
        if (at === 0) this.serve();
      };
      const endTimer = this.#host.clock.after(
        timeout,
        () => leave(this.#host.failure("timeout", `${read.wanted} within ${timeout} ms`)),
      );
      const abort = () => leave(signal?.reason);
      signal?.addEventListener("abort", abort);
      waiting.end = () => {
        endTimer();
        signal?.removeEventListener("abort", abort);
      };
      if (claims) this.#waiting.unshift(waiting);
      else this.#waiting.push(waiting);
    });
  }

  /** Waits for input; `false` if none arrived in time, or the input has ended. */
  changed(serial: number, timeout: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.serial !== serial || this.#ended) return Promise.resolve(this.serial !== serial);
    const read: Read<boolean> = {
      wanted: "",
      take: () => this.serial === serial ? undefined : { value: !this.#ended },
    };
    return this.read(read, { timeout, signal }, true).catch((error) => {
      if (error instanceof TelnetError && error.code === "timeout") return false;
      throw error;
    });
  }

  /** Claims the dialogue for one program, until it calls the returned function. */
  claim(): () => void {
    this.#claims++;
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.#claims--;
      this.serve();
      if (!this.claimed) this.#host.onReleased();
    };
  }

  /** Returns an entry without taking it; by default the next one. */
  peek(index: number = 0): Entry | undefined {
    return this.#entries[this.#first + index];
  }

  /** Takes the next entry. */
  take(): Entry | undefined {
    const entry = this.#entries[this.#first];
    if (entry === undefined) return undefined;
    this.#first++;
    this.taken++;
    this.#size -= sizeOf(entry);
    if (this.#first >= FORGET && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    this.#host.onRead();
    return entry;
  }

  /** Puts the rest of an entry back at the front. */
  putBack(entry: Entry): void {
    if (this.#first > 0) this.#entries[--this.#first] = entry;
    else this.#entries.unshift(entry);
    this.#size += sizeOf(entry);
  }

  /** The read to serve next. While the dialogue is claimed, only reads with `claims` are served. */
  #next(): Waiting | undefined {
    const [first] = this.#waiting;
    return first?.claims || !this.claimed || this.#ended ? first : undefined;
  }

  /** Replaces the unterminated row with the rest of it that was not read. */
  replaceRow(rest: string): void {
    this.rows.replaceRow(rest);
    this.#host.onRowRead();
  }

  /** Takes the unterminated row. */
  takeRow(): string {
    const row = this.rows.endRow();
    this.#host.onRead();
    return row;
  }

  /**
   * Tries a read. If an error ended the connection, the read must fail instead of reporting an end.
   */
  #take<Result>(read: Read<Result>): { readonly value: Result } | undefined {
    const taken = read.take(this, this.#ended);
    const broken = this.#ended && this.#error !== undefined;
    return broken && taken?.value === undefined ? undefined : taken;
  }

  #settle(settle: () => void): void {
    this.#waiting.shift()?.end();
    settle();
  }

  #endError(read: Read<unknown>): unknown {
    return this.#error ?? this.#host.failure("connection-closed", read.wanted);
  }
}

function sizeOf(entry: Entry): number {
  return ENTRY_SIZE + (entry.type === "event" ? ENTRY_SIZE : entry.text.length);
}
