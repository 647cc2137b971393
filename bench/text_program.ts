/**
 * One run of the text benchmark on the runtime that executes it; prints a line of JSON.
 *
 *     deno run -A bench/text_program.ts <folder with the npm packages> <seed>
 */
import { createRequire } from "node:module";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { type ConnectionAcceptor, TelnetServer, type Transport } from "../mod.ts";
import {
  colorize,
  createTextDecoder,
  encodeText,
  type Encoding,
  KeyDecoder,
  LineEditor,
  textWidth,
  wordWrap,
} from "../src/text/mod.ts";
import { BaseConnection } from "../src/transport/base_connection.ts";
import { TEXT_PACKAGES } from "./packages.ts";
import { textCorpora } from "./text_corpora.ts";

/** The time of one task, in µs. */
export interface TextCell {
  /** The task: `wrap and colour`, `width`, `decode` and so on. */
  readonly work: string;
  /** The corpus or the character set. */
  readonly subject: string;
  readonly contender: string;
  readonly microseconds: number;
}

const [folder = "", seed = "1"] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
// Deno uses the packages of a folder only for a project in that folder.
const npm = async (name: string) =>
  "Deno" in globalThis
    ? await import(`npm:${name}@${TEXT_PACKAGES[name]}`)
    : await import(pathToFileURL(require.resolve(name)).href);
const { default: wrapAnsi } = await npm("wrap-ansi");
const { default: stringWidth } = await npm("string-width");
const { default: sliceAnsi } = await npm("slice-ansi");
const { default: iconv } = await npm("iconv-lite");

const COLUMNS = 80;
const BARE = { columns: COLUMNS, indent: 0, padding: 0 };
const WARM_UP_MS = 100;
const MEASURE_MS = 60;
const TIMES = 20;
const CLIENTS = 1_000;
/** Uses the results, as otherwise the engine could optimize the calls away. */
let sum = 0;
let turn = 0;
const cells: TextCell[] = [];

for (const { name, caret } of textCorpora(Number(seed))) {
  const ansi = colorize(caret);
  compare("wrap and colour", name, {
    "miniboa": () => colorize(wordWrap(caret, BARE).join("\n")).length,
    "wrap-ansi": () => wrapAnsi(ansi, COLUMNS).length,
  });
  compare("width", name, {
    "miniboa": () => textWidth(ansi),
    "string-width": () => stringWidth(ansi),
  });
  const unbroken = caret.replaceAll(" ", "_");
  const unbrokenAnsi = colorize(unbroken);
  const rows = Math.ceil(textWidth(unbrokenAnsi) / COLUMNS);
  compare("cut into rows", name, {
    "miniboa": () => colorize(wordWrap(unbroken, BARE).join("\n")).length,
    "slice-ansi": () => {
      let length = 0;
      for (let row = 0; row < rows; row++) {
        length += sliceAnsi(unbrokenAnsi, row * COLUMNS, (row + 1) * COLUMNS).length;
      }
      return length;
    },
  });
}

/** For each character set: a text that it can encode, and the set's name in iconv-lite. */
const SETS: readonly (readonly [Encoding, string, string])[] = [
  ["utf-8", "Der Räuber läuft über die Brücke. Старый мост. 古い橋。", "utf8"],
  ["ascii", "The old bridge creaks under your feet, and below the river goes on. ", "ascii"],
  ["latin1", "Der Räuber läuft über die Brücke, während der König schläft. ", "latin1"],
  ["windows-1252", "Der Räuber läuft über die Brücke – „während“ der König schläft. ", "win1252"],
  ["iso-8859-2", "Zażółć gęślą jaźń, a most skrzypi pod nogami. ", "iso88592"],
  ["koi8-r", "Старый мост скрипит под ногами, и где-то внизу бежит река. ", "koi8-r"],
  ["windows-1251", "Старый мост скрипит под ногами, и где-то внизу бежит река. ", "win1251"],
  ["cp437", "╔══════╗ ║ naïve ║ ╚══════╝ The old bridge creaks. ", "cp437"],
  ["cp866", "Старый мост скрипит под ногами, и где-то внизу бежит река. ", "cp866"],
  ["gbk", "古老的桥在你脚下吱吱作响，河水在下面流过，仿佛什么也没有发生。", "gbk"],
  ["gb18030", "古老的桥在你脚下吱吱作响，河水在下面流过，仿佛什么也没有发生。", "gb18030"],
  ["big5", "古老的橋在你腳下吱吱作響，河水在下面流過，彷彿什麼也沒有發生。", "big5"],
  ["shift_jis", "古い橋がきしむ。川は何事もなかったかのように流れている。", "shiftjis"],
  ["euc-jp", "古い橋がきしむ。川は何事もなかったかのように流れている。", "eucjp"],
  ["euc-kr", "오래된 다리가 발밑에서 삐걱거리고 아래로는 강물이 흐른다. ", "euckr"],
];

for (const [encoding, sentence, other] of SETS) {
  const text = sentence.repeat(Math.ceil(600 / sentence.length)).slice(0, 600);
  const bytes = encodeText(text, encoding);
  compare("encode", encoding, {
    "miniboa": () => encodeText(text, encoding).length,
    "iconv-lite": () => iconv.encode(text, other).length,
  });
  const decoder = createTextDecoder(encoding);
  const otherDecoder = iconv.getDecoder(other, { stripBOM: false });
  compare("decode", encoding, {
    "miniboa": () => decoder.decode(bytes).length,
    "iconv-lite": () => otherDecoder.write(bytes).length,
  });
}

/** A connection that accepts all output at once. */
class SinkConnection extends BaseConnection {
  protected transmit(chunk: Uint8Array): number {
    return chunk.length;
  }
  protected shutdown(): void {}
  protected destroy(): void {}
  protected setReading(): void {}
}

const accepts: ConnectionAcceptor[] = [];
const transport: Transport = {
  name: "sink",
  listen(_, accept) {
    accepts.push(accept);
    return Promise.resolve({ port: 1, address: "", close: () => Promise.resolve() });
  },
};
const server = await TelnetServer.listen({
  transport,
  timeout: 0,
  maxConnections: CLIENTS,
  onConnect() {},
  onDisconnect() {},
});
for (let count = 0; count < CLIENTS; count++) {
  const connection = new SinkConnection(`192.0.${count >> 8}.${count & 255}`, 1);
  const [accept] = accepts;
  if (accept !== undefined) connection.attach(accept(connection));
}
await server.poll();
const [client] = server.clientList();
const [plain, coloured] = textCorpora(Number(seed));
if (client !== undefined) {
  for (const corpus of [plain, coloured]) {
    const { name, caret } = corpus ?? { name: "", caret: "" };
    await compareSends(name, {
      // A different text each time, as texts are cached.
      "send": () => client.send(`${caret} ${turn++}`),
      "sendCc": () => client.sendCc(`${caret} ${turn++}`),
      "sendWrapped": () => client.sendWrapped(`${caret} ${turn++}`),
      "send, the same again": () => client.send(caret),
      "sendWrapped, the same again": () => client.sendWrapped(caret),
    });
  }
  await compareSends(`${plain?.name}, to 1,000 clients, for each`, {
    "broadcast": () => server.broadcast(plain?.caret ?? ""),
    "broadcast, wrapped": () => server.broadcast(plain?.caret ?? "", { wrap: true }),
  }, CLIENTS);
}
await server.stop();

for (const length of [20, 80, 800]) {
  const editor = new LineEditor({ columns: 80, rows: 24 });
  editor.prompt = "> ";
  const keys = new KeyDecoder({ runs: true });
  const press = (text: string) => {
    for (const key of keys.push(text, 0)) editor.key(key);
    return editor.takeOutput().length;
  };
  press("x".repeat(length));
  press("\x01" + "\x1b[C".repeat(10));
  compare("a key in the editor", `in a line of ${length}`, {
    "miniboa": () => press("y") + press("\x7f"),
  }, 2);
}

console.log(JSON.stringify(cells), sum < 0 ? sum : "");

/** Times each contender in turn; `each`: the number of operations in one call. */
function compare(
  work: string,
  subject: string,
  contenders: Readonly<Record<string, () => number>>,
  each: number = 1,
): void {
  for (const [contender, call] of Object.entries(contenders)) {
    const microseconds = time(call) / each;
    cells.push({ work, subject, contender, microseconds });
  }
}

function time(call: () => number): number {
  const run = (milliseconds: number) => {
    const end = performance.now() + milliseconds;
    const times: number[] = [];
    for (let now = performance.now(); now < end || times.length < 3;) {
      for (let count = 0; count < TIMES; count++) sum += call();
      const after = performance.now();
      times.push((after - now) * 1000 / TIMES);
      now = after;
    }
    times.sort((a, b) => a - b);
    return times[times.length >> 1] ?? NaN;
  };
  run(WARM_UP_MS);
  return run(MEASURE_MS);
}

/** The same for calls that fill an output queue; `poll()` empties it after each pass. */
async function compareSends(
  subject: string,
  contenders: Readonly<Record<string, () => unknown>>,
  each: number = 1,
): Promise<void> {
  for (const [contender, call] of Object.entries(contenders)) {
    const times: number[] = [];
    const end = performance.now() + WARM_UP_MS + MEASURE_MS;
    while (performance.now() < end) {
      const start = performance.now();
      for (let count = 0; count < TIMES; count++) call();
      times.push((performance.now() - start) * 1000 / TIMES / each);
      await server.poll();
    }
    // The first half is warm-up.
    const warm = times.slice(times.length >> 1).sort((a, b) => a - b);
    cells.push({ work: "send", subject, contender, microseconds: warm[warm.length >> 1] ?? NaN });
  }
}
