import { assert, assertEquals } from "@std/assert";
import { LineInput } from "../../src/text/mod.ts";

// How lines end and are edited is told in tests/transcripts/lines.md.

Deno.test("LineInput counts lines over the limit, and never tears a character in two", () => {
  const input = new LineInput({ limit: 4 });
  const lines: string[] = [];
  input.push("abc😀\nabcdef\nabcd\n", lines);
  assertEquals(lines, ["abc", "abcd", "abcd"]);
  assertEquals(input.truncated, 2);
  input.push("abcdef\x7f\x7f\n", lines); // what was dropped is not there to be erased
  assertEquals(lines.at(-1), "abcd");
});

Deno.test("LineInput keeps a bounded line of an endless one", () => {
  const input = new LineInput({ limit: 4096 });
  const lines: string[] = [];
  for (let count = 0; count < 100; count++) input.push("x".repeat(10_000), lines);
  assertEquals([input.partial.length, input.truncated, lines.length], [4096, 1, 0]);
});

Deno.test("LineInput echoes nothing, line ends, or all, as it is told", () => {
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

Deno.test("LineInput erases a whole line from the screen too", () => {
  const input = new LineInput({ limit: 100 });
  input.echo = "all";
  input.push("日本", []);
  input.takeEcho();
  input.eraseLine();
  assertEquals([input.partial, input.takeEcho()], ["", "\b \b".repeat(4)]);
});

Deno.test("a flood of backspaces over a long line of emoji takes bounded time", () => {
  const input = new LineInput({ limit: 20_000 });
  const started = performance.now();
  input.push("😀".repeat(10_000) + "\x7f".repeat(20_000), []);
  assertEquals(input.partial, "");
  assert(performance.now() - started < 5_000);
});
