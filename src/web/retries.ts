/** The first delay other than 0, in milliseconds; each later one is twice as long. */
const FIRST_MS = 500;
const MAX_DELAY_MS = 15_000;

/**
 * The delay before the next attempt to connect: none at first, then exponential backoff with jitter
 * (between half and all of a time that doubles), so that the players of a game do not all reconnect
 * at once.
 *
 * @param failures How many attempts in a row have failed before.
 * @param random A number from 0 to below 1.
 * @returns Milliseconds.
 */
export function retryDelay(failures: number, random: number): number {
  if (failures === 0) return 0;
  const whole = Math.min(MAX_DELAY_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return Math.round(whole * (0.5 + random / 2));
}
