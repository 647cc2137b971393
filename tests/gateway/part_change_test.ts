import { assert, assertEquals } from "@std/assert";
import { changedBy, changeOf } from "../../src/gateway/part_change.ts";

/** Pseudo-random numbers below `most`, the same in each run. */
function numbers(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * most);
  };
}

Deno.test("a change leads from any text to any other, and holds no half of a surrogate pair", () => {
  const next = numbers(7);
  const pieces = ["a", "b", "é", "日", "😀", "😁", "🙀", "aaaa".repeat(100), "日本".repeat(200)];
  const some = () => Array.from({ length: next(12) }, () => pieces[next(pieces.length)]).join("");
  for (let round = 0; round < 5_000; round++) {
    const [start, end, old, text] = [some(), some(), some(), some()];
    const [before, after] = [start + old + end, start + text + end];
    const change = changeOf(before, after);
    assert(change.text.isWellFormed(), JSON.stringify([before, after]));
    assertEquals(changedBy(change, before), after);
    assert(change.text.length <= text.length + 34, JSON.stringify([before, after]));
  }
});

Deno.test("a change that keeps more than the old text has is not applied", () => {
  assertEquals(changedBy({ head: 3, tail: 2, text: "x" }, "1234"), undefined);
  assertEquals(changedBy({ head: 2, tail: 2, text: "x" }, "1234"), "12x34");
});
