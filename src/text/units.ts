/** Up to this many units, `String.fromCharCode` is faster than the decoder. */
const SHORT = 32;
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const unitDecoder = new TextDecoder(LITTLE_ENDIAN ? "utf-16le" : "utf-16be", { ignoreBOM: true });

/** Long texts are compared in blocks of this many units, which engines do fast. */
export const BLOCK = 256;

/** How many UTF-16 units two texts have in common at their start. */
export function commonUnits(a: string, b: string): number {
  let at = 0;
  const most = Math.min(a.length, b.length);
  while (at + BLOCK <= most && a.slice(at, at + BLOCK) === b.slice(at, at + BLOCK)) at += BLOCK;
  while (at < a.length && at < b.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
}

/** Makes a string from UTF-16 units that contain no lone surrogate. */
export function textOfUnits(units: Uint16Array, length: number): string {
  const taken = units.subarray(0, length);
  return length > SHORT
    ? unitDecoder.decode(taken)
    : String.fromCharCode.apply(null, taken as unknown as number[]);
}

/** Whether a unit is the first one of a surrogate pair. */
export function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** Whether a unit is the second one of a surrogate pair. */
export function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

const NOT_ASCII = /[^\x00-\x7f]/;

/** How many bytes a text takes in UTF-8. */
export function utf8Length(text: string): number {
  let length = text.length;
  if (!NOT_ASCII.test(text)) return length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // Two units of a surrogate pair are four bytes.
    if (unit >= 0x80) length += unit < 0x800 || isHigh(unit) || isLow(unit) ? 1 : 2;
  }
  return length;
}
