/**
 * The package for npm, installed into empty projects. `deno task test` tries it on one Node; `deno task npm:check`
 * also on the other versions, on Bun, with each way in which TypeScript resolves modules, and in bundles.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { CASES } from "../../src/transport/contract/mod.ts";
import { checkNatively, checkTlsNatively, reusePort } from "../contract/subjects.ts";
import { LONG } from "../patience.ts";
import { findRuntime } from "../runtimes/runtimes.ts";
import { MAIN_CHECKS } from "../runtimes/suite.ts";
import { buildPrograms, builtRuntime, Folder, install, nodeOf, pack, run } from "./project.ts";

const CONFIG = JSON.parse(
  Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)),
);
const SUBPATHS = Object.keys(CONFIG.exports).map((path) => path.slice(1));
const NAME: string = CONFIG.name;
/** The subpaths that need no runtime of a server's. */
const PURE = ["/protocol", "/options", "/text", "/connect", "/web"];
const TYPESCRIPT = "typescript@5.9.3";
const OLDEST_TYPESCRIPT = "typescript@5.7.3";

/** A server that greets, a line that is echoed, and its end. Only what a project without types has. */
const GAME = `\
import { connect } from "node:net";
import { TelnetServer } from "${NAME}";

const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  onConnect: (client) => client.send("Welcome!\\n"),
  onDisconnect: () => {},
});
const socket = connect(server.port, "127.0.0.1", () => socket.write("hello\\r\\n"));
let heard = "";
socket.on("data", (bytes) => heard += bytes.toString("latin1"));
while (!heard.includes("You say: hello")) {
  await server.poll();
  for (const client of server.clientList()) {
    const line = client.getCommand();
    if (line !== undefined) client.send(\`You say: \${line}\\n\`);
  }
}
socket.destroy();
await server.stop();
console.log(JSON.stringify(heard));
`;
const HEARD = JSON.stringify("Welcome!\r\nYou say: hello\r\n");

const IMPORTS = SUBPATHS.map((path, index) => `import * as m${index} from "${NAME}${path}";`)
  .join("\n");
const TYPED = `${IMPORTS}
import { TelnetClient, TelnetServer } from "${NAME}";
class Player extends TelnetClient {
  hitPoints = 10;
}
const server: TelnetServer<Player> = await TelnetServer.listen({
  clientClass: Player,
  onConnect: (player) => player.send(\`\${player.hitPoints.toFixed()}\`),
});
const line: string | undefined = server.clientList()[0]?.getCommand();
// @ts-expect-error: types are there, so a wrong one is found
const wrong: number = server.port.toFixed();
await server.stop();
export { line, wrong, ${SUBPATHS.map((_, index) => `m${index}`).join(", ")} };
`;

const npx = Deno.build.os === "windows" ? "npx.cmd" : "npx";
const hasNpm = await new Deno.Command(npx, { args: ["--version"], stdout: "null" }).output()
  .then(({ success }) => success, () => false);

Deno.test({
  name: "npm: the tarball in an empty project: a game in JavaScript, every subpath, its types",
  ignore: !LONG || !hasNpm,
  async fn(t) {
    await using built = await Folder.make();
    const tarball = await pack(built);
    await using project = await Folder.make();
    const installed = await install(project, tarball, [TYPESCRIPT]);
    await project.write({
      "game.js": GAME,
      "all.js": `${IMPORTS}\nconsole.log(Object.keys(m0).length > 10);`,
      "typed.ts": TYPED,
      "require.cjs": `console.log(typeof require("${NAME}").TelnetServer.listen);`,
    });

    await t.step("it has each subpath, and no dependencies", async () => {
      const about = JSON.parse(await Deno.readTextFile(new URL("package.json", installed)));
      assertEquals(
        Object.keys(about.exports).sort(),
        [...Object.keys(CONFIG.exports), "./package.json"].sort(),
      );
      assertEquals([about.name, about.version, about.type], [NAME, CONFIG.version, "module"]);
      assertEquals([about.sideEffects, about.dependencies], [false, undefined]);
    });
    await t.step("its README has no relative link", async () => {
      const readme = await Deno.readTextFile(new URL("README.md", installed));
      assertEquals(/\]\((?!https?:|#)/.exec(readme)?.[0], undefined);
    });
    const node = (await findRuntime("Node"))?.path ?? "node";
    await t.step("on Node", () => runsOn(project, node));
    await t.step(
      "types, as Node resolves modules",
      () => checkTypes(project, ["nodenext"], ["es2022"]),
    );
    await t.step("types, however they are resolved, with any library", async () => {
      for (
        const module of [["node16"], ["nodenext"], ["esnext", "--moduleResolution", "bundler"]]
      ) {
        for (const lib of ["es2022", "es2022,dom", "esnext,dom"]) {
          await checkTypes(project, module, [lib]);
        }
      }
    });
    await t.step("types, beside those of Node, by old and new TypeScript", async () => {
      for (
        const packages of [["@types/node@20"], ["@types/node@24"], [OLDEST_TYPESCRIPT], [
          "typescript@7",
        ]]
      ) {
        await install(project, tarball, packages);
        await checkTypes(project, ["nodenext"], ["es2022"]);
        await checkTypes(project, ["nodenext"], ["esnext,dom"]);
      }
    });
    await t.step("on Bun", async () => {
      const bun = await findRuntime("Bun");
      assert(bun !== undefined);
      assertEquals(await run(project.url, bun.path, ["game.js"]), `${HEARD}\n`);
      assertEquals(await run(project.url, bun.path, ["all.js"]), "true\n");
    });
    await using programs = await Folder.make();
    await buildPrograms(programs, installed);
    for (const version of [20, 22, 24]) {
      await t.step(`on Node ${version}, and the suite's programs`, async (t) => {
        const path = await nodeOf(version);
        await t.step("a game", () => runsOn(project, path));
        const runtime = builtRuntime(path, programs);
        for (const [name, check] of Object.entries(MAIN_CHECKS)) {
          await t.step(name, () => check(runtime));
        }
        const hasReusePort = reusePort && version >= 22; // Node has it from 22.12 on
        await t.step(
          `the contract of a transport, ${Object.keys(CASES).length} cases`,
          (t) => checkNatively(runtime, t, hasReusePort),
        );
        await t.step("the same behind TLS", (t) => checkTlsNatively(runtime, t));
      });
    }
    await t.step("bundles for a page", () => bundles(project, tarball));
  },
});

async function runsOn(project: Folder, node: string): Promise<void> {
  assertEquals(await run(project.url, node, ["game.js"]), `${HEARD}\n`);
  assertEquals(await run(project.url, node, ["all.js"]), "true\n");
  // Node warns in some versions that require() of a module is new.
  assertEquals(await run(project.url, node, ["require.cjs"]), "function\n");
}

async function checkTypes(
  project: Folder,
  module: readonly string[],
  [lib = ""]: readonly string[],
): Promise<void> {
  const flags = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022"];
  const how = ["--skipLibCheck", "false", "--module", ...module, "--lib", lib];
  await run(project.url, "npx", ["tsc", ...flags, ...how, "typed.ts"]);
}

/** esbuild and vite bundle what is pure for a page, without a module of Node's. */
async function bundles(project: Folder, tarball: string): Promise<void> {
  await install(project, tarball, ["esbuild@0.28.1", "vite@8.3.8"]);
  for (const path of PURE) {
    const entry = `page${path.replaceAll("/", "_")}.js`;
    await project.write({
      [entry]: `import * as all from "${NAME}${path}";\nglobalThis.all = all;`,
    });
    const flags = ["--bundle", "--minify", "--format=esm", "--platform=browser"];
    const small = await run(project.url, "npx", ["esbuild", entry, ...flags]);
    const vite = ["vite", "build", "--logLevel", "error", "--outDir", `dist${entry}`];
    await project.write({ "index.html": `<script type="module" src="/${entry}"></script>` });
    await run(project.url, "npx", vite);
    const made = new URL(`dist${entry}/assets/`, project.url);
    const parts: string[] = [];
    for await (const { name } of Deno.readDir(made)) {
      parts.push(await Deno.readTextFile(new URL(name, made)));
    }
    const sizes = [];
    for (const text of [small, parts.join("")]) {
      assert(text.length > 1_000);
      assert(
        !/\bimport\s*\(?["']node:|require\(["']node:/.test(text),
        `${path} imports a module of Node's`,
      );
      sizes.push(await gzipped(text));
    }
    console.log(`${path}: ${sizes.join(" and ")} bytes by esbuild and vite, gzip`);
    assertMatch(small, /globalThis/);
  }
}

async function gzipped(text: string): Promise<number> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}
