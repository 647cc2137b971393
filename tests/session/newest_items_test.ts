import { assert, assertEquals } from "@std/assert";
import { NewestItems } from "../../src/session/newest_items.ts";

Deno.test("the newest items are at most as many and as long as asked, and rarely begin anew", () => {
  for (const length of [0, 1, 50, 99, 100]) {
    const newest = new NewestItems<string>(50, 1_000, (item) => item.length);
    const items: string[] = [];
    let [steps, first] = [0, ""];
    for (let number = 0; number < 500; number++) {
      items.push(`${number}`.padEnd(length, "x"));
      const kept = newest.of(items);
      assertEquals(kept, items.slice(-kept.length));
      assert(kept.length <= 50 && kept.join("").length <= 1_000 && kept.length >= 1);
      if (kept[0] !== first) steps++;
      first = kept[0] ?? "";
    }
    // About half of them are left out at once.
    const most = Math.min(50, Math.floor(1_000 / Math.max(length, 3)));
    assert(steps <= 500 / Math.floor(most / 2) + 1, `${length}: ${steps}`);
  }
});

Deno.test("a list that has lost its oldest items by itself rarely begins anew, either", () => {
  const newest = new NewestItems<string>(100, 1_000_000, (item) => item.length);
  const items: string[] = [];
  let [steps, first] = [0, ""];
  for (let number = 0; number < 1_000; number++) {
    items.push(`line ${number}`);
    if (items.length > 100) items.shift();
    const kept = newest.of(items);
    assertEquals(kept, items.slice(-kept.length));
    if (kept[0] !== first) steps++;
    first = kept[0] ?? "";
  }
  assert(steps <= 21, `${steps}`);
});

Deno.test("equal items do not make a list shorter", () => {
  const newest = new NewestItems<string>(100, 1_000_000, (item) => item.length);
  const items = ["look", ...Array.from({ length: 97 }, (_, at) => `line ${at}`), "look"];
  for (const line of ["a", "b", "c", "look", "look", "d"]) {
    items.push(line);
    if (items.length > 100) items.shift();
    assert(newest.of(items).length >= 50);
  }
  const changes = new NewestItems<object>(50, 1_000, () => 1);
  changes.of(Array.from({ length: 45 }, () => ({})));
  assertEquals(changes.of(Array.from({ length: 45 }, () => ({}))).length, 45);
});

Deno.test("one item that fits is kept, and none that does not", () => {
  const newest = new NewestItems<string>(50, 1_000, (item) => item.length);
  const [large, larger] = ["a".repeat(900), "b".repeat(1_001)];
  assertEquals(newest.of([large]), [large]);
  assertEquals(newest.of([large, large]), [large]);
  assertEquals(newest.of([large, larger]), []);
  assertEquals(newest.of([]), []);
});
