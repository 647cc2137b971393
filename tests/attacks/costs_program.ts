/**
 * Measures the cost of each costly input on a server in this process, and prints a line of JSON for
 * each. See `costs.ts`. Given a text, it measures only the inputs with this text in their names.
 */
import { connect } from "node:net";
import process from "node:process";
import {
  type ListenOptions,
  type ServerLimits,
  type TelnetClient,
  TelnetServer,
} from "../../mod.ts";
import { type MemoryPeer, MemoryTransport } from "../../src/transport/memory.ts";
import { NO_RATES } from "../server/harness.ts";
import { COSTLY_INPUTS, type CostlyInput, EMPTY_BLOCKS, LINE } from "./costly_inputs.ts";

/** The cost of an input. */
export interface Cost {
  readonly name: string;
  /** Microseconds per byte, without rate limits. */
  readonly time: number;
  /** Bytes that the server sends per byte received. */
  readonly reply: number;
  /** Bytes buffered for a client that the game does not read. */
  readonly held: number;
  /** The part of a processor that a client takes that sends only this, with default limits. */
  readonly share: number;
  /** How much longer 50 honest clients wait while ten clients send only this. */
  readonly wait: number;
}

/** The size of an input; an editor line has the longest length allowed. */
const SIZE = 32_768;
const RUNS = 4;
const HONEST = 50;
const HOSTILE = 10;
const ROUNDS = 60;
const POLL_MS = 10;
const BURST_MS = 20_000;
const LONG_MS = 10_000;

interface Stage extends AsyncDisposable {
  readonly server: TelnetServer;
  readonly transport: MemoryTransport;
  readonly newcomers: TelnetClient[];
  /** Polls until all input is processed; returns the number of bytes that came back. */
  settle(peer: MemoryPeer, afterPoll?: () => void): Promise<number>;
}

async function stage(
  input: CostlyInput,
  limits: Partial<ServerLimits>,
  clock?: ListenOptions["clock"],
): Promise<Stage> {
  const transport = new MemoryTransport();
  const newcomers: TelnetClient[] = [];
  const server = await TelnetServer.listen({
    transport,
    timeout: 0,
    ...input.options as ListenOptions,
    limits,
    ...clock !== undefined && { clock },
    onConnect: (client) => void newcomers.push(client),
    onDisconnect() {},
  });
  return {
    server,
    transport,
    newcomers,
    async settle(peer, afterPoll = () => {}) {
      let heard = 0;
      for (let quiet = 0; quiet < 2;) {
        await server.poll();
        afterPoll();
        heard += peer.take().length;
        quiet = peer.queued > 0 || server.stats().queuedInput > 0 ? 0 : quiet + 1;
      }
      return heard;
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
    },
  };
}

async function join({ server, transport, newcomers }: Stage): Promise<[MemoryPeer, TelnetClient]> {
  const before = newcomers.length;
  const peer = transport.connect(server.port);
  while (newcomers.length === before) await server.poll();
  return [peer, newcomers[before] as TelnetClient];
}

/** Measures time and reply while the game takes all input. */
async function timeOf(input: CostlyInput): Promise<Pick<Cost, "time" | "reply">> {
  const times: number[] = [];
  let reply = 0;
  for (let run = 0; run < RUNS; run++) {
    await using play = await stage(input, NO_RATES);
    const [peer, client] = await join(play);
    input.greet?.(client);
    await play.server.poll();
    peer.write(input.before?.(LINE) ?? new Uint8Array(0));
    await play.settle(peer);
    const bytes = input.input(SIZE);
    const start = performance.now();
    peer.write(bytes);
    const heard = await play.settle(peer, () => {
      while (client.getCommand() !== undefined || client.getKey() !== undefined);
    });
    times.push((performance.now() - start) * 1000 / bytes.length);
    reply = heard / bytes.length;
  }
  return { time: median(times.slice(1)), reply };
}

/** Measures the bytes buffered for an endless sender whose lines and keys nobody takes. */
async function heldOf(input: CostlyInput): Promise<number> {
  await using play = await stage(input, NO_RATES);
  const [peer, client] = await join(play);
  input.greet?.(client);
  await play.server.poll();
  peer.write(input.before?.(LINE) ?? new Uint8Array(0));
  await play.settle(peer);
  let held = 0;
  for (let times = 0; times < 40 && client.active; times++) {
    if (peer.queued < 500_000) peer.write(input.input(SIZE));
    await play.server.poll();
    peer.take();
    held = Math.max(held, client.connection.memoryUsed);
  }
  peer.abort();
  return held;
}

/**
 * Measures the part of a processor that one client takes in the long run, with default limits, if
 * the game polls every 10 ms and takes all input. Between the polls the clock is turned forward.
 */
async function shareOf(input: CostlyInput): Promise<number> {
  let skipped = 0;
  const now = () => performance.now() + skipped;
  const limits = { floodTimeout: Infinity, unreadTimeout: Infinity };
  const clock = { now, timeOfDay: () => performance.timeOrigin + now() };
  await using play = await stage(input, limits, clock);
  const [peer, client] = await join(play);
  let worked = 0;
  const poll = async () => {
    const start = performance.now();
    await play.server.poll();
    const time = performance.now() - start;
    worked += time;
    skipped += Math.max(0, POLL_MS - time);
    peer.take();
    while (client.getCommand() !== undefined || client.getKey() !== undefined);
  };
  input.greet?.(client);
  await poll();
  peer.write(input.before?.(LINE) ?? new Uint8Array(0));
  const bytes = input.input(SIZE);
  const send = async (until: number) => {
    while (now() < until && client.active) {
      if (peer.queued < bytes.length) peer.write(bytes);
      await poll();
    }
  };
  // What comes in a burst is over then.
  await send(now() + BURST_MS);
  worked = 0;
  const start = now();
  await send(start + LONG_MS);
  return worked / (now() - start);
}

/** Measures how long honest clients wait for an answer over real sockets, with default limits. */
async function waitOf(input: CostlyInput): Promise<number> {
  const transport = new MemoryTransport();
  const newcomers: TelnetClient[] = [];
  const server = await TelnetServer.listen({
    port: 0,
    address: "127.0.0.1",
    listeners: [{ transport, port: 0 }],
    timeout: 0,
    ...input.options as ListenOptions,
    limits: { connectionRate: Infinity, connectionsPerAddress: Infinity },
    onConnect: (client) => void newcomers.push(client),
    onDisconnect() {},
  });
  const poll = async () => {
    await server.poll();
    for (const client of server.clientsWithInput()) {
      const line = client.getCommand();
      if (line === "say hello") client.send("You say: hello\n");
      client.getKey();
    }
  };
  let answered = 0;
  const people = Array.from({ length: HONEST }, () => {
    const socket = connect({ host: "127.0.0.1", port: server.port, noDelay: true });
    socket.on("data", () => answered++);
    socket.on("error", () => {});
    return socket;
  });
  while (newcomers.length < HONEST) await poll();
  const round = async (): Promise<number> => {
    answered = 0;
    const start = performance.now();
    for (const socket of people) socket.write("say hello\r\n");
    while (answered < HONEST) await poll();
    return performance.now() - start;
  };
  for (let count = 0; count < ROUNDS; count++) await round();
  const calm: number[] = [];
  for (let count = 0; count < ROUNDS; count++) calm.push(await round());
  const bytes = input.input(8_192);
  const hostile: MemoryPeer[] = [];
  const port = server.listeners[1]?.port ?? 0;
  for (let count = 0; count < HOSTILE; count++) {
    const before = newcomers.length;
    const peer = transport.connect(port);
    while (newcomers.length === before) await poll();
    input.greet?.(newcomers[before] as TelnetClient);
    await poll();
    peer.write(input.before?.(LINE) ?? new Uint8Array(0));
    hostile.push(peer);
  }
  const stormy: number[] = [];
  for (let count = 0; count < ROUNDS; count++) {
    for (const peer of hostile) {
      peer.take();
      if (peer.queued < 65_536) peer.write(bytes);
    }
    stormy.push(await round());
  }
  for (const peer of hostile) peer.abort();
  for (const socket of people) socket.destroy();
  await server.stop();
  return median(stormy) / median(calm);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

const [only = ""] = process.argv.slice(2);
for (const input of [...COSTLY_INPUTS, EMPTY_BLOCKS]) {
  if (!input.name.includes(only)) continue;
  const { time, reply } = await timeOf(input);
  const [held, share, wait] = [await heldOf(input), await shareOf(input), await waitOf(input)];
  const cost: Cost = { name: input.name, time, reply, held, share, wait };
  console.log(JSON.stringify(cost));
}
