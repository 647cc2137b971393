/**
 * Golden transcripts in Markdown, and how to run them. Uses no runtime API, so that Deno, Bun and
 * Node run the same documents.
 *
 * A document has a heading for each case and under it a block of the language `telnet`, whose lines
 * are
 *
 *     machine [local X …] [remote X …] [limit N]   options it agrees to, payload limit
 *     text utf-8|latin1|windows-1252   data becomes lines, as in the server
 *     now MS                           the time of the following steps
 *     call enableLocal X [urgent]      or disableLocal, enableRemote, disableRemote
 *     send BYTES                       or: command X, subnegotiate X BYTES
 *     in BYTES                         from the peer
 *     timeout                          handleTimeout at the time set by `now`
 *     restart                          snapshot, through JSON, restore
 *     event …                          an event that the previous step must cause, in order
 *     out BYTES                        its output, after all its events
 *
 * BYTES are names (IAC WILL NAWS CR LF NUL …), numbers from 0 to 255, and "text" as UTF-8; `N*X`
 * repeats a byte.
 */
import { BUILT_IN, optionName } from "../../src/options/registry.ts";
import {
  commandName,
  type RequestOptions,
  type TelnetEvent,
  TelnetMachine,
  type TelnetMachineOptions,
} from "../../src/protocol/mod.ts";
import { createTextDecoder, type Encoding, LineInput } from "../../src/text/mod.ts";

/** One transcript. */
export interface Transcript {
  readonly title: string;
  readonly steps: readonly Step[];
}

interface Step {
  readonly line: string;
  readonly verb: string;
  readonly words: readonly string[];
  /** The expected result: `event …` lines and at most one `out` line, in canonical form. */
  readonly expected: readonly string[];
}

/** Returns the positions at which the bytes of an `in` step are split. */
export type Cut = (step: number, length: number) => readonly number[];

const NAMES = new Map<string, number>([
  ["NUL", 0],
  ["BEL", 7],
  ["BS", 8],
  ["TAB", 9],
  ["LF", 10],
  ["CR", 13],
  ["ESC", 27],
  ["DEL", 127],
  ...Array.from({ length: 20 }, (_, index) => [commandName(236 + index), 236 + index] as const),
  ...BUILT_IN.all.map((option) => [option.name, option.code] as const),
]);

/** Parses the cases of a document. */
export function parseTranscripts(markdown: string): Transcript[] {
  const cases: Transcript[] = [];
  for (const { title, block } of blocksOf(markdown)) {
    cases.push({ title, steps: parseSteps(block) });
  }
  return cases;
}

/** The blocks of a document, each with the heading before it. */
export function blocksOf(markdown: string): { title: string; block: string }[] {
  const blocks: { title: string; block: string }[] = [];
  const pattern = /^#+ (.+)$|^```telnet\n([\s\S]*?)^```$/gm;
  let title = "";
  for (const [, heading, block] of markdown.matchAll(pattern)) {
    if (heading !== undefined) title = heading;
    else blocks.push({ title, block: block ?? "" });
  }
  return blocks;
}

/** Runs a case; on a difference throws an error that shows both sides. */
export function runTranscript(transcript: Transcript, cut: Cut): void {
  let player: Player | undefined;
  for (const [index, step] of transcript.steps.entries()) {
    if (step.verb === "machine") {
      player = new Player(machineOptions(step.words));
      continue;
    }
    player ??= new Player({});
    const actual = player.play(step, (length) => cut(index, length));
    if (actual.join("\n") !== step.expected.join("\n")) {
      throw new Error(
        `"${transcript.title}", after: ${step.line}\n  expected:\n    ` +
          `${step.expected.join("\n    ")}\n  got:\n    ${actual.join("\n    ")}`,
      );
    }
  }
}

/** Every way to split a case's input: whole, in two at each position, and byte by byte. */
export function cutsOf(transcript: Transcript): Cut[] {
  const inputs = transcript.steps.map((step) =>
    step.verb === "in" ? toBytes(step.words).length : 0
  );
  return cutsOfInputs(inputs);
}

/** Every way to split the inputs of the steps, given their lengths. */
export function cutsOfInputs(lengths: readonly number[]): Cut[] {
  const cuts: Cut[] = [
    () => [],
    (_, length) => Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1),
  ];
  for (const [index, length] of lengths.entries()) {
    // Long inputs are repeated bytes, so a few positions are enough.
    for (let at = 1; at < length; at += length > 1000 ? 1999 : 1) {
      cuts.push((step) => step === index ? [at] : []);
    }
  }
  return cuts;
}

/** Runs every case of a document with every cut. */
export function runDocument(markdown: string): { cases: number; runs: number } {
  const cases = parseTranscripts(markdown);
  let runs = 0;
  for (const transcript of cases) {
    for (const cut of cutsOf(transcript)) {
      runTranscript(transcript, cut);
      runs++;
    }
  }
  return { cases: cases.length, runs };
}

class Player {
  #machine: TelnetMachine;
  #now: number | undefined;
  #decode: ((bytes: Uint8Array) => string) | undefined;
  readonly #lines = new LineInput({ limit: 100 });

  constructor(options: TelnetMachineOptions) {
    this.#machine = new TelnetMachine(options);
  }

  play(step: Step, cut: (length: number) => readonly number[]): string[] {
    const events: string[] = [];
    const output: number[] = [];
    const drain = () => {
      for (const event of this.#machine.takeEvents()) this.#describe(event, events);
      output.push(...this.#machine.takeOutput());
    };
    if (step.verb === "in") {
      const bytes = toBytes(step.words);
      let start = 0;
      for (const end of [...cut(bytes.length), bytes.length]) {
        this.#machine.receive(bytes.slice(start, end), this.#now);
        drain();
        start = end;
      }
    } else {
      this.#do(step.verb, step.words);
    }
    drain();
    return [...events, ...(output.length > 0 ? [`out ${describeBytes(output)}`] : [])];
  }

  #do(verb: string, words: readonly string[]): void {
    const [first = "", ...rest] = words;
    if (verb === "now") this.#now = Number(first);
    else if (verb === "timeout") this.#machine.handleTimeout(this.#now ?? 0);
    else if (verb === "send") this.#machine.send(toBytes(words));
    else if (verb === "command") this.#machine.sendTelnetCommand(toByte(first));
    else if (verb === "subnegotiate") {
      this.#machine.sendSubnegotiation(toByte(first), toBytes(rest));
    } else if (verb === "restart") {
      const saved = JSON.stringify(this.#machine.snapshot());
      this.#machine = TelnetMachine.restore(JSON.parse(saved), this.#now);
    } else if (verb === "text") {
      const decoder = createTextDecoder(first as Encoding);
      this.#decode = (bytes) => decoder.decode(bytes);
    } else if (verb === "call") this.#call(first, toByte(rest[0] ?? ""), rest[1] === "urgent");
    else throw new Error(`Cannot play a step of the kind "${verb}"`);
  }

  #call(method: string, option: number, urgent: boolean): void {
    const request: RequestOptions = this.#now === undefined ? {} : { now: this.#now };
    if (method === "enableLocal") this.#machine.enableLocal(option, { ...request, urgent });
    else if (method === "enableRemote") this.#machine.enableRemote(option, { ...request, urgent });
    else if (method === "disableLocal") this.#machine.disableLocal(option, request);
    else if (method === "disableRemote") this.#machine.disableRemote(option, request);
    else throw new Error(`Cannot call "${method}"`);
  }

  #describe(event: TelnetEvent, events: string[]): void {
    if (event.type === "data" && this.#decode !== undefined) {
      const lines: string[] = [];
      this.#lines.push(this.#decode(event.bytes), lines);
      for (const line of lines) events.push(`event line ${JSON.stringify(line)}`);
    } else if (event.type === "data") {
      // Adjacent data events are merged: where they are split does not matter.
      const before = events.at(-1)?.startsWith("event data ") ? events.pop()?.slice(11) ?? "" : "";
      const bytes = [...(before === "" ? [] : toBytes(words(before))), ...event.bytes];
      events.push(`event data ${describeBytes(bytes)}`);
    } else {
      events.push(`event ${describeEvent(event)}`);
    }
  }
}

function describeEvent(event: Exclude<TelnetEvent, { type: "data" }>): string {
  switch (event.type) {
    case "command":
      return `command ${commandName(event.command)}`;
    case "option":
      return `option ${event.side} ${optionName(event.option)} ${event.change}`;
    case "subnegotiation":
      return `subnegotiation ${optionName(event.option)} ${describeBytes([...event.bytes])}`.trim();
    case "violation":
      return `violation ${event.kind} ${event.option}`;
  }
}

function parseSteps(block: string): Step[] {
  const steps: { line: string; verb: string; words: string[]; expected: string[] }[] = [];
  for (const line of block.split("\n")) {
    const [verb, ...rest] = words(line.replace(/ *;.*$/, ""));
    if (verb === undefined) continue;
    if (verb === "event" || verb === "out") {
      const last = steps.at(-1);
      if (last === undefined) throw new Error(`Cannot expect before any step: ${line}`);
      last.expected.push(canonical(verb, rest));
    } else {
      steps.push({ line, verb, words: rest, expected: [] });
    }
  }
  return steps;
}

/** Converts an expected line to the canonical form that the player uses. */
function canonical(verb: string, rest: readonly string[]): string {
  const [kind, first = "", ...more] = rest;
  if (verb === "out") return `out ${describeBytes([...toBytes(rest)])}`;
  if (kind === "line") return `event line ${JSON.stringify(JSON.parse(first))}`;
  if (kind === "data") return `event data ${describeBytes([...toBytes([first, ...more])])}`;
  if (kind === "subnegotiation") {
    const option = optionName(toByte(first));
    return `event subnegotiation ${option} ${describeBytes([...toBytes(more)])}`.trim();
  }
  if (kind === "violation") return `event violation ${first} ${toByte(more[0] ?? "")}`;
  return `event ${rest.join(" ")}`;
}

function machineOptions(words: readonly string[]): TelnetMachineOptions {
  const options = { local: [] as number[], remote: [] as number[], limits: {} };
  let list = options.local;
  for (const [index, word] of words.entries()) {
    if (word === "local") list = options.local;
    else if (word === "remote") list = options.remote;
    else if (word === "limit") {
      return { ...options, limits: { subnegotiation: +(words[index + 1] ?? 0) } };
    } else list.push(toByte(word));
  }
  return options;
}

export function words(line: string): string[] {
  return line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
}

export function toBytes(words: readonly string[]): Uint8Array {
  const bytes: number[] = [];
  for (const word of words) {
    const [, times, repeated] = /^(\d+)\*(\S+)$/.exec(word) ?? [];
    if (word.startsWith('"')) bytes.push(...new TextEncoder().encode(JSON.parse(word)));
    else if (times !== undefined) {
      for (let n = 0; n < +times; n++) bytes.push(toByte(repeated ?? ""));
    } else bytes.push(toByte(word));
  }
  return Uint8Array.from(bytes);
}

export function toByte(word: string): number {
  const byte = NAMES.get(word) ?? (/^\d+$/.test(word) ? Number(word) : NaN);
  if (!(byte >= 0 && byte <= 255)) throw new Error(`Cannot read a byte: ${word}`);
  return byte;
}

export function describeBytes(bytes: readonly number[]): string {
  const parts: string[] = [];
  for (const byte of bytes) {
    const last = parts.at(-1);
    const [, times = "1", value] = /^(?:(\d+)\*)?(\d+)$/.exec(last ?? "") ?? [];
    if (value === String(byte)) parts[parts.length - 1] = `${Number(times) + 1}*${byte}`;
    else parts.push(String(byte));
  }
  return parts.join(" ");
}
