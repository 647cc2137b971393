/**
 * A server that offers everything, fed with bytes that mean something to its options: no handler
 * fails, poll() throws nothing, what is answered is bounded, and another client is served.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { OPTIONS } from "../../src/options/mod.ts";
import { IAC, SB, SE } from "../../src/protocol/mod.ts";
import { start } from "../server/harness.ts";

const CODES = OPTIONS.map(({ code }) => code).filter((code) => code !== 86 && code !== 87);
const verb = fc.tuple(fc.constantFrom(251, 252, 253, 254), fc.constantFrom(...CODES))
  .map(([verb, code]) => [IAC, verb, code]);
const payload = fc.oneof(
  fc.array(fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 34, 59, 65, 91, 123, 240), { maxLength: 20 }),
  fc.array(fc.nat(254), { maxLength: 20 }),
  fc.constantFrom(
    'Core.Supports.Set ["Char 1"]',
    'Core.Hello {"client":5}',
    'MSDP {"LIST":"COMMANDS"}',
    "\x01LIST\x02COMMANDS",
    "\x01SEND\x02HEALTH",
    "\x00MTTS 4095",
    "zmp.check\0zmp.\0",
  ).map((text) => Array.from(text, (character) => character.charCodeAt(0))),
);
const subnegotiation = fc.tuple(fc.constantFrom(...CODES), payload)
  .map(([code, bytes]) => [IAC, SB, code, ...bytes, IAC, SE]);
const noise = fc.array(fc.nat(255), { maxLength: 5 });
const stream = fc.array(fc.oneof(verb, subnegotiation, noise), { maxLength: 40 })
  .map((parts) => Uint8Array.from(parts.flat()));

Deno.test("fuzz: a server with all options lives, answers in bounds, and serves the others", async () => {
  await fc.assert(
    fc.asyncProperty(stream, fc.integer({ min: 1, max: 64 }), async (bytes, chunkSize) => {
      const errors: unknown[] = [];
      await using harness = await start({
        options: {
          terminalType: true,
          naws: true,
          charset: true,
          newEnviron: true,
          endOfRecord: true,
          binary: true,
          gmcp: true,
          msdp: { variables: { HEALTH: { value: () => "1", configurable: true } } },
          mssp: () => ({ NAME: "x" }),
          mxp: true,
          msp: true,
          zmp: true,
          atcp: true,
          aardwolf: true,
          linemode: true,
          terminalSpeed: true,
          xDisplayLocation: true,
          sendLocation: true,
          flowControl: true,
        },
        onError: (error) => errors.push(error),
      }, { chunkSize });
      const { peer, client } = await harness.join();
      const { peer: other, client: honest } = await harness.join();
      peer.write(bytes);
      other.write("still served\n");
      await harness.pollUntil(() => client.bytesReceived === bytes.length || !client.active);
      await harness.pollUntil(() => honest.cmdReady);
      for (let polls = 0; polls < 5; polls++) await harness.server.poll();
      assertEquals(errors, []);
      assertEquals(honest.getCommand(), "still served");
      // The offers, three bytes for three, and the longest answers of the options.
      const most = 200 + bytes.length * 40;
      assert(peer.take().length <= most);
      assert(client.columns > 0 && client.columns <= 1000);
    }),
    { seed: 20_261_122, numRuns: Number(Deno.env.get("MINIBOA_FUZZ_RUNS") ?? 300) },
  );
});
