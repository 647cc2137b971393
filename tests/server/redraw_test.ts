/** What a client's own input causes to be drawn again counts, and keys stop when their time is over. */
import { assert, assertEquals } from "@std/assert";
import type { ListenOptions, TelnetClient } from "../../mod.ts";
import {
  CHARSET,
  ECHO,
  encodeCharsetRequest,
  encodeNaws,
  NAWS,
  SGA,
} from "../../src/options/mod.ts";
import { AYT, DO, IAC, SB, SE, WILL } from "../../src/protocol/mod.ts";
import { latin1, start } from "./harness.ts";

const naws = (columns: number) => [
  IAC,
  SB,
  NAWS,
  ...encodeNaws({ columns, rows: 24 }),
  IAC,
  SE,
];
const charset = (name: string) => [IAC, SB, CHARSET, ...encodeCharsetRequest([name]), IAC, SE];
const text = (typed: string) => [...new TextEncoder().encode(typed)];

interface Redraw {
  readonly name: string;
  greet(client: TelnetClient): void;
  /** What the client sends first, before a long line. */
  readonly before: readonly number[];
  /** What it then sends piece by piece, over and over. */
  readonly pieces: readonly (readonly number[])[];
}

const editing = {
  greet: (client: TelnetClient) => client.useEditor(),
  before: [IAC, DO, ECHO, IAC, DO, SGA, IAC, WILL, NAWS, IAC, WILL, CHARSET],
};
const echoed = {
  greet: (client: TelnetClient) => client.requestWillEcho(),
  before: [IAC, DO, ECHO],
};
const line = text("é日".repeat(1_000));
const REDRAWS: readonly Redraw[] = [
  {
    name: "AYT in an editor",
    ...editing,
    pieces: [[IAC, AYT]],
  },
  {
    name: "window sizes in an editor",
    ...editing,
    pieces: [naws(40), naws(80)],
  },
  {
    name: "character sets in an editor",
    ...editing,
    pieces: [charset("BIG5"), charset("UTF-8")],
  },
  {
    name: "AYT while the server echoes half a line",
    ...echoed,
    pieces: [[IAC, AYT]],
  },
  {
    name: "AYT between characters that the server echoes",
    ...echoed,
    pieces: [[IAC, AYT, 0x61, 0x7f]],
  },
];
const OPTIONS: ListenOptions = {
  telnetOptions: { naws: true, charset: true },
  limits: { drawRate: 4_096, burst: 10, floodTimeout: Infinity },
};
/** One redrawing of the line: 2,000 characters in three bytes or less, and what places them. */
const MOST = 8_000;

for (const { name, greet, before, pieces } of REDRAWS) {
  for (const atOnce of [false, true]) {
    Deno.test(`what is drawn again stays within the drawing rate${atOnce ? ", in one packet" : ""}: ${name}`, async () => {
      await using harness = await start(OPTIONS);
      const { peer, client } = await harness.join();
      greet(client);
      await harness.server.poll();
      peer.write(Uint8Array.from([...before, ...line]));
      for (let polls = 0; polls < 10; polls++) await harness.server.poll();
      harness.clock.advance(1_000_000);
      for (let polls = 0; polls < 3; polls++) await harness.server.poll();
      peer.take();
      const rounds = Array.from({ length: 100 }, (_, index) => pieces[index % pieces.length] ?? []);
      let drawn = 0;
      for (const piece of atOnce ? [rounds.flat()] : rounds) {
        peer.write(Uint8Array.from(piece));
        for (let polls = 0; polls < 3; polls++) {
          await harness.server.poll();
          drawn += peer.take().length;
        }
      }
      const typed = rounds.flat().length - harness.server.stats().queuedInput;
      const most = 3 * (16 * typed + 4_096) + MOST; // a character has up to three bytes
      assert(drawn > 0 && drawn <= most, `${drawn} bytes were drawn for ${typed}`);
    });
  }
}

Deno.test("what others make the server draw again is not charged", async () => {
  await using harness = await start(OPTIONS);
  const { peer, client } = await harness.join();
  client.useEditor();
  await harness.server.poll();
  peer.write(Uint8Array.from([...editing.before, ...line]));
  for (let polls = 0; polls < 10; polls++) await harness.server.poll();
  harness.clock.advance(1_000_000);
  let drawn = 0;
  for (let said = 0; said < 20; said++) {
    client.send("Bob says: hello\n");
    await harness.server.poll();
    drawn += peer.take().length;
  }
  assert(drawn > 10 * 4_096, `only ${drawn} bytes`);
  peer.write("\x15look\r"); // Ctrl-U
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "look");
});

Deno.test("keys stop in the middle of a packet when the client's time in a poll is over", async () => {
  let [now, running] = [1_000, false];
  const clock = {
    now: () => running ? now += 0.05 : now, // each reading takes time
    timeOfDay: () => now,
  };
  await using harness = await start({ clock });
  const { peer, client } = await harness.join();
  client.useEditor();
  await harness.server.poll();
  peer.write(Uint8Array.from(editing.before));
  await harness.pollUntil(() => client.terminal.inCharacterMode);
  running = true;
  peer.take();
  const typed = Array.from({ length: 64 }, (_, at) => String.fromCharCode(0x30 + at)).join("");
  // Two pieces of 64 keys: each character, and Ctrl-E, which moves to the end.
  peer.write([...typed].map((character) => `${character}\x05`).join(""));
  await harness.server.poll();
  const first = latin1(peer.take());
  assert(first.includes(typed[0] ?? "") && first.length <= 20, `the first poll drew ${first}`);
  client.prompt("? "); // the game's calls do not make the keys go on
  await harness.server.poll();
  assert(!latin1(peer.take()).includes(typed[40] ?? ""), "too many keys were read");
  await harness.hear(peer, typed.at(-1) ?? "");
  running = false;
  peer.write("\r");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), typed);
});

Deno.test("subnegotiations stop when the client's time in a poll is over", async () => {
  let [now, running] = [1_000, false];
  const clock = {
    now: () => running ? now += 0.05 : now, // each reading takes time
    timeOfDay: () => now,
  };
  const sizes: number[] = [];
  await using harness = await start({
    clock,
    telnetOptions: { naws: true },
    onResize: (_, { columns }) => void sizes.push(columns),
  });
  const { peer } = await harness.join();
  peer.write(Uint8Array.of(IAC, WILL, NAWS));
  await harness.server.poll();
  running = true;
  peer.write(Uint8Array.from(Array.from({ length: 40 }, (_, at) => naws(40 + at)).flat()));
  await harness.server.poll();
  assert(sizes.length > 0 && sizes.length < 8, `${sizes.length} in the first poll`);
  await harness.pollUntil(() => sizes.length === 40);
});

Deno.test("a line that the server echoes, laid out anew for each window size, stays within the drawing rate", async () => {
  await using harness = await start(OPTIONS);
  const { peer, client } = await harness.join();
  client.requestWillEcho();
  await harness.server.poll();
  peer.write(Uint8Array.from([IAC, DO, ECHO, IAC, WILL, NAWS, ...line]));
  for (let polls = 0; polls < 10; polls++) await harness.server.poll();
  harness.clock.advance(1_000_000);
  for (let polls = 0; polls < 3; polls++) await harness.server.poll();
  const show = async (count: number, columns: readonly number[]) => {
    for (let round = 0; round < count; round++) {
      const width = columns[round % columns.length] ?? 80;
      peer.write(Uint8Array.from([...naws(width), round % 2 === 0 ? 0x61 : 0x7f]));
      await harness.server.poll();
      peer.take();
    }
    for (let polls = 0; polls < 10; polls++) await harness.server.poll();
  };
  await show(200, [80]); // the same size: nothing to lay out
  assertEquals(harness.server.stats().queuedInput, 0);
  await show(400, [40, 80]);
  assert(harness.server.stats().queuedInput > 0);
  assert(harness.server.stats().violations["too-much-drawing"]);
});

Deno.test("an editor draws its line anew when the game changes the character set", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.useEditor();
  peer.write(Uint8Array.from(editing.before));
  peer.write("a🚀");
  for (let polls = 0; polls < 5; polls++) await harness.server.poll();
  peer.take();
  client.encoding = "koi8-r";
  await harness.server.poll();
  assert(latin1(peer.take()).includes("a?"));
});
