/** So many units at once become text: more arguments than this are too many for a call. */
const CHUNK = 4_096;

/** Text of UTF-16 units. */
export function textOfUnits(units: Uint16Array, length: number): string {
  if (length <= CHUNK) return String.fromCharCode.apply(null, units.subarray(0, length) as never);
  let text = "";
  for (let at = 0; at < length; at += CHUNK) {
    const end = Math.min(length, at + CHUNK);
    text += String.fromCharCode.apply(null, units.subarray(at, end) as never);
  }
  return text;
}
