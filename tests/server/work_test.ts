import { assert, assertEquals } from "@std/assert";
import type { TextCodec } from "../../src/text/mod.ts";
import { start, type StepClock } from "./harness.ts";

/** A codec whose decoder takes a time, on the server's clock. */
function slowCodec(clock: StepClock, milliseconds: number): TextCodec {
  return {
    name: "slow",
    createDecoder: () => ({
      decode: (bytes) => {
        clock.advance(milliseconds);
        return String.fromCharCode(...bytes);
      },
    }),
    encode: (text) => Uint8Array.from(text, (character) => character.charCodeAt(0)),
  };
}

for (const count of [40, 900]) {
  Deno.test(`work is charged to the client that causes it, among ${count} in one poll`, async () => {
    const accused = new Set<string>();
    await using scene = await start({
      limits: { workRate: 10, burst: 1 },
      onViolation: (client, { kind }) => {
        assertEquals(kind, "too-much-work");
        accused.add(client.addrport());
      },
    });
    const people = [];
    for (let index = 0; index < count; index++) people.push(await scene.join());
    const culprit = people[13]!;
    culprit.client.encoding = slowCodec(scene.clock, 1);
    for (let round = 0; round < 30; round++) {
      scene.clock.advance(5);
      for (const { peer } of people) peer.write("look\r\n");
      await scene.server.poll();
      for (const client of scene.server.clientsWithInput()) client.send(`${client.getCommand()}\n`);
    }
    assertEquals([...accused], [culprit.client.addrport()]);
    assert(culprit.client.active);
  });
}
