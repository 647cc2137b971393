/**
 * Estimates of memory use that hold for all engines, rather too high than too low. They bound what
 * one client can hold.
 */

/** A small object in a list, in bytes. */
export const ITEM_SIZE = 112;

/** A text of `length` UTF-16 units, in bytes. */
export function textSize(length: number): number {
  return length === 0 ? 0 : 32 + 2 * length;
}
