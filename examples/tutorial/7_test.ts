import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { TestGame } from "../../src/testing/mod.ts";
import { Accounts } from "./accounts.ts";
import { Game } from "./game.ts";

test("two players log in, meet and talk", async () => {
  const folder = await mkdtemp(`${tmpdir()}/boaville-`);
  const accounts = new Accounts(`${folder}/accounts.json`);
  await accounts.load();
  await using world = await TestGame.start(async ({ transport, clock }) => {
    const game = await Game.start(accounts, { transport, clock });
    return { server: game.server, turn: () => game.turn() };
  }, { patience: 10_000 }); // scrypt takes its time

  const enter = async (name: string) => {
    const player = await world.connect();
    await player.expect("What is your name? ");
    player.send(`${name}\n`);
    await player.expect("Choose a password: ");
    player.send("correct horse\n");
    await player.expect("The Wet Boa");
    return player;
  };
  const ada = await enter("Ada");
  const ben = await enter("Ben");
  await ada.expect("Ben comes in.");
  ben.send("say Hello ^Rthere\n");
  await ada.expect("Ben says: Hello ^Rthere");
  ben.send("north\n");
  await ada.expect("Ben goes north.");

  assert.equal(await accounts.check("ada", "correct horse"), true);
  assert.equal(await accounts.check("ada", "wrong horse"), false);
  assert.equal(await accounts.add("Ada", "another one"), false);
  await rm(folder, { recursive: true });
});
