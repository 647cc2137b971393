/**
 * Runs all benchmarks, and writes the tables into bench/README.md, and three charts and the raw
 * figures as JSON next to it. Takes about fifteen minutes.
 *
 *     deno task bench:report [runs [parser | server | text | websocket | size | startup | game]]
 */
import { chart } from "./chart.ts";
import { gameTable, measureGame } from "./game.ts";
import { measureStarts, startTable } from "./startup.ts";
import { CORPORA } from "./corpora.ts";
import { measureParser, type ParserReport, parserTables } from "./parser.ts";
import { measureServer, type ServerReport, serverTables } from "./server.ts";
import { measureSizes, sizeTable } from "./size.ts";
import { measureWebSocket, webSocketTables } from "./websocket.ts";
import { measureText, type TextReport, textTables } from "./text.ts";

const runs = Number(Deno.args[0] ?? 5);
const here = (name: string) => new URL(`./${name}`, import.meta.url);

const [, part] = Deno.args;
if (part === undefined || part === "parser") {
  console.error("The parser …");
  const parser = await measureParser(runs);
  await write("parser", parserTables(parser), parserChart(parser), parser);
}
if (part === undefined || part === "text") {
  console.error("Text …");
  const text = await measureText(runs, Date.now() % 1_000_000);
  if (text === undefined) console.error("Text is not measured: npm cannot be had");
  else await write("text", textTables(text), textChart(text), text);
}
if (part === undefined || part === "server") {
  console.error("The server …");
  const server = await measureServer(runs);
  if (server === undefined) {
    console.error("The server is not measured: Linux and a C compiler are needed");
  } else await write("server", serverTables(server), scaleChart(server), server);
}
if (part === undefined || part === "websocket") {
  console.error("WebSockets …");
  const report = await measureWebSocket(runs);
  if (report === undefined) {
    console.error("WebSockets are not measured: Linux, a C compiler and npm are needed");
  } else {
    await writeTable("websocket", webSocketTables(report));
    await format(["README.md"]);
  }
}
if (part === undefined || part === "size") {
  console.error("Sizes …");
  await writeTable("size", sizeTable(await measureSizes()));
  await format(["README.md"]);
}

if (part === undefined || part === "startup") {
  console.error("Starts …");
  await writeTable("startup", await startTable(await measureStarts(runs), runs));
  await format(["README.md"]);
}
if (part === undefined || part === "game") {
  console.error("The game …");
  const { machine, rows } = await measureGame([500, 5_000]);
  await writeTable("game", gameTable(machine, rows));
  await format(["README.md"]);
}

/** Writes a table between its markers in README.md. */
async function writeTable(name: string, table: string): Promise<void> {
  console.log(table);
  const readme = await Deno.readTextFile(here("README.md"));
  const marks = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(\n<!-- end -->)`);
  await Deno.writeTextFile(
    here("README.md"),
    readme.replace(marks, (_, begin: string, end: string) => `${begin}\n${table}\n${end}`),
  );
}

async function format(names: readonly string[]): Promise<void> {
  const files = names.map((name) => here(name).pathname);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", ...files] }).output();
}

/** Writes a table between its markers in README.md, and the chart and the figures into files. */
async function write(name: string, table: string, svg: string, figures: unknown): Promise<void> {
  await writeTable(name, table);
  await Deno.writeTextFile(here(`${name}.svg`), svg);
  const text = (_: string, value: unknown) =>
    value instanceof Map ? Object.fromEntries(value) : value;
  await Deno.writeTextFile(here(`${name}.json`), JSON.stringify(figures, text, 2) + "\n");
  await format(["README.md", `${name}.json`, `${name}.svg`]);
}

function parserChart({ rows, machine }: ParserReport): string {
  const wide = rows.filter(({ chunk, contender }) =>
    chunk === 4096 && ["miniboa", "libtelnet (C)", "telnet-stream"].includes(contender)
  );
  return chart({
    title: "Parser, chunks of 4096 bytes, MB/s (logarithmic)",
    note: machine,
    groups: CORPORA.map(({ name }) => name),
    series: wide.map(({ contender, runtime, cells }) => ({
      name: [contender, runtime].filter((part) => part !== "").join(", "),
      values: CORPORA.map(({ name }) => cells.get(name)?.median ?? NaN),
    })),
    kind: "bars",
  });
}

function textChart({ rows, runtimes, machine }: TextReport): string {
  const own = rows.filter(({ work, subject }) =>
    work === "wrap and colour" && !subject.includes(",")
  );
  const subjects = [...new Set(own.map(({ subject }) => subject))];
  const contenders = [...new Set(own.map(({ contender }) => contender))];
  return chart({
    title: "600 characters wrapped to 80 columns, in µs (logarithmic)",
    note: machine,
    groups: subjects,
    series: contenders.flatMap((contender) =>
      runtimes.map((runtime) => ({
        name: `${contender}, ${runtime}`,
        values: subjects.map((subject) =>
          own.find((row) => row.contender === contender && row.subject === subject)?.cells
            .get(runtime)?.median ?? NaN
        ),
      }))
    ),
    kind: "bars",
  });
}

function scaleChart({ scale, machine }: ServerReport): string {
  const sizes = [...new Set(scale.map(({ clients }) => clients))];
  const names = [...new Set(scale.map(({ runtime, side }) => `${runtime}, ${side}`))];
  return chart({
    title: "A line of each client and its echo, in ms (logarithmic), by clients connected",
    note: machine,
    groups: sizes.map(String),
    series: names.map((name) => ({
      name,
      values: sizes.map((size) =>
        scale.find(({ runtime, side, clients }) =>
          `${runtime}, ${side}` === name && clients === size
        )?.round.median ?? NaN
      ),
    })),
    kind: "lines",
  });
}
