import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { EditBuffer } from "../../src/text/edit_buffer.ts";
import { graphemes } from "../../src/text/mod.ts";
import { Work } from "../../src/text/work.ts";

const cluster = fc.constantFrom(
  ..."a é 日 👩‍🚀 👩‍👩‍👧‍👦 🇩🇪 🇫🇷 1️⃣ क्षि 각 ก็ 👍🏽".split(" "),
  "e\u0301",
  `a${"\u0301".repeat(20)}`,
);

Deno.test("the cursor stops at each end of a cluster, in both directions, in every line", () => {
  fc.assert(
    fc.property(fc.array(cluster, { maxLength: 40 }), (clusters) => {
      const line = clusters.join("");
      const ends = [0];
      for (const { length } of graphemes(line)) ends.push((ends.at(-1) ?? 0) + length);
      const buffer = new EditBuffer(100_000, new Work());
      buffer.set(line, 0);
      const stops = (direction: -1 | 1) => {
        const found = [buffer.cursor];
        while (buffer.neighbour(direction) !== buffer.cursor) {
          buffer.move(buffer.neighbour(direction));
          found.push(buffer.cursor);
        }
        return found;
      };
      assertEquals(stops(1), ends);
      assertEquals(stops(-1), ends.toReversed());
    }),
    { seed: 29, numRuns: 400 },
  );
});
