import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { escapeCaretCodes, LineInput, stripControls } from "../../src/text/mod.ts";

/** Sequences that could harm another client's terminal. */
const EVIL = [
  "\x1b[2J",
  "\x1b[31;1m",
  "\x1b[?1049h",
  "\x1b]0;title\x07",
  "\x1b]52;c;cm0gLXJm\x1b\\",
  "\x1bP+q544e\x1b\\",
  "\x1bc",
  "\x1b(0",
  "\x1bOA",
  "\x9b2J",
  "\x9d0;title\x9c",
  "\x07",
  "\x08\x08",
  "\x7f",
  "\x0e",
  "\x05",
];

Deno.test("stripControls removes everything that acts on a terminal", () => {
  for (const evil of EVIL) assertEquals(stripControls(`a${evil}b`), "ab", JSON.stringify(evil));
  assertEquals(stripControls("tab\there, naïve 日本 👩‍🚀"), "tab\there, naïve 日本 👩‍🚀");
  assertEquals(stripControls("one\r\ntwo\nthree"), "one two three");
  assertEquals(
    stripControls("one\r\ntwo\x1b]0;open\nthree", { newlines: true }),
    "one\ntwo\nthree",
  );
});

Deno.test("escapeCaretCodes removes them, too, and keeps line ends", () => {
  assertEquals(escapeCaretCodes("^R\x1b[2Jone\ntwo\x07"), "^^Rone\ntwo");
});

Deno.test("stripControls leaves no control in any text", () => {
  const piece = fc.oneof(
    fc.constantFrom(...EVIL),
    fc.string({ unit: "binary" }),
    fc.constant("\x1b"),
  );
  fc.assert(fc.property(fc.array(piece), (pieces) => {
    const left = stripControls(pieces.join(""));
    assertEquals(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/.exec(left), null);
    assertEquals(stripControls(left), left);
  }));
});

Deno.test("with stripControls: false a line keeps all controls except those that edit or end it", () => {
  const lines: string[] = [];
  const input = new LineInput({ limit: 100, stripControls: false });
  input.push("a\x1b[2Jb\x07c\x08d\0\r\n", lines);
  assertEquals(lines, ["a\x1b[2Jb\x07d"]);
  const safe: string[] = [];
  new LineInput({ limit: 100 }).push("a\x1b[2Jb\x07c\x08d\0\r\n", safe);
  assertEquals(safe, ["abd"]);
});

Deno.test("stripControls keeps a joiner only where it changes what is shown", () => {
  for (
    const name of ["Rene\u0301\u200de", "A\u0302\u200dB", "محم\u200dد", "a\u200cb", "\u0301\u200c"]
  ) {
    assertEquals(stripControls(name), name.replaceAll(/[\u200c\u200d]/g, ""), JSON.stringify(name));
  }
  // ZWNJ in Persian, a final ZWJ, a chillu of Malayalam, a half letter of Hindi.
  for (const word of ["می\u200cخواهم", "ه\u200d ق", "ന്\u200d", "क्\u200d", "क्\u200dष"]) {
    assertEquals(stripControls(word), word, JSON.stringify(word));
  }
});

Deno.test("stripControls keeps tags only in a whole flag, and a joiner only after an emoji", () => {
  const tags = (text: string) =>
    Array.from(text, (one) => String.fromCodePoint(0xe0000 + one.charCodeAt(0))).join("");
  const end = "\u{e007f}";
  const england = `🏴${tags("gbeng")}${end}`;
  assertEquals(stripControls(`a${england}b`), `a${england}b`);
  for (const hidden of [tags("ad"), tags("gbengland") + end, end, tags("!") + end]) {
    assertEquals(stripControls(`🏴${hidden}x`), "🏴x", JSON.stringify(hidden));
  }
  assertEquals(stripControls("©\u200d®"), "©®");
  for (const emoji of ["👩‍🚀", "❤️‍🔥", "👩🏽‍⚕️", "🏳️‍🌈", "👨‍👩‍👧"]) assertEquals(stripControls(emoji), emoji);
});
