import type { TelnetClient } from "../../mod.ts";
import type { Accounts } from "./accounts.ts";

const MAX_GUESSES = 3;
const TIMEOUT_MS = 60_000;

/** Asks for the name and the password; `undefined` if there is no login. */
export async function logIn(
  client: TelnetClient,
  accounts: Accounts,
): Promise<string | undefined> {
  const name = await client.ask("What is your name? ", { timeout: TIMEOUT_MS });
  if (name === undefined || !/^[A-Za-z]{2,12}$/.test(name)) return undefined;
  if (!accounts.has(name)) {
    const question = `Nobody is called ${name} yet. Choose a password: `;
    const password = await client.ask(question, { hidden: true, timeout: TIMEOUT_MS });
    if (password === undefined || password.length < 8) return undefined;
    await accounts.add(name, password);
    return name;
  }
  for (let guess = 0; guess < MAX_GUESSES; guess++) {
    const password = await client.ask("Password: ", { hidden: true, timeout: TIMEOUT_MS });
    if (password === undefined) return undefined;
    if (await accounts.check(name, password)) return name;
    client.send("That is not the password.\n");
  }
  return undefined;
}
