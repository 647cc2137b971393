/**
 * Every attack on every runtime, in short: what honest people notice. `deno task attacks` takes its
 * time, and prints a table; `deno task soak` goes on and on.
 */
import { assert, assertEquals } from "@std/assert";
import { findRuntimes } from "../runtimes/runtimes.ts";
import { Scene } from "./scene.ts";
import { describe, faults } from "./table.ts";

const PEOPLE = 200;
const ATTACK_MS = 600;
/** What a busy machine may take for an answer in the middle of an attack: half of them are faster. */
const SERVED_MS = 50;
/** A server that has seen nothing yet still grows: code, tables of addresses. */
const GROWTH = 12_000_000;

for (const runtime of await findRuntimes()) {
  Deno.test(`${runtime.name}: people are served during every attack, and nothing of theirs is lost`, async (t) => {
    await using scene = await Scene.start(runtime, PEOPLE);
    await scene.measure(500);
    for (const attack of scene.attacks) {
      await t.step(attack, async () => {
        const outcome = await scene.attack(attack, ATTACK_MS);
        const told = describe(outcome);
        assertEquals(faults(outcome), 0, told);
        assert(outcome.dialled > 0 && outcome.during.lines > PEOPLE / 4, told);
        assert(outcome.during.p50 < SERVED_MS, told);
        const { memoryBefore, memoryAfter } = outcome;
        assertEquals([memoryAfter.connections, memoryAfter.waiting], [PEOPLE, 0], told);
        assert(memoryAfter.used - memoryBefore.used < GROWTH, told);
      });
    }
  });
}
