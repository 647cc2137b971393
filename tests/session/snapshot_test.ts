/**
 * A snapshot is complete: a session that is interrupted anywhere, saved as JSON and resumed on
 * another server has the same bytes, lines, keys and events as an uninterrupted one.
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { keyName, type OptionDeclarations, type TelnetClient, TelnetServer } from "../../mod.ts";
import { commandName, DO, DONT, IAC, SB, SE, WILL, WONT } from "../../src/protocol/mod.ts";
import { type MemoryPeer, MemoryTransport } from "../../src/transport/memory.ts";
import { NO_RATES, StepClock } from "../server/harness.ts";

const OPTIONS: OptionDeclarations = {
  terminalType: true,
  naws: true,
  charset: { names: ["UTF-8", "KOI8-R", "Shift_JIS"] },
  newEnviron: true,
  endOfRecord: true,
  binary: true,
  gmcp: true,
  msdp: { variables: { HP: { value: () => "7", configurable: true } } },
  linemode: true,
  zmp: true,
};
const CODES = [0, 1, 3, 5, 6, 24, 25, 31, 34, 39, 42, 69, 93, 99, 201];

/** One step: the client sends bytes, or the game makes a call. */
type Act = { readonly bytes: readonly number[] } | { readonly call: string };

const utf8 = (text: string) => [...new TextEncoder().encode(text)];
const text = fc.constantFrom(
  "look",
  "\r\n",
  "\r",
  "\n",
  "\0",
  "\b",
  "\x7f",
  "é",
  "日本語",
  "👩‍🚀",
  "e\u0301",
  "\x1b",
  "\x1b[A",
  "\x1b[D",
  "\x1b[1;5C",
  "\x1b[200~",
  "paste\nd",
  "\x1b[201~",
  "\x01",
  "\x03",
  "\x04",
  "\x0b",
  "\x0b\x01\x19",
  "\x12",
  "\x17",
  "\x19",
  "\t",
  " ",
  "say hello there\r\n",
).map(utf8);
const verb = fc.tuple(fc.constantFrom(WILL, WONT, DO, DONT), fc.constantFrom(...CODES))
  .map(([verb, code]) => [IAC, verb, code]);
const agreement = fc.constantFrom(
  [IAC, DO, 1, IAC, DO, 3],
  [IAC, DO, 1],
  [IAC, DO, 3],
  [IAC, DONT, 3],
  [IAC, WILL, 31, IAC, SB, 31, 0, 20, 0, 10, IAC, SE],
  [IAC, WILL, 24],
  [IAC, DO, 201],
  [IAC, DO, 25],
);
const payload = fc.constantFrom<[number, number[]]>(
  [24, [0, ...utf8("XTERM")]],
  [24, [0, ...utf8("MTTS 13")]],
  [31, [0, 30, 0, 5]],
  [42, [2, ...utf8("KOI8-R")]],
  [42, [2, ...utf8("Shift_JIS")]],
  [42, [1, ...utf8(";KOI8-R")]],
  [69, [1, ...utf8("REPORT"), 2, ...utf8("HP")]],
  [201, utf8('Core.Hello {"client":"x"}')],
  [201, utf8("Core.Ping")],
  [34, [1, 2]],
  [39, [0, 0, 65, 1, 66]],
).map(([code, bytes]) => [IAC, SB, code, ...bytes, IAC, SE]);
const command = fc.constantFrom(247, 248, 244, 243, 246, 241).map((code) => [IAC, code]);
const noise = fc.array(fc.nat(255), { maxLength: 4 });
const bytes = fc.array(fc.oneof(text, text, verb, agreement, payload, command, noise), {
  minLength: 1,
  maxLength: 4,
}).map((parts) => ({ bytes: parts.flat() }));
const call = fc.constantFrom(
  'send "hello\\n"',
  'send "half"',
  'send "a\\r"',
  'prompt "> "',
  "passwordModeOn",
  "passwordModeOff",
  "requestWillEcho",
  "requestWontEcho",
  "enterCharacterMode",
  "enterLineMode",
  "useEditor",
  'useEditor {"multiline":true}',
  "requestNaws",
  "requestTerminalType",
  "telnet.ping",
  "line",
  "key",
  "all",
  'telnet.gmcp.send "Core.Ping"',
).map((call) => ({ call }));
const free = fc.array(fc.oneof(bytes, bytes, call), { minLength: 1, maxLength: 20 });
/** Half of the sessions start in character mode or the editor. */
const byKeys: fc.Arbitrary<Act[]> = fc.tuple(
  fc.constantFrom("useEditor", "enterCharacterMode", 'useEditor {"multiline":true}'),
  free,
).map(([call, rest]) => [{ call }, { bytes: [IAC, DO, 1, IAC, DO, 3] }, ...rest]);
const acts: fc.Arbitrary<Act[]> = fc.oneof(free, byKeys);

Deno.test("a session resumed from a snapshot taken anywhere continues as if uninterrupted", async () => {
  await fc.assert(
    fc.asyncProperty(acts, fc.nat(), fc.nat(), async (acts, where, within) => {
      const cut = cutAt(acts, where, within);
      const whole = await play(cut.before, cut.after, false);
      const resumed = await play(cut.before, cut.after, true);
      assertEquals(resumed, whole);
    }),
    { seed: 20_261_126, numRuns: Number(Deno.env.get("MINIBOA_FUZZ_RUNS") ?? 400) },
  );
});

/** Splits between two acts, or within the bytes of one. */
function cutAt(acts: Act[], where: number, within: number): { before: Act[]; after: Act[] } {
  const index = where % acts.length;
  const act = acts[index];
  if (act === undefined || !("bytes" in act)) {
    return { before: acts.slice(0, index), after: acts.slice(index) };
  }
  const at = within % (act.bytes.length + 1);
  return {
    before: [...acts.slice(0, index), { bytes: act.bytes.slice(0, at) }],
    after: [{ bytes: act.bytes.slice(at) }, ...acts.slice(index + 1)],
  };
}

async function play(before: Act[], after: Act[], restart: boolean): Promise<string[]> {
  const told: string[] = [];
  const clock = new StepClock();
  let end = await Scene.start(clock, told);
  for (const act of before) await end.act(act);
  if (restart) {
    const snapshot = JSON.stringify(end.client.snapshot());
    await end.stop();
    end = await Scene.start(clock, told, snapshot);
  }
  for (const act of after) await end.act(act);
  await end.act({ call: "all" });
  await end.stop();
  return merged(told);
}

/** Merges adjacent output: the times of the writes do not matter. */
function merged(told: readonly string[]): string[] {
  const found: string[] = [];
  for (const line of told) {
    const last = found.at(-1);
    if (line.startsWith("out ") && last?.startsWith("out ")) {
      found[found.length - 1] = `${last} ${line.slice(4)}`;
    } else found.push(line);
  }
  return found;
}

class Scene {
  readonly client: TelnetClient;
  readonly #server: TelnetServer;
  readonly #peer: MemoryPeer;
  readonly #told: string[];
  readonly #clock: StepClock;

  private constructor(
    parts: { server: TelnetServer; peer: MemoryPeer; client: TelnetClient },
    told: string[],
    clock: StepClock,
  ) {
    this.#server = parts.server;
    this.#peer = parts.peer;
    this.client = parts.client;
    this.#told = told;
    this.#clock = clock;
  }

  static async start(clock: StepClock, told: string[], snapshot?: string): Promise<Scene> {
    const transport = new MemoryTransport();
    const server = await TelnetServer.listen({
      transport,
      clock,
      timeout: 0,
      limits: NO_RATES,
      telnetOptions: OPTIONS,
      onConnect: () => {},
      onDisconnect: () => {},
      onResize: (_, { columns, rows }) => void told.push(`resize ${columns} ${rows}`),
      onGmcp: (_, message) => void told.push(`gmcp ${message.package}`),
      onTelnetCommand: (_, command) => void told.push(`command ${commandName(command)}`),
      onViolation: (_, { kind }) => void told.push(`violation ${kind}`),
      onError: (error) => void told.push(`error ${error}`),
      ...(snapshot !== undefined && { restore: () => JSON.parse(snapshot) }),
    });
    const peer = transport.connect(server.port);
    await server.poll();
    const [client] = server.clientList();
    if (client === undefined) throw new Error("Nobody came");
    const scene = new Scene({ server, peer, client }, told, clock);
    await scene.#rest();
    return scene;
  }

  async act(act: Act): Promise<void> {
    if ("bytes" in act) this.#peer.write(Uint8Array.from(act.bytes));
    else this.#call(act.call);
    await this.#rest();
  }

  async stop(): Promise<void> {
    this.#peer.end();
    let stopped = false;
    const stopping = this.#server.stop().then(() => stopped = true);
    for (; !stopped; this.#clock.advance(0)) await new Promise((go) => setTimeout(go, 0));
    await stopping;
  }

  async #rest(): Promise<void> {
    for (let polls = 0; polls < 4; polls++) await this.#server.poll();
    const out = [...this.#peer.take()];
    if (out.length > 0) this.#told.push(`out ${out.join(" ")}`);
  }

  #call(call: string): void {
    const { client } = this;
    const [, name = "", args = ""] = /^(\S+)\s*(.*)$/.exec(call) ?? [];
    if (name === "line" || name === "all") {
      for (let count = name === "line" ? 1 : 9_999; count > 0 && client.cmdReady; count--) {
        this.#told.push(`line ${JSON.stringify(client.getCommand())}`);
      }
    }
    if (name === "key" || name === "all") {
      for (let count = name === "key" ? 1 : 9_999; count > 0 && client.hasKey; count--) {
        const key = client.getKey();
        if (key !== undefined) this.#told.push(`key ${key.text || keyName(key)}`);
      }
    }
    if (["line", "key", "all"].includes(name)) return;
    const [last = "", ...path] = name.split(".").reverse();
    let owner = client as unknown as Record<string, unknown>;
    for (const part of path.reverse()) owner = owner[part] as Record<string, unknown>;
    const method = owner[last];
    (method as (...args: unknown[]) => void).apply(owner, JSON.parse(`[${args}]`));
  }
}
