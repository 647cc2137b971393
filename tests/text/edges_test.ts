/** Edges of keys, lines, rows, wrapping and character sets, where two rules meet. */
import { assert, assertEquals } from "@std/assert";
import {
  colorize,
  encodeText,
  KeyDecoder,
  keyName,
  LineEditor,
  LineInput,
  wordWrap,
} from "../../src/text/mod.ts";
import { Terminal } from "./terminal.ts";

const bare = { columns: 20, indent: 0, padding: 0 };

Deno.test("a NUL before a mark stays one, in every set", () => {
  for (const encoding of ["gb18030", "gbk", "latin1", "koi8-r", "euc-jp"] as const) {
    assertEquals([...encodeText("abc\0\u0323", encoding).subarray(0, 4)], [0x61, 0x62, 0x63, 0]);
  }
});

Deno.test("a line goes on after a snapshot within a long string, at each place", () => {
  const typed = `a\x1b]0;${"t".repeat(40)}\x1b\\b\x1b[1;${"2;".repeat(30)}Hc😀\r`;
  for (let cut = 0; cut <= typed.length; cut++) {
    const [first, second] = [new LineInput({ limit: 99 }), new LineInput({ limit: 99 })];
    const lines: string[] = [];
    first.push(typed.slice(0, cut), lines);
    second.restore(JSON.parse(JSON.stringify(first.snapshot())));
    second.push(typed.slice(cut), lines);
    assertEquals(lines, ["abc😀"], `at ${cut}`);
  }
});

Deno.test("a caret of the text makes no code with one that is put behind it", () => {
  assertEquals(colorize(wordWrap("^1a^", bare)[0] ?? ""), "\x1b[41ma^\x1b[0m");
  assertEquals(colorize(wordWrap("x ^  ^R y", bare)[0] ?? ""), "x ^\x1b[1;31m y");
});

Deno.test("a paste with CSI in eight bits ends, and a snapshot keeps its order", () => {
  const decoder = new KeyDecoder({ runs: true });
  const show = (keys: ReturnType<KeyDecoder["push"]>) =>
    keys.map((key) => key.text || keyName(key));
  assertEquals(show(decoder.push("\x9b200~hello\x9b201~look\r", 0)), ["hello", "look", "enter"]);
  const pasted = ["a", "b"].map((letter) => letter.repeat(4_096)).join("") + "c".repeat(100);
  decoder.feed(`\x1b[200~${pasted}`, 0);
  const first = decoder.next()?.text ?? "";
  const other = new KeyDecoder({ runs: true });
  other.restore(JSON.parse(JSON.stringify(decoder.snapshot())), 0);
  assertEquals(first + other.push("\x1b[201~", 0).map(({ text }) => text).join(""), pasted);
});

Deno.test("a click of X10 beyond what a byte can tell takes no key with it", () => {
  const decoder = new KeyDecoder({ runs: true });
  assertEquals(decoder.push("\x1b[M \0!north", 0).map(({ text }) => text), ["north"]);
});

Deno.test("attributes are all opened again, and none that is longer than a colour", () => {
  const columns = { columns: 2, indent: 0, padding: 0 };
  assertEquals(
    wordWrap("\x1b[3m\x1b[9m\x1b[41mword", columns)[1],
    "\x1b[41m\x1b[3m\x1b[9mrd\x1b[0m",
  );
  assertEquals(wordWrap("\x1b[1;2m\x1b[41mword", columns)[1], "\x1b[41m\x1b[1m\x1b[2mrd\x1b[0m");
  assertEquals(wordWrap("\x1b[3m\x1b[25m\x1b[7mword", columns)[1], "\x1b[3m\x1b[7mrd\x1b[0m");
  const long = wordWrap(`\x1b[48:${"0:".repeat(2_000)}m${"a ".repeat(2_000)}`, columns);
  assert(long.join("").length < 20_000);
});

Deno.test("a snapshot of an editor stays what it was", () => {
  const editor = new LineEditor();
  const press = (text: string) => {
    for (const key of new KeyDecoder().push(text, 0)) editor.key(key);
  };
  press("abc");
  const snapshot = editor.snapshot();
  const before = JSON.stringify(snapshot);
  press("def\x17x");
  assertEquals(JSON.stringify(snapshot), before);
});

Deno.test("a long row of an editor is not cut within a sequence, and a title in two parts is whole", async () => {
  const terminal = new Terminal(80, 24);
  const editor = new LineEditor();
  editor.print(`\x1b[31m${"x".repeat(1_020)}`);
  await terminal.write(editor.takeOutput());
  assert(!terminal.everything.join("").includes("["));
  editor.print("\n");
  editor.print("\x1b]0;ti");
  editor.print("tle\x07hi\x1b[3");
  editor.print("1mho");
  const output = editor.takeOutput();
  await terminal.write(output);
  assert(output.includes("\x1b]0;title\x07"), JSON.stringify(output));
  assertEquals(terminal.everything.at(-1), "hiho");
});

Deno.test("spaces that hold stay at the beginning of a paragraph", () => {
  assertEquals(wordWrap("a\n\n\u00a0\u00a0b", bare), ["a", "\u00a0\u00a0b"]);
});
