import { throwUnexpected } from "../protocol/validate.ts";
import type { IdleSnapshot, KeepAlive } from "../guard/idle_monitor.ts";
import type { Json } from "../options/json.ts";
import { throwMisuse } from "../protocol/error.ts";
import type { TelnetSnapshot } from "../protocol/machine.ts";
import type { InputModeSnapshot } from "./input_mode.ts";
import type { OptionsSnapshot } from "./option_host.ts";
import type { TextSnapshot } from "./text_output.ts";

/** The Telnet dialogue of a client, as plain JSON. */
export interface DialogueSnapshot extends OptionsSnapshot {
  /** The protocol: enabled options, an unfinished command, output that is not sent. */
  readonly telnet: TelnetSnapshot;
  /** The character set, an incomplete character, the last row. */
  readonly text: TextSnapshot;
  /** Typed input: unfinished and queued lines and keys, the editor, the echo. */
  readonly input: InputModeSnapshot;
  /** Whether prompts are marked. */
  readonly marking: boolean;
  /** Whether the client speaks Telnet. */
  readonly sawTelnet: boolean;
  /** Whether the client has sent a line that is not empty. */
  readonly sawLine: boolean;
}

/**
 * The state of a client, as plain JSON, to keep over a restart of the game: enabled options,
 * reported facts, unfinished input, queued lines and keys, the editor with its cursor, and unsent
 * output. The format of the parts is internal.
 */
export interface ClientSnapshot {
  /** The format of this snapshot. */
  readonly version: 2;
  /** The parts. */
  readonly [part: string]: Json;
}

/** The same snapshot with the types of its parts. */
export interface SessionSnapshot extends DialogueSnapshot {
  /** The format of this snapshot. */
  readonly version: 2;
  /** Received bytes that are not processed. */
  readonly received: readonly number[];
  /** Whether the client has half-closed. */
  readonly ended: boolean;
  /** Whether password mode is on for a hidden question, which no code awaits after a restart. */
  readonly asking?: boolean;
  /** How many lines the game has taken. Not in snapshots of older versions. */
  readonly lineNumber?: number;
  /** The game's own data about the client; absent if there is none. */
  readonly state?: Json | undefined;
  /** Milliseconds since the client connected, and since the person last typed. */
  readonly connectedFor: number;
  readonly idleFor: number;
  /** The Telnet keep-alive. */
  readonly keepAlive: KeepAlive;
  /** Whether the client answers keep-alives, and was warned that it is idle. */
  readonly idle?: IdleSnapshot | null | undefined;
}

/** Checks a snapshot from the game, which may have been read from a file. */
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
