/**
 * Both ends of this library with random options: they settle, agree on the state of each option,
 * and have the same dialogue however the network splits it, even if both are restarted in the
 * middle.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TelnetServer } from "../../mod.ts";
import {
  connect,
  connectOver,
  type RemoteServer,
  type ServerSnapshot,
} from "../../src/connect/mod.ts";
import type { ClientSnapshot, TelnetClient } from "../../mod.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import { TestClock } from "../../src/testing/mod.ts";
import { inTime } from "../patience.ts";

const NAMES = [
  "terminalType",
  "naws",
  "charset",
  "newEnviron",
  "endOfRecord",
  "binary",
  "gmcp",
  "mssp",
  "mxp",
  "msp",
  "zmp",
  "atcp",
  "aardwolf",
  "linemode",
  "terminalSpeed",
  "xDisplayLocation",
  "sendLocation",
  "flowControl",
  "msdp",
  "mccp3",
  "mccp2",
] as const;
type Name = typeof NAMES[number];

const CODES: Readonly<Record<Name, number>> = {
  terminalType: 24,
  naws: 31,
  charset: 42,
  newEnviron: 39,
  endOfRecord: 25,
  binary: 0,
  gmcp: 201,
  mssp: 70,
  mxp: 91,
  msp: 90,
  zmp: 93,
  atcp: 200,
  aardwolf: 102,
  linemode: 34,
  terminalSpeed: 32,
  xDisplayLocation: 35,
  sendLocation: 23,
  flowControl: 33,
  msdp: 69,
  mccp3: 87,
  mccp2: 86,
};

interface Case {
  readonly server: readonly Name[];
  readonly client: readonly Name[];
  readonly chunkSize: number;
}

const subset = fc.subarray([...NAMES]);
const cases = fc.record({
  server: subset,
  client: subset,
  chunkSize: fc.integer({ min: 1, max: 40 }),
});

function declared(names: readonly Name[]) {
  return Object.fromEntries(NAMES.map((name) => [name, names.includes(name)]));
}

function serverOptions(names: readonly Name[]) {
  return {
    ...declared(names),
    mssp: names.includes("mssp") && (() => ({ NAME: "Test" })),
    msdp: names.includes("msdp") && { variables: { HP: { value: () => 5 } } },
  };
}

interface Heard {
  readonly events: unknown[];
  readonly game: unknown[];
}

/** One dialogue: greeting, questions, lines in both directions, option messages. */
class Scene {
  readonly clock = new TestClock();
  readonly transport: MemoryTransport;
  readonly heard: Heard = { events: [], game: [] };
  readonly #one: Case;
  server: TelnetServer | undefined;
  remote: RemoteServer | undefined;

  constructor(one: Case, chunkSize: number | undefined) {
    this.#one = one;
    this.transport = new MemoryTransport(chunkSize === undefined ? {} : { chunkSize });
  }

  async listen(snapshot?: ClientSnapshot): Promise<TelnetServer> {
    const game = this.heard.game;
    return this.server = await TelnetServer.listen({
      transport: this.transport,
      clock: this.clock,
      timeout: 0,
      telnetOptions: serverOptions(this.#one.server),
      onConnect: (client) => snapshot === undefined && client.send("Welcome\n"),
      onDisconnect: () => {},
      onResize: (_client, size) => game.push(size),
      onGmcp: (_client, message) => game.push(message),
      onEnviron: (_client, variables) => game.push(variables),
      ...(snapshot && { restore: () => snapshot }),
    });
  }

  get settings() {
    return {
      clock: this.clock,
      promptTimeout: Infinity,
      timeout: Infinity,
      terminal: { name: "TWO", columns: 90, rows: 20, location: "here", display: ":0" },
      telnetOptions: declared(this.#one.client),
    };
  }

  async turns(count: number = 12): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      await this.server?.poll();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  /** Reads all waiting events. */
  async drain(remote: RemoteServer): Promise<void> {
    const events = remote.events();
    while (remote.unread > 0) {
      const before = remote.unread;
      const idle = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 0));
      const next = await Promise.race([events.next(), idle]);
      await idle; // leave no timer
      if (next === undefined || next.done) break;
      this.heard.events.push(next.value);
      if (remote.unread === before) break;
    }
  }
}

/** The state of each option at both ends. */
function states(client: TelnetClient, remote: RemoteServer) {
  const options = [...Object.values(CODES), 1, 3];
  return options.map((code) => ({
    code,
    client: [
      client.telnet.optionEnabled(code, "local"),
      client.telnet.optionEnabled(code, "remote"),
    ],
    remote: [
      remote.telnet.optionEnabled(code, "remote"),
      remote.telnet.optionEnabled(code, "local"),
    ],
  }));
}

async function play(one: Case, chunkSize: number | undefined): Promise<Heard> {
  const scene = new Scene(one, chunkSize);
  const { clock } = scene;
  const server = await scene.listen();
  const remote = await connect({
    ...scene.settings,
    transport: scene.transport,
    port: server.port,
  });
  await scene.turns();
  clock.advance(5_000); // unanswered requests time out
  await scene.turns();
  const [client] = server.clientList();
  assert(client !== undefined, "the client is there");
  for (const { code, client: here, remote: there } of states(client, remote)) {
    assertEquals(here, there, `both ends agree on option ${code}`);
    const name = NAMES.find((name) => CODES[name] === code);
    if (name === undefined) continue;
    const wanted = one.server.includes(name) && one.client.includes(name);
    const on = here[0] || here[1];
    // A server also grants BINARY, EOR and some others on request; this client does not ask.
    assertEquals(on, wanted, `option ${name} is on where both want it`);
  }
  await dialogue(scene, client, remote);
  remote.abort();
  await server.stop();
  return scene.heard;
}

async function dialogue(scene: Scene, client: TelnetClient, remote: RemoteServer): Promise<void> {
  client.prompt("Name? ");
  await scene.turns(3);
  remote.send("Ad\u00e9\n");
  remote.resize(100, 30);
  remote.telnet.gmcp.send("Char.Login", { name: "Ada" });
  await scene.turns(3);
  scene.heard.game.push(client.getCommand());
  client.telnet.gmcp.send("Char.Vitals", { hp: 5 });
  client.send("caf\u00e9 \u2014 <b>bold</b>\n!!SOUND(hit.wav)\n");
  client.passwordModeOn();
  client.prompt("Password: ");
  await scene.turns(3);
  remote.send("secret\n");
  await scene.turns(3);
  scene.heard.game.push(client.getCommand());
  client.passwordModeOff();
  client.send("bye\n");
  await scene.turns(3);
  await scene.drain(remote);
}

Deno.test("both ends with random options agree, however the network splits the bytes", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (one) => {
      const whole = await play(one, undefined);
      assertEquals(await play(one, one.chunkSize), whole);
    }),
    { numRuns: 20 },
  );
});

Deno.test("both ends with all options agree, byte by byte", async () => {
  const all: Case = { server: NAMES, client: NAMES, chunkSize: 1 };
  const whole = await inTime(play(all, undefined), "the dialogue");
  assertEquals(await play(all, 1), whole);
  assert(whole.events.some((event) => JSON.stringify(event).includes("hit.wav")));
});

Deno.test("both ends continue from snapshots", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (one) => {
      // Compression has state that a snapshot cannot hold.
      const plain = (names: readonly Name[]) => names.filter((name) => !name.startsWith("mccp"));
      const some = { ...one, server: plain(one.server), client: plain(one.client) };
      const whole = await play(some, undefined);
      const scene = new Scene(some, some.chunkSize);
      const server = await scene.listen();
      const remote = await connect({
        ...scene.settings,
        transport: scene.transport,
        port: server.port,
      });
      await scene.turns();
      scene.clock.advance(5_000);
      await scene.turns();
      const [before] = server.clientList();
      const saved = JSON.parse(JSON.stringify({
        client: before?.snapshot(),
        remote: remote.snapshot(),
      })) as { client: ClientSnapshot; remote: ServerSnapshot };
      remote.abort();
      await server.stop();
      const again = new Scene(some, some.chunkSize);
      const next = await again.listen(saved.client);
      again.heard.game.push(...scene.heard.game);
      const connection = await again.transport.dial(
        { hostname: "x", port: next.port },
        () => ({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} }),
      );
      const resumed = connectOver(connection, { ...again.settings, snapshot: saved.remote });
      await again.turns(3);
      const [client] = next.clientList();
      assert(client !== undefined);
      for (const { code, client: here, remote: there } of states(client, resumed)) {
        assertEquals(here, there, `both ends agree on option ${code}`);
      }
      await dialogue(again, client, resumed);
      resumed.abort();
      await next.stop();
      assertEquals(again.heard.game, whole.game);
      // A snapshot does not keep option events from before the restart.
      const text = (heard: Heard) =>
        heard.events.filter((event) =>
          ["line", "prompt"].includes((event as { type: string }).type)
        );
      assertEquals(text(again.heard), text(whole));
    }),
    { numRuns: 12 },
  );
});
