// deno-lint-ignore-file no-console -- printing the connections is what the default handlers do
import type { TelnetClient } from "./client.ts";

/** The default `onConnect`: greets, and prints the connection. */
export function greet(client: TelnetClient): void {
  console.log(`++ Opened connection to ${client.addrport()}`);
  client.send("Greetings from miniboa!\n");
}

/** The default `onDisconnect`: prints the disconnection. */
export function printLoss(client: TelnetClient): void {
  console.log(`-- Lost connection to ${client.addrport()} (${client.disconnectReason})`);
}

/** The default `onError`: prints the error. */
export function printError(error: unknown, client: TelnetClient | undefined): void {
  const name = client?.addrport() ?? "no client";
  console.error(`!! A handler failed (${name}):`, error);
}

/** The shortest time between two printed accept errors, because thousands may occur. */
const SILENCE_MS = 60_000;

/** The default `onListenError`: prints the error, at most once a minute. */
export function printListenError(): (error: Error) => void {
  let printedAt = -Infinity;
  return (error) => {
    const now = performance.now();
    if (now - printedAt < SILENCE_MS) return;
    printedAt = now;
    console.error(`!! ${error.message}`);
  };
}
