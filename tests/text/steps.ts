/**
 * Counts the work of pure code in steps that no machine makes faster or slower: what it has the engine
 * look at, in characters and items. Work that grows faster than what it is given shows by the steps for
 * n and for 4n.
 */

import { assert } from "@std/assert";

/** What was done. */
export interface Steps {
  /** Characters that were cut into grapheme clusters, matched or normalized, and items of lists. */
  readonly count: number;
  /** The longest text that was normalized at once. */
  readonly longestNormalized: number;
}

/** Does some work, and counts its steps. */
export function countSteps(work: () => void): Steps {
  let [count, longestNormalized] = [0, 0];
  const { segment } = Intl.Segmenter.prototype;
  const { exec } = RegExp.prototype;
  const { normalize } = String.prototype;
  const { push, reduce } = Array.prototype;
  Intl.Segmenter.prototype.segment = function (text) {
    count += text.length;
    return segment.call(this, text);
  };
  RegExp.prototype.exec = function (text) {
    const start = this.global || this.sticky ? this.lastIndex : 0;
    const match = exec.call(this, text);
    const end = match === null ? text.length : match.index + match[0].length;
    count += Math.max(0, end - start) + 1;
    return match;
  };
  String.prototype.normalize = function (form) {
    count += this.length;
    longestNormalized = Math.max(longestNormalized, this.length);
    return normalize.call(this, form);
  };
  Array.prototype.push = function (...items) {
    count += items.length;
    return push.apply(this, items);
  };
  Array.prototype.reduce = function (this: unknown[], ...args: unknown[]) {
    count += this.length;
    return (reduce as (...args: unknown[]) => unknown).apply(this, args);
  } as typeof reduce;
  try {
    work();
  } finally {
    Intl.Segmenter.prototype.segment = segment;
    RegExp.prototype.exec = exec;
    String.prototype.normalize = normalize;
    Array.prototype.push = push;
    Array.prototype.reduce = reduce;
  }
  return { count, longestNormalized };
}

/** Checks that the steps for more grew by a factor, and no faster. */
export function assertGrowth(more: number, less: number, factor: number): void {
  assert(less > 0, "nothing was counted");
  assert(more <= 1.2 * factor * less, `${more} steps, and ${less} for the part`);
}
