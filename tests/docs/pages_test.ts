/** The pages of the documentation: their links, and their code that `deno test --doc` does not run. */
import { assert, assertEquals } from "@std/assert";
import { filesIn } from "../../npm/files.ts";
import { anchorOf } from "../../site/pages.ts";
import { TelnetServer } from "../../mod.ts";
import { required } from "../clients/clients.ts";
import { Broker } from "../gateway/town.ts";
import { run } from "../npm/project.ts";
import { Person } from "../web/person.ts";
import { hasChromium } from "../web/chromium.ts";
import { packages } from "../web/packages.ts";
import { build, stop } from "esbuild";

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

/** The only block of a page that has these words. */
function blockWith(page: string, text: string, words: string): string {
  const blocks = blocksOf(page, text).filter(({ code }) => code.includes(words));
  assertEquals(blocks.length, 1, `${page}: ${words}`);
  return blocks[0]?.code ?? "";
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
  /** Code before it: what it connects to. */
  readonly first?: string;
  /** Replacements, so that it uses free ports and files that exist. */
  readonly replace: readonly (readonly [string, string])[];
  /** Code behind it that ends it, or checks it; it prints "well". */
  readonly then: string;
}

const pem = (name: string) => decodeURIComponent(new URL(`tests/tls/${name}.pem`, root).pathname);
const TRIALS: readonly Trial[] = [
  {
    page: "README.md",
    words: "while (true) await server.poll();",
    replace: [["listen();", "listen({ port: 0 });\nvoid visit();"]],
    then: `
      async function visit() {
        const { connect } = await import("@miniboa/miniboa/connect");
        const visitor = await connect({ hostname: "127.0.0.1", port: server.port });
        if (await visitor.readLine() !== undefined) console.log("well");
        (globalThis as unknown as { Deno: { exit(): void } }).Deno.exit();
      }`,
  },
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
      const renewed = new Promise<void>((resolve) => {
        const set = server.setCertificate.bind(server);
        server.setCertificate = (certificate) => {
          set(certificate);
          resolve();
        };
      });
      process.kill(process.pid, "SIGHUP");
      await renewed;
      await server.stop();
      await serving;
      console.log("well");
      process.exit();`,
  },
  {
    page: "docs/how-to/bots-and-devices.md",
    words: "ROUTER_PASSWORD",
    first: `
      import { type TelnetClient, TelnetServer } from "@miniboa/miniboa";
      const OUTPUT: Record<string, string> = { "show version": "Version 15.2", "show log": "one\\ntwo" };
      const device = await TelnetServer.listen({ port: 0, onConnect: serveRouter });
      void device.serve();
      async function serveRouter(client: TelnetClient) {
        const username = await client.ask("Username: ");
        const password = await client.ask("Password: ", { hidden: true });
        if (username !== "admin" || password !== "secret") return client.disconnect();
        for (let line; (line = await client.ask("r1#")) !== undefined;) {
          if (line in OUTPUT) client.send(\`\${OUTPUT[line]}\\n\`);
          else if (line !== "copy running-config startup-config") client.send("% What?\\n");
          else if (await client.ask("Destination filename [startup-config]? ") === "") client.send("[OK]\\n");
        }
      }
      process.env["ROUTER_PASSWORD"] = "secret";
      const printed: string[] = [];
      const print = console.log;
      console.log = (line: string) => printed.push(line);`,
    replace: [[`hostname: "192.0.2.1"`, `hostname: "127.0.0.1", port: device.port`]],
    then: `
      if (printed.join() === "Version 15.2,one,two") print("well");
      else print(printed.join());
      process.exit();`,
  },
  {
    page: "docs/how-to/gateway.md",
    words: "new Kvm(nats)",
    replace: [
      ["nats://127.0.0.1:4222", "nats://127.0.0.1:NATS_PORT"],
      ["while (zone.owned)", "void talk();\nwhile (zone.owned)"],
    ],
    then: `
      async function talk() {
        const { Gateway } = await import("@miniboa/miniboa/gateway");
        const { connect: dial } = await import("@miniboa/miniboa/connect");
        const bus = natsBus(nats, { prefix: "boa", kv });
        const gateway = await Gateway.listen({ bus, zone: "main", port: 0 });
        const player = await dial({ hostname: "127.0.0.1", port: gateway.port });
        if (await player.readLine() !== "Welcome!") throw new Error("no welcome");
        player.send("hi\\n");
        if (await player.readLine() !== "You say: hi") throw new Error("no answer");
        console.log("well");
        process.kill(process.pid, "SIGTERM");
      }`,
  },
  {
    page: "docs/how-to/gateway.md",
    words: 'natsBus(nats, { prefix: "boa" })',
    replace: [
      ["nats://127.0.0.1:4222", "nats://127.0.0.1:NATS_PORT"],
      ["port: 7777", "port: 0"],
      ["grace: 30_000", "grace: 10"],
    ],
    then: `
      const { Kvm } = await import("@nats-io/kv");
      const { joinZone } = await import("@miniboa/miniboa/gateway");
      const { TelnetServer } = await import("@miniboa/miniboa");
      const { connect: dial } = await import("@miniboa/miniboa/connect");
      const kv = await new Kvm(nats).create("boa_zones", { storage: "file" as never });
      const zone = await joinZone(natsBus(nats, { prefix: "boa", kv }), "main");
      const server = await TelnetServer.listen({
        transport: zone.transport,
        onConnect: (client) => client.send("Welcome!\\n"),
        onDisconnect: () => console.log("well"),
      });
      const player = await dial({ hostname: "127.0.0.1", port: gateway.port });
      const greeting = player.readLine();
      void greeting.then((line) => line === "Welcome!" && process.kill(process.pid, "SIGTERM"));
      while (zone.owned) await server.poll(); // until the bus is closed
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

/** In the script of a page, which has a test of its own. */
const PAGE_WORDS = "new WebTerminal";

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

Deno.test("no code of a page is left that nothing runs", async () => {
  const words = [...TRIALS.map((trial) => trial.words), PAGE_WORDS];
  for await (const [path, text] of pages()) {
    for (const { file, code } of blocksOf(path, text)) {
      assert(file !== undefined || words.some((some) => code.includes(some)), `${path}: ${code}`);
    }
  }
});

Deno.test("code that waits for signals, certificates or browsers does what its page says", async () => {
  const texts = new Map<string, string>();
  for await (const [path, text] of pages()) texts.set(path, text);
  const map = decodeURIComponent(new URL("tests/offline/import_map.json", root).pathname);
  const folder = new URL(`file://${await Deno.makeTempDir({ prefix: "miniboa-docs" })}/`);
  if (required) assert(Broker.installed, "nats-server is not installed");
  await using broker = Broker.installed ? await Broker.start() : undefined;
  for (const [index, { page, words, first = "", replace, then }] of TRIALS.entries()) {
    let code = blockWith(page, texts.get(page) ?? "", words);
    for (const [from, to] of replace) {
      assert(code.includes(from), `${page} has no ${from}`);
      code = code.replaceAll(from, to);
    }
    if (code.includes("NATS_PORT")) {
      if (broker === undefined) continue;
      code = code.replace("NATS_PORT", String(broker.port));
    }
    const file = `${index}.ts`;
    await Deno.writeTextFile(new URL(file, folder), `${first}\n${code}\n${then}`);
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

Deno.test({
  name: "the script of a page connects a terminal to the server, and hides passwords",
  ignore: !hasChromium,
  sanitizeOps: false, // the browser and esbuild are processes of their own, which end with the test
  sanitizeResources: false,
  fn: async () => {
    const page = "docs/how-to/let-browsers-in.md";
    const text = await Deno.readTextFile(new URL(page, root));
    const code = blockWith(page, text, PAGE_WORDS);
    const bundle = async (contents: string, loader: "ts" | "css") => {
      const { outputFiles } = await build({
        stdin: { contents, loader },
        bundle: true,
        format: "esm",
        write: false,
        plugins: [packages],
      });
      return outputFiles[0]?.text ?? "";
    };
    const script = { type: "text/javascript", body: await bundle(code, "ts") };
    const style = {
      type: "text/css",
      body: await bundle('@import "@xterm/xterm/css/xterm.css";', "css"),
    };
    await stop();
    const [, html = ""] = /```html\n([\s\S]*?)```/.exec(text) ?? [];
    assert(html.includes("<form>"));
    const server = await TelnetServer.listen({
      port: 0,
      webSocket: {
        pages: {
          "/": { type: "text/html", body: html },
          "/page.js": script,
          "/page.css": style,
        },
      },
      onConnect: async (client) => {
        const name = await client.ask("Name? ");
        const password = await client.ask("Password? ", { hidden: true });
        client.send(`${name} ${password}\n`);
      },
    });
    const serving = server.serve();
    await using person = await Person.sitDown();
    await person.page.goto(`http://127.0.0.1:${server.port}/`);
    await person.sees("Name?");
    await person.page.keyboard.type("ann\n"); // the input has the focus
    await person.sees("Password?");
    await person.page.waitForSelector("input[type=password]");
    await person.type("secret", "input");
    await person.sees("ann secret");
    await person.page.waitForSelector("input[type=text]");
    assertEquals(await person.page.title(), "open 0");
    await server.stop();
    await serving;
  },
});
