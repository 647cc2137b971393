/**
 * A BBS with art in code page 437, as in 1992. A CP437 terminal gets the original bytes, a UTF-8
 * terminal the same art in Unicode, and an ASCII terminal the nearest characters.
 *
 *     deno run -N examples/art.ts [--port 7777]
 *     bun run examples/art.ts [--port 7777]
 *     node examples/art.ts [--port 7777]
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { createTextDecoder, type Encoding, TelnetServer } from "../mod.ts";

/** The art as it would be in a file: each character stands for the byte with its code. */
const BORDER = "\xcd".repeat(17);
const FILE = `\x1b[1;36m\xc9${BORDER}\xbb\n` +
  "\xba\x1b[1;33m \x01 \xdb\xdf\xdc \xdc\xdf\xdc \xdc\xdf\xdc \x02 \x1b[1;36m\xba\n" +
  "\xba\x1b[1;33m \x03 \xdb\xdf\xdc \xdb \xdb \xdb\xdf\xdb \x04 \x1b[1;36m\xba\n" +
  "\xba\x1b[0;36m \x05 \xdf\xdf  \xdf\xdf  \xdf \xdf \x06 \x1b[1;36m\xba\n" +
  "\xba\x1b[0;32m \xb0\xb1\xb2\xdb caf\x82 \x0e \xf1 \xfb \x1b[1;36m\xba\n" +
  `\xc8${BORDER}\xbc\x1b[0m\n`;
const art = createTextDecoder("cp437-art").decode(
  Uint8Array.from(FILE, (character) => character.charCodeAt(0)),
);
const CHOICES = new Map<string, Encoding>([["1", "utf-8"], ["2", "cp437-art"], ["3", "ascii"]]);

const { values } = parseArgs({ options: { port: { type: "string", default: "7777" } } });
const server = await TelnetServer.listen({
  port: Number(values.port),
  telnetOptions: { terminalType: true, charset: true },
  onConnect: (client) => client.prompt("1 UTF-8, 2 CP437, 3 ASCII? "),
  onDisconnect: (client) => console.log(`-- ${client.addrport()} ${client.disconnectReason}`),
});
console.log(`Gallery on port ${server.port}. Ctrl-C ends it.`);
process.once("SIGINT", () => void server.stop());

while (server.running) {
  await server.poll();
  for (const client of server.clientsWithInput()) {
    const line = client.getCommand()?.trim() ?? "";
    const encoding = CHOICES.get(line);
    if (line === "quit") client.active = false;
    else if (encoding !== undefined) {
      client.encoding = encoding;
      client.send(art);
    }
    client.prompt("1 UTF-8, 2 CP437, 3 ASCII, or quit? ");
  }
}
