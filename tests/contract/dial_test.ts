/** Dialling beyond the contract suite: signals, several addresses, raw peers. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createServer } from "node:net";
import { TelnetError } from "../../src/protocol/mod.ts";
import { type Attempt, dialHost, interleave } from "../../src/transport/_dial.ts";
import { turn } from "../../src/transport/event_loop.ts";
import { denoTransport } from "../../src/transport/deno.ts";
import { type Agent, pattern, sumOf } from "../../src/transport/contract/mod.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import type {
  Connection,
  ConnectionHandler,
  Dialler,
  DialOptions,
  Transport,
} from "../../src/transport/mod.ts";
import { Program } from "../runtimes/process.ts";
import { findRuntimes } from "../runtimes/runtimes.ts";
import { RemoteAgent } from "./remote_agent.ts";

const REASON = new Error("the player has left");
const HERE = { port: 0, address: "127.0.0.1" };
const SIX = ["2001:db8::1", "2001:db8::2", "2001:db8::3"];
const FOUR = ["192.0.2.1", "192.0.2.2"];

/** A handler that records its calls. */
class Recorder implements ConnectionHandler {
  readonly heard: string[] = [];
  readonly closed: Promise<void>;
  #settle: () => void = () => {};

  constructor() {
    this.closed = new Promise((resolve) => this.#settle = resolve);
  }

  onData(chunk: Uint8Array): void {
    this.heard.push(new TextDecoder().decode(chunk));
  }
  onEnd(): void {
    this.heard.push("end");
  }
  onDrain(): void {
    this.heard.push("drain");
  }
  onClose(error?: Error): void {
    this.heard.push(`close ${error instanceof TelnetError ? error.code : error}`);
    this.#settle();
  }
}

const CONNECTION = { name: "a connection" } as unknown as Connection;

/** A fake network whose attempts the test opens or fails. */
class FakeNetwork {
  readonly attempts: Attempt[] = [];
  readonly opened: string[] = [];
  readonly closed: string[] = [];
  readonly #ends: { open(): void; fail(code: string): void }[] = [];
  readonly #addresses: readonly string[] | Promise<readonly string[]>;
  #changed: (() => void)[] = [];

  constructor(addresses: readonly string[] | Promise<readonly string[]>) {
    this.#addresses = addresses;
  }

  dial(options: Partial<DialOptions> = {}): Promise<Connection> {
    return dialHost({ hostname: "example.net", port: 23, ...options }, {
      resolve: async () => await this.#addresses,
      dialAddress: (attempt) => this.#attempt(attempt),
    });
  }

  /** Waits until this many attempts were started. */
  async started(count: number): Promise<void> {
    while (this.attempts.length < count) {
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  get hostnames(): string[] {
    return this.attempts.map(({ hostname }) => hostname);
  }

  open(at: number): void {
    this.#ends[at]?.open();
  }

  fail(at: number, code: string): void {
    this.#ends[at]?.fail(code);
  }

  #attempt(attempt: Attempt): Promise<Connection | undefined> {
    return new Promise((resolve, reject) => {
      this.attempts.push(attempt);
      this.#ends.push({
        open: () => {
          const wanted = attempt.claim();
          (wanted ? this.opened : this.closed).push(attempt.hostname);
          resolve(wanted ? CONNECTION : undefined);
        },
        fail: (code) => reject(Object.assign(new Error(code), { code })),
      });
      const changed = this.#changed;
      this.#changed = [];
      for (const notify of changed) notify();
    });
  }
}

Deno.test("interleave alternates the address families, and begins with the preferred one", () => {
  const mixed = [SIX[0], SIX[1], SIX[2], FOUR[0], FOUR[1]] as string[];
  assertEquals(interleave(mixed), [SIX[0], FOUR[0], SIX[1], FOUR[1], SIX[2]]);
  assertEquals(interleave(["192.0.2.1", "2001:db8::1", "192.0.2.1"]), ["192.0.2.1", "2001:db8::1"]);
  assertEquals(interleave([]), []);
});

Deno.test("dialling tries the next address as soon as one fails, and stops at the first success", async () => {
  const network = new FakeNetwork([...SIX, ...FOUR]);
  const dialling = network.dial({ keepAlive: true });
  await network.started(1);
  network.fail(0, "ENETUNREACH");
  await network.started(2);
  network.open(1);
  assertEquals(await dialling, CONNECTION);
  assertEquals(network.hostnames, ["2001:db8::1", "192.0.2.1"]);
  assertEquals(network.attempts.map(({ port, keepAlive }) => [port, keepAlive]), [
    [23, true],
    [23, true],
  ]);
});

Deno.test("dialling does not wait for an address that hangs, and closes late connections", async () => {
  const network = new FakeNetwork([...SIX, ...FOUR]);
  const dialling = network.dial();
  await network.started(3); // by the timer: no attempt has failed
  network.open(2);
  await dialling;
  assertEquals(network.attempts.map(({ signal }) => signal.aborted), [true, true, false]);
  network.open(0);
  network.fail(1, "ECONNREFUSED");
  assertEquals([network.opened, network.closed], [["2001:db8::2"], ["2001:db8::1"]]);
});

Deno.test("the first attempt can still win after the second has started", async () => {
  const network = new FakeNetwork([...SIX, ...FOUR]);
  const dialling = network.dial();
  await network.started(2);
  network.open(0);
  network.open(1);
  await dialling;
  assertEquals([network.opened, network.closed], [["2001:db8::1"], ["192.0.2.1"]]);
});

Deno.test("if all addresses fail, the most informative error is reported", async () => {
  const network = new FakeNetwork(["2001:db8::1", "192.0.2.1", "2001:db8::2"]);
  const failed = assertRejects(() => network.dial(), TelnetError);
  for (const [at, code] of ["EHOSTUNREACH", "ECONNREFUSED", "ETIMEDOUT"].entries()) {
    await network.started(at + 1);
    network.fail(at, code);
  }
  const error = await failed;
  assertEquals(error.code, "connection-refused");
  assertEquals(error.message, 'Cannot connect to "example.net", port 23: nothing listens there');
  assertEquals((error.cause as Error).message, "ECONNREFUSED");
});

Deno.test("system errors while dialling map to error codes", async () => {
  const codes = {
    ENETUNREACH: "unreachable",
    EHOSTUNREACH: "unreachable",
    EADDRNOTAVAIL: "unreachable",
    ETIMEDOUT: "connection-lost",
    ECONNRESET: "connection-lost",
    EACCES: "permission-denied",
    EMFILE: "io",
  };
  for (const [code, expected] of Object.entries(codes)) {
    const network = new FakeNetwork(["192.0.2.1"]);
    const failed = assertRejects(() => network.dial(), TelnetError);
    await network.started(1);
    network.fail(0, code);
    assertEquals((await failed).code, expected, code);
  }
});

Deno.test("a host name without addresses, or that cannot be resolved, is address-not-found", async () => {
  const failure = Promise.reject(Object.assign(new Error("again"), { code: "EAI_AGAIN" }));
  for (const addresses of [[], failure]) {
    const error = await assertRejects(() => new FakeNetwork(addresses).dial(), TelnetError);
    assertEquals(error.code, "address-not-found");
  }
});

Deno.test("a signal ends dialling while the name is being resolved", async () => {
  const addresses = Promise.withResolvers<readonly string[]>();
  const network = new FakeNetwork(addresses.promise);
  const controller = new AbortController();
  const dialling = network.dial({ signal: controller.signal });
  controller.abort(REASON);
  assertEquals(await dialling.catch((error) => error), REASON);
  addresses.resolve(FOUR);
  await turn();
  assertEquals(network.hostnames, []);
});

Deno.test("a signal ends dialling while it connects, and late connections are closed", async () => {
  const network = new FakeNetwork(FOUR);
  const controller = new AbortController();
  const dialling = network.dial({ signal: controller.signal });
  await network.started(2);
  controller.abort(REASON);
  assertEquals(await dialling.catch((error) => error), REASON);
  assertEquals(network.attempts.map(({ signal }) => signal.aborted), [true, true]);
  network.open(0);
  network.fail(1, "ECONNREFUSED");
  await turn();
  assertEquals([network.opened, network.closed], [[], ["192.0.2.1"]]);
});

Deno.test("dialling leaves no listener on the caller's signal", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const [add, remove] = [signal.addEventListener, signal.removeEventListener];
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove.apply(signal, args);
  };
  const network = new FakeNetwork(["192.0.2.1"]);
  const first = network.dial({ signal });
  await network.started(1);
  assertEquals(listeners, 1);
  network.open(0);
  await first;
  assertEquals(listeners, 0);
  const second = network.dial({ signal });
  await network.started(2);
  network.fail(1, "ECONNREFUSED");
  await assertRejects(() => second, TelnetError);
  assertEquals(listeners, 0);
});

Deno.test("a signal that aborts after the connection opened changes nothing", async () => {
  const controller = new AbortController();
  const network = new FakeNetwork(FOUR);
  const dialling = network.dial({ signal: controller.signal });
  await network.started(1);
  network.open(0);
  controller.abort();
  assertEquals(await dialling, CONNECTION);
  assert(!network.attempts[0]?.signal.aborted);
});

for (const transport of [denoTransport, new MemoryTransport()] as (Transport & Dialler)[]) {
  Deno.test(`${transport.name}: a signal that has aborted already rejects before dialling`, async () => {
    const listener = await transport.listen(HERE, () => {
      throw new Error("somebody came");
    });
    const { port } = listener;
    const signal = AbortSignal.abort(REASON);
    const dialling = transport.dial({ hostname: "127.0.0.1", port, signal }, () => {
      throw new Error("it was accepted");
    });
    assertEquals(await dialling.catch((error) => error), REASON);
    await listener.close();
  });

  Deno.test(`${transport.name}: a signal ends dialling, and nothing is left open`, async () => {
    const seen: Connection[] = [];
    const listener = await transport.listen(HERE, (connection) => {
      seen.push(connection);
      return { onData() {}, onEnd: () => connection.close(), onDrain() {}, onClose() {} };
    });
    const { port } = listener;
    const controller = new AbortController();
    let owned = 0;
    const dialling = transport.dial(
      { hostname: "127.0.0.1", port, signal: controller.signal },
      () => {
        owned++;
        return new Recorder();
      },
    );
    controller.abort();
    assertEquals(await dialling.catch((error) => error), controller.signal.reason);
    await listener.close();
    for (const connection of seen) await connection.closed;
    assertEquals(owned, 0);
  });

  Deno.test(`${transport.name}: a throwing accept closes the connection, and dial rejects`, async () => {
    const recorder = new Recorder();
    const listener = await transport.listen(HERE, (connection) => {
      recorder.onEnd = () => connection.close();
      return recorder;
    });
    const { port } = listener;
    const thrown = new Error("no owner");
    const dialling = transport.dial({ hostname: "127.0.0.1", port }, () => {
      throw thrown;
    });
    assertEquals(await dialling.catch((error) => error), thrown);
    await recorder.closed;
    await listener.close();
  });

  Deno.test(`${transport.name}: errors for invalid dial options say what is wrong`, async () => {
    const dial = (options: object) =>
      assertRejects(
        () => transport.dial(options as DialOptions, () => new Recorder()),
        TelnetError,
      );
    const good = { hostname: "127.0.0.1", port: 1 };
    assertEquals(
      (await dial({ host: "127.0.0.1", port: 1 })).message,
      'Unknown option "dial.host": did you mean "hostname"?',
    );
    assertEquals(
      (await dial({ ...good, port: 0 })).message,
      "Cannot use dial.port: expected a whole number from 1 to 65535, got 0",
    );
    assertEquals(
      (await dial({ ...good, hostname: "" })).message,
      'Cannot use dial.hostname: expected the name or IP address of a host, got ""',
    );
    for (const wrong of [{ hostname: 5 }, { keepAlive: 1 }, { signal: {} }]) {
      assertEquals((await dial({ ...good, ...wrong })).code, "misuse");
    }
    assertEquals(
      (await dial(good)).message,
      'Cannot connect to "127.0.0.1", port 1: nothing listens there',
    );
  });
}

Deno.test({
  name: "Deno without permission for a host: the error names the flag",
  permissions: { net: ["127.0.0.1:1"] },
  async fn() {
    const flags = {
      "192.0.2.1": "--allow-net=192.0.2.1:7777",
      "2001:db8::1": "--allow-net=[2001:db8::1]:7777",
      "example.net": "--allow-net=example.net:7777",
    };
    for (const [hostname, flag] of Object.entries(flags)) {
      const error = await assertRejects(
        () => denoTransport.dial({ hostname, port: 7777 }, () => new Recorder()),
        TelnetError,
      );
      assertEquals(error.code, "permission-denied");
      assert(error.message.endsWith(`allow it by deno run ${flag}`), error.message);
    }
  },
});

Deno.test({
  name: "Deno dials by name if only the name is allowed",
  permissions: { net: ["0.0.0.0:0", "localhost"] },
  async fn() {
    const recorder = new Recorder();
    const listener = await denoTransport.listen({ port: 0, address: "" }, (connection) => {
      recorder.onEnd = () => connection.close();
      return recorder;
    });
    const options = { hostname: "localhost", port: listener.port };
    const connection = await denoTransport.dial(options, () => new Recorder());
    connection.write(new TextEncoder().encode("hello"));
    connection.close();
    await recorder.closed;
    await connection.closed;
    assertEquals(recorder.heard, ["hello", "close undefined"]);
    await listener.close();
  },
});

Deno.test("memory: both ends of a dialled connection get chunks of chunkSize", async () => {
  const transport = new MemoryTransport({ chunkSize: 3, capacity: 5 });
  const [near, far] = [new Recorder(), new Recorder()];
  let accepted: Connection | undefined;
  const { port } = await transport.listen(HERE, (connection) => {
    accepted = connection;
    return far;
  });
  const dialling = transport.dial({ hostname: "mud.example", port }, () => near);
  assertEquals(accepted, undefined, "an owner was called within dial()");
  const connection = await dialling;
  assertEquals([connection.remoteAddress, connection.remotePort], ["mud.example", port]);
  connection.write(new TextEncoder().encode("1234"));
  connection.write(new TextEncoder().encode("5678"));
  accepted?.write(new TextEncoder().encode("abcdefgh"));
  assertEquals([connection.queued, accepted?.queued], [3, 3]);
  assertEquals([near.heard, far.heard], [[], []], "an owner was called within write()");
  far.onEnd = () => accepted?.close();
  await turn();
  connection.close();
  await Promise.all([near.closed, far.closed]);
  assertEquals(near.heard, ["drain", "abc", "de", "fgh", "close undefined"]);
  assertEquals(far.heard, ["123", "4", "5", "drain", "678", "close undefined"]);
});

Deno.test("memory: an end that aborts with unread input resets the other", async () => {
  const transport = new MemoryTransport();
  const [near, far] = [new Recorder(), new Recorder()];
  let accepted: Connection | undefined;
  const { port } = await transport.listen(HERE, (connection) => {
    accepted = connection;
    return far;
  });
  const connection = await transport.dial({ hostname: "mud.example", port }, () => near);
  accepted?.pause();
  connection.write(new Uint8Array(100_000));
  accepted?.abort();
  await near.closed;
  assertEquals(near.heard, ["close connection-lost"]);
  assertEquals([connection.destroyed, connection.queued], [true, 0]);

  // Writing to an aborted end fails, too.
  const again = new Recorder();
  const second = await transport.dial({ hostname: "mud.example", port }, () => again);
  accepted?.abort();
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(again.heard, ["end"]);
  second.write(new Uint8Array(1));
  await again.closed;
  assertEquals(again.heard, ["end", "close connection-lost"]);
});

for (const runtime of await findRuntimes()) {
  Deno.test(`${runtime.name} dials raw peers`, async (t) => {
    await using remote = new RemoteAgent(runtime);
    const { agent } = remote;

    await t.step("data that the peer sends at once reaches the handler", async () => {
      for (let round = 0; round < 20; round++) {
        using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
        const sending = listener.accept().then(async (conn) => {
          await conn.write(pattern(1000));
          conn.close();
        });
        const { id } = await dial(agent, listener.addr.port);
        await sending;
        const { bytes, sum } = await agent.until(id, { ended: true });
        assertEquals([bytes, sum], [1000, sumOf(pattern(1000))]);
        await agent.close(id);
        const { closes, error } = await agent.until(id, { closes: 1, gone: true });
        assertEquals([closes, error], [1, undefined]);
      }
    });

    await t.step("a peer that half-closes can still be written to", async () => {
      using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
      const [conn, { id }] = await Promise.all([
        listener.accept(),
        dial(agent, listener.addr.port),
      ]);
      await conn.closeWrite();
      assertEquals((await agent.until(id, { ended: true })).closes, 0);
      await agent.write(id, 100_000);
      await agent.close(id);
      const all = new Uint8Array(await new Response(conn.readable).arrayBuffer());
      assertEquals([all.length, sumOf(all)], [100_000, sumOf(pattern(100_000))]);
      assertEquals((await agent.until(id, { closes: 1, gone: true })).error, undefined);
    });

    await t.step("close sends the end, and waits for the peer's", async () => {
      using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
      const [conn, { id }] = await Promise.all([
        listener.accept(),
        dial(agent, listener.addr.port),
      ]);
      await agent.close(id);
      const { gone } = await agent.until(id, { closes: 1 });
      assertEquals(await conn.read(new Uint8Array(1)), null);
      assertEquals(gone, false);
      await conn.write(new Uint8Array(10)); // discarded, without a reset
      conn.close();
      assertEquals((await agent.until(id, { gone: true })).error, undefined);
    });

    await t.step("a reset by the peer is reported once, with a code", async () => {
      const server = createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => socket.resetAndDestroy());
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { id } = await dial(agent, (server.address() as { port: number }).port);
      await agent.write(id, 1000);
      const { closes, error } = await agent.until(id, { closes: 1, gone: true });
      assertEquals([closes, error], [1, "connection-lost"]);
      await new Promise((resolve) => server.close(resolve));
    });

    await t.step("a name whose addresses all refuse is connection-refused", async () => {
      const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
      const { port } = listener.addr;
      listener.close();
      const error = await assertRejects(() => dial(agent, port, "localhost"), TelnetError);
      assertEquals(error.code, "connection-refused");
      assert(error.message.endsWith(`"localhost", port ${port}: nothing listens there`));
    });

    await t.step("an IPv4-mapped IPv6 address is reported as IPv4", async () => {
      using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
      const accepting = listener.accept();
      const { id, remoteAddress } = await dial(agent, listener.addr.port, "::ffff:127.0.0.1");
      assertEquals(remoteAddress, "127.0.0.1");
      (await accepting).close();
      await agent.abort(id);
    });
  });
}

for (const runtime of await findRuntimes()) {
  Deno.test(`${runtime.name}: a signal ends dialling, and sockets that open later are closed`, async () => {
    using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    await using program = Program.start(runtime, "tests/contract/dial_program.ts", [
      String(listener.addr.port),
    ]);
    for (let round = 0; round < 10; round++) assertEquals(await program.line(), `aborted ${round}`);
    assertEquals(await program.line(), "owners 0");
    // Some aborted attempts may have connected. The last one says hello.
    while (await firstText(listener) !== "hello");
    assertEquals((await program.status).code, 0);
  });
}

/** The next peer's first text; empty if it closes or resets instead. */
async function firstText(listener: Deno.Listener): Promise<string> {
  try {
    using conn = await listener.accept();
    const buffer = new Uint8Array(100);
    const count = await conn.read(buffer);
    return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
  } catch {
    return "";
  }
}

async function dial(agent: Agent, port: number, hostname: string = "127.0.0.1"): Promise<
  { id: number; remoteAddress: string }
> {
  const connection = await agent.dial?.({ hostname, port });
  assert(connection !== undefined);
  return connection;
}
