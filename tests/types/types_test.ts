/**
 * Tests of the types: this file is type-checked before it runs, and each `@ts-expect-error` fails
 * if the next line has no error. Values that a type refuses are also refused at run time, with a
 * hint.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type AskOptions,
  type Key,
  type ListenOptions,
  type OptionContext,
  type OptionState,
  type TelnetClient,
  TelnetClient as Base,
  type TelnetOption,
  TelnetServer,
} from "../../mod.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import type { Equal, Is } from "./equal.ts";

class Player extends Base {
  nick = "someone";
}

interface ClockEvents {
  tick: { readonly hour: number };
}
interface ClockHandle {
  show(hour: number): boolean;
}
const clock: TelnetOption<never, OptionState<ClockHandle>, ClockEvents> = {
  code: 210,
  name: "CLOCK",
  events: ["tick"],
  offer: "local",
  attach: (context: OptionContext<ClockEvents>) => ({
    handle: { show: (hour) => hour > 0 && context.localEnabled(210) },
    subnegotiation: ([hour = 0]) => context.emit("tick", { hour }),
  }),
};
const weather: TelnetOption<never, OptionState, { rain: boolean }> = {
  code: 211,
  name: "WEATHER",
  events: ["rain"],
};

const transport = new MemoryTransport();

Deno.test("handlers and the client class are inferred without annotations", async () => {
  await using server = await TelnetServer.listen({
    transport,
    port: 0,
    clientClass: Player,
    customOptions: [clock, weather],
    onConnect: (player) => void (player.nick satisfies string),
    onDisconnect: (player) => void (player satisfies Player),
    onResize: (player, { columns }) => void (player.nick + columns.toFixed()),
    onGmcp: (_player, { package: name }) => void name.toUpperCase(),
    onKey: (_player, key) => void (key satisfies Key),
    onTick: (player, { hour }) => void (player.nick + hour.toFixed()),
    onRain: (_player, rains) => void (rains satisfies boolean),
  });
  type Clients = ReturnType<typeof server.clientList>;
  const inferred: Is<Equal<Clients, Player[]>> = true;
  assert(inferred);
});

Deno.test("the handle of a custom option has its type", () => {
  const show = (client: TelnetClient) => client.telnet.handle(clock);
  const inferred: Is<Equal<ReturnType<typeof show>, ClockHandle>> = true;
  assert(inferred);
});

Deno.test("options that the types refuse are refused at run time, with a hint", async () => {
  const wrong: [options: () => ListenOptions, words: RegExp][] = [
    // @ts-expect-error: a name that does not exist
    [() => ({ onConect: () => {} }), /"onConect": did you mean "onConnect"\?/],
    // @ts-expect-error: another library's name
    [() => ({ host: "localhost" }), /"host": did you mean "address"\?/],
    // @ts-expect-error: not a function
    [() => ({ onConnect: 5 }), /onConnect: expected a function, got 5/],
    // @ts-expect-error: no such option
    [() => ({ telnetOptions: { gcmp: true } }), /"telnetOptions.gcmp": did you mean "gmcp"\?/],
    // @ts-expect-error: no such limit
    [() => ({ limits: { idle: 5 } }), /"limits.idle"/],
    [
      // @ts-expect-error: an async function
      () => ({ telnetOptions: { mssp: async () => await Promise.resolve({}) } }),
      /at once, got an async function/,
    ],
  ];
  for (const [options, words] of wrong) {
    const error = await TelnetServer.listen({ transport, port: 0, ...options() })
      .then(() => undefined, (error) => error);
    assertMatch(String(error?.message), words);
    assertEquals(error?.code, "misuse");
  }
});

// Never called: only the type check matters.
export async function acceptedByTypes(players: TelnetServer<Player>, on: boolean): Promise<void> {
  const announce = (server: TelnetServer, text: string) => server.broadcast(text);
  announce(players, "A server of players is a server.");
  await TelnetServer.listen({
    port: on ? 7777 : undefined,
    telnetOptions: { gmcp: on ? true : undefined, naws: on },
    onKey: on ? () => {} : undefined,
  });
  players.broadcast("x", { except: new Set(players.clientList()), wrap: { columns: undefined } });
}

export async function refusedByTypes(client: TelnetClient, server: TelnetServer): Promise<void> {
  // @ts-expect-error: a side is `local` or `remote`
  client.telnet.enableOption(201, "server");
  // @ts-expect-error: the side is missing
  client.telnet.enableOption(201);
  // @ts-expect-error: no such action
  client.useEditor({ keys: { "ctrl+x": "kill" } });
  // @ts-expect-error: a misspelt name
  client.useEditor({ hystory: [] });
  // @ts-expect-error: options are an object
  client.sendWrapped("text", 40);
  // @ts-expect-error: a misspelt name
  await client.ask("Password: ", { hiden: true });
  // @ts-expect-error: only listen() makes a server
  new TelnetServer({ port: 7777 });
  // @ts-expect-error: the handler of an option that was not passed
  await TelnetServer.listen({ onTick: () => {} });
  // @ts-expect-error: the wrong value
  await TelnetServer.listen({ customOptions: [clock], onTick: (_client, hour: number) => hour });
  // @ts-expect-error: not a client class
  await TelnetServer.listen({ clientClass: class {} });
  // @ts-expect-error: internals of GMCP
  client.telnet.gmcp.subnegotiation(new Uint8Array(0));
  const answer: Is<Equal<Awaited<ReturnType<typeof client.ask>>, string | undefined>> = true;
  const options: Is<Equal<keyof AskOptions, "hidden" | "timeout">> = true;
  server.broadcast("x", { except: client, where: (one) => answer && options && one.active });
}

class Hidden extends Base {
  // @ts-expect-error: it would hide the property of the library
  override active = true;
}
Deno.test("listen() refuses a client class with a field that hides a property", async () => {
  const error = await TelnetServer.listen({ transport, port: 0, clientClass: Hidden })
    .then(() => undefined, (error) => error);
  assertMatch(String(error?.message), /"Hidden": its field "active" hides/);
});
