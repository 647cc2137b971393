import type { TelnetClient } from "../../mod.ts";
import type { Accounts } from "./accounts.ts";

const MAX_GUESSES = 3;
const MIN_PASSWORD = 8;
const TIMEOUT_MS = 60_000;

/** Asks for the name and the password; `undefined` if there is no login. */
export async function logIn(
  client: TelnetClient,
  accounts: Accounts,
): Promise<string | undefined> {
  const name = await askName(client);
  if (name === undefined) return undefined;
  if (!accounts.has(name)) return await register(client, accounts, name);
  for (let guess = 0; guess < MAX_GUESSES; guess++) {
    const password = await client.ask("Password: ", { hidden: true, timeout: TIMEOUT_MS });
    if (password === undefined) return undefined; // gone, or too slow
    if (await accounts.check(name, password)) return name;
    client.send("That is not the password.\n");
  }
  return undefined;
}

async function askName(client: TelnetClient): Promise<string | undefined> {
  while (true) {
    const name = await client.ask("What is your name? ", { timeout: TIMEOUT_MS });
    if (name === undefined || /^[A-Za-z]{2,12}$/.test(name)) return name;
    client.send("Two to twelve letters, please.\n");
  }
}

async function register(
  client: TelnetClient,
  accounts: Accounts,
  name: string,
): Promise<string | undefined> {
  client.send(`Nobody is called ${name} yet.\n`);
  while (true) {
    const question = "Choose a password: ";
    const password = await client.ask(question, { hidden: true, timeout: TIMEOUT_MS });
    if (password === undefined) return undefined;
    if (password.length < MIN_PASSWORD) client.send("At least eight characters, please.\n");
    else if (await accounts.add(name, password)) return name;
    else {
      client.send("Somebody else has just taken that name.\n");
      return undefined;
    }
  }
}
