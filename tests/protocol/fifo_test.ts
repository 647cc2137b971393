import { assertEquals } from "@std/assert";
import { Fifo } from "../../src/protocol/fifo.ts";

Deno.test("Fifo returns items in order, and frees taken items even if it is never empty", async () => {
  const fifo = new Fifo<object>();
  const alive = new Set<number>();
  const registry = new FinalizationRegistry<number>((id) => alive.delete(id));
  let next = 0;
  const add = () => {
    const item = { id: next };
    alive.add(next);
    registry.register(item, next++);
    fifo.push(item);
  };
  add();
  for (let count = 0; count < 20_000; count++) {
    add();
    assertEquals((fifo.take() as { id: number }).id, count);
    assertEquals(fifo.length, 1);
  }
  // Allocating memory makes the garbage collector run at some point.
  for (let tries = 0; alive.size > 1000 && tries < 200; tries++) {
    new Array(1_000_000).fill(tries);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assertEquals(alive.size <= 1000, true, `${alive.size} of ${next} are kept`);
});

Deno.test("Fifo can read, replace or drop its next item", () => {
  const fifo = new Fifo<number | undefined>();
  assertEquals([fifo.peek(), fifo.take(), fifo.length], [undefined, undefined, 0]);
  for (const item of [1, 2, 3]) fifo.push(item);
  fifo.replaceNext(9);
  assertEquals([fifo.peek(), fifo.take(), fifo.length], [9, 9, 2]);
  fifo.clear();
  assertEquals([fifo.length, fifo.take()], [0, undefined]);
});
