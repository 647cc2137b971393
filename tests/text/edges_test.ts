/** Edge cases of keys, lines, rows, wrapping and encodings, where two rules meet. */
import { assert, assertEquals } from "@std/assert";
import {
  colorize,
  encodeText,
  KeyDecoder,
  keyName,
  LineEditor,
  LineInput,
  stripControls,
  wordWrap,
} from "../../src/text/mod.ts";
import { endOf } from "../../src/text/row_effects.ts";
import { seeded } from "../../bench/mixes.ts";
import { Terminal, UNICODE_VERSIONS } from "./terminal.ts";

const bare = { columns: 20, indent: 0, padding: 0 };

Deno.test("a NUL before a combining mark stays a NUL, in every encoding", () => {
  for (const encoding of ["gb18030", "gbk", "latin1", "koi8-r", "euc-jp"] as const) {
    assertEquals([...encodeText("abc\0\u0323", encoding).subarray(0, 4)], [0x61, 0x62, 0x63, 0]);
  }
});

Deno.test("a line continues after a snapshot within an escape sequence, at each position", () => {
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

Deno.test("a caret in the text forms no code with an inserted caret code after it", () => {
  assertEquals(colorize(wordWrap("^1a^", bare)[0] ?? ""), "\x1b[41ma^\x1b[0m");
  assertEquals(colorize(wordWrap("x ^  ^R y", bare)[0] ?? ""), "x ^\x1b[1;31m y");
});

Deno.test("a paste marked with 8-bit CSI ends, and a snapshot keeps the order of a paste", () => {
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

Deno.test("an X10 mouse report with an out-of-range coordinate swallows no key", () => {
  const decoder = new KeyDecoder({ runs: true });
  assertEquals(decoder.push("\x1b[M \0!north", 0).map(({ text }) => text), ["north"]);
});

Deno.test("wordWrap reopens all attributes in the next line, except overlong ones", () => {
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

Deno.test("a snapshot of an editor does not change later", () => {
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

Deno.test("the editor splits no escape sequence of a long row, and joins a title printed in two parts", async () => {
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

Deno.test("no-break spaces stay at the start of a paragraph", () => {
  assertEquals(wordWrap("a\n\n\u00a0\u00a0b", bare), ["a", "\u00a0\u00a0b"]);
});

Deno.test("the end of a text begins with no part of a sequence, and no half of a character", () => {
  const parts = ["a", "word ", "\x1b[38;2;1;2;3m", "\x9b1m", "\x1b]0;title\x07", "😀", "\x85"];
  for (let seed = 1; seed <= 500; seed++) {
    const random = seeded(seed);
    const pieces = Array.from({ length: 40 }, () => parts[random(parts.length)] ?? "");
    const text = pieces.join("");
    for (let length = 1; length < text.length; length += 1 + random(9)) {
      const end = endOf(text, length);
      assert(end.length <= length && text.endsWith(end));
      // It begins where a piece begins, or within a word.
      let at = 0;
      const begins = text.length - end.length;
      const piece = pieces.find((one) => (at += one.length) > begins);
      const within = piece?.slice(piece.length - (at - begins)) ?? "";
      assert(within === piece || within === "" || piece === "word ", JSON.stringify(within));
      // It is the longest such end.
      assert(length - end.length < Math.max(...parts.map((one) => one.length)));
    }
  }
});

Deno.test("a joiner after a letter that joins no next one changes nothing, and is removed", () => {
  assertEquals(stripControls("محمود\u200d رضا\u200d بر\u200cف"), "محمود رضا برف");
  assertEquals(stripControls("می\u200cخواهم ه\u200d"), "می\u200cخواهم ه\u200d");
});

Deno.test("no line breaks at a hyphen without a break, beside wide characters either", () => {
  for (let columns = 5; columns < 12; columns++) {
    const lines = wordWrap("語語 日本\u2011語語 本", { ...bare, columns });
    assert(!lines.some((line) => /^\u2011|\u2011$/.test(line)), JSON.stringify(lines));
  }
});

Deno.test("line ends of documents are line ends in a paste", () => {
  const keys = new KeyDecoder().push(
    "\x1b[200~one\u2028two\u2029three\u0085four\r\nfive\x1b[201~",
    0,
  );
  assertEquals([...keys].map(({ text }) => text).join(""), "one\ntwo\nthree\nfour\nfive");
});

Deno.test("after characters that terminals show in other widths, later text is in its place", async () => {
  for (const unicode of UNICODE_VERSIONS) {
    for (const odd of ["\u2028", "\u11a8", "\ud7b0", "\u06de", "ᄀ\u115f"]) {
      const terminal = new Terminal(20, 4, { unicode });
      const editor = new LineEditor({ columns: 20, rows: 4 });
      editor.prompt = "> ";
      for (const key of new KeyDecoder().push(`a${odd}b\x01X`, 0)) {
        editor.key(key);
        await terminal.write(editor.takeOutput());
      }
      const shown = terminal.screen[0] ?? "";
      assertEquals(shown.replaceAll(/[^>Xab]/gu, ""), ">Xab", JSON.stringify([unicode, odd]));
      assertEquals(terminal.cursor, [0, 3]);
    }
  }
});
