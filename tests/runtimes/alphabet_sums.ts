/** Checksums of what each character encoding encodes and decodes, to compare runtimes. */
import { createTextDecoder, encodeText, type Encoding, ENCODINGS } from "../../src/text/mod.ts";

/** The code point ranges of the single-byte encodings. */
const OF_SINGLE_BYTE = [[0x20, 0x700], [0xe00, 0xe60], [0x2000, 0x2700]] as const;
const ALL = [[0x20, 0xd800], [0xe000, 0x10000]] as const;
/** Every fifth character of the large encodings is encoded; all their codes are decoded. */
const STEP = 5;

/** A line for each encoding: its name, number of characters, and checksums of bytes and of text. */
export function alphabetSums(): string[] {
  return ENCODINGS.map((encoding) => {
    const [characters, codes] = encoded(encoding);
    return `${encoding} ${characters} ${codes} ${decoded(encoding)}`;
  });
}

/** Whether an encoding has characters of several bytes. */
export function isMultiByte(encoding: string): boolean {
  return /^(gb|big5|shift|euc)/.test(encoding);
}

function encoded(encoding: Encoding): [characters: number, sum: number] {
  const wide = isMultiByte(encoding) || encoding === "utf-8";
  const all: string[] = [];
  for (const [first, end] of wide ? ALL : OF_SINGLE_BYTE) {
    for (let code = first; code < end; code += wide ? STEP : 1) all.push(String.fromCharCode(code));
  }
  const back = createTextDecoder(encoding).decode(encodeText(all.join("\n"), encoding)).split("\n");
  // Transliteration depends on the runtime's Unicode version, so only exact characters count.
  const own = all.filter((character, index) => back[index] === character);
  let sum = 0;
  for (const byte of encodeText(own.join("\n"), encoding)) sum = (sum * 31 + byte) >>> 0;
  return [own.length, sum];
}

function decoded(encoding: Encoding): number {
  let sum = 0;
  const decoder = createTextDecoder(encoding);
  let bytes: number[] = [];
  const add = () => {
    const text = decoder.decode(Uint8Array.from(bytes));
    for (let at = 0; at < text.length; at++) sum = (sum * 31 + text.charCodeAt(at)) >>> 0;
    bytes = [];
  };
  for (const sequence of sequences(encoding)) {
    bytes.push(...sequence, 0x0a);
    if (bytes.length > 4_096) add();
  }
  add();
  return sum;
}

/** All sequences of up to two bytes, the three-byte ones, many of four, and broken ones. */
export function* sequences(encoding: string): Generator<number[], void, void> {
  for (let byte = 0; byte < 256; byte++) yield [byte, 0x61];
  if (!isMultiByte(encoding)) return;
  for (let first = 0x80; first < 256; first++) {
    for (let second = 0; second < 256; second++) yield [first, second, 0x61];
  }
  if (encoding === "euc-jp") {
    for (let second = 0xa0; second < 256; second++) {
      for (let third = 0x80; third < 256; third++) yield [0x8f, second, third, 0x61];
    }
  }
  if (!encoding.startsWith("gb")) return;
  for (const first of [0x81, 0x82, 0x83, 0x84, 0x8f, 0x90, 0xe3, 0xe4, 0xfe]) {
    for (let second = 0x30; second < 0x3a; second++) {
      for (let third = 0x7e; third < 256; third += 3) {
        for (let fourth = 0x2f; fourth < 0x3b; fourth++) yield [first, second, third, fourth, 0x61];
      }
    }
  }
}
