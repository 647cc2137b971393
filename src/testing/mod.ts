/**
 * Tools to test your own game: players on a network in memory, and a clock that the test advances.
 * No sockets, no waiting.
 *
 * @module
 */

export type * from "../connect/mod.ts";
export type * from "../transport/memory.ts";
export { TestClock } from "./clock.ts";
export {
  type GameServer,
  type GameUnderTest,
  TestGame,
  type TestGameOptions,
  TestPlayer,
  type TestWorld,
} from "./test_game.ts";
