/** The link delivers messages once, whole and in order, whatever happens to its packets. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ByteLog } from "../../src/gateway/byte_log.ts";
import { Link } from "../../src/gateway/link.ts";
import { WireError, WireReader, WireWriter } from "../../src/gateway/wire.ts";

const text = (message: Uint8Array) => new TextDecoder().decode(message);
const bytes = (message: string) => new TextEncoder().encode(message);

Deno.test("messages arrive whole and in order, each in as many packets as it needs", () => {
  const [near, far] = [new Link(64), new Link(64)];
  near.send(bytes("a".repeat(200)));
  near.send(bytes(""));
  near.send(bytes("b"));
  const packets = near.takePackets(0);
  assert(packets.length >= 4 && packets.every((packet) => packet.length <= 64));
  const messages = packets.flatMap((packet) => far.receive(packet, 0));
  assertEquals(messages.map(text), ["a".repeat(200), "", "b"]);
  assertEquals(near.acked, 0);
  assertEquals(far.next, 20); // the acknowledgement waits for data to go with
  for (const packet of far.takePackets(20)) near.receive(packet, 20);
  assertEquals([near.acked, near.end, near.next], [near.end, near.end, Infinity]);
});

Deno.test("unacknowledged bytes are sent again after 200 ms, then after twice that, up to 2 s", () => {
  const link = new Link(1_000);
  link.send(bytes("x"));
  let [now, waits] = [0, [] as number[]];
  link.takePackets(now);
  for (let times = 0; times < 6; times++) {
    waits.push(link.next - now);
    now = link.next;
    assertEquals(link.takePackets(now).length, 1);
  }
  assertEquals(waits, [200, 400, 800, 1_600, 2_000, 2_000]);
});

Deno.test("at most a window of bytes is in transit, and the rest follows the acknowledgement", () => {
  const [near, far] = [new Link(100_000), new Link(100_000)];
  near.send(new Uint8Array(3_000_000));
  let now = 0;
  let underWay = near.takePackets(now);
  const size = underWay.reduce((sum, packet) => sum + packet.length, 0);
  assert(size > 1_000_000 && size < 1_200_000, `${size} bytes at once`);
  let got: Uint8Array[] = [];
  while (got.length === 0) {
    now++;
    for (const packet of underWay) got = got.concat(far.receive(packet, now));
    for (const packet of far.takePackets(now)) near.receive(packet, now);
    underWay = near.takePackets(now);
  }
  assertEquals(got[0]?.length, 3_000_000);
});

Deno.test("with lost, doubled and reordered packets the messages still arrive once and in order, both ways", () => {
  const way = fc.array(fc.record({ lost: fc.boolean(), twice: fc.boolean(), late: fc.nat(3) }), {
    minLength: 1,
    maxLength: 60,
  });
  const messages = fc.array(fc.string({ maxLength: 300 }), { maxLength: 20 });
  fc.assert(
    fc.property(way, messages, messages, fc.integer({ min: 24, max: 400 }), (fates, a, b, size) => {
      const { got, acked } = carry(fates, [a, b], size);
      assertEquals(got, [b, a]);
      assertEquals(acked, [0, 0]);
    }),
    { numRuns: Number(Deno.env.get("GATEWAY_RUNS") ?? 100) },
  );
});

interface Fate {
  readonly lost: boolean;
  readonly twice: boolean;
  readonly late: number;
}

/** Carries messages both ways; `fates` decides what happens to each packet. */
function carry(
  fates: readonly Fate[],
  messages: readonly (readonly string[])[],
  size: number,
): { got: string[][]; acked: number[] } {
  const ends = [new Link(size), new Link(size)] as const;
  const got: string[][] = [[], []];
  const left = messages.map((list) => [...list]);
  let flying: { at: number; to: number; packet: Uint8Array }[] = [];
  let fate = 0;
  for (let now = 0; now < 60_000; now += 20) {
    for (const [index, end] of ends.entries()) {
      const next = left[index]?.shift();
      if (next !== undefined) end.send(bytes(next));
      for (const packet of end.takePackets(now)) {
        const { lost, twice, late } = fates[fate++ % fates.length] as Fate;
        // No packet is lost after 5 s, so that everything arrives in the end.
        if (lost && now < 5_000) continue;
        flying.push({ at: now + 20 * late, to: 1 - index, packet });
        if (twice) flying.push({ at: now + 60, to: 1 - index, packet });
      }
    }
    const arriving = flying.filter(({ at }) => at <= now);
    flying = flying.filter(({ at }) => at > now);
    for (const { to, packet } of arriving) {
      got[to]?.push(...(ends[to]?.receive(packet, now) ?? []).map(text));
    }
  }
  return { got, acked: ends.map(({ acked, end }) => end - acked) };
}

Deno.test("invalid packets throw a WireError", () => {
  const link = new Link(1_000);
  for (
    const packet of [[], [0x80], [0, 5, 1], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]]
  ) {
    assertThrows(() => link.receive(Uint8Array.from(packet), 0), WireError);
  }
});

Deno.test("WireReader reads numbers, text and bytes as WireWriter wrote them", () => {
  fc.assert(fc.property(
    fc.array(fc.oneof(fc.maxSafeNat(), fc.string(), fc.uint8Array({ maxLength: 400 }))),
    (values) => {
      const writer = new WireWriter();
      for (const value of values) {
        if (typeof value === "number") writer.number(value);
        else if (typeof value === "string") writer.text(value);
        else writer.bytes(value);
      }
      const reader = new WireReader(writer.take());
      const read = values.map((value) =>
        typeof value === "number"
          ? reader.number()
          : typeof value === "string"
          ? reader.text()
          : reader.bytes()
      );
      assertEquals(
        read,
        values.map((value) =>
          // Lone surrogates become U+FFFD.
          typeof value === "string" ? new TextDecoder().decode(bytes(value)) : value
        ),
      );
      assert(reader.done);
    },
  ));
});

Deno.test("ByteLog keeps the bytes from its start offset, addressed by stream offsets", () => {
  fc.assert(fc.property(
    fc.array(fc.oneof(fc.uint8Array({ maxLength: 700 }), fc.nat(1_500))),
    (steps) => {
      const log = new ByteLog();
      let [all, start] = [[] as number[], 0];
      for (const step of steps) {
        if (typeof step === "number") {
          start = Math.max(start, Math.min(all.length, step));
          log.dropBefore(step);
        } else {
          all = [...all, ...step];
          log.append(step);
        }
        assertEquals([log.start, log.end, log.length], [start, all.length, all.length - start]);
        assertEquals([...log.copy(start)], all.slice(start));
        assertEquals([...log.copy(start + 3, 5)], all.slice(start + 3, start + 8));
      }
    },
  ));
});
