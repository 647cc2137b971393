/** The game on npm telnet-stream and wrap-ansi: node bench/game/telnet_stream_server.mjs FOLDER [seed] */
import { createServer } from "node:net";
import { createRequire } from "node:module";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { lineReader, report, startGame } from "./socket_game.mjs";

const require = createRequire(pathToFileURL(`${process.argv[2]}/package.json`));
const { TelnetSocket } = require("telnet-stream");
const { default: wrapAnsi } = await import(pathToFileURL(require.resolve("wrap-ansi")).href);
const join = startGame(Number(process.argv[3] ?? 1), (text, width) => wrapAnsi(text, width));

const server = createServer((socket) => {
  const telnet = new TelnetSocket(socket);
  const player = join({
    text: (text) => telnet.write(text),
    bytes: (bytes) => socket.write(bytes),
    gmcp: (name, value) => telnet.writeSub(201, Buffer.from(`${name} ${JSON.stringify(value)}`)),
  });
  const read = lineReader(player.hear);
  telnet.on("data", (bytes) => read(bytes.toString()));
  telnet.on("close", player.leave);
  telnet.on("error", () => {});
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ plain: server.address().port })));
await report();
