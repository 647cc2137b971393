/** The work for each costly input grows linearly, measured in counted steps. */
import { assert } from "@std/assert";
import { start } from "../server/harness.ts";
import { startCounting } from "../steps.ts";
import { COSTLY_INPUTS, type CostlyInput } from "./costly_inputs.ts";

const SIZE = 16_384;
const TRIES = 4;

for (const input of COSTLY_INPUTS) {
  Deno.test(`work grows linearly with the input: ${input.name}`, async () => {
    const less = await stepsOf(input, SIZE);
    assert(less > 0, "Nothing was counted");
    // Below one step for four bytes, one-time costs dominate.
    const part = Math.max(less, SIZE / 4);
    let more = Infinity;
    // Whether a growing buffer is copied once more depends on its address, which differs each time.
    for (let tries = 0; tries < TRIES && more >= 5 * part; tries++) {
      more = await stepsOf(input, 4 * SIZE);
    }
    assert(more < 5 * part, `${more} steps for four times the input, ${less} for it`);
  });
}

async function stepsOf(input: CostlyInput, size: number): Promise<number> {
  await using harness = await start({
    ...input.options,
    limits: {
      line: 1_000_000,
      memory: Infinity,
      subnegotiation: 1_000_000,
    },
  });
  const { server } = harness;
  const { peer, client } = await harness.join();
  const settle = async () => {
    for (let quiet = 0; quiet < 3;) {
      await server.poll();
      peer.take();
      while (client.getCommand() !== undefined || client.getKey() !== undefined);
      // Delayed answers of options need time.
      harness.clock.advance(1_000);
      quiet = peer.queued > 0 || server.stats().queuedInput > 0 ? 0 : quiet + 1;
    }
  };
  input.greet?.(client);
  await server.poll();
  peer.write(input.before?.(size) ?? new Uint8Array(0));
  await settle();
  const bytes = input.input(size);
  const stop = startCounting();
  try {
    peer.write(bytes);
    await settle();
  } finally {
    stop();
    peer.abort(); // else the server waits for it to read
  }
  return stop().count;
}
