import type { FactsSnapshot } from "../options/facts_snapshot.ts";
import type { Json } from "../options/json.ts";
import { throwMisuse } from "../protocol/error.ts";
import type { TelnetSnapshot } from "../protocol/machine.ts";
import type { EchoSnapshot } from "./echo_control.ts";

/** Where things stand with a client, as plain JSON, to be carried over a restart of the game. */
export interface ClientSnapshot {
  /** The format of this snapshot. */
  readonly version: 1;
  /** The protocol. */
  readonly telnet: TelnetSnapshot;
  /** What the options keep, by their codes. */
  readonly options: Readonly<Record<string, Json>>;
  /** What the client has told of itself. */
  readonly facts: FactsSnapshot;
  /** The name of the character set. */
  readonly encoding: string;
  /** Who shows what is typed. */
  readonly echo: EchoSnapshot;
  /** Whether prompts are marked. */
  readonly marking: boolean;
  /** Whether the client speaks Telnet. */
  readonly sawTelnet: boolean;
}

/** Checks what a caller gives as a snapshot: it may have come from a file. */
export function checkClientSnapshot(snapshot: ClientSnapshot): void {
  if (snapshot?.version !== 1) {
    throwMisuse(`Cannot restore a client from another version than 1: ${snapshot?.version}`);
  }
  const { options, facts, echo, encoding } = snapshot;
  if (
    typeof encoding !== "string" ||
    [options, facts, echo].some((part) => typeof part !== "object" || part === null)
  ) {
    throwMisuse("Cannot restore a client from a damaged snapshot: a part of it is missing");
  }
}
