/**
 * Golden transcripts of a whole server, in Markdown: the client's input, the game's calls, and the
 * results. Uses no runtime API, so that Deno, Bun and Node run the same documents. Each case is a
 * block of the language `telnet`, whose lines are
 *
 *     listen NAME[=JSON] …         telnetOptions of the game; `@NAME=JSON`: an option of listen()
 *     on EVENT CALL; CALL …        what the game's handler of an event does
 *     in BYTES                     from the client; any split must give the same result
 *     call CALL; CALL …            the game calls methods of the client, then polls
 *     pass MS                      time passes, then a poll
 *     turn MS                      the game works without polling; the next input arrives meanwhile
 *     restart                      snapshot, through JSON, another server restores it
 *     event …                      an event that the previous step must report, in order
 *     line "…" or key …            a line or key that `take` or `keys` must return
 *     out *                        any output: an editor draws once for input that arrives together
 *     out BYTES                    the exact output, with `(` and `)` around compressed parts
 *
 * A CALL is a method and its arguments as JSON: `send "Hello\n"`. `take` takes all lines, `keys` all
 * keys, `key` one. `server.broadcast "Hello"` is a call of the server.
 */
import { constants, inflateSync } from "node:zlib";
import { keyName, type ListenOptions, type TelnetClient, TelnetServer } from "../../mod.ts";
import { commandName } from "../../src/protocol/mod.ts";
import { type MemoryPeer, MemoryTransport } from "../../src/transport/memory.ts";
import { NO_RATES, StepClock } from "../server/harness.ts";
import { blocksOf, type Cut, cutsOfInputs, describeBytes, toBytes, words } from "./transcript.ts";

/** One transcript. */
export interface ServerTranscript {
  readonly title: string;
  readonly steps: readonly Step[];
}

interface Step {
  readonly line: string;
  readonly verb: string;
  readonly rest: string;
  readonly expected: readonly string[];
}

const EXPECTED = ["event", "line", "key", "out"];
const MARKER = [255, 250, 86, 255, 240];
const MAX_POLLS = 2_000;

/** Parses the cases of a document. */
export function parseServerTranscripts(markdown: string): ServerTranscript[] {
  return blocksOf(markdown).map(({ title, block }) => ({ title, steps: parseSteps(block) }));
}

/** Runs every case of a document with every cut. */
export async function runServerDocument(
  markdown: string,
): Promise<{ cases: number; runs: number }> {
  const cases = parseServerTranscripts(markdown);
  let runs = 0;
  for (const transcript of cases) {
    for (const cut of serverCutsOf(transcript)) {
      await runServerTranscript(transcript, cut);
      runs++;
    }
  }
  return { cases: cases.length, runs };
}

/** Every way to split a case's input: whole, in two at each position, and byte by byte. */
export function serverCutsOf(transcript: ServerTranscript): Cut[] {
  const lengths = transcript.steps.map(({ verb, rest }) =>
    verb === "in" ? toBytes(words(rest)).length : 0
  );
  return cutsOfInputs(lengths);
}

/** Runs a case; on a difference throws an error that shows both sides. */
export async function runServerTranscript(transcript: ServerTranscript, cut: Cut): Promise<void> {
  const player = new Player();
  try {
    for (const [index, step] of transcript.steps.entries()) {
      const heard = await player.play(step, (length) => cut(index, length));
      const any = step.expected.includes("out *");
      const actual = heard.map((words) => any && words.startsWith("out ") ? "out *" : words);
      if (actual.join("\n") !== step.expected.join("\n")) {
        throw new Error(
          `"${transcript.title}", after: ${step.line}\n  expected:\n    ` +
            `${step.expected.join("\n    ")}\n  got:\n    ${actual.join("\n    ")}`,
        );
      }
    }
  } finally {
    await player.stop();
  }
}

class Player {
  readonly #clock = new StepClock();
  readonly #reactions = new Map<string, string>();
  #options: ListenOptions = {};
  #server: TelnetServer | undefined;
  #peer: MemoryPeer | undefined;
  #client: TelnetClient | undefined;
  #reported: string[] = [];
  #sent = 0;
  /** The server's compressed output, after the marker. */
  #compressed: number[] | undefined;
  #inflated = 0;

  async play(step: Step, cut: (length: number) => readonly number[]): Promise<string[]> {
    this.#reported = [];
    if (step.verb === "listen") {
      this.#options = listenOptions(step.rest);
      return [];
    }
    if (step.verb === "on") {
      const [, event = "", calls = ""] = /^(\S+) (.*)$/.exec(step.rest) ?? [];
      this.#reactions.set(event, calls);
      return [];
    }
    await this.#connect();
    if (step.verb === "in") await this.#send(toBytes(words(step.rest)), cut);
    else if (step.verb === "call") this.#callAll(step.rest);
    else if (step.verb === "pass") this.#clock.advance(Number(step.rest));
    else if (step.verb === "turn") {
      this.#clock.advance(Number(step.rest));
      return []; // without a poll
    } else if (step.verb === "restart") await this.#restart();
    else if (step.verb !== "hear") throw new Error(`Cannot play a step of the kind "${step.verb}"`);
    const out = await this.#hear();
    return [...this.#reported, ...(out === "" ? [] : [`out ${out}`])];
  }

  async stop(): Promise<void> {
    let stopped = false;
    this.#peer?.end(); // else stop() waits for it
    const stopping = this.#server?.stop().then(() => stopped = true);
    for (; this.#server !== undefined && !stopped; this.#clock.advance(1000)) await turn();
    await stopping;
  }

  async #send(bytes: Uint8Array, cut: (length: number) => readonly number[]): Promise<void> {
    let start = 0;
    for (const end of [...cut(bytes.length), bytes.length]) {
      this.#peer?.write(bytes.slice(start, end));
      this.#sent += end - start;
      start = end;
      await this.#settle();
    }
  }

  /** Polls until all input is processed and all output is sent. */
  async #settle(): Promise<void> {
    const client = this.#client;
    for (let polls = 0, quiet = 0; quiet < 3; polls++) {
      if (polls === MAX_POLLS) throw new Error("The server does not come to a rest");
      const before = this.#reported.length;
      await this.#server?.poll();
      const received = client?.active !== true || client.bytesReceived === this.#sent;
      const sent = client === undefined || client.connection.queuedOutput === 0 || !client.active;
      quiet = received && sent && this.#reported.length === before ? quiet + 1 : 0;
      if (!sent) await turn();
    }
  }

  async #connect(snapshot?: string): Promise<void> {
    if (this.#server !== undefined && snapshot === undefined) return;
    const transport = new MemoryTransport();
    const report = (words: string) => void this.#reported.push(`event ${words}`);
    const react = (event: string, client: TelnetClient) => {
      this.#client ??= client;
      this.#callAll(this.#reactions.get(event) ?? "");
    };
    const on = <Value>(event: string, describe: (value: Value) => string) => ({
      [`on${event[0]?.toUpperCase()}${event.slice(1)}`]: (client: TelnetClient, value: Value) => {
        report(`${event} ${describe(value)}`.trim());
        react(event, client);
      },
    });
    const keys = this.#reactions.has("key");
    this.#client = undefined;
    this.#server = await TelnetServer.listen({
      transport,
      clock: this.#clock,
      timeout: 0,
      ...this.#options,
      limits: { ...NO_RATES, ...this.#options.limits },
      onConnect: (client) => react("connect", client),
      onDisconnect: (client) => report(`disconnect ${client.disconnectReason}`),
      ...on<{ columns: number; rows: number }>("resize", (size) => `${size.columns} ${size.rows}`),
      ...on<{ package: string }>("gmcp", (message) => message.package),
      ...on<number>("telnetCommand", commandName),
      ...on<{ kind: string }>("violation", (violation) => violation.kind),
      ...on<number>("pong", String),
      ...on<undefined>("logout", () => ""),
      ...(keys && on<Parameters<typeof keyName>[0]>("key", (key) => key.text || keyName(key))),
      onError: (error) => report(`error ${error instanceof Error ? error.message : error}`),
      ...(snapshot !== undefined && { restore: () => JSON.parse(snapshot) }),
    });
    this.#peer = transport.connect(this.#server.port, { allowHalfOpen: true });
    this.#sent = 0;
    for (let polls = 0; this.#client === undefined && polls < 10; polls++) {
      await this.#server.poll();
    }
    await this.#settle();
  }

  /** An in-memory connection ends with its server, so a new one replaces it. */
  async #restart(): Promise<void> {
    const snapshot = JSON.stringify(this.#client?.snapshot());
    const before = this.#server;
    if (before !== undefined) before.onDisconnect = () => {};
    await this.stop();
    await this.#connect(snapshot);
  }

  #callAll(calls: string): void {
    for (const call of calls.split(/;\s*/).filter((call) => call !== "")) this.#call(call);
  }

  #call(call: string): void {
    const client = this.#client;
    const [, name = "", args = ""] = /^(\S+)\s*(.*)$/.exec(call) ?? [];
    if (client === undefined) return;
    if (name === "take") {
      for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
        this.#reported.push(`line ${JSON.stringify(line)}`);
      }
    } else if (name === "key" || name === "keys") {
      for (let count = name === "key" ? 1 : Infinity; count > 0 && client.hasKey; count--) {
        const key = client.getKey();
        if (key !== undefined) this.#reported.push(`key ${key.text || keyName(key)}`);
      }
    } else if (name.includes("=")) {
      const [property = "", value = ""] = name.split("=");
      Object.assign(client, { [property]: JSON.parse(value) });
    } else {
      const [first = "", ...path] = name.split(".").reverse();
      let owner: unknown = path.at(-1) === "server" ? { server: this.#server } : client;
      for (const part of path.reverse()) owner = (owner as Record<string, unknown>)[part];
      const method = (owner as Record<string, unknown>)[first];
      if (typeof method !== "function") throw new Error(`The client has no method "${name}"`);
      method.apply(owner, JSON.parse(`[${args}]`));
    }
  }

  /** The client's output, with compressed parts in parentheses. */
  async #hear(): Promise<string> {
    await this.#settle();
    const bytes = [...this.#peer?.take() ?? []];
    const parts: string[] = [];
    if (this.#compressed === undefined) {
      const marker = bytes.findIndex((_, at) => MARKER.every((byte, i) => bytes[at + i] === byte));
      if (marker === -1) return describeBytes(bytes);
      this.#compressed = bytes.splice(marker + MARKER.length);
      this.#inflated = 0;
      parts.push(describeBytes(bytes));
    } else this.#compressed.push(...bytes);
    if (this.#compressed.length === 0) return parts.join(" ");
    const { buffer, engine } = inflateSync(Uint8Array.from(this.#compressed), {
      info: true,
      finishFlush: constants.Z_SYNC_FLUSH,
    }) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    const plain = [...buffer.subarray(this.#inflated)];
    this.#inflated = buffer.length;
    if (plain.length > 0) parts.push(`( ${describeBytes(plain)}`);
    const rest = this.#compressed.slice(engine.bytesWritten);
    // A finished stream is followed by plain bytes, or by nothing yet.
    if (rest.length > 0 || isFinished(this.#compressed)) {
      this.#compressed = undefined;
      parts.push(")");
      if (rest.length > 0) parts.push(describeBytes(rest));
    }
    return parts.join(" ");
  }
}

/** Whether a zlib stream is complete. */
function isFinished(bytes: readonly number[]): boolean {
  try {
    inflateSync(Uint8Array.from(bytes));
    return true;
  } catch {
    return false;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function listenOptions(rest: string): ListenOptions {
  const options: Record<string, unknown> = {};
  const own: Record<string, unknown> = {};
  for (const word of rest.split(/\s+/)) {
    const [, at = "", name = "", value = "true"] = /^(@?)(\w+)(?:=(.*))?$/.exec(word) ?? [];
    const parsed = name === "mssp" ? () => ({ NAME: JSON.parse(value) }) : JSON.parse(value);
    if (at === "@") own[name] = parsed;
    else options[name] = parsed;
  }
  return { ...own, telnetOptions: options } as ListenOptions;
}

function parseSteps(block: string): Step[] {
  const steps: { line: string; verb: string; rest: string; expected: string[] }[] = [];
  for (const raw of block.split("\n")) {
    const line = raw.replace(/ *;;.*$/, "").trim();
    const [, verb = "", rest = ""] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
    if (verb === "") continue;
    if (!EXPECTED.includes(verb)) steps.push({ line, verb, rest, expected: [] });
    else {
      const last = steps.at(-1);
      if (last === undefined) throw new Error(`Cannot expect before any step: ${line}`);
      last.expected.push(verb === "out" && rest !== "*" ? `out ${canonicalOut(rest)}` : line);
    }
  }
  return steps;
}

function canonicalOut(rest: string): string {
  const parts: string[] = [];
  let run: string[] = [];
  const flush = () => {
    if (run.length > 0) parts.push(describeBytes([...toBytes(run)]));
    run = [];
  };
  for (const word of words(rest)) {
    if (word !== "(" && word !== ")") run.push(word);
    else {
      flush();
      parts.push(word);
    }
  }
  flush();
  return parts.join(" ");
}
