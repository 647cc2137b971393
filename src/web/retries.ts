/** The first wait that is not none, in milliseconds; each later one is twice as long. */
const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * How long to wait before a connection is tried again: the first time not at all, then between half of
 * and the whole of a time that doubles, so that all players of a game do not come back at once.
 *
 * @param failures How many tries have failed before, one after the other.
 * @param random A number from 0 to below 1.
 * @returns Milliseconds.
 */
export function retryDelay(failures: number, random: number): number {
  if (failures === 0) return 0;
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return Math.round(whole * (0.5 + random / 2));
}
