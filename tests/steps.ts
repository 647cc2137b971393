/**
 * Counts the work of pure code in steps that do not depend on the machine: the characters, bytes
 * and items that it passes to the engine's methods. The steps for n and 4n show work that grows
 * faster than the input. Runs on every runtime.
 */

/** The counted work. */
export interface Steps {
  /**
   * Characters that were segmented into grapheme clusters, matched or normalized; list items that
   * were appended, moved or reduced; bytes that were copied.
   */
  readonly count: number;
  /** The longest text that was normalized at once. */
  readonly longestNormalized: number;
}

// deno-lint-ignore no-explicit-any
type AnyMethod = (this: any, ...args: any[]) => any;

/** Starts counting; the returned function stops it. Only one count can run at a time. */
export function startCounting(): () => Steps {
  let [count, longestNormalized] = [0, 0];
  const restores: (() => void)[] = [];
  /** Wraps a method of the engine, to count before or after its call. */
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
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
  watch(typedArray, "indexOf", (method) =>
    function (byte, from = 0) {
      const at = method.call(this, byte, from);
      count += Math.max(0, (at === -1 ? this.length : at) - from);
      return at;
    });
  weigh(
    typedArray,
    "set",
    (from: ArrayLike<number>) => from.length,
  );
  return () => {
    for (const restore of restores) restore();
    return { count, longestNormalized };
  };
}

/** Runs some work, and counts its steps. */
export function countSteps(work: () => void): Steps {
  const stopCounting = startCounting();
  try {
    work();
  } finally {
    stopCounting();
  }
  return stopCounting();
}

/** Checks that the steps grew by at most a factor. */
export function assertGrowth(more: number, less: number, factor: number): void {
  if (less === 0) throw new Error("Nothing was counted");
  if (more > 1.2 * factor * less) throw new Error(`${more} steps, and ${less} for the part`);
}
