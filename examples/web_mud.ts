/**
 * The MUD of mud.ts and its page for browsers, both on one port. examples/web/build.ts builds the
 * page; this builds it and starts the MUD:
 *
 *     deno task web [--port 7777]
 */
import process from "node:process";
import { fileURLToPath } from "node:url";

process.argv.push("--page", fileURLToPath(new URL("web/dist", import.meta.url)));
await import("./mud.ts");
