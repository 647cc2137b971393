/**
 * Streams that the parser was not tuned for: each mix is random, from a seed that is given at run
 * time. Mixes differ in the lengths and characters of lines, in the frequency of Telnet frames, and
 * in their kinds: new and repeated requests, payloads of 0 to 4 KiB, bursts of GMCP, escaped 0xFF,
 * commands.
 */

/** Returns a random whole number below a bound. */
export type Random = (below: number) => number;

/** xorshift32; a seed gives the same numbers on every machine. */
export function seeded(seed: number): Random {
  let state = (seed | 0) || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** The kinds of Telnet frames between text. */
export type FrameKind =
  | "negotiation"
  | "repeated"
  | "naws"
  | "ttype"
  | "gmcp"
  | "payload"
  | "command";

/** The composition of a stream. */
export interface Mix {
  readonly name: string;
  /** The maximum length of a line. */
  readonly line: number;
  /** The percentage of letters with two or three bytes. */
  readonly wide: number;
  /** The average number of bytes of text between two frames. */
  readonly gap: number;
  /** One of this many bytes of text is an escaped 0xFF; 0: none. */
  readonly escaped: number;
  /** The relative frequency of each kind of frame. */
  readonly frames: readonly (readonly [weight: number, frame: FrameKind])[];
}

const IAC = 255, SB = 250, SE = 240, WILL = 251, DO = 253, GA = 249;
const [NAWS, TTYPE, GMCP] = [31, 24, 201];

const FRAMES: Readonly<Record<FrameKind, (random: Random) => number[]>> = {
  negotiation: (random: Random) => [IAC, WILL + random(4), random(60)],
  repeated: () => [IAC, DO, 1],
  naws: (random: Random) => [IAC, SB, NAWS, 0, random(200), 0, random(80), IAC, SE],
  ttype: () => [IAC, SB, TTYPE, 0, ...ascii("XTERM-256COLOR"), IAC, SE],
  gmcp: (random: Random) => burst(random),
  payload: (random: Random) => payload(random),
  command: () => [IAC, GA],
};

/** Creates a random mix. */
export function drawMix(random: Random): Mix {
  const names = Object.keys(FRAMES) as (FrameKind)[];
  const some = names.filter(() => random(2) === 0);
  const frames = (some.length === 0 ? names : some).map((name) => [1 + random(8), name] as const);
  const gap = [20, 60, 200, 200, 600, 2_000][random(6)] as number;
  const line = [12, 40, 80, 600][random(4)] as number;
  const escaped = random(3) === 0 ? 4 + random(400) : 0;
  const wide = random(3) === 0 ? random(60) : 0;
  const name = `lines to ${line}, each ${gap} bytes ${frames.map(([, name]) => name).join("/")}` +
    (escaped > 0 ? `, 1 in ${escaped} escaped` : "") + (wide > 0 ? `, ${wide} % wide` : "");
  return { name, line, wide, gap, escaped, frames };
}

/** Makes a stream of a mix. */
export function makeStream(mix: Mix, length: number, random: Random): Uint8Array {
  const bytes = new Uint8Array(length);
  const weights = mix.frames.flatMap(([weight, name]) => Array(weight).fill(name));
  let at = 0;
  const put = (list: readonly number[]) => {
    for (const byte of list) if (at < length) bytes[at++] = byte;
  };
  while (at < length) {
    for (let gap = 1 + random(2 * mix.gap); gap > 0 && at < length;) {
      const count = Math.min(gap, 1 + random(mix.line));
      for (let left = count; left > 0; left--) put(letter(mix, random));
      put([13, 10]);
      gap -= count + 2;
    }
    put(FRAMES[weights[random(weights.length)] as FrameKind](random));
  }
  return bytes;
}

function letter({ wide, escaped }: Mix, random: Random): number[] {
  if (escaped > 0 && random(escaped) === 0) return [IAC, IAC];
  if (wide > 0 && random(100) < wide) {
    return random(2) === 0 ? [0xc3, 0xa0 + random(31)] : [0xe4, 0xb8, 0x80 + random(60)];
  }
  return [0x20 + random(0x5f)];
}

function burst(random: Random): number[] {
  const messages: number[] = [];
  for (let count = 1 + random(6); count > 0; count--) {
    const vitals = { hp: random(1000), maxhp: 1000, sp: random(500), room: random(30_000) };
    messages.push(IAC, SB, GMCP, ...ascii(`Char.Vitals ${JSON.stringify(vitals)}`), IAC, SE);
  }
  return messages;
}

function payload(random: Random): number[] {
  const length = [0, 4, 40, 400, 4_096][random(5)] as number;
  const bytes = Array.from({ length }, () => 0x20 + random(0x5f));
  if (length > 4 && random(2) === 0) bytes.splice(2, 1, IAC, IAC);
  return [IAC, SB, random(60), ...bytes, IAC, SE];
}

const ascii = (text: string) => Array.from(text, (character) => character.charCodeAt(0));

/** How a stream is cut: into chunks of one size, or of the sizes in captures of real clients. */
export type Cut = number | "captured";

/**
 * Cuts a stream into chunks.
 *
 * @param sizes The sizes of chunks in captures of real clients, for `captured`.
 */
export function cutStream(stream: Uint8Array, cut: Cut, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, index = 0; at < stream.length; index++) {
    const size = cut === "captured" ? sizes[index % sizes.length] as number : cut;
    chunks.push(stream.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
