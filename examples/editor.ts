/**
 * Letters, written in a multi-line editor with arrow keys, Emacs keys, and soft wrap at the width
 * of the window. Ctrl-D at the end of the text sends the letter; Ctrl-C discards it.
 *
 *     deno run -N examples/editor.ts [--port 7777]
 *     bun run examples/editor.ts [--port 7777]
 *     node examples/editor.ts [--port 7777]
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { TelnetClient, TelnetServer } from "../mod.ts";

const IP = 0xf4; // how Ctrl-C arrives

class Writer extends TelnetClient {
  name = "";
  to = "";
  step: "name" | "menu" | "letter" = "name";
}

const letters: { from: string; to: string; text: string }[] = [];
const { values } = parseArgs({ options: { port: { type: "string", default: "7777" } } });
const server = await TelnetServer.listen({
  port: Number(values.port),
  clientClass: Writer,
  telnetOptions: { naws: true, terminalType: true, charset: true },
  limits: { line: 20_000 }, // a letter is one line to the server
  onConnect: (writer) => {
    writer.useEditor();
    writer.send("The post office.\n");
    writer.prompt("Your name? ");
  },
  onTelnetCommand: (writer, command) => {
    if (command !== IP || writer.step !== "letter") return;
    writer.send("The letter is torn up.\n");
    menu(writer);
  },
  onDisconnect: (writer) => console.log(`-- ${writer.name} ${writer.disconnectReason}`),
});
console.log(`Post office on port ${server.port}. Ctrl-C ends it.`);
process.once("SIGINT", () => void server.stop());

while (server.running) {
  await server.poll();
  for (const writer of server.clientsWithInput()) {
    const text = writer.getCommand();
    if (text !== undefined) hear(writer, text);
  }
}

function hear(writer: Writer, text: string): void {
  if (writer.step === "letter") return post(writer, text);
  if (writer.step === "name") {
    writer.name = text.trim() || "nobody";
    return menu(writer);
  }
  const [, command, name = ""] = /^(\w+)\s*(\w*)/.exec(text) ?? [];
  if (command === "read") read(writer);
  else if (command === "write" && name !== "") return write(writer, name);
  else if (command === "quit") writer.active = false;
  menu(writer);
}

function menu(writer: Writer): void {
  writer.step = "menu";
  writer.useEditor();
  writer.prompt("read, write NAME, or quit> ");
}

function write(writer: Writer, to: string): void {
  writer.step = "letter";
  writer.to = to;
  const end = writer.terminal.editing
    ? "Ctrl-D at its end sends it, Ctrl-C gives it up"
    : "Enter sends it";
  writer.send(`Dear ${to}, … (${end})\n`);
  writer.useEditor({ multiline: true });
}

function post(writer: Writer, text: string): void {
  letters.push({ from: writer.name, to: writer.to, text });
  writer.send(`Sent: ${text.split("\n").length} lines.\n`);
  for (const other of server.clientList()) {
    if (other.name === writer.to) other.send(`A letter from ${writer.name} is here.\n`);
  }
  menu(writer);
}

function read(writer: Writer): void {
  const own = letters.filter(({ to }) => to === writer.name);
  for (const { from, text } of own) writer.send(`From ${from}:\n${text}\n`);
  writer.send(`${own.length} letters.\n`);
}
