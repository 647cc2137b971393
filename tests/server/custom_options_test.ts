import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  type Json,
  type OptionContext,
  type OptionState,
  TelnetError,
  type TelnetOption,
  TelnetServer,
} from "../../mod.ts";
import { MCCP2, NAWS } from "../../src/options/mod.ts";
import { DO, DONT, IAC, SB, SE, WILL, WONT } from "../../src/protocol/mod.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";

const CLOCK = 210;
const OTHER = 44;

interface ClockEvents {
  tick: { readonly hour: number };
}
interface ClockHandle {
  readonly hours: number;
  show(hour: number): boolean;
}

/** A custom option of a game: it counts the client's messages, and its snapshot keeps the count. */
const clock: TelnetOption<never, OptionState<ClockHandle>, ClockEvents> = {
  code: CLOCK,
  name: "CLOCK",
  events: ["tick"],
  offer: "local",
  attach(context: OptionContext<ClockEvents>): OptionState<ClockHandle> {
    let hours = 0;
    return {
      handle: {
        get hours() {
          return hours;
        },
        show(hour) {
          const enabled = context.localEnabled(CLOCK);
          if (enabled) context.sendSubnegotiation(CLOCK, Uint8Array.of(hour));
          return enabled;
        },
      },
      subnegotiation([hour = 0]) {
        hours++;
        context.emit("tick", { hour });
      },
      snapshot: () => ({ hours }),
      restore: (saved: Json) => void ({ hours } = saved as { hours: number }),
    };
  },
};

const NO_WORDS = { onConnect: () => {}, onDisconnect: () => {}, timeout: 0 };

async function polls(server: TelnetServer, count = 5): Promise<void> {
  for (let poll = 0; poll < count; poll++) await server.poll();
}

function cuts(bytes: number[]): number[][][] {
  const places = bytes.slice(1).map((_, at) => at + 1);
  return [
    [bytes],
    ...places.map((at) => [bytes.slice(0, at), bytes.slice(at)]),
    bytes.map((byte) => [byte]),
  ];
}

Deno.test("a custom option is offered, received and answered, however the bytes are split", async () => {
  const said = [IAC, DO, CLOCK, IAC, SB, CLOCK, 7, IAC, SE, 0x68, 0x69, 0x0d, 0x0a];
  for (const pieces of cuts(said)) {
    const transport = new MemoryTransport();
    const ticks: number[] = [];
    await using server = await TelnetServer.listen({
      ...NO_WORDS,
      transport,
      customOptions: [clock],
      telnetOptions: { naws: true, mccp2: true },
      onTick: (client, { hour }) => {
        ticks.push(hour);
        assert(client.telnet.handle(clock).show(hour + 1));
      },
    });
    const peer = transport.connect(server.port);
    await polls(server);
    const offers = [...peer.take()];
    // Offered before MCCP2, which compresses everything after it.
    assertEquals(offers, [IAC, DO, NAWS, IAC, WILL, CLOCK, IAC, WILL, MCCP2]);
    for (const piece of pieces) {
      peer.write(Uint8Array.from(piece));
      await polls(server, 2);
    }
    const [client] = server.clientList();
    assertEquals([...peer.take()], [IAC, SB, CLOCK, 8, IAC, SE]);
    assertEquals([ticks, client?.telnet.handle(clock).hours], [[7], 1]);
    assertEquals(client?.getCommand(), "hi");
  }
});

Deno.test("the state of a custom option is kept in a snapshot", async () => {
  const transport = new MemoryTransport();
  const options = { ...NO_WORDS, transport, port: 0, customOptions: [clock] } as const;
  const before = await TelnetServer.listen(options);
  const peer = transport.connect(before.port);
  await polls(before);
  peer.write(Uint8Array.of(IAC, DO, CLOCK, IAC, SB, CLOCK, 7, IAC, SE));
  await polls(before);
  const saved = JSON.stringify(before.clientList()[0]?.snapshot());
  await before.stop();
  await using after = await TelnetServer.listen({ ...options, restore: () => JSON.parse(saved) });
  transport.connect(after.port);
  await polls(after);
  assertEquals(after.clientList()[0]?.telnet.handle(clock).hours, 1);
});

Deno.test("onOption and onSubnegotiation get options that the library does not know, however the bytes are split", async () => {
  const said = [IAC, SB, OTHER, 9, IAC, SE]; // not agreed yet: ignored
  const agreed = [IAC, WILL, OTHER, IAC, SB, OTHER, 1, 2, IAC, IAC, IAC, SE, IAC, WONT, OTHER];
  for (const pieces of cuts([...said, ...agreed, IAC, SB, OTHER, 3, IAC, SE])) {
    const transport = new MemoryTransport();
    const heard: unknown[] = [];
    await using server = await TelnetServer.listen({
      ...NO_WORDS,
      transport,
      onConnect: (client) => client.telnet.enableOption(OTHER, "remote"),
      onOption: (_client, change) => heard.push(change),
      onSubnegotiation: (_client, { option, payload }) => heard.push([option, ...payload]),
      onResize: () => heard.push("resize"),
    });
    const peer = transport.connect(server.port);
    await polls(server);
    for (const piece of pieces) {
      peer.write(Uint8Array.from(piece));
      await polls(server, 2);
    }
    assertEquals(heard, [
      { option: OTHER, side: "remote", change: "enabled" },
      [OTHER, 1, 2, 255],
      { option: OTHER, side: "remote", change: "disabled" },
    ]);
    assertEquals([...peer.take()], [IAC, DO, OTHER, IAC, DONT, OTHER]);
  }
});

Deno.test("onOption and onSubnegotiation are not called for options that the library or the game handles", async () => {
  const transport = new MemoryTransport();
  const heard: unknown[] = [];
  await using server = await TelnetServer.listen({
    ...NO_WORDS,
    transport,
    telnetOptions: { naws: true },
    customOptions: [clock],
    onOption: (_client, change) => heard.push(change),
    onSubnegotiation: (_client, message) => heard.push(message),
  });
  const peer = transport.connect(server.port);
  await polls(server);
  peer.write(Uint8Array.of(IAC, WILL, NAWS, IAC, SB, NAWS, 0, 80, 0, 24, IAC, SE));
  peer.write(Uint8Array.of(IAC, DO, CLOCK, IAC, SB, CLOCK, 7, IAC, SE));
  await polls(server);
  assertEquals(heard, []);
});

Deno.test("a trace shows a custom option by its name", async () => {
  const transport = new MemoryTransport();
  const words: string[] = [];
  await using server = await TelnetServer.listen({
    ...NO_WORDS,
    transport,
    customOptions: [clock],
    onTrace: (_client, _direction, line) => words.push(line),
  });
  transport.connect(server.port);
  await polls(server);
  assertEquals(words, ["WILL CLOCK"]);
});

Deno.test("an invalid custom option is misuse at listen()", async () => {
  const wrong: [unknown, RegExp][] = [
    [{}, /customOptions: expected an array/],
    [[5], /customOptions\[0\]: expected a TelnetOption/],
    [[{ ...clock, code: 300 }], /customOptions\[0\]\.code: expected a byte/],
    [[{ ...clock, code: NAWS }], /NAWS has this code already/],
    [[clock, { ...clock, name: "TWICE", events: [] }], /CLOCK has this code already/],
    [[{ ...clock, name: 5 }], /\.name: expected text/],
    [[{ ...clock, offer: "server" }], /\.offer: expected "local" or "remote"/],
    [[{ ...clock, attach: 5 }], /\.attach: expected a function/],
    [[{ ...clock, events: ["gmcp"] }], /the event "gmcp"/],
    [[{ ...clock, events: ["key"] }], /the event "key"/],
    [[{ ...clock, events: ["onTick"] }], /name it without "on"/],
    [[{ ...clock, code: 255 }], /255 is IAC/],
    [[{ ...clock, offers: "local" }], /did you mean "offer"\?/],
  ];
  for (const [customOptions, words] of wrong) {
    const options = { transport: new MemoryTransport(), customOptions } as never;
    const error = await assertRejects(() => TelnetServer.listen(options), TelnetError);
    assertMatch(error.message, words);
  }
  const transport = new MemoryTransport();
  await using server = await TelnetServer.listen({ ...NO_WORDS, transport });
  transport.connect(server.port);
  await polls(server);
  const [client] = server.clientList();
  const error = assertThrows(() => client?.telnet.handle(clock), TelnetError);
  assertMatch(error.message, /name it in customOptions of listen\(\)/);
});
