import { assertEquals } from "@std/assert";
import { LineInput } from "../../src/text/mod.ts";
import { assertGrowth, countSteps } from "../steps.ts";

// tests/transcripts/lines.md covers line ends and line editing.

Deno.test("LineInput counts lines over the limit, and never splits a character", () => {
  const input = new LineInput({ limit: 4 });
  const lines: string[] = [];
  input.push("abc😀\nabcdef\nabcd\n", lines);
  assertEquals(lines, ["abc", "abcd", "abcd"]);
  assertEquals(input.truncated, 2);
  input.push("abcdef\x7f\x7f\n", lines); // Backspace erases dropped characters first
  assertEquals(lines.at(-1), "abcd");
});

Deno.test("LineInput keeps a bounded part of an endless line", () => {
  const input = new LineInput({ limit: 4096 });
  const lines: string[] = [];
  for (let count = 0; count < 100; count++) input.push("x".repeat(10_000), lines);
  assertEquals([input.partial.length, input.truncated, lines.length], [4096, 1, 0]);
});

Deno.test("LineInput echoes nothing, line ends, or everything, as echo says", () => {
  const typed = "ab\x7fc\x1b[A\r";
  const echoed = { none: "", newlines: "\n", all: "ab\b \bc\n" };
  for (const [mode, expected] of Object.entries(echoed)) {
    const input = new LineInput({ limit: 100 });
    input.echo = mode as "none" | "newlines" | "all";
    const lines: string[] = [];
    input.push(typed, lines);
    assertEquals([lines, input.takeEcho(), input.takeEcho()], [["ac"], expected, ""]);
  }
});

Deno.test("LineInput also erases a whole line from the screen", () => {
  const input = new LineInput({ limit: 100 });
  input.echo = "all";
  input.push("日本", []);
  input.takeEcho();
  input.eraseLine();
  assertEquals([input.partial, input.takeEcho()], ["", "\b \b".repeat(4)]);
});

Deno.test("after EL on a line over the limit the next line is complete", () => {
  const input = new LineInput({ limit: 5 });
  const lines: string[] = [];
  input.push("toolongline", lines);
  input.eraseLine();
  input.push("look\r\n", lines);
  assertEquals(lines, ["look"]);
});

Deno.test("backspace erases visible characters, not parts of an escape sequence", () => {
  const cases: Record<string, string> = {
    "ab\x1b[D\x7fcd": "acd",
    "abc\x1b[3~\x7fx": "abx",
    "ab\x1bOA\x1b(B\x1b]0;title\x07\x1b]0;x\x1b\\c": "abc",
    "a\x1b": "a",
  };
  for (const [typed, line] of Object.entries(cases)) {
    for (let at = 0; at <= typed.length; at++) {
      const input = new LineInput({ limit: 100 });
      input.echo = "all";
      const lines: string[] = [];
      let echo = "";
      for (const part of [typed.slice(0, at), typed.slice(at), "\r"]) {
        input.push(part, lines);
        echo += input.takeEcho();
      }
      assertEquals(lines, [line], JSON.stringify(typed));
      assertEquals(onScreen(echo), line + "\n", "the echo shows another line");
    }
  }
});

Deno.test("LineInput: a letter and a backspace cost the same on a long line as on a short one", () => {
  const cost = (length: number, letter: string, times: number) => {
    const input = new LineInput({ limit: 4096 });
    input.push("y".repeat(length), []);
    const { count } = countSteps(() => input.push(`${letter}\x7f`.repeat(times), []));
    assertEquals(input.partial.length, length);
    return count;
  };
  assertEquals(cost(4000, "é", 100_000), cost(1000, "é", 100_000)); // é joins nothing
  assertGrowth(cost(4000, "日", 1_000), cost(1000, "日", 1_000), 1);
});

Deno.test("LineInput: each backspace over a long line of emoji costs the same", () => {
  const cost = (emoji: number) => {
    const input = new LineInput({ limit: 20_000 });
    const flood = "😀".repeat(emoji) + "\x7f".repeat(2 * emoji);
    const { count } = countSteps(() => input.push(flood, []));
    assertEquals(input.partial, "");
    return count;
  };
  assertGrowth(cost(10_000), cost(2_500), 4);
});

/** The text on the screen after an echo; `\b \b` erases the last column. */
function onScreen(echo: string): string {
  let shown = "";
  for (const part of echo.split(/(\x08 \x08)/)) {
    shown = part === "\x08 \x08" ? shown.slice(0, -1) : shown + part;
  }
  return shown;
}

Deno.test("with a guessed width, Enter ends the row also after Backspace to a full one", () => {
  const input = new LineInput({ limit: 1000 });
  input.echo = "all";
  input.place = { columns: 80, known: false, column: 0 };
  input.push("a".repeat(81) + "\x7f", []); // the window may be wider
  input.takeEcho();
  input.push("\r", []);
  assertEquals(input.takeEcho(), "\n");
});
