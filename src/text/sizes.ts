/**
 * What things take in memory, as far as the engines agree: rather too much than too little. For who
 * bounds what one client can hold.
 */

/** A small object in a list. */
export const ITEM_SIZE = 112;

/** A text of so many UTF-16 units. */
export function textSize(length: number): number {
  return length === 0 ? 0 : 32 + 2 * length;
}
