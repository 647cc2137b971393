/** Fixed inputs for the benchmarks: seeded, so that every run and every machine sees the same. */

/** A stream of a client's bytes. */
export interface Corpus {
  readonly name: string;
  readonly make: (length: number) => Uint8Array;
  /** The number of bytes after which a new connection starts; default: only one connection. */
  readonly connection?: number;
}

/**
 * The sizes of the chunks, and the lengths of the streams. Streams of small chunks are shorter, so
 * that they fit the caches; otherwise the machine's memory would be measured.
 */
export const CHUNKS: readonly { readonly size: number; readonly length: number }[] = [
  { size: 4096, length: 4_194_304 },
  { size: 64, length: 1_048_576 },
  { size: 1, length: 16_384 },
];

const IAC = 255, SB = 250, SE = 240, WILL = 251, DONT = 254, GMCP = 201;
const WORDS = "look north say hello kill the rabid dwarf get all from corpse tell anna".split(" ");

/** Each column of the table. */
export const CORPORA: readonly Corpus[] = [
  { name: "plain", make: (length) => fill(length, line) },
  { name: "typed lines", make: (length) => fill(length, typed) },
  { name: "GMCP-like", make: (length) => fill(length, gmcp) },
  { name: "10 % escaped", make: (length) => fill(length, escaped) },
  // New connections, as more than 64 equal requests of one connection are no longer answered.
  { name: "negotiations", make: (length) => fill(length, negotiation), connection: 16_384 },
];

/** Cuts a corpus into connections, and those into chunks. */
export function cut(corpus: Corpus, length: number, size: number): Uint8Array[][] {
  const stream = corpus.make(length);
  const connections: Uint8Array[][] = [];
  const step = corpus.connection ?? length;
  for (let from = 0; from < length; from += step) {
    const chunks: Uint8Array[] = [];
    for (let at = from; at < from + step; at += size) chunks.push(stream.subarray(at, at + size));
    connections.push(chunks);
  }
  return connections;
}

type Random = (below: number) => number;

function fill(length: number, piece: (random: Random) => number[]): Uint8Array {
  const random = seeded(20_261_122);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    for (const byte of piece(random)) {
      if (at < length) bytes[at++] = byte;
    }
  }
  return bytes;
}

/** xorshift32 */
function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

function line(random: Random): number[] {
  const words = Array.from({ length: 1 + random(8) }, () => WORDS[random(WORDS.length)]);
  return ascii(words.join(" ") + "\r\n");
}

/** Some 200 bytes of lines, then a negotiation. */
function typed(random: Random): number[] {
  const bytes: number[] = [];
  while (bytes.length < 200) bytes.push(...line(random));
  return [...bytes, ...negotiation(random)];
}

function gmcp(random: Random): number[] {
  const vitals = { hp: random(1000), maxhp: 1000, sp: random(500), room: line(random).length };
  const message = `Char.Vitals ${JSON.stringify(vitals)}`;
  return [IAC, SB, GMCP, ...ascii(message), IAC, SE, ...ascii("ok\r\n")];
}

function escaped(random: Random): number[] {
  return random(10) === 0 ? [IAC, IAC] : [0x20 + random(0x5f)];
}

function negotiation(random: Random): number[] {
  return [IAC, WILL + random(DONT - WILL + 1), random(50)];
}
