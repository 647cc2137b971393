/** The game on npm ranvier-telnet and wrap-ansi: node bench/game/ranvier_server.mjs FOLDER [seed] */
import { createRequire } from "node:module";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { report, startGame } from "./socket_game.mjs";

const require = createRequire(pathToFileURL(`${process.argv[2]}/package.json`));
const { TelnetServer, TelnetSocket } = require("ranvier-telnet");
const { default: wrapAnsi } = await import(pathToFileURL(require.resolve("wrap-ansi")).href);
const join = startGame(Number(process.argv[3] ?? 1), (text, width) => wrapAnsi(text, width));

const { netServer: server } = new TelnetServer((socket) => {
  const telnet = new TelnetSocket();
  telnet.attach(socket);
  const player = join({
    text: (text) => telnet.write(text),
    bytes: (bytes) => socket.write(bytes),
    gmcp: (name, value) => telnet.sendGMCP(name, value),
  });
  // It cuts lines itself; what a negotiation leaves over is empty.
  telnet.on("data", (bytes) => bytes.length > 0 && player.hear(bytes.toString()));
  socket.on("close", player.leave);
  socket.on("error", () => {});
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ plain: server.address().port })));
await report();
