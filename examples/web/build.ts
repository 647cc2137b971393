/**
 * Builds the page of web_mud.ts, with xterm.js, in examples/web/dist:
 *
 *     deno run -A examples/web/build.ts
 */
import { build, type Plugin, stop } from "esbuild";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
// These make Deno fetch the packages.
import "@xterm/addon-fit/package.json" with { type: "json" };
import "@xterm/xterm/package.json" with { type: "json" };

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Finds the packages where Deno keeps them. */
const packages: Plugin = {
  name: "packages",
  setup(build) {
    build.onResolve({ filter: /^@xterm\// }, ({ path }) => ({
      // Deno resolves to the CommonJS file; the ES module is smaller.
      path: fileURLToPath(import.meta.resolve(path)).replace(/\.js$/, ".mjs"),
    }));
  },
};

/**
 * Removes the tables of other character sets, half the page's size, as the page uses only UTF-8.
 */
const utf8: Plugin = {
  name: "utf-8",
  setup(build) {
    build.onLoad({ filter: /text\/tables\/(big5|gb18030|single_byte)\.ts$/ }, () => ({
      contents: "export const BIG5_PARTS = [], GB18030_RANGES = [], SINGLE_BYTE = {};",
    }));
  },
};

/** A file of the page, with its sizes in bytes. */
export interface BuiltFile {
  readonly name: string;
  readonly minified: number;
  readonly gzip: number;
}

/** Bundles the page. */
export async function buildPage(): Promise<BuiltFile[]> {
  await mkdir(here("dist"), { recursive: true });
  const { outputFiles } = await build({
    entryPoints: [here("page.ts")],
    outdir: here("dist"),
    bundle: true,
    platform: "browser",
    format: "esm",
    target: "es2022",
    minify: true,
    write: false,
    legalComments: "eof",
    plugins: [packages, utf8],
  });
  const style = await build({
    stdin: {
      contents: '@import "@xterm/xterm/css/xterm.css"; @import "./page.css";',
      loader: "css",
      resolveDir: here("."),
    },
    bundle: true,
    minify: true,
    write: false,
    plugins: [packages],
  });
  await stop();
  const files = { "page.js": outputFiles[0]?.contents, "page.css": style.outputFiles[0]?.contents };
  const built: BuiltFile[] = [];
  for (const [name, bytes = new Uint8Array()] of Object.entries(files)) {
    await writeFile(here(`dist/${name}`), bytes);
    built.push({ name, minified: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length });
  }
  await copyFile(here("index.html"), here("dist/index.html"));
  return built;
}

if (import.meta.main) {
  for (const { name, gzip } of await buildPage()) {
    console.log(`${name}: ${(gzip / 1000).toFixed(1)} KB as gzip`);
  }
}
