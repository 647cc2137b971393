/** The same game for the sockets of other libraries: what each of them leaves to its user. */
import { ROOM_SIZE, roomTexts } from "./world.mjs";

const COLOURS = { r: 31, G: "1;32", y: 33, B: "1;34", m: 35, C: "1;36", c: 36 };
const colour = (text) =>
  text.replace(/\^([rGyBmCc~])/g, (_, code) => code === "~" ? "\x1b[0m" : `\x1b[${COLOURS[code]}m`);
/** IAC EOR, which marks a prompt. */
export const END_OF_RECORD = Buffer.from([255, 239]);

/**
 * @param wrap Wraps a coloured text to a width.
 * @returns A function for each new player: it gets how to send text, bytes of the protocol, and GMCP, and
 * returns what to do with a line, and at the end.
 */
export function startGame(seed, wrap) {
  const texts = roomTexts(seed);
  const rooms = [];
  let serial = 0;
  return ({ text, bytes, gmcp }) => {
    const player = { name: `P${++serial}`, commands: 0, text, room: undefined, description: "" };
    const enter = (room) => {
      player.room?.delete(player);
      player.room = room;
      room.add(player);
      player.description = texts[rooms.indexOf(room) % texts.length];
    };
    const prompt = () => {
      text(`[${player.commands}]> `);
      bytes(END_OF_RECORD);
    };
    const look = () => {
      text(`${wrap(colour(player.description), 80).replaceAll("\n", "\r\n")}\r\n`);
      gmcp("Char.Vitals", { hp: 100, maxhp: 100, mp: 40, maxmp: 60 });
    };
    let free = rooms.find(({ size }) => size < ROOM_SIZE);
    if (free === undefined) rooms.push(free = new Set());
    enter(free);
    prompt();
    return {
      hear(line) {
        player.commands++;
        if (line === "look") look();
        else if (line.startsWith("say ")) {
          text(colour(`^cYou say:^~ ${line.slice(4)}\r\n`));
          const heard = colour(`^c${player.name} says:^~ ${line.slice(4)}\r\n`);
          for (const other of player.room) if (other !== player) other.text(`\r\n${heard}`);
        } else if (line === "move") {
          const next = rooms[(rooms.indexOf(player.room) + 1) % rooms.length];
          enter(next.size < 2 * ROOM_SIZE ? next : player.room);
          look();
        }
        prompt();
      },
      leave: () => player.room.delete(player),
    };
  };
}

/** Cuts text into lines. */
export function lineReader(hear) {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n/);
    rest = lines.pop();
    for (const line of lines) hear(line);
  };
}

/** Answers each line on standard input with the CPU time and the memory of the process. */
export async function report() {
  const { createInterface } = await import("node:readline");
  const { default: process } = await import("node:process");
  createInterface({ input: process.stdin }).on("line", () => {
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ cpu: (user + system) / 1e6, rss: process.memoryUsage().rss }));
  });
}
