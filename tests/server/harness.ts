import {
  type ListenOptions,
  type ServerLimits,
  type TelnetClient,
  TelnetServer,
} from "../../mod.ts";
import {
  type MemoryConnectOptions,
  type MemoryPeer,
  MemoryTransport,
  type MemoryTransportOptions,
} from "../../src/transport/memory.ts";
import { ECHO, NAWS, SGA, TTYPE } from "../../src/options/mod.ts";
import { DO, DONT, IAC, SB, SE, WILL, WONT } from "../../src/protocol/mod.ts";

/** A clock that moves only when the test advances it. */
export class StepClock {
  #now = 1000;

  now(): number {
    return this.#now;
  }

  /** The same value, as if the clock had started at the epoch. */
  timeOfDay(): number {
    return this.#now;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

/** A server on an in-memory transport, with its clock and the clients seen so far. */
export interface Harness<Client extends TelnetClient> extends AsyncDisposable {
  readonly server: TelnetServer<Client>;
  readonly clock: StepClock;
  readonly connected: Client[];
  readonly disconnected: Client[];
  /** Connects, and polls until `onConnect` has the client. */
  join(options?: MemoryConnectOptions): Promise<{ peer: MemoryPeer; client: Client }>;
  dial(options?: MemoryConnectOptions): MemoryPeer;
  pollUntil(condition: () => boolean): Promise<void>;
  /** Polls until the peer has this text, and returns everything received since the last call. */
  hear(peer: MemoryPeer, text: string): Promise<string>;
}

const ENOUGH_POLLS = 1000;

/** Lifts the rates: the test clock stands still, so a throttled client would wait for ever. */
export const NO_RATES: Partial<ServerLimits> = {
  lineRate: Infinity,
  byteRate: Infinity,
  negotiationRate: Infinity,
  drawRate: Infinity,
  workRate: Infinity,
  connectionRate: Infinity,
  connectionsPerAddress: Infinity,
};

/** Starts an in-memory server whose handlers note connected and disconnected clients. */
export async function start<Client extends TelnetClient = TelnetClient>(
  options: ListenOptions<Client> = {},
  network: MemoryTransportOptions = {},
): Promise<Harness<Client>> {
  const transport = new MemoryTransport(network);
  const clock = new StepClock();
  const connected: Client[] = [];
  const disconnected: Client[] = [];
  const server = await TelnetServer.listen<Client>({
    transport,
    clock,
    timeout: 0,
    ...options,
    limits: { ...NO_RATES, ...options.limits },
    onConnect: (client) => {
      connected.push(client);
      return options.onConnect?.(client);
    },
    onDisconnect: (client) => {
      disconnected.push(client);
      return options.onDisconnect?.(client);
    },
  });
  const pollUntil = async (condition: () => boolean) => {
    for (let polls = 0; !condition(); polls++) {
      if (polls === ENOUGH_POLLS) throw new Error(`Not after ${polls} polls: ${condition}`);
      await server.poll();
    }
  };
  const dial = (dialOptions = {}) => transport.connect(server.port, dialOptions);
  return {
    server,
    clock,
    connected,
    disconnected,
    dial,
    pollUntil,
    async join(dialOptions = {}) {
      const before = connected.length;
      const peer = dial(dialOptions);
      await pollUntil(() => connected.length > before);
      return { peer, client: connected[before] as Client };
    },
    async hear(peer, text) {
      let heard = "";
      await pollUntil(() => {
        heard += latin1(peer.take());
        return heard.includes(text);
      });
      return heard;
    },
    async [Symbol.asyncDispose]() {
      let stopped = false;
      const stopping = server.stop().then(() => stopped = true);
      // closeTimeout passes only if the clock moves.
      while (!stopped) {
        clock.advance(1000);
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      await stopping;
    },
  };
}

/** Decodes bytes as Latin-1. */
export function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

const NAMES: Record<number, string> = {
  [IAC]: "IAC",
  [WILL]: "WILL",
  [WONT]: "WONT",
  [DO]: "DO",
  [DONT]: "DONT",
  [SB]: "SB",
  [SE]: "SE",
};
const OPTION_NAMES: Record<number, string> = {
  [ECHO]: "ECHO",
  [SGA]: "SGA",
  [NAWS]: "NAWS",
  [TTYPE]: "TTYPE",
};

/** Replaces negotiations with words, such as `<WILL ECHO>`; other characters stay. */
export function inWords(text: string): string {
  return text.replaceAll(
    /\xff([\xfb-\xfe])([\s\S])/g,
    (_, verb: string, option: string) =>
      `<${NAMES[verb.charCodeAt(0)]} ${
        OPTION_NAMES[option.charCodeAt(0)] ?? option.charCodeAt(0)
      }>`,
  );
}

/** The three bytes of a negotiation. */
export function negotiation(verb: number, option: number): Uint8Array {
  return Uint8Array.of(IAC, verb, option);
}
