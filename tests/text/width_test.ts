import { assert, assertEquals, assertThrows } from "@std/assert";
import { eastAsianWidth } from "get-east-asian-width";
import { TelnetError } from "../../mod.ts";
import { clusterWidth, graphemes, stripAnsi, textWidth, wordWrap } from "../../src/text/mod.ts";

Deno.test("textWidth counts visible columns", () => {
  const widths: Record<string, number> = {
    "": 0,
    "plain": 5,
    "naïve": 5,
    "nai\u0308ve": 5, // a combining mark
    "日本語": 6,
    "ｆｕｌｌ": 8,
    "한국어": 6,
    "\u1112\u1161\u11ab": 2, // a syllable of three Jamo
    "😀": 2,
    "👨‍👩‍👧‍👦": 2, // four emoji with joiners
    "👍🏽": 2, // with a skin tone
    "🇩🇪": 2,
    "❤️": 2, // a text character made emoji by U+FE0F
    "1️⃣": 2,
    "❤": 1,
    "a\ufe0f": 1, // a letter has no emoji form
    "\ufe0f": 0,
    "مرحبا": 5,
    "हिन्दी": 5, // spacing marks take a column
    "a\u200bb": 2, // zero width space
    "\x1b[1;31mred\x1b[0m": 3,
    "\x07\x00": 0,
  };
  for (const [text, width] of Object.entries(widths)) {
    assertEquals(textWidth(text), width, JSON.stringify(text));
  }
});

Deno.test("every assigned character has the width that Unicode gives it", () => {
  const wrong: string[] = [];
  for (let code = 0x20; code < 0x40000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const character = String.fromCodePoint(code);
    // Marks and format characters have no width, whatever their East Asian width; unassigned ones
    // differ between Unicode versions.
    if (/[\p{M}\p{C}\p{Zl}\p{Zp}]/u.test(character)) continue;
    if ((code >= 0x1160 && code <= 0x11ff) || (code >= 0xd7b0 && code <= 0xd7fb)) continue;
    if (clusterWidth(character) !== eastAsianWidth(code)) wrong.push(code.toString(16));
  }
  assertEquals(wrong, []);
});

Deno.test("graphemes splits text into user-perceived characters", () => {
  assertEquals(graphemes("ae\u0301👩‍🚀🇩🇪"), ["a", "e\u0301", "👩‍🚀", "🇩🇪"]);
  assertEquals(graphemes(""), []);
});

Deno.test("stripAnsi removes colours, cursor keys and titles", () => {
  assertEquals(stripAnsi("a\x1b[1mb\x1bOAc\x1b]0;title\x07d\x1b7e"), "abcde");
  assert(!stripAnsi("\x1b[<0;1;1M").includes("\x1b"));
});

Deno.test("ambiguous characters have one column, or two with ambiguousWidth: 2", () => {
  const wide = { ambiguousWidth: 2 } as const;
  for (const text of ["“”", "…—", "■★", "Ωя", "①②", "─│"]) {
    assertEquals(textWidth(text), 2, text);
    assertEquals(textWidth(text, wide), 4, text);
  }
  for (const text of ["abc", "日本", "ｱ", "e\u0301", "\u00ad", "👍"]) {
    assertEquals(textWidth(text, wide), textWidth(text), text);
  }
  const options = { columns: 8, indent: 0, padding: 0, ...wide };
  assertEquals(wordWrap("“ab” cd…", options), ["“ab”", "cd…"]);
  assertEquals(wordWrap("“ab” cd…", { ...options, ambiguousWidth: 1 }), ["“ab” cd…"]);
  assertThrows(() => textWidth("a", { ambiguousWidth: 3 as 2 }), TelnetError, "1 or 2");
  assertThrows(() => wordWrap("a", { ambiguousWidth: 0 as 2 }), TelnetError, "1 or 2");
});
