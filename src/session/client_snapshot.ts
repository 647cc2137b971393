import { throwUnexpected } from "../protocol/validate.ts";
import type { KeepAlive } from "../guard/idle_monitor.ts";
import type { Json } from "../options/json.ts";
import { throwMisuse } from "../protocol/error.ts";
import type { TelnetSnapshot } from "../protocol/machine.ts";
import type { InputModeSnapshot } from "./input_mode.ts";
import type { OptionsSnapshot } from "./option_host.ts";
import type { TextSnapshot } from "./text_output.ts";

/** The Telnet dialogue of a client, as plain JSON. */
export interface DialogueSnapshot extends OptionsSnapshot {
  /** The protocol: what is agreed, half a command, output that was not taken. */
  readonly telnet: TelnetSnapshot;
  /** The character set, half a character, the last row. */
  readonly text: TextSnapshot;
  /** Lines and keys: what is half typed, what waits for the game, the editor, who shows it. */
  readonly input: InputModeSnapshot;
  /** Whether prompts are marked. */
  readonly marking: boolean;
  /** Whether the client speaks Telnet. */
  readonly sawTelnet: boolean;
  /** Whether the client has sent a line that is not empty. */
  readonly sawLine: boolean;
}

/**
 * Where things stand with a client, as plain JSON, to be carried over a restart of the game: what is
 * agreed and told, half a command, half a character, half a line, lines and keys that wait, the editor
 * with its cursor, and what was not sent. The parts are the library's own.
 */
export interface ClientSnapshot {
  /** The format of this snapshot. */
  readonly version: 2;
  /** The parts. */
  readonly [part: string]: Json;
}

/** The same, with its parts. */
export interface SessionSnapshot extends DialogueSnapshot {
  /** The format of this snapshot. */
  readonly version: 2;
  /** Bytes of the client that came and were not processed. */
  readonly received: readonly number[];
  /** Whether the client has announced its end. */
  readonly ended: boolean;
  /** Whether password mode was on for a question whose answer nobody waits for any more. */
  readonly asking?: boolean;
  /** How many lines the game has taken. Not in snapshots of older versions. */
  readonly lineNumber?: number;
  /** What the game keeps of the client; not there where it keeps nothing. */
  readonly state?: Json | undefined;
  /** How long it is connected, and how long the person has typed nothing, in milliseconds. */
  readonly connectedFor: number;
  readonly idleFor: number;
  /** What keeps the connection alive. */
  readonly keepAlive: KeepAlive;
}

/** Checks what a caller gives as a snapshot: it may have come from a file. */
export function checkClientSnapshot(given: ClientSnapshot): SessionSnapshot {
  if (given?.version !== 2) {
    throwUnexpected("the snapshot", "one of version 2, from client.snapshot()", given);
  }
  const snapshot = given as unknown as SessionSnapshot;
  const { telnet, options, facts, text, input, received } = snapshot;
  const parts = [telnet, options, facts, text, input, received];
  if (parts.some((part) => typeof part !== "object" || part === null)) {
    throwMisuse(
      "Cannot restore a client from a damaged snapshot: a part of it is missing, so return undefined",
    );
  }
  return snapshot;
}
