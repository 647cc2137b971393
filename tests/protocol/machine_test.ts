import { assert, assertEquals, assertThrows } from "@std/assert";
import { seeded } from "../../bench/mixes.ts";
import {
  commandName,
  DO,
  DONT,
  GA,
  IAC,
  isTelnetError,
  SB,
  SE,
  TelnetError,
  TelnetMachine,
  type TelnetSnapshot,
  WILL,
  WONT,
} from "../../src/protocol/mod.ts";

// The machine's behaviour on the wire is tested in tests/transcripts; these tests cover its API.

const events = (machine: TelnetMachine) => machine.takeEvents().map(({ type }) => type);

Deno.test("TelnetMachine returns each event and output byte once", () => {
  const machine = new TelnetMachine();
  machine.receive(Uint8Array.of(0x61, IAC, WILL, 99));
  assertEquals(machine.outputLength, 3);
  assertEquals([events(machine), events(machine)], [["data"], []]);
  assertEquals([machine.takeOutput().length, machine.takeOutput().length], [3, 0]);
});

Deno.test("TelnetMachine does not copy plain data: events refer to the chunk", () => {
  const machine = new TelnetMachine();
  const chunk = Uint8Array.of(0x61, 0x62, IAC, SB, 99, 1, 2, IAC, SE);
  machine.receive(chunk);
  const [data, subnegotiation] = machine.takeEvents();
  assert(data?.type === "data" && subnegotiation?.type === "subnegotiation");
  assert(data.buffer === chunk && subnegotiation.buffer === chunk);
  assertEquals([data.start, data.end, subnegotiation.start, subnegotiation.end], [0, 2, 5, 7]);
  const kept = data.bytes.slice();
  chunk.fill(0); // as if the next read reused the array
  assertEquals([...data.bytes], [0, 0]);
  assertEquals([...kept], [0x61, 0x62]);
});

Deno.test("output that takeOutput() returned does not change later", () => {
  const machine = new TelnetMachine();
  machine.send(Uint8Array.of(1, 2, 3));
  const first = machine.takeOutput();
  machine.send(Uint8Array.of(4, 5, 6));
  machine.takeOutput();
  assertEquals([...first], [1, 2, 3]);
});

Deno.test("TelnetMachine throws misuse at once, and says what to do", () => {
  const machine = new TelnetMachine();
  const bytes = new Uint8Array(1);
  const wrong: [() => unknown, string][] = [
    [() => machine.receive("text" as never), "Uint8Array"],
    [() => machine.send("text" as never), "Uint8Array"],
    [() => machine.sendSubnegotiation(1, [1] as never), "Uint8Array"],
    [() => machine.sendTelnetCommand(SB), "sendSubnegotiation()"],
    [() => machine.sendTelnetCommand(WILL), "enableLocal()"],
    [() => machine.sendTelnetCommand(IAC), "send()"],
    [() => machine.sendTelnetCommand(7), "Cannot send 7"],
    [() => machine.sendSubnegotiation(256, bytes), "256"],
    [() => machine.enableLocal(-1), "-1"],
    [() => machine.disableLocal(1.5), "1.5"],
    [() => machine.enableRemote(NaN), "NaN"],
    [() => machine.disableRemote(999), "999"],
    [() => new TelnetMachine({ local: [256] }), "256"],
    [() => new TelnetMachine({ remote: [-1] }), "-1"],
    [() => new TelnetMachine({ limits: { subnegotiation: -1 } }), "limits.subnegotiation"],
    [() => new TelnetMachine({ limits: { repeatedRequests: 255 } }), "253"],
  ];
  for (const [call, part] of wrong) {
    assertEquals(assertThrows(call, TelnetError, part).code, "misuse");
  }
  machine.sendTelnetCommand(GA);
});

Deno.test("a machine's snapshot is plain JSON; it needs taken events, and restore needs the same version", () => {
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
  for (const decoder of [{ ...snapshot.decoder, state: "lost" }, { state: "data" }, undefined]) {
    const damaged = { ...snapshot, decoder } as unknown as TelnetSnapshot;
    assertThrows(() => TelnetMachine.restore(damaged), TelnetError, "damaged");
  }
  for (const field of ["options", "output"]) {
    const damaged = { ...snapshot, [field]: undefined } as unknown as TelnetSnapshot;
    assertThrows(() => TelnetMachine.restore(damaged), TelnetError, "damaged");
  }
});

Deno.test("a peer that repeats a request is answered repeatedRequests times", () => {
  const machine = new TelnetMachine({ limits: { repeatedRequests: 3 } });
  for (let count = 0; count < 100; count++) machine.receive(Uint8Array.of(IAC, WILL, 99));
  assertEquals(machine.takeOutput().length, 3 * 3);
  assertEquals(machine.takeEvents().map((event) => event.type === "violation" && event.kind), [
    "repeat-limit",
  ]);
  machine.enableRemote(99); // our own request resets the count
  machine.receive(Uint8Array.of(IAC, WILL, 99));
  assert(machine.remoteEnabled(99));
  machine.disableRemote(99);
  machine.receive(Uint8Array.of(IAC, WONT, 99));
  machine.takeOutput();
  machine.receive(Uint8Array.of(IAC, WILL, 99));
  assertEquals([...machine.takeOutput()], [IAC, DONT, 99]);
});

Deno.test("nextTimeout returns the earliest deadline, undefined if no request is pending", () => {
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

Deno.test("isTelnetError recognizes errors of another copy of the package", () => {
  const error = new TelnetError("io", "x", { cause: "y" });
  assertEquals([error.name, error.code, error.cause], ["TelnetError", "io", "y"]);
  assert(isTelnetError(error));
  assert(isTelnetError({ [Symbol.for("@miniboa/miniboa.TelnetError")]: true }));
  for (const other of [new Error("x"), null, undefined, "x", {}]) assert(!isTelnetError(other));
});

Deno.test("commandName knows the commands of RFC 854", () => {
  assertEquals([236, 240, 246, 255].map(commandName), ["EOF", "SE", "AYT", "IAC"]);
  assertEquals([0, 235].map(commandName), ["0", "235"]);
});

Deno.test("receive stops after a subnegotiation in stopAfter, and returns the number of bytes it took", () => {
  const bytes = [0x61, IAC, SB, 87, IAC, SE, IAC, WILL, 99];
  for (const cut of bytes.keys()) {
    const machine = new TelnetMachine({ stopAfter: [87] });
    const chunk = Uint8Array.from(bytes);
    const first = machine.receive(chunk.subarray(0, cut));
    // If the chunk ended exactly there, only the event shows the stop.
    const stopped = machine.takeEvents().some(({ type }) => type === "subnegotiation");
    const second = stopped ? 0 : machine.receive(chunk.subarray(cut));
    assertEquals(first + second, 6);
    assertEquals(machine.takeOutput().length, 0);
  }
});

Deno.test("forget turns a side off without output; willing decides about later requests", () => {
  const machine = new TelnetMachine({ local: [6] });
  for (let times = 0; times < 100; times++) { // over repeatedRequests
    machine.receive(Uint8Array.of(IAC, DO, 6));
    assertEquals([...machine.takeOutput()], [IAC, WILL, 6]);
    assertEquals(machine.enabledOptions("local"), [6]);
    machine.forget("local", 6, { willing: true, rested: true });
    assertEquals([machine.outputLength, machine.localEnabled(6)], [0, false]);
  }
  machine.enableRemote(6);
  machine.receive(Uint8Array.of(IAC, WILL, 6));
  machine.forget("remote", 6, { willing: false, rested: false });
  machine.takeOutput();
  machine.receive(Uint8Array.of(IAC, WILL, 6));
  assertEquals([...machine.takeOutput()], [IAC, DONT, 6]);
});

Deno.test("disableAll turns off enabled and requested options, and refuses all later requests", () => {
  const machine = new TelnetMachine({ local: [1], remote: [24] });
  machine.receive(Uint8Array.of(IAC, DO, 1));
  machine.enableLocal(86);
  machine.takeOutput();
  machine.disableAll();
  assertEquals([...machine.takeOutput()], [IAC, WONT, 1]); // 86 has no answer yet
  machine.receive(Uint8Array.of(IAC, DO, 86, IAC, WILL, 24, IAC, DONT, 1, IAC, DO, 1));
  assertEquals(
    [...machine.takeOutput()],
    [IAC, WONT, 86, IAC, DONT, 24, IAC, WONT, 1],
  );
  assertEquals(machine.enabledOptions("local"), []);
});

Deno.test("a data event refers to the received chunk: overwriting the chunk changes it, but not a copy", () => {
  const machine = new TelnetMachine();
  const chunk = new TextEncoder().encode("hello");
  machine.receive(chunk);
  const [event] = machine.takeEvents();
  if (event?.type !== "data") throw new Error("no data");
  const [view, copy] = [event.bytes, Uint8Array.from(event.bytes)];
  assertEquals(event.buffer, chunk);
  chunk.fill(0x78); // as if the next read reused the array
  machine.receive(chunk);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals([text(view), text(copy)], ["xxxxx", "hello"]);
});

Deno.test("sendAscii sends only pure ASCII text, else nothing", () => {
  const machine = new TelnetMachine();
  assertEquals(machine.sendAscii("one\ntwo\0"), true);
  assertEquals(machine.sendAscii("caf\u00e9"), false);
  assertEquals(machine.sendAscii("a\rb"), false);
  assertEquals(machine.sendAscii(""), true);
  assertEquals(new TextDecoder().decode(machine.takeOutput()), "one\r\ntwo\0");
});

Deno.test("sendUtf8 sends the bytes that the line ends and UTF-8 require, whatever the length", () => {
  const parts = [
    "a",
    "some words ",
    "\n",
    "\r",
    "\r\n",
    "\r\0",
    "\0",
    "é",
    "你好",
    "😀",
    "\ud800",
    "\xff",
  ];
  const encoder = new TextEncoder();
  let sent = 0;
  for (let seed = 1; seed <= 3000; seed++) {
    const random = seeded(seed);
    const count = 1 + random(random(20) === 0 ? 2_000 : random(4) === 0 ? 100 : 8);
    const known = random(2) === 0 ? parts.slice(0, 3) : parts;
    const text = Array.from({ length: count }, () => known[random(known.length)]).join("");
    const binary = random(2) === 0;
    const machine = new TelnetMachine();
    machine.sendTelnetCommand(0xf1);
    if (random(2) === 0) machine.takeOutput();
    const before = machine.outputLength;
    if (!machine.sendUtf8(text, binary)) {
      assert(/\r$/.test(text) || !text.isWellFormed(), JSON.stringify(text));
      assertEquals(machine.outputLength, before);
      continue;
    }
    sent++;
    const lines = text.replaceAll(/(?<!\r)\n/g, "\r\n");
    const wire = binary ? lines : lines.replaceAll(/\r(?![\n\0])/g, "\r\0");
    assertEquals(machine.takeOutput().subarray(before), encoder.encode(wire));
    // The same again, which may be cached.
    for (let again = 0; again < 2; again++) machine.sendUtf8(text, binary);
    const twice = machine.takeOutput();
    assertEquals(twice, encoder.encode(wire + wire));
  }
  assert(sent > 1000);
});

Deno.test("sendAscii refuses what sendUtf8 has cached as UTF-8", () => {
  const text = "A café, described at length. ".repeat(8);
  const machine = new TelnetMachine();
  for (let round = 0; round < 3; round++) {
    assertEquals(machine.sendUtf8(text), true);
    assertEquals(machine.sendAscii(text), false);
    assertEquals(machine.takeOutput(), new TextEncoder().encode(text));
  }
});

Deno.test("sendAscii to many machines shares the bytes; later output is separate", () => {
  const machines = Array.from({ length: 4 }, () => new TelnetMachine());
  const text = "Somebody says: hello to all of you\n";
  for (const machine of machines) assertEquals(machine.sendAscii(text), true);
  machines[2]?.send(Uint8Array.of(0x21));
  machines[3]?.sendTelnetCommand(0xf9);
  const wire = new TextEncoder().encode(text.replace("\n", "\r\n"));
  assertEquals(machines[2]?.outputLength, wire.length + 1);
  const outputs = machines.map((machine) => [...machine.takeOutput()]);
  assertEquals(outputs, [
    [...wire],
    [...wire],
    [...wire, 0x21],
    [...wire, IAC, 0xf9],
  ]);
  machines[1]?.sendAscii(text);
  machines[1]?.sendAscii(text); // twice to the same machine
  assertEquals([...machines[1]?.takeOutput() ?? []], [...wire, ...wire]);
  const cafe = "a café, told to everybody\n";
  for (const machine of machines) assertEquals(machine.sendAscii(cafe), false);
  assertEquals(machines.map((machine) => machine.outputLength), [0, 0, 0, 0]);
});

Deno.test("kept events and output do not change, whatever other machines do", () => {
  const machines = Array.from({ length: 20 }, () => new TelnetMachine());
  const kept: { bytes: Uint8Array; expected: number[] }[] = [];
  for (let round = 0; round < 3000; round++) {
    for (const [index, machine] of machines.entries()) {
      const payload = [round & 0x7f, index, IAC, IAC, 7];
      const unescaped = [round & 0x7f, index, IAC, 7];
      machine.receive(Uint8Array.of(...payload, IAC, SB, 9, ...payload.slice(0, 1)));
      machine.receive(Uint8Array.of(...payload.slice(1), IAC, SE));
      machine.send(Uint8Array.of(...unescaped));
      if (round % 100 !== 0) {
        machine.takeEvents();
        machine.takeOutput();
        continue;
      }
      for (const event of machine.takeEvents()) {
        if (event.type === "data" || event.type === "subnegotiation") {
          kept.push({ bytes: event.bytes, expected: unescaped });
        }
      }
      kept.push({ bytes: machine.takeOutput(), expected: payload });
    }
  }
  assertEquals(kept.length, 30 * 20 * 3);
  for (const { bytes, expected } of kept) assertEquals([...bytes], expected);
});

Deno.test("restoring a damaged machine snapshot is misuse", () => {
  const machine = new TelnetMachine({ local: [1] });
  machine.receive(Uint8Array.of(IAC, DO, 1));
  machine.takeEvents();
  const good = JSON.parse(JSON.stringify(machine.snapshot()));
  TelnetMachine.restore(good);
  const [option] = good.options;
  const wrong = [
    null,
    { ...good, version: 2 },
    { ...good, decoder: null },
    { ...good, decoder: { ...good.decoder, state: "payload", payload: new Array(20_000).fill(1) } },
    { ...good, options: [null] },
    { ...good, options: [{ ...option, option: 999 }] },
    { ...good, options: [{ ...option, side: "middle" }] },
    { ...good, options: [{ ...option, state: "MAYBE" }] },
    { ...good, options: [{ ...option, willing: undefined }] },
    { ...good, options: [{ ...option, late: undefined }] },
    { ...good, options: [{ ...option, late: ["yes"] }] },
    { ...good, options: [{ ...option, requests: 256 }] },
    { ...good, decoder: { ...good.decoder, state: "verb", verb: 250 } },
    { ...good, output: [256] },
    { ...good, stopAfter: "all" },
  ];
  for (const snapshot of wrong) {
    assertEquals(assertThrows(() => TelnetMachine.restore(snapshot), TelnetError).code, "misuse");
  }
});

Deno.test("events print and serialize as plain objects", () => {
  const machine = new TelnetMachine();
  machine.receive(Uint8Array.of(0x61, IAC, 0xf6, IAC, SB, 9, 1, IAC, SE, IAC, SE));
  machine.enableLocal(1);
  machine.receive(Uint8Array.of(IAC, DO, 1));
  const events = machine.takeEvents();
  assertEquals(JSON.parse(JSON.stringify(events)), [
    { type: "data", bytes: [0x61] },
    { type: "command", command: 0xf6 },
    { type: "subnegotiation", option: 9, bytes: [1] },
    { type: "violation", kind: "unexpected-se", option: SE },
    { type: "option", option: 1, side: "local", change: "enabled" },
  ]);
  assertEquals(Deno.inspect(events[1]), '{ type: "command", command: 246 }');
});
