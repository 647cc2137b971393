/** The pages of the documentation: their links, and their code that `deno test --doc` does not run. */
import { assert, assertEquals } from "@std/assert";
import { filesIn } from "../../npm/files.ts";
import { anchorOf } from "../../site/pages.ts";
import { run } from "../npm/project.ts";

const root = new URL("../../", import.meta.url);
const PAGES = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "bench/README.md"];

/** Code that is not run as it stands, because it waits for a network, a file, or has no end. */
interface Block {
  readonly page: string;
  /** The file of the repository that it shows. */
  readonly file: string | undefined;
  readonly language: string;
  readonly code: string;
}

async function* pages(): AsyncGenerator<[path: string, text: string]> {
  const found = [...PAGES, "examples/README.md"];
  for await (const path of filesIn(root, "docs/")) {
    if (path.endsWith(".md")) found.push(path);
  }
  for (const path of found) yield [path, await Deno.readTextFile(new URL(path, root))];
}

function blocksOf(page: string, text: string): Block[] {
  return Array.from(
    text.matchAll(/^```(\w+)([^\n]*)\n(.*?)\n```$/gms),
    ([, language = "", info = "", code = ""]) => {
      const file = /\bexamples\/\S+/.exec(info)?.[0];
      return { page, language, file, code, info };
    },
  ).filter(({ language, file, info }) => file || language === "ts" && info.includes("ignore"));
}

Deno.test("every link of the documentation leads somewhere", async () => {
  const all = new Map<string, string>();
  for await (const [path, text] of pages()) all.set(path, text);
  let count = 0;
  for (const [path, text] of all) {
    const prose = text.replaceAll(/^```.*?^```/gms, "");
    for (const [, target = ""] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?|mailto):/.test(target)) continue;
      const { pathname, hash } = new URL(target, new URL(path, root));
      const found = await Deno.stat(pathname).then(() => true, () => false);
      assert(found, `${path} links to ${target}`);
      count++;
      if (hash === "") continue;
      const page = pathname.slice(decodeURIComponent(root.pathname).length);
      const headings = (all.get(page) ?? "").matchAll(/^#+ (.*)$/gm);
      const anchors = Array.from(headings, ([, heading = ""]) => `#${anchorOf(heading)}`);
      assert(anchors.includes(hash), `${path} links to ${target}, which has no such heading`);
    }
  }
  assert(count > 80, `${count} links`);
});

Deno.test("code that a page shows from a file is that file", async () => {
  const shown = new Set<string>();
  for await (const [path, text] of pages()) {
    for (const { file, code } of blocksOf(path, text)) {
      if (file === undefined) continue;
      const source = await Deno.readTextFile(new URL(file, root));
      const published = source
        .replaceAll(/"(?:\.\.\/)+mod\.ts"/g, '"@miniboa/miniboa"')
        .replaceAll(/"(?:\.\.\/)+src\/(\w+)\/mod\.ts"/g, '"@miniboa/miniboa/$1"');
      assertEquals(code, published.trimEnd(), `${path}: ${file}`);
      shown.add(file);
    }
  }
  assertEquals(shown.size, 15);
});

Deno.test("code that is not run has the right types", async () => {
  const folder = new URL(`file://${await Deno.makeTempDir({ prefix: "miniboa-docs" })}/`);
  const files: string[] = [];
  for await (const [path, text] of pages()) {
    for (const { language, file, code } of blocksOf(path, text)) {
      if (language !== "ts" || file !== undefined) continue;
      const name = `${files.length}_${path.replaceAll(/\W/g, "_")}.ts`;
      await Deno.writeTextFile(new URL(name, folder), `${code}\nexport {};\n`);
      files.push(name);
    }
  }
  assert(files.length >= 7, `${files.length} blocks`);
  const map = decodeURIComponent(new URL("tests/offline/import_map.json", root).pathname);
  await run(folder, Deno.execPath(), ["check", "--no-config", `--import-map=${map}`, ...files]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("every example is named in the list of examples", async () => {
  const list = await Deno.readTextFile(new URL("examples/README.md", root));
  for await (const { name, isFile } of Deno.readDir(new URL("examples/", root))) {
    if (isFile && name.endsWith(".ts")) assert(list.includes(`](${name})`), name);
  }
  for (const folder of ["mounted", "gateway"]) {
    for await (const { name } of Deno.readDir(new URL(`examples/${folder}/`, root))) {
      if (name.endsWith(".ts")) assert(list.includes(`](${folder}/${name})`), name);
    }
  }
});

/** What a block of a page needs to be run in a test. */
interface Trial {
  readonly page: string;
  /** Words that are in this block alone. */
  readonly words: string;
  /** Replacements, so that it uses free ports and files that exist. */
  readonly replace: readonly (readonly [string, string])[];
  /** Code behind it that ends it, or checks it; it prints "well". */
  readonly then: string;
}

const pem = (name: string) => decodeURIComponent(new URL(`tests/tls/${name}.pem`, root).pathname);
const TRIALS: readonly Trial[] = [
  {
    page: "docs/how-to/use-tls.md",
    words: "readCertificate",
    replace: [
      ["/etc/letsencrypt/live/mud.example/fullchain.pem", pem("cert")],
      ["/etc/letsencrypt/live/mud.example/privkey.pem", pem("key")],
      ["port: 7777", "port: 0"],
      ["port: 7778", "port: 0"],
      ["await server.serve();", "const serving = server.serve();"],
    ],
    then: `
      process.kill(process.pid, "SIGHUP");
      await new Promise((resolve) => setTimeout(resolve, 100));
      await server.stop();
      await serving;
      console.log("well");
      process.exit();`,
  },
  {
    page: "docs/how-to/run-as-a-service.md",
    words: "drain({",
    replace: [["TelnetServer.listen()", "TelnetServer.listen({ port: 0 })"], ["10_000", "10"], [
      "while (server.running)",
      `process.kill(process.pid, "SIGTERM");\nwhile (server.running)`,
    ]],
    then: `console.log("well");\nprocess.exit();`,
  },
  {
    page: "docs/how-to/let-browsers-in.md",
    words: "Deno.serve(",
    replace: [
      [
        "TelnetServer.listen()",
        'TelnetServer.listen({ port: 0, onConnect: (client) => client.send("hi\\n") })',
      ],
      ["Deno.serve({ port: 8000 }", "const http = Deno.serve({ port: 0, onListen() {} }"],
      ["await server.serve();", "void server.serve();"],
    ],
    then: browse("(http.addr as Deno.NetAddr).port"),
  },
  {
    page: "docs/how-to/let-browsers-in.md",
    words: "WebSocketServer(",
    replace: [
      [
        "TelnetServer.listen()",
        'TelnetServer.listen({ port: 0, onConnect: (client) => client.send("hi\\n") })',
      ],
      [".listen(8000)", ".listen(0)"],
      ["await server.serve();", "void server.serve();"],
    ],
    then: `if (!http.listening) await new Promise((resolve) => http.once("listening", resolve));` +
      browse("(http.address() as { port: number }).port"),
  },
];

/** A browser that hears the greeting. */
function browse(port: string): string {
  return `
    const browser = new WebSocket(\`ws://127.0.0.1:\${${port}}/\`);
    browser.binaryType = "arraybuffer";
    browser.onmessage = ({ data }) => {
      if (new TextDecoder().decode(data).includes("hi")) console.log("well");
      (globalThis as unknown as { Deno: { exit(): void } }).Deno.exit();
    };`;
}

Deno.test("code that waits for signals, certificates or browsers does what its page says", async () => {
  const texts = new Map<string, string>();
  for await (const [path, text] of pages()) texts.set(path, text);
  const map = decodeURIComponent(new URL("tests/offline/import_map.json", root).pathname);
  const folder = new URL(`file://${await Deno.makeTempDir({ prefix: "miniboa-docs" })}/`);
  for (const [index, { page, words, replace, then }] of TRIALS.entries()) {
    const blocks = blocksOf(page, texts.get(page) ?? "").filter(({ code }) => code.includes(words));
    assertEquals(blocks.length, 1, `${page}: ${words}`);
    let code = blocks[0]?.code ?? "";
    for (const [from, to] of replace) {
      assert(code.includes(from), `${page} has no ${from}`);
      code = code.replaceAll(from, to);
    }
    const file = `${index}.ts`;
    await Deno.writeTextFile(new URL(file, folder), `${code}\n${then}`);
    const output = await run(folder, Deno.execPath(), [
      "run",
      "-A",
      "--no-check",
      "--no-config",
      `--import-map=${map}`,
      file,
    ]);
    assert(output.endsWith("well\n"), `${page}: ${output}`);
  }
  await Deno.remove(folder, { recursive: true });
});
