/**
 * Whatever the bus does, and whichever process is killed when: each client sees the output of a
 * single server, once and in order, and the game's state is the same.
 */
import { assert, assertEquals } from "@std/assert";
import { type TelnetClient, TelnetServer } from "../../mod.ts";
import { type MemoryPeer, MemoryTransport } from "../../src/transport/memory.ts";
import { Scene, type Worker } from "./scene.ts";

const RUNS = Number(Deno.env.get("GATEWAY_RUNS") ?? 100);
const FIRST_SEED = Number(Deno.env.get("GATEWAY_SEED") ?? 1);

/** Seeded random numbers (mulberry32). */
function chances(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const encoder = new TextEncoder();
const IAC = 255;
const NAWS = [IAC, 251, 31, IAC, 250, 31, 0, 100, 0, 40, IAC, 240];
const TTYPE = [IAC, 251, 24, IAC, 250, 24, 0, 88, 84, 69, 82, 77, IAC, 240];

/**
 * A client's input in parts, each sent after the answer to the one before. A client that types
 * ahead sends all in one part, and is never asked.
 */
function script(chance: (below: number) => number): Uint8Array[] {
  const ahead = chance(3) === 0;
  const parts: number[][] = [[...encoder.encode(ahead ? "ahead\r\n" : "ask\r\n")]];
  for (let line = 3 + chance(12); line > 0; line--) {
    const kind = chance(10);
    const bytes: number[] = [];
    // Typed-ahead input and option changes may take effect before or after an answer.
    if (ahead) bytes.push(...encoder.encode(kind === 0 ? "mistake" : ""), IAC, 248); // EL
    else if (kind === 0) bytes.push(...NAWS);
    else if (kind === 1) bytes.push(...TTYPE);
    else if (kind === 3) bytes.push(...encoder.encode("mistake"), IAC, 248); // EL
    const text = kind === 4 ? "secret" : kind === 5 ? "long ".repeat(chance(60)) : `say ${line} é`;
    bytes.push(...encoder.encode(`${text}\r\n`));
    parts.push(bytes);
  }
  if (chance(3) === 0) parts.push([...encoder.encode("bye\r\n")]);
  return (ahead ? [parts.flat()] : parts).map((part) => Uint8Array.from(part));
}

/** The number of complete answers. */
const answers = (seen: string) => seen.split("#").length - 1;

interface State {
  readonly count: number;
  readonly hidden: boolean;
  readonly asks: boolean;
}

/** The game: its output depends on the client's state, and changes it. */
function play(client: TelnetClient): void {
  const state = (client.state ?? { count: 0, hidden: false, asks: false }) as State;
  const line = client.getCommand();
  if (line === undefined) return;
  if (line === "bye") {
    client.send("Bye.\n");
    client.active = false;
    return;
  }
  const count = state.count + 1;
  const asks = state.asks || line === "ask";
  const hidden = line === "secret" && asks ? !state.hidden : state.hidden;
  if (hidden && !state.hidden) client.passwordModeOn();
  else if (!hidden && state.hidden) client.passwordModeOff();
  client.state = { count, hidden, asks };
  client.sendCc(`^G${count}^~ ${client.lineNumber} ${client.columns} ${client.terminalType}\n`);
  client.sendWrapped(`You said: ${line}`);
  if (asks) client.prompt("#");
}

const SERVER = {
  telnetOptions: { naws: true, terminalType: true, endOfRecord: true },
  onConnect: (client: TelnetClient) => {
    if (client.returning === undefined) client.send("Welcome\n");
  },
} as const;

/** What a client sees, the final state of its game, and whether the game has dropped it. */
interface Outcome {
  readonly seen: string;
  readonly state: string | undefined;
  readonly ended: boolean;
}

/** The outcome with a server without a gateway. */
async function alone(parts: readonly Uint8Array[]): Promise<Outcome> {
  const transport = new MemoryTransport();
  await using server = await TelnetServer.listen({
    ...SERVER,
    transport,
    timeout: 0,
    onDisconnect: () => {},
  });
  const peer = transport.connect(server.port);
  let [seen, quiet, sent] = ["", 0, 0];
  while (quiet < 6) {
    const next = parts[sent];
    if (next !== undefined && answers(seen) >= sent && seen.includes("Welcome")) {
      peer.write(next);
      sent++;
    }
    await server.poll();
    for (const client of server.clientsWithInput()) play(client);
    const more = latin1(peer.take());
    seen += more;
    quiet = more === "" ? quiet + 1 : 0;
  }
  return { seen, state: JSON.stringify(server.clientList()[0]?.state), ended: peer.ended };
}

const latin1 = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

interface Person {
  readonly peer: MemoryPeer;
  readonly parts: readonly Uint8Array[];
  readonly expected: Outcome;
  /** The current part, and how much of it was sent. */
  part: number;
  at: number;
  seen: string;
}

/** Sends up to `most` bytes of the current part, if its turn has come. */
function type(person: Person, most: number): void {
  const part = person.parts[person.part];
  if (part === undefined || answers(person.seen) < person.part) return;
  if (!person.seen.includes("Welcome")) return;
  person.peer.write(part.slice(person.at, person.at + most));
  person.at += most;
  if (person.at < part.length) return;
  person.part++;
  person.at = 0;
}

async function run(seed: number): Promise<void> {
  const chance = chances(seed);
  const rough = chance(3) > 0;
  const scene = await Scene.open({
    bus: {
      seed,
      loss: rough ? chance(30) / 100 : 0,
      duplicate: rough ? chance(30) / 100 : 0,
      delay: rough ? chance(3) * chance(150) : 0,
      maxPayload: chance(2) === 0 ? 400 : 1_048_576,
    },
    gateway: { messages: { waiting: "" } },
    server: SERVER,
    play,
  });
  const people: Person[] = [];
  for (let count = 1 + chance(4); count > 0; count--) {
    const parts = script(chance);
    const expected = await alone(parts);
    people.push({ peer: scene.person(), parts, expected, part: 0, at: 0, seen: "" });
  }
  let names = 0;
  const start = (takeOver: boolean) => scene.worker(`${++names}`, { takeOver });
  const living = () => scene.workers.filter(({ process }) => process.runs);
  start(false);
  const some = (workers: readonly Worker[]) => workers[chance(workers.length)];
  for (let step = 0; step < 120; step++) {
    const person = people[chance(people.length)] as Person;
    const action = chance(20);
    if (action < 9) type(person, 1 + chance(chance(4) === 0 ? 200 : 12));
    else if (action === 10) some(living())?.process.kill();
    else if (action === 11) some(living())?.process.stop();
    else if (action === 12) some(scene.workers)?.process.wake();
    else if (action === 13 && living().length < 4) start(chance(2) === 0);
    else if (action === 14) void some(living())?.zone?.leave();
    else if (action === 15) scene.bus.connected = chance(3) > 0;
    await scene.step(chance(5) === 0 ? 500 : 20);
    for (const one of people) one.seen += latin1(one.peer.take());
  }
  // End all faults: the rest must arrive.
  scene.bus.connected = true;
  for (const { process } of scene.workers) process.wake();
  start(false);
  await scene.until(() => {
    for (const one of people) {
      one.seen += latin1(one.peer.take());
      type(one, 1_000);
    }
    return people.every(({ seen, expected }) => seen.length >= expected.seen.length) &&
      scene.gateway.stats().waiting === 0;
  });
  for (const [index, { seen, expected }] of people.entries()) {
    assertEquals(seen, expected.seen, `person ${index} of seed ${seed}`);
  }
  const owner = () => scene.workers.find(({ zone, process }) => zone?.owned && process.runs);
  const staying = people.filter(({ expected }) => !expected.ended);
  await scene.until(() =>
    people.every(({ peer, expected }) => peer.ended === expected.ended) &&
    owner()?.server?.connectionCount() === staying.length
  );
  const states = owner()?.server?.clientList().map(({ state }) => JSON.stringify(state));
  assertEquals(states?.sort(), staying.map(({ expected }) => expected.state).sort());
  assertEquals(scene.workers.flatMap(({ errors }) => errors), []);
  await scene.close();
}

/** Plays one client's script, with a new worker whenever none is left. */
async function serve(
  parts: readonly Uint8Array[],
  prepare: (scene: Scene, first: Worker) => void,
): Promise<{ scene: Scene; person: Person }> {
  const scene = await Scene.open({
    gateway: { messages: { waiting: "" } },
    server: SERVER,
    play,
  });
  const expected = await alone(parts);
  const first = scene.worker("1");
  prepare(scene, first);
  const person: Person = { peer: scene.person(), parts, expected, part: 0, at: 0, seen: "" };
  let names = 1;
  await scene.until(() => {
    person.seen += latin1(person.peer.take());
    type(person, 7);
    const lives = scene.workers.some(({ process }) => process.alive);
    if (!lives) scene.worker(`${++names}`);
    return person.seen.length >= expected.seen.length && scene.gateway.stats().waiting === 0;
  });
  return { scene, person };
}

Deno.test("a worker killed at its n-th message, for every n: the same transcript", async () => {
  const parts = script(chances(7));
  for (let left = 0;; left++) {
    const { scene, person } = await serve(parts, (_, first) => first.process.messagesLeft = left);
    assertEquals(person.seen, person.expected.seen, `killed at message ${left}`);
    const survived = scene.workers[0]?.process.alive;
    await scene.close();
    if (survived) break;
    assert(left < 1_000);
  }
});

Deno.test("a gateway killed at its n-th message, for every n: its clients are dropped, and no others", async () => {
  const bytes = new TextEncoder().encode("one\r\ntwo\r\n");
  for (let left = 0; left < 12; left++) {
    const scene = await Scene.open({
      server: SERVER,
      play,
      gateway: { messages: { waiting: "" } },
    });
    const worker = scene.worker("1");
    await scene.until(() => worker.server !== undefined);
    scene.gatewayProcess.messagesLeft = left;
    scene.person().write(bytes);
    await scene.until(() => !scene.gatewayProcess.alive);
    await scene.startGateway();
    const next = scene.person();
    let seen = "";
    next.write("ahead\r\n");
    await scene.until(() => (seen += latin1(next.take())).includes("You said: ahead"));
    await scene.until(() => worker.server?.connectionCount() === 1);
    await scene.close();
  }
});

Deno.test("split input, kills, stops and lost messages anywhere: the same transcript and state", async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    try {
      await run(seed);
    } catch (error) {
      throw new Error(`GATEWAY_SEED=${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
});
