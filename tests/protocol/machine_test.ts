import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  commandName,
  DONT,
  GA,
  IAC,
  isTelnetError,
  SB,
  SE,
  TelnetError,
  TelnetMachine,
  WILL,
  WONT,
} from "../../src/protocol/mod.ts";

// What the machine does with bytes is told in tests/transcripts; here is what a caller sees.

const events = (machine: TelnetMachine) => machine.takeEvents().map(({ type }) => type);

Deno.test("TelnetMachine hands over events and output once each", () => {
  const machine = new TelnetMachine();
  machine.receive(Uint8Array.of(0x61, IAC, WILL, 99));
  assertEquals(machine.outputLength, 3);
  assertEquals([events(machine), events(machine)], [["data"], []]);
  assertEquals([machine.takeOutput().length, machine.takeOutput().length], [3, 0]);
});

Deno.test("TelnetMachine copies no plain data: events show the chunk itself", () => {
  const machine = new TelnetMachine();
  const chunk = Uint8Array.of(0x61, 0x62, IAC, SB, 99, 1, 2, IAC, SE);
  machine.receive(chunk);
  const [data, subnegotiation] = machine.takeEvents();
  assert(data?.type === "data" && subnegotiation?.type === "subnegotiation");
  assert(data.buffer === chunk && subnegotiation.buffer === chunk);
  assertEquals([data.start, data.end, subnegotiation.start, subnegotiation.end], [0, 2, 5, 7]);
  const kept = data.bytes.slice();
  chunk.fill(0); // the next bytes are read into the same array
  assertEquals([...data.bytes], [0, 0]);
  assertEquals([...kept], [0x61, 0x62]);
});

Deno.test("TelnetMachine's output is the caller's: later output does not change it", () => {
  const machine = new TelnetMachine();
  machine.send(Uint8Array.of(1, 2, 3));
  const first = machine.takeOutput();
  machine.send(Uint8Array.of(4, 5, 6));
  machine.takeOutput();
  assertEquals([...first], [1, 2, 3]);
});

Deno.test("TelnetMachine refuses misuse at once, and says what to do", () => {
  const machine = new TelnetMachine();
  const bytes = new Uint8Array(1);
  const wrong: [() => unknown, string][] = [
    [() => machine.sendCommand(SB), "sendSubnegotiation()"],
    [() => machine.sendCommand(WILL), "enableLocal()"],
    [() => machine.sendCommand(IAC), "send()"],
    [() => machine.sendCommand(7), "Cannot send 7"],
    [() => machine.sendSubnegotiation(256, bytes), "256"],
    [() => machine.enableLocal(-1), "-1"],
    [() => machine.disableLocal(1.5), "1.5"],
    [() => machine.enableRemote(NaN), "NaN"],
    [() => machine.disableRemote(999), "999"],
    [() => new TelnetMachine({ local: [256] }), "256"],
    [() => new TelnetMachine({ remote: [-1] }), "-1"],
    [() => new TelnetMachine({ limits: { subnegotiation: -1 } }), "limits.subnegotiation"],
    [() => new TelnetMachine({ limits: { refusals: 255 } }), "254"],
  ];
  for (const [call, part] of wrong) {
    assertEquals(assertThrows(call, TelnetError, part).code, "misuse");
  }
  machine.sendCommand(GA);
});

Deno.test("a snapshot is plain JSON, and is refused while events wait or from another version", () => {
  const machine = new TelnetMachine({ remote: [31] });
  machine.receive(Uint8Array.of(0x61));
  assertThrows(() => machine.snapshot(), TelnetError, "takeEvents()");
  machine.takeEvents();
  machine.send(Uint8Array.of(IAC));
  const snapshot = machine.snapshot();
  assertEquals(JSON.parse(JSON.stringify(snapshot)), snapshot);
  assertEquals([...TelnetMachine.restore(snapshot).takeOutput()], [IAC, IAC]);
  assertEquals([...machine.takeOutput()], [IAC, IAC]);
  const other = { ...snapshot, version: 2 as 1 };
  assertThrows(() => TelnetMachine.restore(other), TelnetError, "version");
});

Deno.test("a peer that asks the same again and again is refused a bounded number of times", () => {
  const machine = new TelnetMachine({ limits: { refusals: 3 } });
  for (let count = 0; count < 100; count++) machine.receive(Uint8Array.of(IAC, WILL, 99));
  assertEquals(machine.takeOutput().length, 3 * 3);
  assertEquals(machine.takeEvents().map((event) => event.type === "violation" && event.kind), [
    "refusal-limit",
  ]);
  machine.enableRemote(99); // our own wish starts the count anew
  machine.receive(Uint8Array.of(IAC, WILL, 99));
  assert(machine.remoteEnabled(99));
  machine.disableRemote(99);
  machine.receive(Uint8Array.of(IAC, WONT, 99));
  machine.takeOutput();
  machine.receive(Uint8Array.of(IAC, WILL, 99));
  assertEquals([...machine.takeOutput()], [IAC, DONT, 99]);
});

Deno.test("nextTimeout tells the earliest end of a wait, none when all is settled", () => {
  const machine = new TelnetMachine({ limits: { answerTimeout: 100 } });
  assertEquals(machine.nextTimeout(), undefined);
  machine.enableRemote(31, { now: 50 });
  machine.enableLocal(1, { now: 20 });
  assertEquals(machine.nextTimeout(), 120);
  machine.handleTimeout(120);
  assertEquals(machine.nextTimeout(), 150);
  machine.receive(Uint8Array.of(IAC, WILL, 31));
  assertEquals(machine.nextTimeout(), undefined);
});

Deno.test("an error is known by its brand, also from another copy of the package", () => {
  const error = new TelnetError("io", "x", { cause: "y" });
  assertEquals([error.name, error.code, error.cause], ["TelnetError", "io", "y"]);
  assert(isTelnetError(error));
  assert(isTelnetError({ [Symbol.for("@miniboa/miniboa.TelnetError")]: true }));
  for (const other of [new Error("x"), null, undefined, "x", {}]) assert(!isTelnetError(other));
});

Deno.test("commandName names what RFC 854 knows", () => {
  assertEquals([236, 240, 246, 255].map(commandName), ["EOF", "SE", "AYT", "IAC"]);
  assertEquals([0, 235].map(commandName), ["0", "235"]);
});
