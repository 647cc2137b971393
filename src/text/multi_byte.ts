/** Codes of the character sets of East Asia, found by decoding every code once. */

/** Decodes bytes by the platform's decoder. */
type Decode = (bytes: Uint8Array) => string;

/** The code of each character, by its code point: the bytes as one number. */
type Codes = Map<number, number>;

const LEADS = range(0x81, 0xfe);
const TRAILS = [...range(0x40, 0x7e), ...range(0x80, 0xfe)];
const LF = 0x0a;
const REPLACEMENT = 0xfffd;
const SUPPLEMENTARY = 0x10000;
/** Where GB 18030 begins with the characters beyond the BMP, counted in four-byte codes. */
const GB18030_SUPPLEMENTARY = 189_000;
/** So many four-byte codes of it are for the BMP. */
const GB18030_BMP = 39_420;

/**
 * The codes of a set.
 *
 * @param name The set.
 * @param decode Decodes it.
 * @returns Codes by character; those of rare characters are computed.
 */
export function multiByteCodes(
  name: string,
  decode: Decode,
): { get(character: string): Uint8Array | undefined } {
  const codes: Codes = new Map();
  for (let byte = 0; byte < 0x80; byte++) codes.set(byte, byte);
  // GB 18030 has no characters of one byte beyond ASCII; decoders let the euro sign pass.
  if (name !== "gb18030") collect(codes, 1, range(0x80, 0xff), decode);
  collect(codes, 2, pairs(leadsOf(name), TRAILS), decode);
  if (name === "euc-jp") {
    const high = range(0xa1, 0xfe);
    collect(codes, 3, pairs(high, high).map((code) => 0x8f0000 + code), decode);
  }
  /** Those of four bytes, made when the first is asked for: each table takes a moment. */
  let rare: Codes | undefined;
  const rareCode = (point: number) => {
    if (name !== "gb18030") return undefined;
    if (point >= SUPPLEMENTARY) {
      return gb18030Code(GB18030_SUPPLEMENTARY + point - SUPPLEMENTARY);
    }
    if (rare === undefined) {
      rare = new Map();
      collect(rare, 4, range(0, GB18030_BMP - 1).map(gb18030Code), decode);
    }
    return rare.get(point);
  };
  return {
    get(character) {
      const point = character.codePointAt(0) ?? 0;
      if (character.length > (point >= SUPPLEMENTARY ? 2 : 1)) return undefined;
      const code = codes.get(point) ?? rareCode(point);
      return code === undefined ? undefined : bytesOf(code);
    },
  };
}

/**
 * First bytes, in the order in which codes are to be found: of two codes for a character the first
 * is written. Below 0xA1 Big5 has what only Hong Kong's edition knows, which is not written; at 0xED
 * and 0xEE Shift_JIS has some characters once more.
 */
function leadsOf(name: string): number[] {
  if (name === "big5") return LEADS.filter((lead) => lead >= 0xa1);
  const late = name === "shift_jis" ? [0xed, 0xee] : [];
  return [...LEADS.filter((lead) => !late.includes(lead)), ...late];
}

/**
 * Decodes all codes at once, each followed by a line end, which ends it in every case. What decodes
 * to one character has that code; of several codes the first holds.
 */
function collect(codes: Codes, size: number, all: readonly number[], decode: Decode): void {
  const bytes = new Uint8Array(all.length * (size + 1)).fill(LF);
  let at = 0;
  for (const code of all) {
    for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) bytes[at++] = (code >>> shift) & 0xff;
    at++;
  }
  const text = decode(bytes);
  const found: (number | undefined)[] = [];
  let start = 0;
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
    const point = end > start ? text.codePointAt(start) ?? 0 : REPLACEMENT;
    const single = end - start === (point >= SUPPLEMENTARY ? 2 : 1);
    found.push(single && point !== REPLACEMENT ? point : undefined);
    start = end + 1;
  }
  if (found.length !== all.length || start !== text.length) return; // a code took its line end
  for (let index = 0; index < all.length; index++) {
    const point = found[index];
    if (point !== undefined && !codes.has(point)) codes.set(point, all[index] ?? 0);
  }
}

function bytesOf(code: number): Uint8Array {
  if (code < 0x100) return Uint8Array.of(code);
  if (code < 0x10000) return Uint8Array.of(code >>> 8, code & 0xff);
  if (code < 0x1000000) return Uint8Array.of(code >>> 16, (code >>> 8) & 0xff, code & 0xff);
  return Uint8Array.of(code >>> 24, (code >>> 16) & 0xff, (code >>> 8) & 0xff, code & 0xff);
}

/** The four bytes of a linear code of GB 18030. */
function gb18030Code(linear: number): number {
  return (0x81 + Math.floor(linear / 12_600)) * 0x1000000 +
    ((0x30 + Math.floor(linear / 1_260) % 10) << 16) +
    ((0x81 + Math.floor(linear / 10) % 126) << 8) +
    0x30 + linear % 10;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function pairs(leads: readonly number[], trails: readonly number[]): number[] {
  return leads.flatMap((lead) => trails.map((trail) => (lead << 8) + trail));
}

/**
 * The bytes of a character whose end has not come, after more bytes of a stream.
 *
 * @param name The set.
 * @param before Those before.
 * @param bytes What came.
 * @returns At most three bytes.
 */
export function multiByteTail(name: string, before: Uint8Array, bytes: Uint8Array): Uint8Array {
  let tail = [...before];
  // No character goes on over a byte below 0x30, such as a line end.
  let start = bytes.length - 1;
  while (start >= 0 && (bytes[start] ?? 0) >= 0x30) start--;
  if (start >= 0) tail = [];
  for (let at = start + 1; at < bytes.length; at++) {
    tail.push(bytes[at] ?? 0);
    if (tail.length >= lengthOf(name, tail)) tail = [];
  }
  return Uint8Array.from(tail);
}

/** How many bytes the character has that begins so, as far as its beginning tells. */
function lengthOf(name: string, [lead = 0, second = 0]: readonly number[]): number {
  if (lead < 0x80) return 1;
  if (name === "gb18030" && second >= 0x30 && second <= 0x39) return 4;
  if (name === "euc-jp" && lead === 0x8f && second >= 0xa1) return 3;
  // Half-width katakana, and what begins nothing.
  if (name === "shift_jis" && ((lead >= 0xa0 && lead < 0xe0) || lead > 0xfc)) return 1;
  if (name === "shift_jis" || lead === 0x8e || lead === 0x8f) return 2;
  if (name === "euc-jp") return lead >= 0xa1 && lead < 0xff ? 2 : 1;
  return lead > 0x80 && lead < 0xff ? 2 : 1;
}
