/** Limits against negotiation loops recover with time, and delay necessary answers at most. */
import { assert, assertEquals } from "@std/assert";
import { NAWS, TIMING_MARK } from "../../src/options/mod.ts";
import { DO, IAC, IP, WILL, WONT } from "../../src/protocol/mod.ts";
import { latin1, negotiation, start } from "../server/harness.ts";

const MARK = "\xff\xfb\x06";
const countMarks = (bytes: Uint8Array) => latin1(bytes).split(MARK).length - 1;

Deno.test("a held Ctrl-C in a stock client gets an answer to each TIMING-MARK at once", async () => {
  await using harness = await start();
  const { peer } = await harness.join();
  for (let times = 1; times <= 80; times++) {
    peer.write(Uint8Array.of(IAC, IP, ...negotiation(DO, TIMING_MARK)));
    harness.clock.advance(30);
    for (let polls = 0; polls < 3; polls++) await harness.server.poll();
    assertEquals(countMarks(peer.take()), 1, `the ${times}th`);
  }
});

Deno.test("many TIMING-MARKs at once are answered one after another, and none is lost", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  for (let times = 0; times < 500; times++) peer.write(negotiation(DO, TIMING_MARK));
  peer.write("look\r\n");
  let marks = 0;
  for (let polls = 0; polls < 20; polls++) {
    await harness.server.poll();
    marks += countMarks(peer.take());
  }
  assert(marks < 80, `${marks} at once`);
  for (let seconds = 0; seconds < 20; seconds++) {
    for (let polls = 0; polls < 80; polls++) {
      harness.clock.advance(1000 / 80);
      await harness.server.poll();
      marks += countMarks(peer.take());
    }
  }
  assertEquals([marks, client.getCommand(), client.active], [500, "look", true]);
});

Deno.test("a client that was refused for repeated requests is accepted again after a pause", async () => {
  await using harness = await start({ limits: { repeatedRequests: 3 } });
  const { peer, client } = await harness.join();
  const toggle = async () => {
    peer.write(negotiation(WILL, NAWS));
    peer.write(negotiation(WONT, NAWS));
    for (let polls = 0; polls < 3; polls++) await harness.server.poll();
    return latin1(peer.take()).includes("\xff\xfd\x1f");
  };
  const heard: boolean[] = [];
  for (let times = 0; times < 6; times++) heard.push(await toggle());
  assertEquals(heard, [true, true, true, false, false, false]);
  harness.clock.advance(10_000);
  client.requestNaws(); // after a refusal the game must ask
  assert(await toggle());
});
