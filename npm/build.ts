/**
 * Makes the package for npm: every module as JavaScript with its types and source maps, and a package.json that
 * says the same as deno.json.
 *
 *     deno task npm [folder]
 *
 * The folder is `npm/package` unless another is named. `npm pack` and `npm publish` take it as it is.
 */
import { filesIn } from "./files.ts";
import { transpile, transpileScript } from "./transpile.ts";

const root = new URL("../", import.meta.url);
/** Node 20.16 is the first with `process.getBuiltinModule()`. */
const NODE = "^20.16.0 || >=22.3.0";
const COPIED = ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"];

/** Names of the standard library of TypeScript that a project without DOM or Node's types may lack. */
const GLOBALS = `\
interface AbortSignal {}
interface URL {}
interface SymbolConstructor {
  readonly dispose: unique symbol;
  readonly asyncDispose: unique symbol;
}
interface Disposable {
  [Symbol.dispose](): void;
}
interface AsyncDisposable {
  [Symbol.asyncDispose](): PromiseLike<void>;
}
`;

interface DenoConfig {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
}

if (import.meta.main) {
  const folder = new URL(`${Deno.args[0] ?? "npm/package"}/`, `file://${Deno.cwd()}/`);
  const { name, version, modules } = await buildPackage(folder);
  console.log(`${name} ${version}: ${modules} modules in ${folder.pathname}`);
}

/**
 * Writes the package.
 *
 * @param folder Where to. What is there is deleted first.
 * @returns What was built.
 */
export async function buildPackage(
  folder: URL,
): Promise<{ name: string; version: string; modules: number }> {
  const config: DenoConfig = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const modules = await sourceFiles();
  for (const path of modules) await writeModule(folder, path);
  await Deno.writeTextFile(new URL("globals.d.ts", folder), GLOBALS);
  for (const file of COPIED) {
    const text = await Deno.readTextFile(new URL(file, root));
    await Deno.writeTextFile(new URL(file, folder), withAbsoluteLinks(text, config));
  }
  await Deno.writeTextFile(
    new URL("package.json", folder),
    `${JSON.stringify(packageOf(config), null, 2)}\n`,
  );
  return { name: config.name, version: config.version, modules: modules.length };
}

/** npm shows a page without the files that it links to. JSR has them, at each version. */
function withAbsoluteLinks(markdown: string, { name, version }: DenoConfig): string {
  const base = `https://jsr.io/${name}/${version}/`;
  return markdown.replaceAll(/\]\((?!https?:|#)([^)\s]+)\)/g, (_, path) => `](${base}${path})`);
}

/** The modules of the package, by their paths from the root of the project. */
async function sourceFiles(): Promise<string[]> {
  const found = ["mod.ts"];
  for await (const path of filesIn(root, "src/")) {
    if (path.endsWith(".ts")) found.push(path);
  }
  return found.sort();
}

/** Writes a module with its types and its source map. */
async function writeModule(folder: URL, path: string): Promise<void> {
  const { script, map, types } = transpile(path, await Deno.readTextFile(new URL(path, root)));
  const up = "../".repeat(path.split("/").length - 1) || "./";
  const reference = usesGlobals(types) ? `/// <reference path="${up}globals.d.ts" />\n` : "";
  await write(folder, path, ".js", script);
  await write(folder, path, ".js.map", map);
  await write(folder, path, ".d.ts", reference + types);
}

/**
 * Writes a module of the project as JavaScript alone, at the same place.
 *
 * @param folder The folder that stands for the project's root.
 * @param path The module's path from there.
 */
export async function writeScript(folder: URL, path: string): Promise<void> {
  const { script } = transpileScript(path, await Deno.readTextFile(new URL(path, root)));
  await write(folder, path, ".js", script);
}

async function write(folder: URL, path: string, ending: string, text: string): Promise<void> {
  const file = new URL(path.replace(/\.ts$/, ending), folder);
  await Deno.mkdir(new URL("./", file), { recursive: true });
  await Deno.writeTextFile(file, text);
}

function usesGlobals(types: string): boolean {
  return /\b(AbortSignal|URL)\b|Disposable\b|\bSymbol\.(asyncD|d)ispose\b/.test(types);
}

function packageOf({ name, version, license, exports }: DenoConfig): object {
  const built = (path: string, ending: string) => path.replace(/\.ts$/, ending);
  return {
    name,
    version,
    description:
      "A Telnet and MUD server that runs under your own game loop, on Deno, Bun and Node",
    keywords: ["telnet", "mud", "server", "gmcp", "mccp", "bbs", "talker", "websocket", "miniboa"],
    license,
    type: "module",
    sideEffects: false,
    engines: { node: NODE },
    exports: {
      ...Object.fromEntries(
        Object.entries(exports).map(([subpath, path]) => [subpath, {
          types: built(path, ".d.ts"),
          default: built(path, ".js"),
        }]),
      ),
      "./package.json": "./package.json",
    },
    types: built(exports["."] ?? "", ".d.ts"),
    files: ["mod.*", "src", "globals.d.ts", ...COPIED],
  };
}
