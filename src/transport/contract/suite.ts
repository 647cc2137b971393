import type { DialOptions, TransportListenOptions } from "../transport.ts";
import { type Agent, type AgentConnection, type AgentListener, pattern, sumOf } from "./agent.ts";
import { assert, assertEquals, assertRejects } from "./_assert.ts";

/** The dialling end, which the test plays. */
export interface Peer {
  /** Its port. */
  readonly port: number;
  /** Sends bytes; settles when the network has taken them. */
  write(bytes: Uint8Array): Promise<void>;
  /** The next bytes; `null` at the end. */
  read(): Promise<Uint8Array | null>;
  /** Half-closes. */
  end(): Promise<void>;
  /** Closes. */
  close(): void;
}

/** A transport under test. */
export interface Subject {
  /** The agent that holds the transport. */
  readonly agent: Agent;
  /** Dials a port of this machine. */
  connect(port: number, hostname?: string): Promise<Peer>;
  /** Connects; the returned function breaks the connection with a reset. */
  connectToReset(port: number): Promise<() => void>;
  /** Whether it has real sockets: addresses, IPv6, kernel buffers. */
  readonly sockets: boolean;
  /** How many bytes the network takes for a peer that does not read, at most. */
  readonly buffers: number;
  /** Whether two listeners can share a port. */
  readonly reusePort: boolean;
}

const HERE: TransportListenOptions = { port: 0, address: "127.0.0.1" };
const MEGABYTE = 1_000_000;

/** The cases; each key states what must hold. */
export const CASES: Record<string, (subject: Subject) => Promise<void>> = {
  async "port 0 reports the real port, and the peer's address and port are told"(subject) {
    await using pair = await connected(subject);
    assert(pair.listener.port > 0);
    assertEquals(pair.listener.address, "127.0.0.1");
    assertEquals(pair.remoteAddress, "127.0.0.1");
    if (subject.sockets) assertEquals(pair.remotePort, pair.peer.port);
  },

  async "a port in use is an error with a code"({ agent }) {
    const { id, port } = await agent.listen(HERE);
    const error = await assertRejects(() => agent.listen({ ...HERE, port }));
    assertEquals(error.code, "address-in-use");
    await agent.closeListener(id);
  },

  async "an address that this machine does not have, or no name has, is an error with a code"(
    subject,
  ) {
    if (!subject.sockets) return;
    const listen = (address: string) => () => subject.agent.listen({ port: 0, address });
    const foreign = await assertRejects(listen("203.0.113.9"));
    assertEquals(foreign.code, "address-unavailable");
    for (const name of ["no-such-host.invalid", "256.256.256.256", "not:an:ip", "127.0.0.1 "]) {
      const unknown = await assertRejects(listen(name));
      assertEquals(unknown.code, "address-not-found", name);
    }
  },

  async "a port that is none is misuse"({ agent }) {
    for (const port of [-1, 65_536, 1.5, NaN]) {
      const error = await assertRejects(() => agent.listen({ ...HERE, port }));
      assertEquals(error.code, "misuse");
    }
  },

  async "IPv6 works, and an IPv4 peer of an IPv6 listener has its plain address"(subject) {
    if (!subject.sockets) return;
    await using six = await connected(subject, { port: 0, address: "::1" }, "::1");
    assertEquals([six.listener.address, six.remoteAddress], ["::1", "::1"]);
    await using both = await connected(subject, { port: 0, address: "::" });
    assertEquals(both.remoteAddress, "127.0.0.1");
  },

  async "bytes arrive whole and in order both ways"(subject) {
    await using pair = await connected(subject);
    await subject.agent.echo(pair.id);
    const sent = pattern(MEGABYTE);
    const [back] = await Promise.all([readExactly(pair.peer, sent.length), pair.peer.write(sent)]);
    assertEquals(sumOf(back), sumOf(sent));
    assert(back.every((byte, index) => byte === sent[index]));
    const { bytes, sum } = await subject.agent.status(pair.id);
    assertEquals([bytes, sum], [sent.length, sumOf(sent)]);
  },

  async "what a stalled peer does not take is counted, and drains when it reads"(subject) {
    await using pair = await connected(subject);
    const total = 4 * subject.buffers;
    await subject.agent.write(pair.id, total);
    const { queued, drained } = await subject.agent.status(pair.id);
    assertEquals(drained, 0);
    assert(queued <= total);
    const settled = await stable(async () => (await subject.agent.status(pair.id)).queued);
    assert(settled >= total - subject.buffers, `only ${settled} of ${total} are counted`);
    const all = await readExactly(pair.peer, total);
    assertEquals(sumOf(all), sumOf(pattern(total)));
    const { early } = await subject.agent.until(pair.id, { queued: 0, drained: 1 });
    assertEquals(early, 0, "onDrain was called although bytes were still queued");
  },

  async "very many small writes to a stalled peer drain in order, each at the same cost"(subject) {
    const cost = async (small: number) => {
      await using pair = await connected(subject);
      await subject.agent.write(pair.id, 2 * subject.buffers);
      let all: Uint8Array = new Uint8Array(0);
      let steps = 0;
      await subject.agent.count?.(true);
      try {
        await subject.agent.writeBytes(pair.id, small);
        all = await readExactly(pair.peer, 2 * subject.buffers + small);
      } finally {
        steps = await subject.agent.count?.(false) ?? 0;
      }
      assertEquals(sumOf(all.subarray(-small)), sumOf(pattern(small)));
      assertEquals(all.at(-1), (small - 1) & 0xff);
      return steps;
    };
    const [more, less] = [await cost(100_000), await cost(25_000)];
    assert(more <= 1.2 * 4 * less, `${more} steps, and ${less} for a quarter`);
    if (subject.agent.count !== undefined) assert(less > 0, "nothing was counted");
  },

  async "a paused connection makes its peer wait, and loses nothing"(subject) {
    await using pair = await connected(subject);
    await subject.agent.pause(pair.id);
    const total = 4 * subject.buffers;
    let written = false;
    const writing = pair.peer.write(pattern(total)).then(() => written = true);
    const held = await stable(async () => (await subject.agent.status(pair.id)).bytes);
    assert(held <= subject.buffers, `${held} bytes came although the connection is paused`);
    if (subject.sockets) assert(!written, "they are read, and kept somewhere");
    await subject.agent.resume(pair.id);
    await writing;
    const { sum } = await subject.agent.until(pair.id, { bytes: total });
    assertEquals(sum, sumOf(pattern(total)));
  },

  async "a peer that half-closes can still be written to"(subject) {
    await using pair = await connected(subject);
    await pair.peer.write(pattern(10));
    await pair.peer.end();
    const { bytes, closes } = await subject.agent.until(pair.id, { ended: true });
    assertEquals([bytes, closes], [10, 0]);
    await subject.agent.write(pair.id, 1000);
    await subject.agent.close(pair.id);
    assertEquals(sumOf(await readAll(pair.peer)), sumOf(pattern(1000)));
    const { error } = await subject.agent.until(pair.id, { closes: 1, gone: true });
    assertEquals(error, undefined);
  },

  async "a peer that half-closed and reads late gets all there is"(subject) {
    await using pair = await connected(subject);
    await pair.peer.end();
    await subject.agent.until(pair.id, { ended: true });
    const total = Math.min(subject.buffers, MEGABYTE);
    await subject.agent.write(pair.id, total);
    await subject.agent.close(pair.id);
    await subject.agent.until(pair.id, { closes: 1, gone: true });
    const all = await readAll(pair.peer);
    assertEquals([all.length, sumOf(all)], [total, sumOf(pattern(total))]);
  },

  async "close delivers all that is queued, then the end"(subject) {
    await using pair = await connected(subject);
    const total = 2 * subject.buffers;
    await subject.agent.write(pair.id, total);
    await subject.agent.close(pair.id);
    await subject.agent.write(pair.id, 1000); // after close it does nothing
    await pair.peer.write(pattern(100)); // it is discarded
    const all = await readAll(pair.peer);
    assertEquals([all.length, sumOf(all)], [total, sumOf(pattern(total))]);
    await pair.peer.end();
    const status = await subject.agent.until(pair.id, { closes: 1, gone: true });
    assertEquals([status.closes, status.error, status.queued], [1, undefined, 0]);
    assertEquals(status.bytes, 0);
  },

  async "a peer that still sends gets the last bytes all the same"(subject) {
    await using pair = await connected(subject);
    await subject.agent.write(pair.id, 1000);
    await pair.peer.write(pattern(100));
    await subject.agent.close(pair.id);
    const { bytes } = await subject.agent.until(pair.id, { closes: 1 });
    await pair.peer.write(pattern(1000));
    assertEquals((await readAll(pair.peer)).length, 1000);
    await pair.peer.write(pattern(1000));
    await pair.peer.end();
    const status = await subject.agent.until(pair.id, { gone: true });
    assertEquals(status.bytes, bytes);
  },

  async "a peer that floods is not read for ever when the connection is closed"(subject) {
    await using pair = await connected(subject);
    await subject.agent.close(pair.id);
    await subject.agent.until(pair.id, { closes: 1 });
    let sent = false;
    const flooding = pair.peer.write(pattern(4 * subject.buffers)).then(() => sent = true);
    await flooding.catch(() => {}); // it is reset
    await subject.agent.until(pair.id, { gone: true });
    if (subject.sockets) assert(!sent, "it was read on");
  },

  async "a peer that takes nothing and floods a connection that closes is not read on"(subject) {
    await using pair = await connected(subject);
    await subject.agent.write(pair.id, 4 * subject.buffers);
    await subject.agent.close(pair.id);
    let sent = false;
    const flooding = pair.peer.write(pattern(4 * subject.buffers)).then(() => sent = true);
    flooding.catch(() => {}); // it is reset
    for (let looks = 0; looks < 20 && !sent; looks++) await delay(20);
    assertEquals(sent, !subject.sockets);
    await subject.agent.abort(pair.id);
    await subject.agent.until(pair.id, { gone: true });
  },

  async "a peer that was not read gets all there is, although it reads late"(subject) {
    if (!subject.sockets) return; // only sockets are reset
    await using pair = await connected(subject);
    await subject.agent.pause(pair.id);
    await pair.peer.write(pattern(100_000));
    await subject.agent.write(pair.id, 300_000);
    await subject.agent.close(pair.id);
    await subject.agent.until(pair.id, { gone: true });
    assertEquals(await readExactly(pair.peer, 300_000), pattern(300_000));
    assertEquals(await countUntilEnd(pair.peer), 0);
  },

  async "a peer that floods a paused connection gets its last bytes, and is not read on"(subject) {
    await using pair = await connected(subject);
    await subject.agent.pause(pair.id);
    const flooding = pair.peer.write(pattern(4 * subject.buffers)).catch(() => {});
    await stable(async () => (await subject.agent.status(pair.id)).bytes);
    await subject.agent.write(pair.id, 1000);
    await subject.agent.close(pair.id);
    const closed = subject.agent.until(pair.id, { closes: 1 });
    assertEquals(await readExactly(pair.peer, 1000), pattern(1000));
    if (subject.sockets) assertEquals((await closed).gone, false); // it was not gone then
    await closed;
    await subject.agent.until(pair.id, { gone: true });
    await flooding; // it is reset
  },

  async "a peer that never closes is let go after a short time"(subject) {
    await using pair = await connected(subject);
    await subject.agent.close(pair.id);
    const { gone } = await subject.agent.until(pair.id, { closes: 1 });
    assertEquals(gone, false);
    await subject.agent.until(pair.id, { gone: true });
  },

  async "abort closes at once and drops what is queued"(subject) {
    await using pair = await connected(subject);
    await subject.agent.write(pair.id, 4 * subject.buffers);
    await subject.agent.abort(pair.id);
    const status = await subject.agent.status(pair.id);
    assertEquals([status.closes, status.queued, status.error], [1, 0, undefined]);
    await subject.agent.until(pair.id, { gone: true });
    assert(await countUntilEnd(pair.peer) < 4 * subject.buffers);
    await subject.agent.abort(pair.id);
    await subject.agent.close(pair.id);
    assertEquals((await subject.agent.status(pair.id)).closes, 1);
  },

  async "a reset by the peer is reported once, with a code"({ agent, connectToReset }) {
    const listener = await agent.listen(HERE);
    const reset = await connectToReset(listener.port);
    const { id } = await agent.accepted();
    await agent.write(id, 1000);
    reset();
    const { closes, error } = await agent.until(id, { closes: 1, gone: true });
    assertEquals([closes, error], [1, "connection-lost"]);
    await agent.closeListener(listener.id);
  },

  async "a closed listener takes nobody new, and those it took live on"(subject) {
    await using pair = await connected(subject);
    await subject.agent.closeListener(pair.listener.id);
    const refused = await subject.connect(pair.listener.port).then(() => false, () => true);
    assert(refused, "somebody was taken");
    await subject.agent.write(pair.id, 10);
    assertEquals((await readExactly(pair.peer, 10)).length, 10);
  },

  async "reusePort lets two listen on one port, or says that it cannot"(subject) {
    if (!subject.reusePort) {
      const options = { ...HERE, reusePort: true };
      const error = await assertRejects(() => subject.agent.listen(options));
      return assertEquals(error.code, "unsupported");
    }
    const first = await subject.agent.listen({ ...HERE, reusePort: true });
    const second = await subject.agent.listen({ ...HERE, port: first.port, reusePort: true });
    assertEquals(second.port, first.port);
    await subject.agent.closeListener(first.id);
    await subject.agent.closeListener(second.id);
  },

  async "fifty who connect and vanish are each closed once"(subject) {
    const listener = await subject.agent.listen(HERE);
    for (let count = 0; count < 50; count++) (await subject.connect(listener.port)).close();
    for (let count = 0; count < 50; count++) {
      const { id } = await subject.agent.accepted();
      const { closes } = await subject.agent.status(id);
      if (closes === 0) {
        await subject.agent.until(id, { ended: true });
        await subject.agent.close(id);
      }
      assertEquals((await subject.agent.until(id, { gone: true })).closes, 1);
    }
    await subject.agent.closeListener(listener.id);
  },

  async "dial: the address and port of the peer are known at both ends"(subject) {
    await using pair = await dialled(subject);
    if (pair === undefined) return;
    const { near, far, listener } = pair;
    assertEquals([near.remoteAddress, near.remotePort], ["127.0.0.1", listener.port]);
    assertEquals(far.remoteAddress, "127.0.0.1");
    assert(far.remotePort > 0);
  },

  async "dial: bytes arrive whole and in order both ways"(subject) {
    await using pair = await dialled(subject);
    if (pair === undefined) return;
    const { agent } = subject;
    await agent.echo(pair.far.id);
    await agent.write(pair.near.id, MEGABYTE);
    for (const { id } of [pair.far, pair.near]) {
      const { bytes, sum } = await agent.until(id, { bytes: MEGABYTE });
      assertEquals([bytes, sum], [MEGABYTE, sumOf(pattern(MEGABYTE))]);
    }
  },

  async "dial: a port at which nothing listens is an error with a code"({ agent }) {
    if (agent.dial === undefined) return;
    const { id, port } = await agent.listen(HERE);
    await agent.closeListener(id);
    const error = await assertRejects(() => dial(agent, { hostname: "127.0.0.1", port }));
    assertEquals(error.code, "connection-refused");
  },

  async "dial: a port or hostname that is none, or an unknown option, is misuse"({ agent }) {
    if (agent.dial === undefined) return;
    const good = { hostname: "127.0.0.1", port: 7777 };
    const wrong: DialOptions[] = [
      ...[0, -1, 65_536, 1.5, NaN].map((port) => ({ ...good, port })),
      { ...good, hostname: "" },
      { ...good, host: "127.0.0.1" } as DialOptions,
    ];
    for (const options of wrong) {
      const error = await assertRejects(() => dial(agent, options));
      assertEquals(error.code, "misuse", JSON.stringify(options));
    }
  },

  async "dial: a name without an address is an error with a code"({ agent, sockets }) {
    if (!sockets || agent.dial === undefined) return;
    const names = ["no-such-host.invalid", "256.256.256.256", "not:an:ip", "1::2::3", "127.0.0.1 "];
    for (const hostname of names) {
      const error = await assertRejects(() => dial(agent, { hostname, port: 7777 }));
      assertEquals(error.code, "address-not-found", hostname);
    }
  },

  async "dial: localhost is found whether only its IPv4 or only its IPv6 address listens"(subject) {
    if (!subject.sockets) return;
    for (const address of ["127.0.0.1", "::1"]) {
      await using pair = await dialled(subject, { port: 0, address }, "localhost");
      if (pair === undefined) return;
      assertEquals([pair.near.remoteAddress, pair.far.remoteAddress], [address, address]);
    }
  },

  async "dial: what a paused peer does not take is counted, and drains when it reads"(subject) {
    await using pair = await dialled(subject);
    if (pair === undefined) return;
    await checkBackpressure(subject, pair.near.id, pair.far.id);
  },

  async "dial: a paused dialled end makes its peer wait, and loses nothing"(subject) {
    await using pair = await dialled(subject);
    if (pair === undefined) return;
    await checkBackpressure(subject, pair.far.id, pair.near.id);
  },

  async "dial: either end can end first, and the other still writes"(subject) {
    for (const first of ["near", "far"] as const) {
      await using pair = await dialled(subject);
      if (pair === undefined) return;
      const { agent } = subject;
      const [closing, open] = first === "near" ? [pair.near, pair.far] : [pair.far, pair.near];
      await agent.write(closing.id, 10);
      await agent.close(closing.id);
      const { bytes, closes } = await agent.until(open.id, { ended: true });
      assertEquals([bytes, closes], [10, 0]);
      await agent.write(open.id, 1000);
      await agent.until(open.id, { queued: 0 });
      await agent.close(open.id);
      await untilClosedInOrder(agent, pair);
    }
  },

  async "dial: close delivers all that is queued, then the end, both ways"(subject) {
    for (const first of ["near", "far"] as const) {
      await using pair = await dialled(subject);
      if (pair === undefined) return;
      const { agent, buffers } = subject;
      const [closing, open] = first === "near" ? [pair.near, pair.far] : [pair.far, pair.near];
      await agent.pause(open.id);
      await agent.write(closing.id, 2 * buffers);
      await agent.close(closing.id);
      await agent.write(closing.id, 1000); // after close it does nothing
      await agent.resume(open.id);
      const { bytes, sum } = await agent.until(open.id, { ended: true });
      assertEquals([bytes, sum], [2 * buffers, sumOf(pattern(2 * buffers))]);
      await agent.close(open.id);
      await untilClosedInOrder(agent, pair);
    }
  },

  async "dial: abort closes at once and drops what is queued"(subject) {
    await using pair = await dialled(subject);
    if (pair === undefined) return;
    const { agent, buffers } = subject;
    await agent.pause(pair.far.id);
    await agent.write(pair.near.id, 4 * buffers);
    await agent.abort(pair.near.id);
    const status = await agent.status(pair.near.id);
    assertEquals([status.closes, status.queued, status.error], [1, 0, undefined]);
    await agent.until(pair.near.id, { gone: true });
    await agent.resume(pair.far.id);
    await untilEnded(agent, pair.far.id);
    await agent.abort(pair.far.id);
    const { bytes } = await agent.until(pair.far.id, { gone: true });
    assert(bytes < 4 * buffers);
  },

  async "dial: each end is closed once, whatever is called"(subject) {
    await using pair = await dialled(subject);
    if (pair === undefined) return;
    const { agent } = subject;
    const ids = [pair.near.id, pair.far.id];
    await Promise.all(ids.map((id) => agent.close(id)));
    await untilClosedInOrder(agent, pair);
    for (const id of ids) {
      await agent.close(id);
      await agent.abort(id);
      assertEquals((await agent.status(id)).closes, 1);
    }
  },
};

interface Pair extends AsyncDisposable {
  readonly id: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly listener: AgentListener;
  readonly peer: Peer;
}

async function connected(
  { agent, connect }: Subject,
  options: TransportListenOptions = HERE,
  hostname: string = "127.0.0.1",
): Promise<Pair> {
  const listener = await agent.listen(options);
  const peer = await connect(listener.port, hostname);
  const connection = await agent.accepted();
  return {
    ...connection,
    listener,
    peer,
    async [Symbol.asyncDispose]() {
      await agent.closeListener(listener.id);
      await agent.abort(connection.id);
      await agent.until(connection.id, { gone: true });
      peer.close();
    },
  };
}

interface DialledPair extends AsyncDisposable {
  readonly listener: AgentListener;
  /** The end that dialled. */
  readonly near: AgentConnection;
  /** The end that was accepted. */
  readonly far: AgentConnection;
}

/** A connection that the agent dialled to its own listener; `undefined` if it does not dial. */
async function dialled(
  { agent }: Subject,
  options: TransportListenOptions = HERE,
  hostname: string = "127.0.0.1",
): Promise<DialledPair | undefined> {
  if (agent.dial === undefined) return undefined;
  const listener = await agent.listen(options);
  const near = await dial(agent, { hostname, port: listener.port });
  const far = await agent.accepted();
  return {
    listener,
    near,
    far,
    async [Symbol.asyncDispose]() {
      await agent.closeListener(listener.id);
      for (const { id } of [near, far]) {
        await agent.abort(id);
        await agent.until(id, { gone: true });
      }
    },
  };
}

async function dial(agent: Agent, options: DialOptions): Promise<AgentConnection> {
  const connection = await agent.dial?.(options);
  assert(connection !== undefined, "the agent does not dial");
  return connection;
}

/** Checks that a writer counts what its peer does not read, and that all of it arrives later. */
async function checkBackpressure(
  { agent, buffers }: Subject,
  writer: number,
  reader: number,
): Promise<void> {
  const total = 4 * buffers;
  await agent.pause(reader);
  await agent.write(writer, total);
  assertEquals((await agent.status(writer)).drained, 0);
  const queued = await stable(async () => (await agent.status(writer)).queued);
  assert(queued >= total - buffers, `only ${queued} of ${total} are counted`);
  const held = (await agent.status(reader)).bytes;
  assert(held <= buffers, `${held} bytes came although the connection is paused`);
  await agent.resume(reader);
  const { early } = await agent.until(writer, { queued: 0, drained: 1 });
  assertEquals(early, 0, "onDrain was called although bytes were still queued");
  const { bytes, sum } = await agent.until(reader, { bytes: total });
  assertEquals([bytes, sum], [total, sumOf(pattern(total))]);
}

/** Waits until both ends are gone, and checks that each was closed once and without an error. */
async function untilClosedInOrder(agent: Agent, { near, far }: DialledPair): Promise<void> {
  for (const { id } of [near, far]) {
    const { closes, error } = await agent.until(id, { closes: 1, gone: true });
    assertEquals([closes, error], [1, undefined]);
  }
}

/** Waits until a connection reports that its peer is gone, by an end or by a reset. */
async function untilEnded(agent: Agent, id: number): Promise<void> {
  await Promise.race([agent.until(id, { ended: true }), agent.until(id, { closes: 1 })]);
}

async function readSome(peer: Peer): Promise<Uint8Array> {
  const bytes = await peer.read();
  assert(bytes !== null, "the end came too early");
  return bytes;
}

async function readExactly(peer: Peer, length: number): Promise<Uint8Array> {
  const all = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const bytes = await readSome(peer);
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}

async function readAll(peer: Peer): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let bytes = await peer.read(); bytes !== null; bytes = await peer.read()) chunks.push(bytes);
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

/** How many bytes come before the connection ends, normally or by a reset. */
async function countUntilEnd(peer: Peer): Promise<number> {
  let count = 0;
  try {
    for (let bytes = await peer.read(); bytes !== null; bytes = await peer.read()) {
      count += bytes.length;
    }
  } catch {
    // a reset
  }
  return count;
}

/** Measures until the value stays the same: only time shows that something does not happen. */
async function stable(measure: () => Promise<number>): Promise<number> {
  let last = await measure();
  for (let same = 0; same < 5;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const next = await measure();
    same = next === last ? same + 1 : 0;
    last = next;
  }
  return last;
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
