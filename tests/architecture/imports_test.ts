/** The layering rules: which layer may import which, and which may use globals and timers. */
import { assert, assertEquals } from "@std/assert";
import { findRuntimes } from "../runtimes/runtimes.ts";
import { Program } from "../runtimes/process.ts";

const root = new URL("../../", import.meta.url);

interface Source {
  readonly path: string;
  readonly text: string;
  /** Without comments and strings. */
  readonly code: string;
  readonly imports: readonly string[];
}

function sources(folder: string): Source[] {
  const found: Source[] = [];
  for (const entry of Deno.readDirSync(new URL(folder, root))) {
    if (entry.isDirectory) found.push(...sources(`${folder}${entry.name}/`));
    else if (entry.name.endsWith(".ts")) found.push(read(folder + entry.name));
  }
  return found;
}

function read(path: string): Source {
  const text = Deno.readTextFileSync(new URL(path, root));
  const uncommented = text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
  const specifiers = uncommented.matchAll(/\b(?:from\s+|import\s+|import\()"([^"]+)"/g);
  return {
    path,
    text,
    code: uncommented.replaceAll(/"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, '""'),
    imports: Array.from(specifiers, ([, specifier = ""]) => resolve(path, specifier)),
  };
}

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return new URL(specifier, new URL(from, "file:///")).pathname.slice(1);
}

/** The layers that each layer may import. */
const LAYERS: Record<string, readonly string[]> = {
  protocol: [],
  options: ["protocol"],
  text: ["protocol"],
  guard: ["protocol"],
  websocket: ["protocol"],
  transport: ["protocol", "websocket"],
  session: ["protocol", "options", "text", "guard", "transport"],
  server: ["protocol", "options", "text", "guard", "websocket", "transport", "session"],
  connect: ["protocol", "options", "text", "guard", "transport", "session"],
  web: ["protocol", "options", "text", "websocket", "transport", "connect"],
  gateway: ["protocol", "options", "text", "guard", "transport", "session", "server"],
  testing: ["protocol", "options", "text", "guard", "transport", "session", "server", "connect"],
};

/** The layers that must not use a clock, promise, timer or runtime global. */
const PURE = ["protocol", "options", "text", "guard", "websocket"];

/** The only files that import built-in modules. */
const BUILT_IN: Record<string, readonly string[]> = {
  "node:dns": ["src/transport/_dial.ts"],
  "node:net": ["src/transport/node.ts"],
  "node:crypto": [
    "src/transport/tls.ts",
    "src/transport/_tls_trust.ts",
    "src/transport/websocket.ts",
  ],
  "node:stream": ["src/transport/_tls_pipe.ts"],
  "node:tls": [
    "src/transport/tls.ts",
    "src/transport/_tls_connection.ts",
    "src/transport/_tls_trust.ts",
  ],
  "node:zlib": ["src/transport/zlib.ts", "src/transport/_block_deflater.ts"],
};

const all = [read("mod.ts"), ...sources("src/")];

Deno.test("each layer imports only itself and the layers below it", () => {
  assert(all.length > 30);
  for (const { path, imports } of sources("src/")) {
    const layer = path.split("/")[1] ?? "";
    const allowed = [layer, ...(LAYERS[layer] ?? [])].map((name) => `src/${name}/`);
    for (const specifier of imports) {
      const builtIn = BUILT_IN[specifier]?.includes(path);
      assert(
        builtIn || allowed.some((folder) => specifier.startsWith(folder)),
        `${path}: ${specifier}`,
      );
    }
  }
});

Deno.test("the session imports only the transport interfaces, the server also the default transport", () => {
  for (const { path, imports } of [...sources("src/session/"), ...sources("src/server/")]) {
    for (const specifier of imports.filter((name) => name.startsWith("src/transport/"))) {
      const known = ["transport", "compression", "encryption", "framing"];
      if (path.startsWith("src/server/")) known.push("default", "event_loop");
      assert(
        known.some((name) => specifier === `src/transport/${name}.ts`),
        `${path}: ${specifier}`,
      );
    }
  }
});

Deno.test("only default.ts imports a runtime's transport, by a dynamic import of a literal", () => {
  const adapters = ["deno", "bun", "node", "zlib", "tls", "websocket"].map((name) =>
    `src/transport/${name}.ts`
  );
  for (const { path, imports, text } of all) {
    const found = imports.filter((specifier) => adapters.includes(specifier));
    assertEquals(found, path === "src/transport/default.ts" ? adapters : [], path);
    if (found.length > 0) assertEquals(text.match(/await import\("\.\/\w+\.ts"\)/g)?.length, 6);
  }
});

Deno.test("there are no circular imports, type imports included", () => {
  const imports = new Map(all.map((source) => [source.path, source.imports]));
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    assert(!way.includes(path), [...way, path].join(" → "));
    if (done.has(path)) return;
    for (const next of imports.get(path) ?? []) visit(next, [...way, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
});

Deno.test("the session uses no timer and no clock: it gets the time as an argument or from its host", () => {
  const forbidden =
    /\b(performance|setTimeout|setInterval|setImmediate|queueMicrotask|globalThis)\b|Date\.now|new Date\(\)/;
  for (const { path, code } of sources("src/session/")) {
    assertEquals(forbidden.exec(code)?.[0], undefined, path);
  }
});

Deno.test("the sources use nothing that Node 20 lacks", () => {
  const forbidden =
    /\b(Promise\.(withResolvers|try)|fromAsync|groupBy|Iterator\.from|RegExp\.escape|Float16Array)\b|\.(union|intersection|difference|symmetricDifference|isSubsetOf|isSupersetOf|isDisjointFrom|toHex|toBase64)\(|\.(values|keys|entries)\(\)\.(map|filter|find|some|every|take|drop|reduce|toArray|forEach)\b/;
  for (const { path, code } of all) assertEquals(forbidden.exec(code)?.[0], undefined, path);
});

Deno.test("the pure layers use no clock, promise, timer or runtime global", () => {
  const forbidden =
    /\b(Date|performance|Promise|async|await|setTimeout|setInterval|setImmediate|queueMicrotask|Deno|Bun|process|Buffer|globalThis|fetch|console)\b/;
  for (const layer of PURE) {
    for (const { path, code } of sources(`src/${layer}/`)) {
      assertEquals(forbidden.exec(code)?.[0], undefined, path);
    }
  }
});

Deno.test("the sources use no type names of a runtime", () => {
  for (const { path, code } of all) {
    assertEquals(/\bDeno\.|\bBun\.|NodeJS\.|net\.Socket|\bany\b/.exec(code)?.[0], undefined, path);
  }
});

/** Examples that are bundled for the browser, or show the library together with a package. */
const WITH_PACKAGES =
  /^examples\/(web\/(build|links|screen|widths)\.ts$|tutorial\/page\/page\.ts$|mounted\/(hono|node_ws)\.ts$|gateway\/(gateway|join)\.ts$)/;

Deno.test("the published sources and the server examples import no package", () => {
  for (const { path, imports } of [...all, ...sources("examples/")]) {
    if (WITH_PACKAGES.test(path)) continue;
    for (const specifier of imports) {
      const builtIn =
        /^node:(assert\/strict|crypto|dns|fs(\/promises)?|http|net|os|process|stream|test|tls|url|util|zlib)$/
          .test(
            specifier,
          );
      const own = specifier === "mod.ts" || /^(src|examples)\//.test(specifier);
      assert(builtIn || own, `${path}: ${specifier}`);
    }
  }
});

Deno.test("relative imports have a file extension, as Node requires", () => {
  for (const { path, text } of [...all, ...sources("examples/")]) {
    for (const [, specifier = ""] of text.matchAll(/ from "(\.[^"]+)"/g)) {
      assert(specifier.endsWith(".ts"), `${path}: ${specifier}`);
    }
  }
});

for (const runtime of await findRuntimes()) {
  Deno.test(`importing mod.ts on ${runtime.name} touches no global of another runtime`, async () => {
    await using program = Program.start(runtime, "tests/runtimes/import_program.ts");
    assertEquals(await program.line(), "touched: none");
  });
}

Deno.test("the code that reads peer input has no pattern with more than linear work", () => {
  // A repetition before $ without ^ is tried from every start position.
  const unanchored = /\/(?![*/^])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])*[*+}]\$\/[a-z]*[.,;)]/;
  // These move a whole list, and so does building a new list for each item.
  const moving = /\.(shift|unshift|flat)\(|\[\.\.\.(\w+), \.\.\.\w+\]\.flat|(\w+) = \[\.\.\.\3,/;
  for (const layer of ["protocol", "options", "text", "guard", "session"]) {
    for (const { path, text, code } of sources(`src/${layer}/`)) {
      const uncommented = text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
      assertEquals(unanchored.exec(uncommented)?.[0], undefined, path);
      assertEquals(moving.exec(code)?.[0], undefined, path);
    }
  }
  assert(unanchored.test('text.replace(/\\s+$/, "")') && !unanchored.test("/^\\w+$/.test(text)"));
  assert(moving.test("list = [...list, item]") && moving.test("queue.shift()"));
});
