/** receiveTo() reports the same as takeEvents(), without an object for each event. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { drawMix, makeStream, seeded } from "../../bench/mixes.ts";
import { IAC, type TelnetHandler, TelnetMachine, WILL } from "../../src/protocol/mod.ts";

/** The events as plain lists; adjacent data is one entry. */
type Found = (number | string)[][];

function note(found: Found, kind: string, values: readonly (number | string)[]): void {
  const last = found.at(-1);
  if (kind === "data" && last?.[0] === "data") last.push(...values);
  else found.push([kind, ...values]);
}

function handlerTo(found: Found): TelnetHandler {
  return {
    data: (buffer, start, end) => note(found, "data", [...buffer.subarray(start, end)]),
    command: (command) => note(found, "command", [command]),
    option: (option, side, change) => note(found, "option", [option, side, change]),
    subnegotiation: (option, buffer, start, end) =>
      note(found, "subnegotiation", [option, ...buffer.subarray(start, end)]),
    violation: (kind, option) => note(found, "violation", [kind, option]),
  };
}

function takeTo(found: Found, machine: TelnetMachine): void {
  for (const event of machine.takeEvents()) {
    switch (event.type) {
      case "data":
        note(found, "data", [...event.bytes]);
        break;
      case "command":
        note(found, "command", [event.command]);
        break;
      case "option":
        note(found, "option", [event.option, event.side, event.change]);
        break;
      case "subnegotiation":
        note(found, "subnegotiation", [event.option, ...event.bytes]);
        break;
      case "violation":
        note(found, "violation", [event.kind, event.option ?? -1]);
    }
  }
}

const OPTIONS = { local: [1, 3], remote: [24, 31], limits: { subnegotiation: 64 } };

/** Feeds a stream in pieces; `way` feeds one piece and notes its events. */
function run(
  stream: Uint8Array,
  cuts: readonly number[],
  way: (machine: TelnetMachine, chunk: Uint8Array, found: Found) => void,
): { found: Found; sent: number[] } {
  const machine = new TelnetMachine(OPTIONS);
  const found: Found = [];
  for (let at = 0, index = 0; at < stream.length; index++) {
    const size = cuts[index % cuts.length] as number;
    way(machine, stream.subarray(at, at + size), found);
    at += size;
  }
  return { found, sent: [...machine.takeOutput()] };
}

const byHandler = (machine: TelnetMachine, chunk: Uint8Array, found: Found) =>
  void machine.receiveTo(handlerTo(found), chunk);
const byEvents = (machine: TelnetMachine, chunk: Uint8Array, found: Found) => {
  machine.receive(chunk);
  takeTo(found, machine);
};
const bySteps = (machine: TelnetMachine, chunk: Uint8Array, found: Found) => {
  for (let rest = chunk; rest.length > 0;) {
    rest = rest.subarray(machine.step(rest));
    takeTo(found, machine);
  }
};

Deno.test("receiveTo, takeEvents and step report the same for any stream, split anywhere", () => {
  const likely = fc.constantFrom(IAC, IAC, IAC, 240, 250, 251, 253, 254, 249, 24, 31, 1);
  const bytes = fc.array(fc.oneof(likely, fc.integer({ min: 0, max: 255 })), { maxLength: 600 });
  const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(bytes, cuts, (list, sizes) => {
      const stream = Uint8Array.from(list);
      const expected = run(stream, [stream.length || 1], byEvents);
      for (const way of [byHandler, byEvents, bySteps]) {
        assertEquals(run(stream, sizes, way), expected);
        assertEquals(run(stream, [1], way), expected);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("receiveTo, takeEvents and step report the same for the benchmark's streams", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seeded(seed);
    const stream = makeStream(drawMix(random), 6_000, random);
    const expected = run(stream, [1], byEvents);
    for (const size of [1, 7, 64, 300, 4_096]) {
      assertEquals(run(stream, [size], byHandler), expected, `seed ${seed}, chunks of ${size}`);
      assertEquals(run(stream, [size], byEvents), expected, `seed ${seed}, chunks of ${size}`);
    }
  }
});

Deno.test("receiveTo passes an unescaped 0xFF as a range of the chunk, without a copy", () => {
  const chunk = Uint8Array.from([...new Uint8Array(40).fill(0x61), IAC, IAC, 0x62]);
  const pieces: (readonly [boolean, number, number])[] = [];
  const handler = {
    ...handlerTo([]),
    data: (buffer: Uint8Array, start: number, end: number) => {
      pieces.push([buffer === chunk, start, end]);
    },
  };
  new TelnetMachine().receiveTo(handler, chunk);
  assertEquals(pieces, [[true, 0, 41], [true, 42, 43]]);
});

Deno.test("receiveTo stops after a subnegotiation in stopAfter, and answers as receive does", () => {
  const machine = new TelnetMachine({ stopAfter: [86], remote: [31] });
  const found: Found = [];
  const chunk = Uint8Array.of(IAC, WILL, 31, IAC, 250, 86, IAC, 240, 0x78, 0x9c);
  assertEquals(machine.receiveTo(handlerTo(found), chunk), 8);
  assertEquals(found, [["option", 31, "remote", "enabled"], ["subnegotiation", 86]]);
  assertEquals([...machine.takeOutput()], [IAC, 253, 31]);
  assertEquals(machine.frameCount, 2);
});

Deno.test("a handler may send, but not feed its machine; receiveTo rethrows its exceptions", () => {
  const machine = new TelnetMachine();
  const found: Found = [];
  const echo = {
    ...handlerTo(found),
    data: (buffer: Uint8Array, start: number, end: number) => {
      machine.send(buffer.subarray(start, end));
    },
  };
  machine.receiveTo(echo, Uint8Array.of(0x61, IAC, IAC));
  assertEquals([...machine.takeOutput()], [0x61, IAC, IAC]);
  for (const feed of ["receive", "step"] as const) {
    const bad = { ...echo, data: () => void machine[feed](Uint8Array.of(1)) };
    assertThrows(() => machine.receiveTo(bad, Uint8Array.of(0x61)), Error, "keep the bytes");
  }
  const deep = { ...echo, data: () => void machine.receiveTo(echo, Uint8Array.of(1)) };
  assertThrows(() => machine.receiveTo(deep, Uint8Array.of(0x61)), Error, "keep the bytes");
  const throwing = {
    ...echo,
    data: () => {
      throw new Error("mine");
    },
  };
  assertThrows(() => machine.receiveTo(throwing, Uint8Array.of(0x61)), Error, "mine");
  // The machine stays usable.
  machine.receive(Uint8Array.of(0x61));
  assertThrows(() => machine.receiveTo(echo, Uint8Array.of(0x61)), Error, "takeEvents()");
  assertEquals(machine.takeEvents().length, 1);
  assert(machine.receiveTo(echo, Uint8Array.of(0x61)) === 1);
});
