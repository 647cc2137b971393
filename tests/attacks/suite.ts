/**
 * Every attack on every runtime. Checks what does not depend on the machine's speed: no line is
 * lost, no honest client is dropped, and the memory is freed again. `deno task attacks` measures
 * answer times and prints a table; `deno task soak` attacks for a long time.
 *
 * `deno task test` uses few honest clients and a few attackers for a short time,
 * `deno task attacks:check` all of them for longer. A file per runtime runs this, so that they are
 * tested in parallel.
 */
import { assert, assertEquals } from "@std/assert";
import { findRuntime, type Runtime } from "../runtimes/runtimes.ts";
import { LONG } from "../patience.ts";
import { Scene } from "./scene.ts";
import { describe, faults } from "./table.ts";

const PEOPLE = LONG ? 200 : 40;
const ATTACK_MS = LONG ? 600 : 100;
/** The part of the attackers that takes part. */
const SHARE = LONG ? 1 : 0.2;
/**
 * Growth in bytes that is allowed: a fresh server still loads code and fills its address tables.
 */
const GROWTH = 12_000_000;

/** Declares the test for a runtime. */
export async function testAttacks(name: Runtime["name"]): Promise<void> {
  const runtime = await findRuntime(name);
  Deno.test({
    name: `${name}: honest clients are served during every attack, and none of their lines is lost${
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
