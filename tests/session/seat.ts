/** A client on a server in memory, that sends and hears bytes in hexadecimal. */
import type { ClientSnapshot, ListenOptions, TelnetClient, TelnetServer } from "../../mod.ts";
import { fromHex, toHex } from "../hex.ts";
import { start, type StepClock } from "../server/harness.ts";

/** A client, and what a test does with it. */
export interface Seat extends AsyncDisposable {
  readonly server: TelnetServer;
  readonly client: TelnetClient;
  readonly clock: StepClock;
  /** Polls a few times; returns what the client heard, in hexadecimal. */
  heard(): Promise<string>;
  /** Sends bytes as one chunk, and returns what the client heard. */
  send(hex: string): Promise<string>;
  /** The lines that the game has not taken. */
  lines(): string[];
}

/** Connects a client to a new server; with a snapshot it continues where that was taken. */
export async function takeSeat(
  options: ListenOptions = {},
  snapshot?: ClientSnapshot,
): Promise<Seat> {
  const restore = snapshot === undefined ? undefined : () => snapshot;
  const harness = await start({ ...options, ...restore !== undefined && { restore } });
  const { peer, client } = await harness.join();
  const heard = async () => {
    for (let polls = 0; polls < 5; polls++) await harness.server.poll();
    return toHex(peer.take());
  };
  return {
    server: harness.server,
    client,
    clock: harness.clock,
    heard,
    async send(hex) {
      peer.write(fromHex(hex));
      return await heard();
    },
    lines() {
      const lines: string[] = [];
      while (client.cmdReady) lines.push(client.getCommand() ?? "");
      return lines;
    },
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}
