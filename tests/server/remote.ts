/** A Telnet client for tests of the server. */
import { constants, createDeflate } from "node:zlib";
import type { ListenOptions, TelnetClient } from "../../mod.ts";
import { ECHO, SGA } from "../../src/options/mod.ts";
import { DO, DONT, SB, TelnetMachine, WILL, WONT } from "../../src/protocol/mod.ts";
import type { MemoryConnectOptions, MemoryPeer } from "../../src/transport/memory.ts";
import { until } from "../patience.ts";
import type { Terminal } from "../text/terminal.ts";
import { type Harness, latin1, negotiation, start, type StepClock } from "./harness.ts";

/** Encodes text as UTF-8. */
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The client end, with its own TelnetMachine. */
export class Remote {
  readonly telnet: TelnetMachine = new TelnetMachine();
  readonly heard: string[] = [];
  text = "";
  readonly #peer: MemoryPeer;
  readonly #harness: Harness<TelnetClient>;

  constructor(harness: Harness<TelnetClient>, peer: MemoryPeer) {
    this.#harness = harness;
    this.#peer = peer;
  }

  /** The negotiations since the last call, in words; the text is added to `text`. */
  async hear(condition: (heard: readonly string[]) => boolean): Promise<string[]> {
    const heard: string[] = [];
    await this.#harness.pollUntil(() => {
      heard.push(...this.read(this.#peer.take()));
      return condition(heard);
    });
    return heard;
  }

  read(bytes: Uint8Array): string[] {
    const words: string[] = [];
    let rest = latin1(bytes);
    for (let match; (match = /^([^\xff]*)\xff([\xef-\xfe])/s.exec(rest));) {
      this.text += match[1];
      rest = rest.slice(match[0].length);
      const command = match[2]?.charCodeAt(0) ?? 0;
      if (command === SB) {
        const end = /^([\s\S])((?:[^\xff]|\xff\xff)*)\xff\xf0/.exec(rest);
        words.push(`SB ${end?.[1]?.charCodeAt(0)} ${end?.[2]}`);
        rest = rest.slice(end?.[0].length);
      } else if (command >= WILL) {
        words.push(`${["WILL", "WONT", "DO", "DONT"][command - WILL]} ${rest.charCodeAt(0)}`);
        rest = rest.slice(1);
      } else {
        words.push(`IAC ${command}`);
      }
    }
    this.text += rest;
    return words;
  }

  say(...bytes: (number | Uint8Array)[]): void {
    for (const part of bytes) {
      this.#peer.write(typeof part === "number" ? Uint8Array.of(part) : part);
    }
  }

  will = (option: number): void => this.say(negotiation(WILL, option));
  wont = (option: number): void => this.say(negotiation(WONT, option));
  do = (option: number): void => this.say(negotiation(DO, option));
  dont = (option: number): void => this.say(negotiation(DONT, option));

  sub(option: number, payload: Uint8Array): void {
    this.telnet.sendSubnegotiation(option, payload);
    this.say(this.telnet.takeOutput());
  }
}

/** A server with one client. Disposing it stops the server. */
export interface Joined extends AsyncDisposable {
  readonly harness: Harness<TelnetClient>;
  readonly client: TelnetClient;
  readonly peer: MemoryPeer;
  readonly remote: Remote;
  readonly clock: StepClock;
}

/** Starts a server, and connects a client. */
export async function join(
  options: ListenOptions = {},
  dial: MemoryConnectOptions = {},
): Promise<Joined> {
  const harness = await start(options);
  const { peer, client } = await harness.join(dial);
  const remote = new Remote(harness, peer);
  const { clock } = harness;
  return {
    harness,
    client,
    peer,
    remote,
    clock,
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}

/** Lets a client agree to character mode. */
export async function agree(
  { harness, client, remote }: Pick<Joined, "harness" | "client" | "remote">,
): Promise<void> {
  remote.do(ECHO);
  remote.do(SGA);
  await harness.pollUntil(() => client.terminal.inCharacterMode);
}

/** Shows on a terminal what a client has received, after some polls, without Telnet commands. */
export async function show(
  { harness, peer }: Pick<Joined, "harness" | "peer">,
  terminal: Terminal,
): Promise<void> {
  for (let polls = 0; polls < 3; polls++) await harness.server.poll();
  const sent = latin1(peer.take()).replaceAll(/\xff(?:[\xfb-\xfe][^]|[\xf0-\xf9])|\0/g, "");
  await terminal.write(new TextDecoder().decode(bytesOf(sent)));
}

/** Encodes Latin-1 text, the inverse of `latin1`. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A zlib stream that is flushed after each text. */
export async function deflated(
  texts: string[],
  finish: boolean,
  encoding: "utf-8" | "latin1" = "utf-8",
): Promise<Uint8Array> {
  const stream = createDeflate();
  const chunks: Uint8Array[] = [];
  stream.on("data", (bytes: Uint8Array) => chunks.push(bytes));
  for (const text of texts) {
    stream.write(text, encoding);
    await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, resolve));
  }
  const ended = new Promise((resolve) => stream.once("end", resolve));
  if (finish) {
    stream.end();
    await ended;
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

/** Polls in real time: zlib works in threads, so no number of polls is enough. */
export async function untilReal(
  harness: Harness<TelnetClient>,
  condition: () => boolean,
): Promise<void> {
  await until(condition, () => harness.server.poll());
}

/** Polls, and inflates the server's output. */
export async function hearInflated(
  harness: Harness<TelnetClient>,
  peer: MemoryPeer,
  inflate: { write(bytes: Uint8Array): unknown },
  condition: () => boolean,
): Promise<void> {
  await untilReal(harness, () => {
    const bytes = peer.take();
    if (bytes.length > 0) inflate.write(bytes);
    return condition();
  });
}
