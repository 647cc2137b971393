/**
 * Tests of a real server process on each runtime, over real sockets. A file per runtime runs this,
 * so that they are tested in parallel.
 */
import { connect } from "node:net";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { inTime, LONG, PATIENCE_MS } from "../patience.ts";
import { parseServerTranscripts, serverCutsOf } from "../transcripts/server_transcript.ts";
import { cutsOf, parseTranscripts } from "../transcripts/transcript.ts";
import { LineClient } from "./line_client.ts";
import { Program } from "./process.ts";
import { alphabetSums, isMultiByte } from "./alphabet_sums.ts";
import { CERTIFICATE } from "../tls/certificates.ts";
import { findRuntime, type Runtime } from "./runtimes.ts";

const MEGABYTE = 1_000_000;
/** The memory growth that uncollected garbage may cause, whatever the amount of traffic. */
const MEMORY_SLACK = 256 * MEGABYTE;
const CLIENTS = 1000;

const CHECKS: Record<string, (runtime: Runtime) => Promise<void>> = {
  "runs every transcript in every cut": runsTranscripts,
  "serves a thousand clients at once, each with its own answer": servesAThousand,
  "serves the next client after 400 that reset": servesAfterResets,
  "counts a peer that left before it was accepted as lost, not as a client": countsLost,
  "gets a client's input within a few turns of a game that is never idle": hearsInTime,
  "welcomes a crowd in few turns of a game that is never idle, and hears it in one or two":
    hearsCrowd,
  "serves others between the frames of a WebSocket's chunk": turnsBetweenFrames,
  "compresses any writes as one zlib stream, each readable at once": deflates,
  "survives random bytes": (runtime) =>
    survives(runtime, randomBytes(), (LONG ? 20 : 5) * MEGABYTE),
  "survives 100 MB of a subnegotiation without an end": (runtime) =>
    survives(runtime, repeated([255, 250, 201], 0x41), 100 * MEGABYTE),
  // More than the memory that may be used, and 1 GB by `deno task test:long`.
  "survives a line without an end": (runtime) =>
    survives(runtime, repeated([], 0x41), (LONG ? 1_000 : 400) * MEGABYTE),
  "encodes and decodes every character encoding like the other runtimes": hasAlphabets,
  "survives cut, broken and garbage TLS handshakes, at both ports": survivesTls,
  "closes clients that stop reading, over TLS too": letsGo,
  "tells everybody who is refused, gets the last lines over TLS, reports a broken line, leaves no socket of a failed start":
    endsWell,
  "keeps running when file descriptors run out, and accepts clients again later": runsOut,
};

/** Declares the tests of a runtime. */
export async function testRuntime(name: Runtime["name"]): Promise<void> {
  const runtime = await findRuntime(name);
  for (const [sentence, check] of Object.entries(CHECKS)) {
    Deno.test({
      name: `${name} ${sentence}${runtime === undefined ? ` (there is no ${name} here)` : ""}`,
      ignore: runtime === undefined,
      fn: async () => runtime && await check(runtime),
    });
  }
}

/** The checks that are enough to show that a runtime runs the whole library. */
export const MAIN_CHECKS: Record<string, (runtime: Runtime) => Promise<void>> = {
  "runs every transcript in every cut": runsTranscripts,
  "serves a thousand clients at once": servesAThousand,
  "encodes and decodes every character encoding like the other runtimes": hasAlphabets,
  "survives random bytes": (runtime) => survives(runtime, randomBytes(), 5 * MEGABYTE),
  "survives cut, broken and garbage TLS handshakes": survivesTls,
};

async function runsTranscripts(runtime: Runtime): Promise<void> {
  const [cases, runs] = expectedTranscripts();
  assert(cases > 40 && runs > 500);
  await using program = Program.start(runtime, "tests/runtimes/transcripts_program.ts");
  assertEquals(await program.line(), `cases ${cases} runs ${runs}`);
}

/** Each encoding must encode and decode the same on every runtime, broken bytes too. */
async function hasAlphabets(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "tests/runtimes/alphabets_program.ts");
  const counts = new Map<string, number>();
  const lines: string[] = [];
  for (let line = await program.line(); line !== "end"; line = await program.line()) {
    const [name = "", count] = line.split(" ");
    counts.set(name, Number(count));
    lines.push(line);
  }
  if (runtime.name !== "Deno") assertEquals(lines, alphabetSums());
  for (const [name, count] of counts) {
    const least = name === "ascii" ? 96 : isMultiByte(name) ? 1_400 : 170;
    assert(count >= least, `${name} has ${count} characters`);
  }
  assert((counts.get("gb18030") ?? 0) > 12_600 && counts.get("utf-8") === 12_692);
}

function expectedTranscripts(): [cases: number, runs: number] {
  const folder = new URL("../transcripts/", import.meta.url);
  let cases = 0;
  let runs = 0;
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.endsWith(".md")) continue;
    const transcripts = parseTranscripts(Deno.readTextFileSync(new URL(name, folder)));
    cases += transcripts.length;
    for (const transcript of transcripts) runs += cutsOf(transcript).length;
  }
  for (const { name } of Deno.readDirSync(new URL("server/", folder))) {
    const markdown = Deno.readTextFileSync(new URL(`server/${name}`, folder));
    for (const transcript of parseServerTranscripts(markdown)) {
      cases++;
      runs += serverCutsOf(transcript).length;
    }
  }
  return [cases, runs];
}

async function servesAThousand(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "tests/runtimes/server_program.ts");
  const port = await portOf(program);
  const numbers = Array.from({ length: CLIENTS }, (_, number) => number);
  const clients = await Promise.all(numbers.map(() => LineClient.connect(port)));
  try {
    await Promise.all(clients.map(async (client, number) => {
      await client.write(`I am ${number}\r\n`);
      assertEquals(await client.until(/\n/), `echo I am ${number}\r\n`);
    }));
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
}

/** Input that arrives in a turn must be seen in one of the next turns. Counts turns, not time. */
async function hearsInTime(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "tests/runtimes/busy_program.ts");
  using client = await LineClient.connect(await portOf(program));
  await client.until(/\./);
  for (let number = 0; number < 20; number++) {
    await client.write(`line ${number}\r\n`);
    await client.until(new RegExp(`echo line ${number}\r\n`));
  }
  const [, turns = ""] = await inTime(
    program.match(/^turns ([\d ]+)$/),
    "twenty lines of the game's own",
  );
  const each = turns.split(" ").map(Number);
  assertEquals(each.length, 20);
  assert(each.every((turns) => turns > 0 && turns < 10), `they took ${each} turns`);
}

/** A thousand frames in one chunk, 128 of them in each turn of the event loop. */
async function turnsBetweenFrames(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "tests/runtimes/frames_program.ts");
  const [, turns] = await inTime(program.match(/^turns (\d+)$/), "the number of turns");
  assert(Number(turns) >= 7, `${turns} turns`);
}

/** Lines of a game shrink to less than a fifth, because each has the text before it as a dictionary. */
async function deflates(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "tests/runtimes/deflate_program.ts");
  const [, ratio] = await inTime(program.match(/^blocks \w+ ratio ([\d.]+)$/), "the ratio");
  assert(Number(ratio) < 0.2, ratio);
}

/** No client waits for others: however many have sent a line, all are heard. Turns are counted, not time. */
async function hearsCrowd(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "tests/runtimes/crowd_program.ts");
  const [, welcome, turns = ""] = await inTime(
    program.match(/^welcome (\d+) turns ([\d ]+)$/),
    "five rounds of the crowd",
  );
  // One by one it would be some 500.
  assert(Number(welcome) <= 125, `they were welcomed in ${welcome} turns`);
  const each = turns.split(" ").map(Number);
  assert(each.length === 5 && Math.max(...each) <= 2, `they took ${each} turns`);
}

async function servesAfterResets(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "tests/runtimes/server_program.ts");
  const port = await portOf(program);
  for (let count = 0; count < 400; count++) {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", () => {});
    await new Promise<void>((resolve) => {
      socket.once("connect", () => socket.resetAndDestroy());
      socket.once("close", () => resolve());
    });
  }
  using client = await LineClient.connect(port);
  await client.write("hello\r\n");
  await client.until(/echo hello/);
}

async function endsWell(runtime: Runtime): Promise<void> {
  const paths = ["cert.pem", "key.pem"].map((name) =>
    decodeURIComponent(new URL(`../tls/${name}`, import.meta.url).pathname)
  );
  await using program = Program.start(runtime, "tests/runtimes/ends_program.ts", paths);
  assertEquals(JSON.parse(await program.line()), {
    address: "127.0.0.1",
    told: 30,
    reason: "connection-lost",
    lines: ["one", "two"],
    open: 0,
  });
}

async function countsLost(runtime: Runtime): Promise<void> {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/go-on`;
  await using program = Program.start(runtime, "tests/runtimes/lost_program.ts", [file]);
  const port = await portOf(program);
  using client = await LineClient.connect(port);
  await client.write("be busy\r\n");
  await program.match(/^busy$/);
  for (let count = 0; count < 20; count++) {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", () => {});
    await new Promise<void>((resolve) => {
      socket.once("connect", () => socket.resetAndDestroy());
      socket.once("close", () => resolve());
    });
  }
  await Deno.writeTextFile(file, "");
  let seen = { addresses: [] as string[], accepted: 0, lost: 0 };
  while (seen.lost < 20) {
    await client.write("look\r\n");
    seen = JSON.parse(await program.line());
    assertEquals([seen.addresses, seen.accepted], [["127.0.0.1"], 1]);
  }
  await Deno.remove(folder, { recursive: true });
}

/**
 * Sends hostile bytes while an honest client talks; the server must survive without using more
 * memory.
 */
async function survives(
  runtime: Runtime,
  chunks: Iterator<Uint8Array>,
  total: number,
): Promise<void> {
  await using program = Program.start(runtime, "tests/runtimes/server_program.ts");
  const port = await portOf(program);
  using honest = await LineClient.connect(port);
  using stack = new DisposableStack();
  const before = await memory(honest);
  let peak = before;
  let sent = 0;
  // Read the answers: a client that does not read is dropped.
  const come = async () => {
    const hostile = stack.use(await LineClient.connect(port));
    const listening = hostile.rest();
    listening.catch(() => {}); // the first error counts
    return { hostile, listening };
  };
  let { hostile, listening } = await come();
  while (sent < total) {
    const { value } = chunks.next();
    try {
      await hostile.write(value);
    } catch {
      ({ hostile, listening } = await come()); // random bytes may ask for LOGOUT
    }
    sent += value.length;
    if (sent % (50 * MEGABYTE) < value.length) peak = Math.max(peak, await memory(honest));
  }
  peak = Math.max(peak, await memory(honest));
  assert(peak - before < MEMORY_SLACK, `it grew by ${(peak - before) / MEGABYTE} MB`);
  await honest.write("still there?\r\n");
  assertMatch(await honest.until(/\n/), /^echo still there\?\r\n$/);
  using late = await LineClient.connect(port);
  await late.write("and I?\r\n");
  assertMatch(await late.until(/\n/), /^echo and I\?\r\n$/);
  // A client that sends more after LOGOUT is reset.
  await hostile.end().catch(() => {});
  await listening.catch(() => {});
}

async function survivesTls(runtime: Runtime): Promise<void> {
  const flags = ["--start-tls", "--many"];
  await using program = Program.start(runtime, "tests/runtimes/door_program.ts", flags);
  const { plain, secure } = JSON.parse(await program.line());
  const hello = await clientHello();
  const random = randomBytes();
  const broken = (count: number) => {
    const bytes = Uint8Array.from(hello);
    const { value: noise } = random.next();
    for (let index = 0; index < count; index++) {
      bytes[(noise?.[2 * index] ?? 0) % bytes.length] = noise?.[2 * index + 1] ?? 0;
    }
    return bytes;
  };
  const attempts: Uint8Array[] = [];
  for (let length = 0; length < hello.length; length += 29) attempts.push(hello.slice(0, length));
  for (let count = 1; count < 30; count++) attempts.push(broken(count));
  attempts.push(Uint8Array.of(...hello, ...hello), hello);
  // WILL START-TLS, SB START-TLS FOLLOWS: everything after it is TLS.
  const follows = [255, 251, 46, 255, 250, 46, 1, 255, 240];
  for (const bytes of attempts) {
    for (const [port, head] of [[secure, []], [plain, follows]] as const) {
      using peer = await LineClient.connect(port);
      await peer.write(Uint8Array.of(...head, ...bytes)).catch(() => {});
      if (bytes.length % 2 === 0) await peer.end().catch(() => {});
    }
  }
  using honest = await LineClient.connect(plain);
  await honest.write(Uint8Array.of(255, 252, 46)); // WONT START-TLS
  await honest.until(/Welcome!\r\n/);
  await untilCounted(honest, /^1 0 0 /);
  const conn = await connectTls(secure);
  const buffer = new Uint8Array(100);
  const count = await conn.read(buffer) ?? 0;
  assertEquals(new TextDecoder().decode(buffer.subarray(0, count)), "Welcome!\r\n");
  conn.close();
}

async function letsGo(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "tests/runtimes/door_program.ts");
  const { plain, secure } = JSON.parse(await program.line());
  const honest = await LineClient.connect(plain);
  using stack = new DisposableStack();
  stack.use(honest);
  await honest.until(/Welcome!\r\n/);
  const come = async () => {
    const peers = [await Deno.connect({ port: plain }), await connectTls(secure)];
    for (const peer of peers) {
      stack.defer(() => peer.close());
      await peer.write(new TextEncoder().encode("drown\r\n"));
    }
  };
  await come();
  await untilCounted(honest, / 3$/); // all three have connected
  await untilCounted(honest, /^1 0 0 /);
  await come();
  await untilCounted(honest, / 5$/);
  await untilCounted(honest, /^1 0 /); // disconnected, but their sockets are closing
  await honest.write("stop\r\n");
  // They never read and never close: without closeTimeout stop() would not end.
  assertEquals(await inTime(program.line(), "the end of stop"), "stopped");
}

/** Asks until the numbers of clients, handshakes, closing sockets and all clients so far match. */
async function untilCounted(client: LineClient, counts: RegExp): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let told = ""; !counts.test(told);) {
    assert(performance.now() < deadline, `clients, handshakes, closing, come: ${told}`);
    await client.write("stats\r\n");
    told = /stats (.*)\r/.exec(await client.until(/stats .*\r\n/))?.[1] ?? "";
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function connectTls(port: number): Promise<Deno.TlsConn> {
  return Deno.connectTls({ hostname: "localhost", port, caCerts: [CERTIFICATE.cert] });
}

/** Returns a TLS ClientHello. */
async function clientHello(): Promise<Uint8Array> {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr as Deno.NetAddr;
  const dialling = Deno.connectTls({ hostname: "localhost", port, caCerts: [CERTIFICATE.cert] });
  const handshake = dialling.then(async (conn) => {
    await conn.handshake().finally(() => conn.close());
  });
  const conn = await listener.accept();
  const buffer = new Uint8Array(2_000);
  const count = await conn.read(buffer) ?? 0;
  conn.close();
  await handshake.catch(() => {}); // no server answers
  return buffer.slice(0, count);
}

/** The server's limit of open file descriptors. */
const DESCRIPTORS = 80;

async function runsOut(runtime: Runtime): Promise<void> {
  if (Deno.build.os === "windows") return;
  const limited = `ulimit -n ${DESCRIPTORS} && exec "$0" "$@"`;
  const poor: Runtime = {
    ...runtime,
    path: "sh",
    args: ["-c", limited, runtime.path, ...runtime.args],
  };
  // Deno's update check runs some time after the start, and crashes without a free file descriptor.
  const env = { DENO_NO_UPDATE_CHECK: "1" };
  await using program = Program.start(poor, "tests/runtimes/server_program.ts", [], env);
  const port = await portOf(program);
  using honest = await LineClient.connect(port);
  const ask = async (words: string, answer: RegExp) => {
    await honest.write(`${words}\r\n`);
    return answer.exec(await honest.until(/\n/))?.[1];
  };
  await ask("hello", /^echo (hello)/);
  {
    using stack = new DisposableStack();
    for (let count = 0; count < 2 * DESCRIPTORS; count++) {
      stack.use(await LineClient.connect(port)); // the system accepts them, if the server does not
    }
    for (let count = 0; count < 20; count++) {
      assertEquals(await ask(`still ${count}`, /^echo (.*)\r/), `still ${count}`);
    }
    if (runtime.name === "Deno") {
      let errors = 0;
      while (errors === 0) errors = Number(await ask("errors", /^errors (\d+)/));
    }
  }
  // A client may still be refused until the server has seen the others leave.
  const deadline = performance.now() + PATIENCE_MS;
  for (let served = false; !served;) {
    try {
      using late = await LineClient.connect(port);
      await late.write("and I?\r\n");
      assertMatch(await late.until(/\n/), /^echo and I\?\r\n$/);
      served = true;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function memory(client: LineClient): Promise<number> {
  await client.write("memory\r\n");
  const [, bytes] = /memory (\d+)/.exec(await client.until(/memory \d+\r\n/)) ?? [];
  return Number(bytes);
}

async function portOf(program: Program): Promise<number> {
  const [, port] = await program.match(/^port (\d+)$/);
  return Number(port);
}

function* repeated(first: readonly number[], byte: number): Generator<Uint8Array> {
  yield Uint8Array.from(first);
  const chunk = new Uint8Array(MEGABYTE).fill(byte);
  while (true) yield chunk;
}

/** Seeded, so that a failure can be repeated (xorshift). */
function* randomBytes(): Generator<Uint8Array> {
  let state = 0x2545f491;
  while (true) {
    const chunk = new Uint8Array(100_000);
    for (let index = 0; index < chunk.length; index++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      chunk[index] = state & 0xff;
    }
    yield chunk;
  }
}
