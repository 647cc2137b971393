/**
 * Invariants of the machine: bytes give the same events and output as one chunk, in any pieces, or
 * byte by byte; nothing throws; and buffered data stays within the limits.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { optionName } from "../../src/options/mod.ts";
import { type TelnetEvent, TelnetMachine } from "../../src/protocol/mod.ts";
import { createTextDecoder, type Encoding, LineInput } from "../../src/text/mod.ts";

const LIMIT = 20;
const SEED = Number(Deno.env.get("MINIBOA_FUZZ_SEED") ?? 854);
const RUNS = Number(Deno.env.get("MINIBOA_FUZZ_RUNS") ?? 2000);
const reproducible = { seed: SEED, numRuns: RUNS };

/** Bytes with a meaning in Telnet are far more frequent than in random data. */
const byte = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(255, 255, 240, 250, 251, 252, 253, 254) },
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 3, 10, 13, 8, 24, 27, 31, 91, 127, 246, 249) },
  { weight: 2, arbitrary: fc.constantFrom(0x41, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80) },
  { weight: 1, arbitrary: fc.nat(255) },
);
const stream = fc.array(byte, { maxLength: 120 }).map((bytes) => Uint8Array.from(bytes));
const cuts = fc.array(fc.nat(120), { maxLength: 8 });

interface Outcome {
  readonly events: string[];
  readonly output: number[];
  readonly snapshot: string;
}

function play(bytes: Uint8Array, ends: readonly number[], restarts: boolean): Outcome {
  let machine = new TelnetMachine({
    local: [1, 3],
    remote: [0, 24, 31],
    limits: { subnegotiation: LIMIT, repeatedRequests: 4 },
  });
  machine.enableLocal(1);
  machine.enableRemote(39);
  const events: string[] = [];
  const output: number[] = [];
  let start = 0;
  for (const end of [...ends, bytes.length]) {
    const chunk = bytes.slice(start, end);
    machine.receive(chunk);
    for (const event of machine.takeEvents()) note(event, events);
    output.push(...machine.takeOutput());
    chunk.fill(0xaa); // reveals code that reads the chunk later
    start = end;
    if (restarts) machine = TelnetMachine.restore(JSON.parse(JSON.stringify(machine.snapshot())));
    assert(machine.snapshot().decoder.payload.length <= LIMIT);
  }
  return { events, output, snapshot: JSON.stringify(machine.snapshot()) };
}

function note(event: TelnetEvent, events: string[]): void {
  switch (event.type) {
    case "data": {
      const last = events.at(-1) ?? "";
      if (last.startsWith("data")) events.pop();
      const before = last.startsWith("data") ? last : "data";
      events.push([before, ...event.bytes].join(" "));
      return;
    }
    case "subnegotiation":
      assert(event.end - event.start <= LIMIT);
      events.push(["sb", optionName(event.option), ...event.bytes].join(" "));
      return;
    case "command":
      events.push(`command ${event.command}`);
      return;
    case "option":
      events.push(`option ${event.side} ${event.option} ${event.change}`);
      return;
    case "violation":
      events.push(`violation ${event.kind} ${event.option}`);
  }
}

Deno.test("fuzz: one chunk, any pieces and byte by byte give the same events and output", () => {
  fc.assert(
    fc.property(stream, cuts, (bytes, places) => {
      const whole = play(bytes, [], false);
      const ends = places.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b);
      const each = Array.from(bytes, (_, index) => index);
      assertEquals(play(bytes, ends, false), whole);
      assertEquals(play(bytes, each, false), whole);
      // A snapshot leaves out only the count of refused repeats.
      const settled = whole.events.every((event) => !event.includes("repeat-limit"));
      if (settled) assertEquals(play(bytes, ends, true).events, whole.events);
    }),
    reproducible,
  );
});

Deno.test("fuzz: the output is no longer than the input, plus own requests", () => {
  fc.assert(
    fc.property(stream, (bytes) => {
      const asked = 2 * 3; // our own two requests
      assert(play(bytes, [], false).output.length <= asked + bytes.length);
    }),
    reproducible,
  );
});

Deno.test("fuzz: sent data and payloads arrive unchanged at another machine", () => {
  const payload = fc.uint8Array({ maxLength: LIMIT });
  fc.assert(
    fc.property(fc.array(payload), fc.nat(255), (payloads, option) => {
      const sender = new TelnetMachine();
      const receiver = new TelnetMachine();
      const arrived: number[][] = [];
      for (const bytes of payloads) {
        sender.send(bytes);
        sender.sendSubnegotiation(option, bytes);
      }
      receiver.receive(sender.takeOutput());
      let data: number[] = [];
      for (const event of receiver.takeEvents()) {
        if (event.type === "data") data.push(...event.bytes);
        if (event.type !== "subnegotiation") continue;
        arrived.push(data, [...event.bytes]);
        data = [];
      }
      assertEquals(arrived, payloads.flatMap((bytes) => [[...bytes], [...bytes]]));
    }),
    reproducible,
  );
});

Deno.test("fuzz: two machines with random requests settle, agree, and send a bounded number of bytes", () => {
  negotiateAtRandom(true);
});

Deno.test("fuzz: two machines that time out too early settle as well", () => {
  negotiateAtRandom(false);
});

/**
 * A machine that times out too early may disagree with its peer in the end, because answers may
 * still be on the way. But the two must not negotiate for ever.
 */
function negotiateAtRandom(patient: boolean): void {
  const wish = fc.record({
    who: fc.nat(1),
    side: fc.constantFrom("Local" as const, "Remote" as const),
    on: fc.boolean(),
    option: fc.constantFrom(1, 3, 31),
    urgent: fc.boolean(),
    deliver: fc.nat(3), // how many deliveries before the next wish
    part: fc.constantFrom(0.1, 0.4, 0.7, 1), // and which part of the bytes each delivers
  });
  const lists = fc.subarray([1, 3, 31]);
  fc.assert(
    fc.property(
      fc.array(wish, { maxLength: 20 }),
      lists,
      lists,
      lists,
      lists,
      (wishes, ...agreed) => {
        const limits = { repeatedRequests: 8 };
        const machines = [
          new TelnetMachine({ local: agreed[0] ?? [], remote: agreed[1] ?? [], limits }),
          new TelnetMachine({ local: agreed[2] ?? [], remote: agreed[3] ?? [], limits }),
        ] as const;
        const [a, b] = machines;
        let crossed = 0;
        // Bytes in transit: each delivery takes a part of them, split anywhere.
        const wires: number[][] = [[], []];
        const cross = (part: number) => {
          for (const [index, machine] of machines.entries()) {
            const sent = machine.takeOutput();
            crossed += sent.length;
            wires[index]?.push(...sent);
          }
          for (const [index, wire] of wires.entries()) {
            const bytes = wire.splice(0, Math.ceil(wire.length * part));
            machines[1 - index]?.receive(Uint8Array.from(bytes), 0);
          }
          return machines.some(({ outputLength }) => outputLength > 0) ||
            wires.some(({ length }) => length > 0);
        };
        for (const { who, side, on, option, urgent, deliver, part } of wishes) {
          const machine = who === 0 ? a : b;
          if (!patient) machine.handleTimeout(1_000_000);
          if (on) machine[`enable${side}`](option, { urgent, now: 0 });
          else machine[`disable${side}`](option, { now: 0 });
          for (let times = 0; times < deliver; times++) cross(part);
        }
        for (let rounds = 0; cross(1); rounds++) assert(rounds < 100, "the negotiation loops");
        const most = patient ? 8 : 80;
        assert(crossed <= 3 * (wishes.length + 1) * most, `${crossed} for ${wishes.length} wishes`);
        for (const option of patient ? [1, 3, 31] : []) {
          assertEquals(a.localEnabled(option), b.remoteEnabled(option));
          assertEquals(b.localEnabled(option), a.remoteEnabled(option));
        }
      },
    ),
    reproducible,
  );
}

Deno.test("fuzz: any bytes as text give the same lines however they are split, within the limit", () => {
  const encoding = fc.constantFrom<Encoding>("utf-8", "latin1", "windows-1252");
  fc.assert(
    fc.property(stream, cuts, encoding, (bytes, places, encoding) => {
      const lines = (ends: readonly number[]) => {
        const decoder = createTextDecoder(encoding);
        const input = new LineInput({ limit: 10 });
        input.echo = "all";
        let echo = "";
        const lines: string[] = [];
        let start = 0;
        for (const end of [...ends, bytes.length]) {
          input.push(decoder.decode(bytes.slice(start, end)), lines);
          echo += input.takeEcho();
          start = end;
        }
        return [...lines, echo];
      };
      const whole = lines([]);
      assert(whole.slice(0, -1).every((line) => line.length <= 10));
      assertEquals(lines(Array.from(bytes, (_, index) => index)), whole);
      const ends = places.map((place) => Math.min(place, bytes.length)).sort((x, y) => x - y);
      assertEquals(lines(ends), whole);
    }),
    reproducible,
  );
});
