/**
 * A server that offers every option gets input that its options understand: no handler fails,
 * poll() does not throw, the output is bounded, and another client is still served.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BUILT_IN, type OptionDeclarations } from "../../src/options/registry.ts";
import { DO, DONT, IAC, SB, SE, WILL, WONT } from "../../src/protocol/mod.ts";
import { latin1, start } from "../server/harness.ts";
import { deflated, untilReal } from "../server/remote.ts";

const EVERYTHING: OptionDeclarations = {
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
};

const CODES = BUILT_IN.all.map(({ code }) => code).filter((code) => code !== 86 && code !== 87);
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

Deno.test("fuzz: a server with all options does not fail, bounds its output, and serves the others", async () => {
  await fc.assert(
    fc.asyncProperty(stream, fc.integer({ min: 1, max: 64 }), async (bytes, chunkSize) => {
      const errors: unknown[] = [];
      await using harness = await start({
        telnetOptions: EVERYTHING,
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
      // The offers, a negotiation for each one received, and the longest answers of the options.
      const most = 200 + bytes.length * 40;
      assert(peer.take().length <= most);
      assert(client.columns > 0 && client.columns <= 1000);
    }),
    { seed: 20_261_122, numRuns: Number(Deno.env.get("MINIBOA_FUZZ_RUNS") ?? 300) },
  );
});

/** A fixed answer of a client to each verb of the server. */
const habit = fc.record({
  will: fc.constantFrom(DO, DONT, undefined),
  wont: fc.constantFrom(DO, DONT, undefined),
  do: fc.constantFrom(WILL, WONT, undefined),
  dont: fc.constantFrom(WILL, WONT, undefined),
});

Deno.test("fuzz: no fixed pattern of answers makes a server with all options negotiate for ever", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(habit, { minLength: 1, maxLength: 4 }),
      fc.array(verb, { maxLength: 10 }),
      fc.boolean(),
      async (habits, first, patient) => {
        await using harness = await start({ telnetOptions: EVERYTHING });
        const { peer, client } = await harness.join();
        client.passwordModeOn();
        client.telnet.ping();
        peer.write(Uint8Array.from(first.flat()));
        let quiet = 0;
        let words = 0;
        while (quiet < 5 && words < 10_000) {
          if (!patient) harness.clock.advance(4000);
          await harness.server.poll();
          const heard = latin1(peer.take()).matchAll(/\xff([\xfb-\xfe])([^])/g);
          const before = words;
          for (const [, verb = "", option = ""] of heard) {
            const chosen = habits[words++ % habits.length];
            const name = ["will", "wont", "do", "dont"][verb.charCodeAt(0) - WILL] as "will";
            const answer = chosen?.[name];
            // A DO TIMING-MARK every four seconds is an ordinary ping.
            if (!patient && answer === DO && option === "\x06") continue;
            if (answer !== undefined) peer.write(Uint8Array.of(IAC, answer, option.charCodeAt(0)));
          }
          quiet = words === before ? quiet + 1 : 0;
        }
        assert(words < 10_000, `${words} negotiations, and no end`);
      },
    ),
    { seed: 20_261_125, numRuns: Number(Deno.env.get("MINIBOA_FUZZ_RUNS") ?? 200) },
  );
});

Deno.test("fuzz: damaged compressed streams drop at most their own client", async () => {
  const good = await deflated(["look\r\n", "say hello\r\n"], true);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }),
      fc.nat(good.length),
      fc.integer({ min: 1, max: 64 }),
      async (changes, length, chunkSize) => {
        const errors: unknown[] = [];
        await using harness = await start(
          { telnetOptions: { mccp2: true, mccp3: true }, onError: (error) => errors.push(error) },
          { chunkSize },
        );
        const { peer, client } = await harness.join();
        const { peer: other, client: honest } = await harness.join();
        const stream = good.slice(0, length);
        for (const [at, byte] of changes) stream[at % Math.max(1, length)] = byte;
        peer.write(Uint8Array.of(IAC, DO, 86, IAC, DO, 87, IAC, SB, 87, IAC, SE));
        peer.write(stream);
        peer.end();
        other.write("still served\n");
        await harness.pollUntil(() => honest.cmdReady);
        await untilReal(harness, () => {
          client.getCommand();
          return harness.disconnected.length === 1;
        });
        assertEquals([errors, honest.getCommand()], [[], "still served"]);
      },
    ),
    { seed: 20_261_125, numRuns: Number(Deno.env.get("MINIBOA_FUZZ_RUNS") ?? 100) },
  );
});
