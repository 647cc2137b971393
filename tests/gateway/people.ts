/**
 * Clients on real sockets that number their lines, and check that the numbers in the server's
 * output have no gap. Kinds: whole lines, half lines, passwords, the editor, MCCP2, WebSocket.
 */
import { createInflate, type Inflate } from "node:zlib";

export const KINDS = ["line", "half", "secret", "editor", "mccp2", "websocket"] as const;
export type Kind = typeof KINDS[number];

const IAC = 255;
const [WILL, DO] = [251, 253];
const [ECHO, SGA, MCCP2] = [1, 3, 86];
const encoder = new TextEncoder();

/** One client. */
export class Person {
  readonly kind: Kind;
  /** Errors found. */
  readonly faults: string[] = [];
  /** The time of each answer to `next()`, in milliseconds. */
  latencies: number[] = [];
  /** The number of the last line sent, of the last answer, and of the last unrequested output. */
  sent = 0;
  answered = 0;
  ticks = 0;
  closed = false;
  /** How many times the client was told to wait. */
  waited = 0;
  came: Set<string> = new Set();
  ready = false;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #close: () => void;
  #sentAt = 0;
  #rest = "";
  #inflate: Inflate | undefined;
  #closing = false;

  private constructor(kind: Kind, send: (bytes: Uint8Array) => void, close: () => void) {
    this.kind = kind;
    this.#send = send;
    this.#close = close;
  }

  static async connect(kind: Kind, port: number): Promise<Person> {
    if (kind === "websocket") return await Person.#connectWebSocket(port);
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(); // or the second half of a line would wait for the answer to the first
    const writer = connection.writable.getWriter();
    const person = new Person(kind, (bytes) => void writer.write(bytes).catch(() => {}), () => {
      try {
        connection.close();
      } catch {
        // already closed
      }
    });
    void (async () => {
      try {
        for await (const chunk of connection.readable) person.#take(chunk);
      } catch {
        // the connection broke
      }
      person.#ended();
    })();
    person.#begin();
    return person;
  }

  static async #connectWebSocket(port: number): Promise<Person> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    socket.binaryType = "arraybuffer";
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error("The WebSocket was refused"));
    });
    const person = new Person(
      "websocket",
      (bytes) =>
        socket.readyState === WebSocket.OPEN && socket.send(bytes as Uint8Array<ArrayBuffer>),
      () => socket.close(),
    );
    socket.onmessage = ({ data }) => person.#take(new Uint8Array(data));
    socket.onclose = () => person.#ended();
    person.#begin();
    return person;
  }

  /** Whether every line sent is answered. */
  get quiet(): boolean {
    return this.answered === this.sent;
  }

  /** Sends the next numbered line, and measures the time from its end to its answer. */
  next(): void {
    const number = ++this.sent;
    const word = this.kind === "secret" ? "p" : "n";
    if (this.kind === "half") {
      this.#send(encoder.encode(`${word} `));
      setTimeout(() => this.say(`${number}`), 20);
    } else this.say(`${word} ${number}`);
  }

  /** Sends a line. */
  say(text: string): void {
    this.#sentAt = performance.now();
    this.#send(encoder.encode(`${text}\r\n`));
  }

  close(): void {
    this.#closing = true;
    this.#inflate?.destroy();
    this.#close();
  }

  #begin(): void {
    this.say(`kind ${this.kind}`);
  }

  #ended(): void {
    this.closed = true;
    if (!this.#closing) this.faults.push("the connection was closed");
  }

  #take(chunk: Uint8Array): void {
    if (this.#inflate !== undefined) return void this.#inflate.write(chunk);
    let at = 0;
    let text = "";
    while (at < chunk.length) {
      const byte = chunk[at++] as number;
      if (byte !== IAC) {
        text += String.fromCharCode(byte);
        continue;
      }
      const [verb, option] = [chunk[at], chunk[at + 1]];
      at += 2;
      if (verb === WILL && option === MCCP2) {
        if (this.kind === "mccp2") this.#send(Uint8Array.of(IAC, DO, MCCP2));
        else this.#send(Uint8Array.of(IAC, 254, MCCP2));
      } else if (verb === WILL && this.kind === "editor" && (option === ECHO || option === SGA)) {
        this.#send(Uint8Array.of(IAC, DO, option));
      } else if (verb === 250) {
        at += 2; // the rest of the MCCP2 marker
        this.#inflate = createInflate();
        this.#inflate.on("data", (bytes: Uint8Array) => this.#read(latin1(bytes)));
        this.#inflate.on(
          "error",
          () => this.#closing || this.faults.push("not compressed as agreed"),
        );
        this.#inflate.write(chunk.subarray(at));
        at = chunk.length;
      }
    }
    this.#read(text);
  }

  #read(text: string): void {
    const all = this.#rest + text;
    let end = 0;
    for (const match of all.matchAll(/<(\w+) ?(\d*)>|\[One moment\.\]/g)) {
      end = match.index + match[0].length;
      const [, word, digits] = match;
      if (word === undefined) this.waited++;
      else if (word === "a") this.#answer(Number(digits));
      else if (word === "t") this.#tick(Number(digits));
      else if (word === "ready") this.ready = true;
      else this.came.add(word);
    }
    this.#rest = all.slice(Math.max(end, all.length - 32));
  }

  #answer(number: number): void {
    if (number !== this.answered + 1) this.faults.push(`after ${this.answered} came ${number}`);
    this.answered = number;
    if (number === this.sent) this.latencies.push(performance.now() - this.#sentAt);
  }

  #tick(number: number): void {
    if (number !== this.ticks + 1) this.faults.push(`after tick ${this.ticks} came ${number}`);
    this.ticks = number;
  }
}

const latin1 = (bytes: Uint8Array) =>
  String.fromCharCode(...bytes.subarray(0, 60_000)) +
  (bytes.length > 60_000 ? String.fromCharCode(...bytes.subarray(60_000, 120_000)) : "");
