import { IAC } from "./codes.ts";

/**
 * For this many bytes, testing eight at a time is faster than `indexOf`, which is costly to call.
 */
const NEAR = 256;

/**
 * The index of the next 0xFF.
 *
 * @param bytes The bytes to search.
 * @param start The index to start at.
 * @returns The index, or -1.
 */
export function findIac(bytes: Uint8Array, start: number): number {
  const near = Math.min(start + NEAR, bytes.length);
  let at = start;
  for (; at + 8 <= near; at += 8) {
    // Only 0xFF + 1 has the bit 0x100.
    const sum = ((bytes[at] ?? 0) + 1) | ((bytes[at + 1] ?? 0) + 1) |
      ((bytes[at + 2] ?? 0) + 1) | ((bytes[at + 3] ?? 0) + 1) |
      ((bytes[at + 4] ?? 0) + 1) | ((bytes[at + 5] ?? 0) + 1) |
      ((bytes[at + 6] ?? 0) + 1) | ((bytes[at + 7] ?? 0) + 1);
    if ((sum & 0x100) !== 0) break;
  }
  const end = Math.min(at + 8, near);
  for (; at < end; at++) {
    if (bytes[at] === IAC) return at;
  }
  return at === bytes.length ? -1 : bytes.indexOf(IAC, at);
}
