/** Below it a call is faster by its arguments. */
const SHORT = 32;
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const unitDecoder = new TextDecoder(LITTLE_ENDIAN ? "utf-16le" : "utf-16be", { ignoreBOM: true });

/** Text of UTF-16 units, in which no half character stands alone. */
export function textOfUnits(units: Uint16Array, length: number): string {
  const taken = units.subarray(0, length);
  return length > SHORT
    ? unitDecoder.decode(taken)
    : String.fromCharCode.apply(null, taken as unknown as number[]);
}

const asciiDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Text of bytes that are all ASCII; `undefined` where one is not. */
export function textOfAscii(bytes: Uint8Array): string | undefined {
  let all = 0;
  for (let at = 0; at < bytes.length; at++) all |= bytes[at] as number;
  return all < 0x80 ? asciiDecoder.decode(bytes) : undefined;
}
