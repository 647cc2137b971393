import { assertEquals, assertThrows } from "@std/assert";
import { History } from "../../src/text/mod.ts";

Deno.test("History is bounded, and keeps no empty lines and no repeats in a row", () => {
  const history = new History({ limit: 3, lines: ["a", "b", "c", "d"] });
  assertEquals([history.at(0), history.length], ["b", 3]);
  for (const line of ["d", "", "e", "e", "d"]) history.add(line);
  assertEquals([0, 1, 2, 3].map((index) => history.at(index)), ["d", "e", "d", undefined]);
  const none = new History({ limit: 0 });
  none.add("x");
  assertEquals(none.length, 0);
  assertThrows(() => new History({ limit: -1 }), Error, "limit");
});

Deno.test("History leaves out a line that is longer than all lines may be together", () => {
  const history = new History({ lines: ["a", "b"], maxLength: 10 });
  history.add("x".repeat(11));
  assertEquals([history.length, history.at(0), history.at(1)], [2, "a", "b"]);
});
