/**
 * Every attack on every runtime: what a slow machine cannot change, that nothing is lost, nobody is
 * dropped, and the memory comes back. How fast people are answered is measured by `deno task attacks`,
 * which prints a table; `deno task soak` goes on and on.
 *
 * `deno task test` takes few people, and few attackers for a short time; `deno task attacks:check` takes its time. Each
 * runtime has a file of its own that runs this, so that they are tested side by side.
 */
import { assert, assertEquals } from "@std/assert";
import { findRuntime, type Runtime } from "../runtimes/runtimes.ts";
import { Scene } from "./scene.ts";
import { describe, faults } from "./table.ts";

const LONG = Deno.env.get("MINIBOA_ATTACKS") === "long";
const PEOPLE = LONG ? 200 : 40;
const ATTACK_MS = LONG ? 600 : 100;
/** Of the attackers. */
const SHARE = LONG ? 1 : 0.2;
/** A server that has seen nothing yet still grows: code, tables of addresses. */
const GROWTH = 12_000_000;

/** Declares the test of a runtime. */
export async function testAttacks(name: Runtime["name"]): Promise<void> {
  const runtime = await findRuntime(name);
  Deno.test({
    name: `${name}: people are served during every attack, and nothing of theirs is lost${
      runtime === undefined ? ` (there is no ${name} here)` : ""
    }`,
    ignore: runtime === undefined,
    fn: async (t) => runtime && await attackAll(runtime, t),
  });
}

async function attackAll(runtime: Runtime, t: Deno.TestContext): Promise<void> {
  await using scene = await Scene.start(runtime, PEOPLE, SHARE);
  await scene.measure(500);
  for (const attack of scene.attacks) {
    await t.step(attack, async () => {
      const outcome = await scene.attack(attack, ATTACK_MS, PEOPLE / 4 + 1);
      const told = describe(outcome);
      assertEquals(faults(outcome), 0, told);
      assert(outcome.dialled > 0 && outcome.during.lines > PEOPLE / 4, told);
      const { memoryBefore, memoryAfter } = outcome;
      assertEquals([memoryAfter.connections, memoryAfter.waiting], [PEOPLE, 0], told);
      assert(memoryAfter.used - memoryBefore.used < GROWTH, told);
    });
  }
}
