import { TelnetError } from "../protocol/error.ts";
import type { Rows } from "../text/plain_rows.ts";
import type { ConnectClock } from "./timer.ts";

/** What came and was not read: a line, a prompt, or the event of an option. */
export type Entry =
  | { readonly type: "line"; readonly text: string }
  | {
    readonly type: "prompt";
    readonly text: string;
    readonly marked: boolean;
    /** Whether the row stands on, as it was only guessed to be a prompt: its text is still to come. */
    readonly stands?: boolean;
    /** Whether it was reported while it stood: nobody reads it as a prompt again. */
    readonly reported?: boolean;
  }
  | { readonly type: "event"; readonly event: object };

/** Takes what it waits for out of an inbox. */
export interface Read<Result> {
  /** What is waited for, in words, for the error of a timeout. */
  readonly wanted: string;
  /**
   * Tries to take it.
   *
   * @param ended Whether nothing more comes.
   * @returns A box with it; `undefined` as long as it is not there.
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
  /** Whether it belongs to who has claimed the dialogue. */
  readonly claims: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Ends the timer, and no longer listens to the signal. */
  end: () => void;
}

/** What an inbox needs of its connection. */
export interface InboxHost {
  readonly clock: Required<ConnectClock>;
  /** The most characters that may wait. */
  readonly limit: number;
  /** Something was read: there is room again. */
  onRead(): void;
  /** An error with what came instead of what was waited for. */
  failure(code: "timeout" | "connection-closed" | "limit-exceeded", wanted: string): TelnetError;
}

/** What an entry costs beside its text, in characters. */
const ENTRY_SIZE = 64;
/** So many read entries are forgotten at once. */
const FORGET = 1_024;

/**
 * What the server sent and nobody has read, in order. Whoever reads takes from its start; reads that
 * wait are served in the order of their calls.
 */
export class Inbox {
  readonly rows: Rows;
  /** Grows whenever something comes. */
  serial = 0;
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

  // What comes.

  /** Whether somebody reads. */
  get awaited(): boolean {
    return this.#waiting.length > 0 || this.#claims > 0;
  }

  /** Whether a program reads the dialogue: the end of a row is not guessed for it. */
  get claimed(): boolean {
    return this.#claims > 0;
  }

  /** Whether no more may wait. */
  get full(): boolean {
    return this.#size + this.rows.length > this.#host.limit;
  }

  /** How many characters wait, overhead included. */
  get held(): number {
    return this.#size + this.rows.length;
  }

  /** Adds what came. */
  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#size += sizeOf(entry);
  }

  /** Serves who waits, after something came. */
  serve(): void {
    this.serial++;
    for (let first = this.#next(); first !== undefined; first = this.#next()) {
      const taken = this.#take(first.read);
      if (taken !== undefined) this.#settle(() => first.resolve(taken.value));
      else if (this.#ended) this.#settle(() => first.reject(this.#endError(first.read)));
      else if (this.full) {
        this.#settle(() => first.reject(this.#host.failure("limit-exceeded", first.read.wanted)));
      } else return;
    }
  }

  /** Nothing more comes. */
  end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.serve();
  }

  /** Whether nothing more comes. */
  get ended(): boolean {
    return this.#ended;
  }

  // What is read.

  /** Reads, or waits until it can be read. Who has claimed the dialogue reads before all others. */
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
        () => leave(this.#host.failure("timeout", read.wanted)),
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

  /** Waits until something comes; `false` where nothing did in time, or nothing more will. */
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

  /** One program reads the dialogue until it calls what is returned. */
  claim(): () => void {
    this.#claims++;
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.#claims--;
      this.serve();
    };
  }

  /** The next entry, which stays. */
  peek(index: number = 0): Entry | undefined {
    return this.#entries[this.#first + index];
  }

  /** Takes the next entry. */
  take(): Entry | undefined {
    const entry = this.#entries[this.#first];
    if (entry === undefined) return undefined;
    this.#first++;
    this.#size -= sizeOf(entry);
    if (this.#first >= FORGET && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    this.#host.onRead();
    return entry;
  }

  /** Replaces the next entry by a part of it. */
  putBack(entry: Entry): void {
    if (this.#first > 0) this.#entries[--this.#first] = entry;
    else this.#entries.unshift(entry);
    this.#size += sizeOf(entry);
  }

  /** What is served next. */
  #next(): Waiting | undefined {
    const [first] = this.#waiting;
    return first?.claims || !this.claimed || this.#ended ? first : undefined;
  }

  /** Takes the row that has not ended, as far as it came. */
  takeRow(): string {
    const row = this.rows.endRow();
    this.#host.onRead();
    return row;
  }

  /** Where an error has ended the connection, it stands for "nothing more". */
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
