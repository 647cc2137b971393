/**
 * The download size for a web page: parts of the library bundled for the browser by esbuild,
 * minified, and with gzip.
 *
 *     deno run -A bench/size.ts
 */
import { buildPage } from "../examples/web/build.ts";
import { build, stop } from "esbuild";
import { gzipSync } from "node:zlib";

/** The sizes of one part, in bytes. */
export interface SizeRow {
  readonly what: string;
  readonly minified: number;
  readonly gzip: number;
}

const root = decodeURIComponent(new URL("..", import.meta.url).pathname);
const PARTS: readonly { readonly what: string; readonly code: string }[] = [
  {
    what: "`TelnetMachine` of `./protocol`",
    code: `export { TelnetMachine } from "./src/protocol/mod.ts";`,
  },
  {
    what: "`connectOver` of `./connect`, and `webSocketConnection`",
    code: `export { connectOver } from "./src/connect/mod.ts";
      export { webSocketConnection } from "./src/transport/mod.ts";`,
  },
  { what: "`WebTerminal` of `./web`", code: `export { WebTerminal } from "./src/web/mod.ts";` },
  { what: "`./connect`, whole", code: `export * from "./src/connect/mod.ts";` },
];

/** Bundles each part. */
export async function measureSizes(): Promise<SizeRow[]> {
  const rows: SizeRow[] = [];
  for (const { what, code } of PARTS) {
    const { outputFiles: [file] } = await build({
      stdin: { contents: code, resolveDir: root, loader: "ts" },
      bundle: true,
      platform: "browser",
      format: "esm",
      minify: true,
      write: false,
    });
    const bytes = file?.contents ?? new Uint8Array();
    rows.push({ what, minified: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length });
  }
  await stop();
  for (const { name, minified, gzip } of await buildPage()) {
    rows.push({ what: `\`${name}\` of \`examples/web\`, with xterm.js`, minified, gzip });
  }
  return rows;
}

/** The sizes as a table. */
export function sizeTable(rows: readonly SizeRow[]): string {
  const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1);
  return [
    "| | minified, KB | gzip, KB |",
    "|---|---:|---:|",
    ...rows.map(({ what, minified, gzip }) =>
      `| ${what} | ${kilobytes(minified)} | ${kilobytes(gzip)} |`
    ),
  ].join("\n");
}

if (import.meta.main) console.log(sizeTable(await measureSizes()));
