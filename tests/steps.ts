/**
 * Counts the work of pure code in steps that no machine makes faster or slower: what it has the engine
 * look at, in characters, bytes and items. Work that grows faster than what it is given shows by the steps
 * for n and for 4n. Runs on every runtime.
 */

/** What was done. */
export interface Steps {
  /**
   * Characters that were cut into grapheme clusters, matched or normalized; items of lists that were
   * appended, moved or summed up; bytes that were copied.
   */
  readonly count: number;
  /** The longest text that was normalized at once. */
  readonly longestNormalized: number;
}

// deno-lint-ignore no-explicit-any
type AnyMethod = (this: any, ...args: any[]) => any;

/** Begins to count; what is returned ends it. No more than one counts at a time. */
export function startCounting(): () => Steps {
  let [count, longestNormalized] = [0, 0];
  const restores: (() => void)[] = [];
  /** Has a method of the engine counted before, or behind, its call. */
  const watch = (owner: object, name: string, counted: (method: AnyMethod) => AnyMethod) => {
    const methods = owner as Record<string, AnyMethod>;
    const method = methods[name] as AnyMethod;
    methods[name] = counted(method);
    restores.push(() => methods[name] = method);
  };
  const weigh = (owner: object, name: string, weight: AnyMethod) =>
    watch(owner, name, (method) =>
      function (...args) {
        count += weight.apply(this, args);
        return method.apply(this, args);
      });
  weigh(Intl.Segmenter.prototype, "segment", (text: string) => text.length);
  watch(RegExp.prototype, "exec", (method) =>
    function (this: RegExp, text: string) {
      const start = this.global || this.sticky ? this.lastIndex : 0;
      const match = method.call(this, text);
      const end = match === null ? text.length : match.index + match[0].length;
      count += Math.max(0, end - start) + 1;
      return match;
    });
  weigh(String.prototype, "normalize", function () {
    longestNormalized = Math.max(longestNormalized, this.length);
    return this.length;
  });
  weigh(Array.prototype, "push", (...items: unknown[]) => items.length);
  for (const name of ["reduce", "shift", "unshift", "splice", "slice"]) {
    weigh(Array.prototype, name, function () {
      return this.length;
    });
  }
  weigh(
    Object.getPrototypeOf(Uint8Array.prototype),
    "set",
    (from: ArrayLike<number>) => from.length,
  );
  return () => {
    for (const restore of restores) restore();
    return { count, longestNormalized };
  };
}

/** Does some work, and counts its steps. */
export function countSteps(work: () => void): Steps {
  const stopCounting = startCounting();
  try {
    work();
  } finally {
    stopCounting();
  }
  return stopCounting();
}

/** Checks that the steps for more grew by a factor, and no faster. */
export function assertGrowth(more: number, less: number, factor: number): void {
  if (less === 0) throw new Error("Nothing was counted");
  if (more > 1.2 * factor * less) throw new Error(`${more} steps, and ${less} for the part`);
}
