import { joined } from "../protocol/pieces.ts";
import { BLOCK, commonUnits, isHigh, isLow } from "../text/units.ts";

/** A change of a part of the state: `text` replaces the old part, except for its start and end. */
export interface PartChange {
  /** How many UTF-16 units are kept at the start of the old part. */
  readonly head: number;
  /** How many are kept at its end. */
  readonly tail: number;
  /** What is between them. */
  readonly text: string;
}

/** Parts up to this length are sent as a whole. */
const SHORT = 32;

/** Returns the change from one text to another; it splits no surrogate pair. */
export function changeOf(old: string, text: string): PartChange {
  const most = Math.min(old.length, text.length);
  if (most <= SHORT) return { head: 0, tail: 0, text };
  let head = commonUnits(old, text);
  if (isHigh(text.charCodeAt(head - 1))) head--;
  let tail = equalEnd(old, text, most - head);
  if (isLow(text.charCodeAt(text.length - tail))) tail--;
  return { head, tail, text: text.slice(head, text.length - tail) };
}

/** Returns a text after a change; `undefined` if the change is not one of this text. */
export function changedBy({ head, tail, text }: PartChange, old: string): string | undefined {
  if (head + tail === 0) return text;
  if (head + tail > old.length) return undefined;
  // Joined at once: the pieces would keep every earlier text in memory.
  return joined(old.slice(0, head) + text + old.slice(old.length - tail));
}

/** How many units are equal at the end of two texts, at most `most`. */
function equalEnd(one: string, other: string, most: number): number {
  const [end, otherEnd] = [one.length, other.length];
  let count = 0;
  while (
    count + BLOCK <= most &&
    one.slice(end - count - BLOCK, end - count) ===
      other.slice(otherEnd - count - BLOCK, otherEnd - count)
  ) count += BLOCK;
  while (
    count < most && one.charCodeAt(end - count - 1) === other.charCodeAt(otherEnd - count - 1)
  ) count++;
  return count;
}
