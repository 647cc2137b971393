import { connect } from "../connect/connect.ts";
import type { ConnectClock } from "../connect/timer.ts";
import type { ConnectOptions } from "../connect/connect_options.ts";
import type { ReadOptions } from "../connect/read_options.ts";
import { type RemoteServer, unreadTextOf } from "../connect/remote_server.ts";
import { isTelnetError, TelnetError, throwMisuse } from "../protocol/error.ts";
import { checkCount, checkFunction, inspect, rejectUnknownKeys } from "../protocol/validate.ts";
import { MemoryTransport } from "../transport/memory.ts";
import { TestClock } from "./clock.ts";

/** How many turns it takes at most until the game has heard what a player has sent. */
const ARRIVAL_TURNS = 5;
/**
 * Which idle turns in a row are followed by a pause, and how long it is at most, in milliseconds:
 * compression works in other threads, and a busy machine serves them late.
 */
const PAUSED_TURNS = { from: 10, to: 60, longest: 10 };
/** The most characters of unread text that an error shows. */
const MAX_SHOWN = 500;

/** Creates a `TestPlayer`; its constructor is private. */
let makePlayer: (game: TestGame<GameServer>, remote: RemoteServer) => TestPlayer;

/** The network and the clock of a game under test. */
export interface TestWorld {
  /** The network in memory, for `TelnetServer.listen({ transport })`. */
  readonly transport: MemoryTransport;
  /** The clock that the test advances, for `TelnetServer.listen({ clock })`. */
  readonly clock: TestClock;
}

/** The part of a `TelnetServer` that a test needs. */
export interface GameServer {
  /** The port that it listens on. */
  readonly port: number;
  /** How long a poll waits for input; the test sets it to 0. */
  timeout: number;
  /** Processes received input. */
  poll(): Promise<void>;
  /** Stops listening and drops all clients. */
  stop(): Promise<void>;
  /** How many clients there are. */
  connectionCount?(): number;
  /** Whether it runs; after its end nobody can connect. */
  readonly running?: boolean;
  /** Whether it drains; then nobody can connect any more. */
  readonly draining?: boolean;
  /** Its statistics. A failing test uses them to report lines that the game has not taken. */
  stats?(): { readonly queuedLines: number };
}

/**
 * A game under test: its server, and the work of its loop after each `poll()`.
 *
 * @typeParam Server The server's type.
 */
export interface GameUnderTest<Server extends GameServer = GameServer> {
  /** The server. */
  readonly server: Server;
  /** The work of the game's loop after each `poll()`. Default: nothing. */
  readonly turn?: (() => unknown) | undefined;
}

/** Options of a `TestGame`. */
export interface TestGameOptions {
  /** The maximum number of bytes that arrive at once; 1 is the worst network. Default: no limit. */
  readonly chunkSize?: number | undefined;
  /** How many turns without new input a player waits for an expected text. Default 50. */
  readonly patience?: number | undefined;
}

/**
 * A game in a test, without sockets, and with a clock that only the test advances. The text that a
 * player waits for must arrive within a few turns of the game; otherwise the test fails with the
 * text that arrived instead.
 *
 * @example
 * ```ts
 * import { TelnetServer } from "@miniboa/miniboa";
 * import { TestGame } from "@miniboa/miniboa/testing";
 *
 * await using game = await TestGame.start(async ({ transport, clock }) => {
 *   const server = await TelnetServer.listen({
 *     transport,
 *     clock,
 *     onConnect: (client) => client.prompt("Name? "),
 *     onDisconnect: () => {},
 *   });
 *   const turn = () => {
 *     for (const client of server.clientList()) {
 *       if (client.cmdReady) client.send(`Hello, ${client.getCommand()}!\n`);
 *     }
 *   };
 *   return { server, turn };
 * });
 * const ada = await game.connect();
 * await ada.expect("Name?");
 * ada.send("Ada\n");
 * await ada.expect("Hello, Ada!");
 * ```
 *
 * @typeParam Server The type of the game's server.
 */
export class TestGame<Server extends GameServer = GameServer> implements AsyncDisposable {
  /** The game's server. */
  readonly server: Server;
  /** The clock. */
  readonly clock: TestClock;
  /** How many turns without new input a player waits. */
  readonly patience: number;
  readonly #transport: MemoryTransport;
  readonly #turn: () => unknown;
  readonly #watch: WatchedClock;
  readonly #players: TestPlayer[] = [];

  private constructor(
    { server, turn = () => {} }: GameUnderTest<Server>,
    { transport, clock }: TestWorld & { readonly clock: WatchedClock },
    patience: number,
  ) {
    this.server = server;
    this.clock = clock;
    this.#watch = clock;
    this.patience = patience;
    this.#transport = transport;
    this.#turn = turn;
    server.timeout = 0; // the test never waits
  }

  /**
   * Starts a game.
   *
   * @param start Starts the game's server with the given `transport` and `clock`.
   * @param options Options of the test.
   * @returns The game.
   * @throws {TelnetError} `misuse`: `start` returns no server, or the options are invalid.
   */
  static async start<Server extends GameServer>(
    start: (world: TestWorld) => GameUnderTest<Server> | Promise<GameUnderTest<Server>>,
    options: TestGameOptions = {},
  ): Promise<TestGame<Server>> {
    checkFunction("the start of the game", start);
    rejectUnknownKeys("TestGame.start", options, { chunkSize: true, patience: true });
    const { chunkSize, patience = 50 } = options;
    checkCount("patience", patience, 1);
    const transport = new MemoryTransport(chunkSize === undefined ? {} : { chunkSize });
    const clock = new WatchedClock();
    const game = await start({ transport, clock });
    if (typeof game?.server?.poll !== "function") {
      throwMisuse(
        `Cannot start the game: the function given to TestGame.start() must return { server }, got ${
          inspect(game)
        } without a server`,
      );
    }
    if (game.turn !== undefined) checkFunction("turn", game.turn);
    return new TestGame(game, { transport, clock }, patience);
  }

  /**
   * Connects a player.
   *
   * @param options Options of the player's client, as for `connect()`.
   * @returns The player.
   * @throws {TelnetError} `misuse`: the game's server does not use the test's `transport`, or has
   * stopped, or drains.
   */
  async connect(options: ConnectOptions = {}): Promise<TestPlayer> {
    const { transport, port } = { transport: this.#transport, port: this.server.port };
    const remote = await connect({
      timeout: Infinity,
      promptTimeout: Infinity,
      ...options,
      hostname: "memory",
      transport,
      port,
      clock: this.#watch.players,
    }).catch((error) => explainRefusal(error, this.server));
    const player = makePlayer(this, remote);
    this.#players.push(player);
    return player;
  }

  /**
   * Runs turns of the game: a `poll()`, the work of the game's loop after it, and pending events of
   * the event loop.
   *
   * @param count How many. Default 1.
   */
  async turn(count: number = 1): Promise<void> {
    for (let turns = 0; turns < count; turns++) {
      await this.server.poll();
      await this.#turn();
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
    }
  }

  /**
   * Lets what the players have sent arrive. Then advances the clock in steps, with a turn of the game
   * after each.
   *
   * @param milliseconds By how much.
   * @param step The time between two turns, in milliseconds. Default 1000.
   * @throws {TelnetError} `misuse`: the game does not use the test's `clock`, or a time that is not a
   * whole number.
   */
  async advance(milliseconds: number, step: number = 1_000): Promise<void> {
    checkCount("the milliseconds of advance()", milliseconds);
    checkCount("the step of advance()", step, 1);
    if (!this.#watch.wasUsed) {
      throwMisuse(
        "Cannot advance the clock: give the `clock` of TestGame.start() to TelnetServer.listen()",
      );
    }
    await this.turn(ARRIVAL_TURNS);
    for (let left = milliseconds; left > 0; left -= step) {
      this.clock.advance(Math.min(left, step));
      await this.turn();
    }
  }

  /** Ends the players' connections and the server. */
  async stop(): Promise<void> {
    for (const player of this.#players) player.remote.abort();
    await this.server.stop();
  }

  /** Same as {@linkcode stop}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** A player in a test: the other end of one client of the game. */
export class TestPlayer {
  /** The connection, for GMCP, the size of the window, and everything else. */
  readonly remote: RemoteServer;
  readonly #game: TestGame<GameServer>;
  /** Whether the last text that was typed has no line end. */
  #typing = false;

  private constructor(game: TestGame<GameServer>, remote: RemoteServer) {
    this.#game = game;
    this.remote = remote;
  }

  static {
    makePlayer = (game, remote) => new TestPlayer(game, remote);
  }

  /**
   * Types text.
   *
   * @param text Any text; end a line with LF.
   */
  send(text: string): void {
    this.remote.send(text);
    this.#typing = text !== "" && !text.endsWith("\n");
  }

  /**
   * Waits until a text has arrived, while the game takes its turns.
   *
   * @param pattern The text, or a pattern for it.
   * @returns All unread text, up to and including the match.
   * @throws {TelnetError} `timeout`: the text does not arrive; the message shows the unread text.
   */
  expect(pattern: RegExp | string): Promise<string> {
    return this.#await(
      (wait) => this.remote.readUntil(pattern, wait),
      typeof pattern === "string" ? JSON.stringify(pattern) : String(pattern),
    );
  }

  /**
   * Waits for the next line.
   *
   * @returns The line; `undefined` if the game has closed the connection.
   * @throws {TelnetError} `timeout`: no line arrives.
   */
  readLine(): Promise<string | undefined> {
    return this.#await((wait) => this.remote.readLine(wait), "a line");
  }

  /**
   * Waits until the game has closed the connection.
   *
   * @throws {TelnetError} `timeout`: the game does not close the connection.
   */
  async expectEnd(): Promise<void> {
    await this.#await(() => this.remote.closed, "the end of the connection");
  }

  /**
   * Closes the player's connection, and takes turns until the game has noticed, after the lines that
   * the player has sent.
   */
  async close(): Promise<void> {
    const { server } = this.#game;
    const before = server.connectionCount?.() ?? 0;
    const closed = this.remote.close();
    await this.#await(() => closed, "the end of the connection");
    await this.#game.turn();
    await this.#turnUntil(
      () => server.connectionCount === undefined || server.connectionCount() < before,
      () => server.stats?.().queuedLines ?? 0,
    );
  }

  /** Takes turns until `done`, or until `patience` turns in which `progress` stays the same. */
  async #turnUntil(done: () => boolean, progress: () => number): Promise<void> {
    let before = -1;
    for (let idle = 0; idle < this.#game.patience && !done(); idle++) {
      await this.#game.turn();
      const now = progress();
      if (now !== before) idle = -1;
      before = now;
      await pauseAfter(idle);
    }
  }

  /** Takes turns until a promise settles, or until `patience` turns without new input. */
  async #await<Result>(
    read: (wait: ReadOptions) => Promise<Result>,
    wanted: string,
  ): Promise<Result> {
    const late = new AbortController();
    const promise = read({ timeout: Infinity, signal: late.signal });
    let settled = false;
    const done = () => settled = true;
    promise.then(done, done);
    await this.#turnUntil(() => settled, () => this.remote.bytesReceived);
    if (settled) return await promise.catch(explainEnd);
    late.abort(); // it must not take later input
    const unread = unreadTextOf(this.remote).slice(-MAX_SHOWN);
    throw new TelnetError(
      "timeout",
      `The game did not send ${wanted} within ${this.#game.patience} idle turns ` +
        "(see patience, and advance() if it waits for its clock). " +
        `Unread is ${JSON.stringify(unread)}` +
        (this.#typing ? '. The text that the player sent last has no line end: add "\\n"' : "") +
        untakenLines(this.#game.server),
    );
  }
}

/** A clock that knows whether the game has used it. */
class WatchedClock extends TestClock {
  wasUsed = false;
  /** The same time for the players, whose use does not count. */
  readonly players: ConnectClock = {
    now: () => super.now(),
    timeOfDay: () => this.timeOfDay(),
    after: (milliseconds, call) => super.after(milliseconds, call),
  };

  override now(): number {
    this.wasUsed = true;
    return super.now();
  }

  override after(milliseconds: number, call: () => void): () => void {
    this.wasUsed = true;
    return super.after(milliseconds, call);
  }
}

/** Nothing else listens on the network of a test. */
function explainRefusal(error: unknown, { running = true, draining }: GameServer): never {
  if (!isTelnetError(error) || error.code !== "connection-refused") throw error;
  if (!running) throwMisuse("Cannot connect a player: the game's server has stopped");
  if (draining) throwMisuse("Cannot connect a player: the game's server drains");
  throwMisuse(
    "Cannot connect a player: give the `transport` of TestGame.start() to TelnetServer.listen()",
  );
}

/** Nobody else can end the connection. */
function explainEnd(error: unknown): never {
  if (!isTelnetError(error) || error.code !== "connection-closed") throw error;
  throw new TelnetError(
    "connection-closed",
    `${error.message} The game has ended it: if one of its handlers threw, \`onError\` has got that error`,
    { cause: error },
  );
}

/** What to say of lines that the game has not taken: it may have no `turn`. */
function untakenLines(server: GameServer): string {
  const waiting = server.stats?.().queuedLines ?? 0;
  return waiting === 0
    ? ""
    : `. The game has not taken ${waiting} of the players' lines: return a \`turn\` that does`;
}

async function pauseAfter(idleTurns: number): Promise<void> {
  const { from, to, longest } = PAUSED_TURNS;
  if (idleTurns < from || idleTurns > to) return;
  await new Promise<void>((resolve) => setTimeout(resolve, Math.min(longest, idleTurns / 2)));
}
