import type { Deadline, DeviceDialogue } from "./device_dialogue.ts";
import type { ExecOptions } from "./device_options.ts";
import { EchoFilter } from "./echo_filter.ts";
import { OutputLines } from "./output_lines.ts";
import { LearnedPrompt } from "./prompt.ts";
import { findPrompt, resynchronize } from "./prompt_finder.ts";
import { commandRow, isSecret, SETTLE } from "./standing_rows.ts";

/**
 * Runs a command.
 *
 * @param take Receives each line of the output. The next line waits for the promise it returns.
 */
export async function runCommand(
  device: DeviceDialogue,
  command: string,
  options: ExecOptions,
  take: (line: string) => Promise<void> | undefined,
  deadline: Deadline,
): Promise<void> {
  const { screen } = device;
  const { answers = [], prompt: pattern } = options;
  if (device.stale) await resynchronize(device, deadline);
  if (device.prompt === undefined) await findPrompt(device, pattern, deadline);
  screen.drop();
  const known = device.prompt ?? new LearnedPrompt("", [], undefined);
  const next = pattern === undefined ? known : new LearnedPrompt("", known.above, pattern);
  const prompted = device.session.serverEchoes && !screen.marked;
  const echo = new EchoFilter(prompted ? screen.standing.trimEnd() : "", command);
  const echoes = prompted || device.echoes !== false;
  const output = new OutputLines(known, take);
  const start = screen.count;
  screen.answer(command + "\n");
  /** The row that was answered last, and the answer if it was a question; neither is output. */
  let answered: { readonly row: string; readonly answer: string | undefined } | undefined;
  while (true) {
    for (let line = screen.take(); line !== undefined; line = screen.take()) {
      const text = withoutAnswer(line, answered);
      answered = undefined;
      if (text === undefined) continue;
      for (const one of echoes ? echo.push(text) : [text]) {
        const taken = output.push(one);
        if (taken !== undefined) {
          await device.within(taken, deadline, () => "a reader of the lines");
        }
      }
      device.checkDeadline(deadline);
    }
    const isNew = screen.count > start;
    const standing = isNew ? commandRow(screen.row, answers, next, screen.marked) : undefined;
    // If the current row is empty after a line that equals the prompt, a message was printed after
    // the prompt.
    const left = standing === undefined && screen.standing === "" && output.suspects;
    const settle = standing !== undefined
      ? device.settleOf(standing, true)
      : left
      ? SETTLE.unlike
      : Infinity;
    const wanted = () => `the prompt ${JSON.stringify(known.text)} after the command`;
    if (await device.more(settle, deadline, wanted)) continue;
    if (standing === undefined) return await output.end(true);
    const { row } = screen;
    if (standing.kind === "prompt") {
      for (const one of echo.rest()) await output.push(one);
      if (standing.start > 0) await output.push(row.slice(0, standing.start));
      const text = row.slice(standing.start);
      device.prompt = pattern === undefined
        ? known.seenAs(text)
        : new LearnedPrompt(text, known.above, undefined);
      return await output.end();
    }
    if (standing.kind === "question") {
      output.asked = true;
      answered = { row: row.trimEnd(), answer: standing.answer.answer };
      screen.answer(standing.answer.answer + "\n", isSecret(standing.answer, row));
    } else if (standing.kind === "pager" || standing.kind === "press") {
      answered = { row: row.trimEnd(), answer: undefined };
      output.asked ||= standing.key === "\n";
      screen.answer(standing.key);
    }
  }
}

/** Removes the answered row from a line; `undefined` if nothing is left. */
function withoutAnswer(
  line: string,
  answered: { readonly row: string; readonly answer: string | undefined } | undefined,
): string | undefined {
  if (answered === undefined) return line;
  const { row, answer } = answered;
  const rest = line.startsWith(row) ? line.slice(row.length) : undefined;
  if (rest === undefined) return answer !== undefined && line.trim() === answer ? undefined : line;
  return answer !== undefined || rest.trim() === "" ? undefined : rest;
}
