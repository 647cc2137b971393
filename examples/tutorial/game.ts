import { escapeCaretCodes, type ListenOptions, TelnetServer } from "../../mod.ts";
import type { Accounts } from "./accounts.ts";
import { logIn } from "./log_in.ts";
import { Player } from "./player.ts";
import { ROOMS } from "./world.ts";

export class Game {
  server!: TelnetServer<Player>;
  readonly #accounts: Accounts;

  private constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }

  static async start(accounts: Accounts, options: ListenOptions<Player> = {}): Promise<Game> {
    const game = new Game(accounts);
    game.server = await TelnetServer.listen({
      clientClass: Player,
      telnetOptions: { terminalType: true, naws: true, endOfRecord: true, gmcp: true, mccp2: true },
      onConnect: (player) => game.#welcome(player),
      onDisconnect: (player) => game.#tellRoom(player, `${player.name} fades away.`),
      ...options,
    });
    return game;
  }

  /** One turn, after each poll: what players typed. */
  turn(): void {
    for (const player of this.server.clientsWithInput()) {
      if (player.name === "") continue; // its lines are answers to logIn()
      const line = player.getCommand();
      if (line === undefined) continue;
      this.#obey(player, line.trim());
      player.showPrompt();
    }
  }

  /** One second of the world: wounds heal, and rats bite on the hill. */
  tick(): void {
    for (const player of this.server.clientList()) {
      if (player.name === "") continue;
      const bitten = player.room === "hill" && Math.random() < 0.3;
      if (bitten) player.send("A rat bites you!\n");
      if (player.hurt(bitten ? 3 : -1)) this.#look(player);
      if (bitten) player.showPrompt(); // with the new number
    }
  }

  async #welcome(player: Player): Promise<void> {
    await player.ready; // at most a second, until the client has answered
    player.sendCc("^GWelcome to Boaville!^~\n");
    const name = await logIn(player, this.#accounts);
    if (name === undefined || !player.active) return void (player.active = false);
    for (const other of this.server.clientList()) if (other.isCalled(name)) other.leaveSilently();
    player.name = name;
    this.#tellRoom(player, `${name} comes in.`);
    this.#look(player);
    player.sendVitals();
    player.showPrompt();
  }

  #obey(player: Player, line: string): void {
    const [verb = "", ...words] = line.split(" ");
    const exit = ROOMS.get(player.room)?.exits.get(verb);
    if (exit !== undefined) this.#go(player, verb, exit);
    else if (verb === "look") this.#look(player);
    else if (verb === "say") this.#say(player, escapeCaretCodes(words.join(" ")));
    else if (verb === "quit") player.active = false;
    else if (verb !== "") player.send("You can look, say, quit, or go in a direction.\n");
  }

  #look(player: Player): void {
    const { name = "", text = "", exits = new Map() } = ROOMS.get(player.room) ?? {};
    player.sendCc(`^C${name}^~\n`);
    player.sendWrapped(text); // to the width of the window
    for (const other of this.server.clientList()) {
      const here = other.name !== "" && other !== player && other.room === player.room;
      if (here) player.sendCc(`^y${other.name}^~ is here.\n`);
    }
    player.telnet.gmcp.send("Room.Info", { name, exits: [...exits.keys()] });
  }

  #go(player: Player, direction: string, to: string): void {
    this.#tellRoom(player, `${player.name} goes ${direction}.`);
    player.room = to;
    this.#tellRoom(player, `${player.name} comes in.`);
    this.#look(player);
  }

  #say(player: Player, words: string): void {
    player.sendCc(`^cYou say:^~ ${words}\n`);
    this.#tellRoom(player, `^c${player.name} says:^~ ${words}`);
  }

  #tellRoom(player: Player, text: string): void {
    if (player.name === "") return; // it left before it had a name
    const where = (other: Player) => other.name !== "" && other.room === player.room;
    this.server.broadcast(`${text}\n`, { except: player, where });
  }
}
