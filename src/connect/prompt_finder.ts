import type { Deadline, DeviceDialogue } from "./device_dialogue.ts";
import { isAlike, LearnedPrompt, looksLikePrompt, patternMatches } from "./prompt.ts";
import { asksForPassword, SETTLE } from "./standing_rows.ts";

/** How long a device must be silent before an Enter is sent, in milliseconds. */
export const SILENCE = 1_500;
/** The same for each further Enter during a login. */
export const LONG_SILENCE = 6_000;
/** The maximum number of Enters. */
export const MAX_ENTERS = 3;
/** The maximum number of lines that are kept of a login. */
export const MAX_SAID = 2_000;
/** The maximum number of rows above the prompt that belong to it. */
const MAX_ABOVE = 8;

/**
 * Learns the prompt: sends an empty line, and compares the reply with the current row. The prompt
 * comes again, with the rows above it that belong to it. The row of a banner does not.
 */
export async function learnPrompt(
  device: DeviceDialogue,
  row: string,
  pattern: RegExp | string | undefined,
  deadline: Deadline,
  said: string[],
): Promise<void> {
  const { screen } = device;
  let candidate = new LearnedPrompt(row, [], pattern);
  for (let tries = 0; tries < MAX_ENTERS; tries++) {
    const start = screen.count;
    screen.answer("\n");
    const above: string[] = [];
    while (true) {
      for (let line = screen.take(); line !== undefined; line = screen.take()) {
        above.push(line);
        if (above.length > MAX_SAID) above.shift();
      }
      const came = screen.count > start ? screen.row : "";
      const match = candidate.match(came);
      const looks = match !== "unlike" || (pattern === undefined && looksLikePrompt(came));
      // A device may ignore an empty line.
      const settle = screen.marked ? SETTLE.marked : looks ? SETTLE[match] : SILENCE;
      if (await device.more(settle, deadline, () => "the prompt after an empty line")) continue;
      if (came === "" || match === "same" || !looks) {
        const rows = commonRows(said, withoutEcho(above, candidate.text));
        device.prompt = came === "" || !looks ? candidate : new LearnedPrompt(came, rows, pattern);
        return;
      }
      said.push(candidate.text, ...above);
      candidate = new LearnedPrompt(came, [], pattern);
      break;
    }
  }
  device.prompt = candidate;
}

/** Finds the prompt without a login: in the current row, or in the reply to an Enter. */
export async function findPrompt(
  device: DeviceDialogue,
  pattern: RegExp | string | undefined,
  deadline: Deadline,
): Promise<void> {
  const { screen } = device;
  const said: string[] = [];
  let before = "";
  for (let enters = 0;;) {
    for (let line = screen.take(); line !== undefined; line = screen.take()) {
      said.push(line);
      if (said.length > MAX_SAID) said.shift();
    }
    const { row } = screen;
    // A row that comes again after each Enter is the prompt, whatever it looks like.
    const repeated = enters > 1 && row === before && !asksForPassword(row);
    const known = pattern === undefined
      ? screen.marked || looksLikePrompt(row) || repeated
      : patternMatches(pattern, row);
    const looks = row.trim() !== "" && known;
    const settle = screen.marked ? SETTLE.marked : looks ? SETTLE.similar : SILENCE;
    const wait = enters < MAX_ENTERS || looks ? settle : Infinity;
    if (await device.more(wait, deadline, () => "a prompt")) continue;
    if (looks) return await learnPrompt(device, row, pattern, deadline, said);
    enters++;
    before = row;
    screen.answer("\n");
  }
}

/** Waits for the prompt of an abandoned command. Does not answer questions of that command. */
export async function resynchronize(device: DeviceDialogue, deadline: Deadline): Promise<void> {
  const { screen } = device;
  const { prompt } = device;
  while (prompt !== undefined) {
    screen.drop();
    const match = screen.marked ? "same" : prompt.match(screen.standing);
    const wanted = () =>
      `the prompt of the command before, which did not end (the row ${
        JSON.stringify(screen.standing.slice(-100))
      } stands: answer it by send(), or by \`answers\` of that command)`;
    const settle = match === "unlike" ? Infinity : SETTLE.similar;
    if (!await device.more(settle, deadline, wanted)) break;
  }
  device.stale = false;
}

/** The reply to an empty line, without the row that the line was typed in. */
function withoutEcho(lines: readonly string[], prompt: string): string[] {
  const [first = "", ...rest] = lines;
  return trimmed(first.trim() === "" || first.trimEnd() === prompt ? rest : lines);
}

/** The last lines that both lists have in common: the rows above each prompt. */
function commonRows(said: readonly string[], above: readonly string[]): string[] {
  const first = trimmed(said);
  let count = 0;
  while (count < Math.min(first.length, above.length, MAX_ABOVE)) {
    if (!isAlike(first.at(-1 - count) ?? "", above.at(-1 - count) ?? "")) break;
    count++;
  }
  return count === 0 ? [] : above.slice(-count);
}

/** Removes blank lines at the start and the end. */
export function trimmed(lines: readonly string[]): string[] {
  const first = lines.findIndex((line) => line.trim() !== "");
  if (first === -1) return [];
  return lines.slice(first, lines.findLastIndex((line) => line.trim() !== "") + 1);
}
