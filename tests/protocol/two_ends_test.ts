/** Two machines that talk to each other, with bytes on the way, come to the same options. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { DO, DONT, IAC, type Side, TelnetMachine } from "../../src/protocol/mod.ts";

const CODES = [1, 3, 31];
const other = (side: Side): Side => side === "local" ? "remote" : "local";

/** A machine, the bytes on their way to it, and when it last heard of the time. */
interface End {
  readonly machine: TelnetMachine;
  readonly coming: number[];
}

function makeEnd(): End {
  return { machine: new TelnetMachine({ local: CODES, remote: CODES }), coming: [] };
}

const aStep = fc.oneof(
  fc.record({
    does: fc.constantFrom("enable", "disable"),
    end: fc.constantFrom(0, 1),
    side: fc.constantFrom<Side>("local", "remote"),
    code: fc.constantFrom(...CODES),
  }),
  fc.record({ does: fc.constant("deliver"), end: fc.constantFrom(0, 1), count: fc.nat(9) }),
  fc.record({ does: fc.constant("wait"), time: fc.constantFrom(100, 3_000, 6_000) }),
);

Deno.test("two machines agree on every option in the end, whatever was late or given up", () => {
  fc.assert(
    fc.property(fc.array(aStep, { maxLength: 30 }), (steps) => {
      const ends = [makeEnd(), makeEnd()] as const;
      let now = 0;
      const send = () => {
        for (const [at, { machine }] of ends.entries()) {
          ends[1 - at]?.coming.push(...machine.takeOutput());
        }
      };
      const deliver = ({ machine, coming }: End, count: number) => {
        machine.receive(Uint8Array.from(coming.splice(0, count)), now);
        machine.takeEvents();
        send();
      };
      for (const step of steps) {
        const { machine } = "end" in step ? ends[step.end] ?? ends[0] : ends[0];
        if ("side" in step) {
          const { does, side, code } = step;
          const enable = side === "local" ? "enableLocal" : "enableRemote";
          const disable = side === "local" ? "disableLocal" : "disableRemote";
          machine[does === "enable" ? enable : disable](code, { now });
        } else if ("count" in step) deliver(ends[step.end] ?? ends[0], step.count);
        else {
          now += step.time;
          for (const end of ends) end.machine.handleTimeout(now);
        }
        send();
      }
      for (let left = 0; left < 40; left++) {
        for (const end of ends) deliver(end, Infinity);
      }
      const [here, there] = ends.map(({ machine }) => machine);
      for (const side of ["local", "remote"] as const) {
        assertEquals(here?.enabledOptions(side), there?.enabledOptions(other(side)), side);
      }
    }),
    { numRuns: 3_000, seed: 20261128 },
  );
});

Deno.test("a peer that answered one of two abandoned requests can still turn the option off", () => {
  const machine = new TelnetMachine();
  for (const now of [0, 60_000]) {
    machine.enableLocal(1, { now });
    machine.handleTimeout(now + 30_000);
  }
  machine.receive(Uint8Array.of(IAC, DO, 1), 120_000);
  assertEquals(machine.localEnabled(1), true);
  machine.takeEvents();
  machine.takeOutput();
  machine.receive(Uint8Array.of(IAC, DONT, 1), 3_600_000);
  assertEquals(machine.localEnabled(1), false);
  assertEquals(machine.takeEvents().map(({ type }) => type), ["option"]);
});
