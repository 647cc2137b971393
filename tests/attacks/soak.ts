/**
 * Attacks for a long time in random order, while honest clients play: none of their lines may be
 * lost, and the memory must not grow.
 *
 *     deno task soak [minutes, default 10] [people, default 300]
 */
import { findRuntimes, type Runtime } from "../runtimes/runtimes.ts";
import { Scene } from "./scene.ts";
import { describe, faults } from "./table.ts";

const ATTACK_MS = 4_000;
/** Growth in bytes that counts as a leak, after the first round of attacks. */
const TOLERANCE = 16_000_000;

const [minutes = 10, people = 300] = Deno.args.map(Number);
const runtimes = await findRuntimes();
let sound = true;
for (const runtime of runtimes) {
  sound = await soak(runtime, minutes * 60_000 / runtimes.length) && sound;
}
console.log(sound ? "sound" : "NOT SOUND");
Deno.exit(sound ? 0 : 1);

/** Attacks one runtime for a time; returns `true` if nothing was lost or leaked. */
async function soak(runtime: Runtime, milliseconds: number): Promise<boolean> {
  await using scene = await Scene.start(runtime, people);
  const end = performance.now() + milliseconds;
  let [lost, attacks, first, last] = [0, 0, Infinity, 0];
  while (performance.now() < end) {
    for (const attack of shuffled(scene.attacks)) {
      if (performance.now() >= end) break;
      const outcome = await scene.attack(attack, ATTACK_MS);
      console.log(`${runtime.name}: ${attack}: ${describe(outcome)}`);
      lost = faults(outcome);
      last = outcome.memoryAfter.used;
      if (++attacks === scene.attacks.length || first === Infinity) first = last;
    }
  }
  const grown = last - first;
  console.log(
    `${runtime.name}: ${attacks} attacks on ${people} people: ${lost} lost; memory ` +
      `${(first / 1e6).toFixed(1)} MB, then ${(last / 1e6).toFixed(1)} MB`,
  );
  return lost === 0 && grown < TOLERANCE;
}

function shuffled<T>(list: readonly T[]): T[] {
  return list.map((value) => ({ value, key: Math.random() }))
    .sort((one, other) => one.key - other.key)
    .map(({ value }) => value);
}
