/**
 * A small interactive terminal client: colours, window size, hidden passwords, and single keys if
 * the server asks for them. Ctrl-D ends it; while it sends single keys, Ctrl-] does.
 *
 *     deno run -N -E=TERM,LANG examples/client.ts [--hostname localhost] [--port 7777] [--tls]
 *     bun run examples/client.ts [--hostname localhost] [--port 7777] [--tls]
 *     node examples/client.ts [--hostname localhost] [--port 7777] [--tls]
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { connect, isTelnetError, type RemoteServer } from "../src/connect/mod.ts";
import { SGA } from "../src/options/mod.ts";

const { values } = parseArgs({
  options: {
    hostname: { type: "string", default: "localhost" },
    port: { type: "string", default: "7777" },
    tls: { type: "boolean", default: false },
    fingerprint: { type: "string" },
  },
});
const { stdin, stdout } = process;
/** The password typed so far: read in raw mode, but sent as one line. */
let hidden = "";
const CTRL_RIGHT_BRACKET = "\x1d";

const server = await dial();
if (server !== undefined) await talk(server);

async function dial(): Promise<RemoteServer | undefined> {
  const { hostname, port, tls, fingerprint } = values;
  try {
    return await connect({
      hostname,
      port: Number(port),
      tls: fingerprint === undefined ? tls : { fingerprint },
      terminal: {
        name: "MINIBOA-CLIENT",
        type: process.env.TERM ?? "ansi",
        columns: stdout.columns || 80,
        rows: stdout.rows || 24,
      },
      onText: (_server, text) => stdout.write(text),
      onEcho: setMode,
    });
  } catch (error) {
    console.error(isTelnetError(error) ? error.message : error);
    process.exitCode = 1;
    return undefined;
  }
}

/** Turns off the terminal's own echo while the server performs ECHO. */
function setMode(server: RemoteServer): void {
  if (stdin.isTTY) stdin.setRawMode(server.serverEchoes);
}

async function talk(server: RemoteServer): Promise<void> {
  stdout.on("resize", () => server.resize(stdout.columns, stdout.rows));
  stdin.setEncoding("utf8");
  stdin.on("data", (typed: string) => {
    if (!server.active) return;
    if (typed.includes(CTRL_RIGHT_BRACKET)) return server.abort();
    type(server, typed);
  });
  // Piped input may end before the replies have arrived, so the server must end the connection.
  stdin.on("end", () => void (stdin.isTTY && server.close()));
  const { error } = await server.closed;
  if (stdin.isTTY) stdin.setRawMode(false);
  stdin.pause();
  if (error !== undefined) console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exit(error === undefined ? 0 : 1);
}

function type(server: RemoteServer, typed: string): void {
  const byKeys = server.telnet.optionEnabled(SGA, "remote");
  if (!stdin.isTTY || !server.serverEchoes || byKeys) {
    return server.send(stdin.isTTY && server.serverEchoes ? typed : typed.replaceAll("\r", "\n"));
  }
  for (const key of typed) {
    if (key === "\r" || key === "\n") {
      server.send(`${hidden}\n`);
      stdout.write("\n");
      hidden = "";
    } else if (key === "\x7f" || key === "\b") hidden = [...hidden].slice(0, -1).join("");
    else if (key === "\x03") server.abort();
    else if (key >= " ") hidden += key;
  }
}
