/**
 * The console of a device: commands with Tab completion, history on the arrow keys and Ctrl-R, and
 * a --more-- pager. `wall` prints a message to all clients without breaking the lines that they are
 * typing.
 *
 *     deno run -N examples/repl.ts [--port 7777]
 *     bun run examples/repl.ts [--port 7777]
 *     node examples/repl.ts [--port 7777]
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { escapeCaretCodes, History, keyName, TelnetClient, TelnetServer } from "../mod.ts";

const settings: Record<string, string> = { hostname: "boa1", led: "on", speed: "fast" };
const log = Array.from({ length: 200 }, (_, index) => `${index}: all is well`);

class Console extends TelnetClient {
  readonly history = new History();
  pages: string[] = [];

  /** Starts the line editor, if the client supports it, and shows the prompt. */
  edit(): void {
    this.useEditor({ history: this.history, complete });
    this.prompt(`^g${settings["hostname"]}^~> `);
  }
}

/** Each command, and its possible arguments. */
const COMMANDS: Record<string, () => string[]> = {
  help: () => [],
  log: () => [],
  quit: () => [],
  set: () => Object.keys(settings),
  show: () => Object.keys(settings),
  wall: () => [],
};

function complete(line: string, cursor: number): string[] {
  const words = line.slice(0, cursor).split(" ");
  const [command = ""] = words;
  const all = words.length === 1 ? Object.keys(COMMANDS) : COMMANDS[command]?.() ?? [];
  return all.filter((word) => word.startsWith(words.at(-1) ?? ""));
}

const { values } = parseArgs({ options: { port: { type: "string", default: "7777" } } });
const server = await TelnetServer.listen({
  port: Number(values.port),
  clientClass: Console,
  telnetOptions: { naws: true, terminalType: true, charset: true },
  limits: { line: 16_384 }, // a whole configuration may be pasted
  onConnect: (client) => {
    client.send("Type help, or Tab.\n");
    client.edit();
  },
  onDisconnect: (client) => console.log(`-- ${client.addrport()} ${client.disconnectReason}`),
});
console.log(`Console on port ${server.port}. Ctrl-C ends it.`);
process.once("SIGINT", () => void server.stop());

while (server.running) {
  await server.poll();
  for (const client of server.clientsWithInput()) {
    if (client.pages.length > 0) turn(client);
    else hear(client, client.getCommand()?.trim() ?? "");
  }
}

function hear(client: Console, line: string): void {
  const [, command = "", name = "", value = ""] = /^(\S*)\s*(\S*)\s*(.*)$/.exec(line) ?? [];
  if (command === "quit") client.active = false;
  else if (command === "log") return show(client, log);
  else if (command === "help") client.send(`${Object.keys(COMMANDS).join(" ")}\n`);
  else if (command === "set" && Object.hasOwn(settings, name)) settings[name] = value;
  else if (command === "show") {
    client.send(`${name} is ${Object.hasOwn(settings, name) ? settings[name] : "unknown"}\n`);
  } else if (command === "wall") {
    for (const other of server.clientList()) other.send(`${client.addrport()}: ${name} ${value}\n`);
  } else if (command !== "") client.send(`No such command: ${command}\n`);
  client.prompt(`^g${escapeCaretCodes(settings["hostname"] ?? "")}^~> `);
}

/**
 * Shows a page, then waits for a key if there are more: Space for a page, Enter for a line, q to
 * quit.
 */
function show(client: Console, lines: string[], count: number = client.rows - 1): void {
  client.send(lines.slice(0, count).map((line) => line + "\n").join(""));
  client.pages = lines.slice(count);
  if (client.pages.length === 0) return client.edit();
  if (client.terminal.editing) client.enterCharacterMode();
  client.send("--more--");
}

function turn(client: Console): void {
  const key = client.getKey();
  const name = key === undefined ? client.getCommand() : key.text || keyName(key);
  if (client.terminal.inCharacterMode) client.send("\r        \r");
  if (name === "q") show(client, []);
  else show(client, client.pages, name === "enter" ? 1 : client.rows - 1);
}
