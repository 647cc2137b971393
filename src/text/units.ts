/** Up to this many units, `String.fromCharCode` is faster than the decoder. */
const SHORT = 32;
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const unitDecoder = new TextDecoder(LITTLE_ENDIAN ? "utf-16le" : "utf-16be", { ignoreBOM: true });

/** How many UTF-16 units two texts have in common at their start; for short texts. */
export function commonUnits(a: string, b: string): number {
  let at = 0;
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
