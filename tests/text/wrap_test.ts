import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { stripCaretCodes, TelnetError, wordWrap } from "../../mod.ts";
import { textWidth } from "../../src/text/mod.ts";
import { modelWidth, modelWrap } from "./wrap_model.ts";

const bare = { indent: 0, padding: 0 };

Deno.test("wordWrap indents the first line by 4 and the others by 2, at 80 columns", () => {
  const [first = "", second = "", ...rest] = wordWrap("word ".repeat(30));
  assertEquals(first, "    " + "word ".repeat(15).trim());
  assertEquals(second, "  " + "word ".repeat(15).trim());
  assertEquals(rest, []);
});

Deno.test("wordWrap fills a line to its last column", () => {
  assertEquals(wordWrap("aaaa bbbbb cc", { columns: 10, ...bare }), ["aaaa bbbbb", "cc"]);
});

Deno.test("wordWrap gives colour codes no width, and ^^ one column", () => {
  assertEquals(wordWrap("^Raaaa^~ ^^bbbb cc", { columns: 10, ...bare }), [
    "^Raaaa^~ ^^bbbb",
    "cc",
  ]);
  assertEquals(wordWrap("\x1b[1maaaa\x1b[0m bbbbb cc", { columns: 10, ...bare }), [
    "\x1b[1maaaa\x1b[0m bbbbb",
    "cc",
  ]);
});

Deno.test("wordWrap counts wide characters twice and breaks between them", () => {
  assertEquals(wordWrap("日本語の文章です", { columns: 7, ...bare }), ["日本語", "の文章", "です"]);
  assertEquals(wordWrap("ab 日本語", { columns: 6, ...bare }), ["ab 日", "本語"]);
  assertEquals(wordWrap("ab日本 語", { columns: 7, ...bare }), ["ab日本", "語"]);
  assertEquals(wordWrap("👨‍👩‍👧‍👦👍🏽 ok", { columns: 5, ...bare }), ["👨‍👩‍👧‍👦👍🏽", "ok"]);
});

Deno.test("wordWrap splits a word that is longer than a line, with its codes", () => {
  assertEquals(wordWrap("aaaaaaaaaaaa", { columns: 5, ...bare }), ["aaaaa", "aaaaa", "aa"]);
  assertEquals(wordWrap("x ^Rlongword^~ y", { columns: 5, ...bare }), ["x", "^Rlongw", "ord^~ y"]);
});

Deno.test("wordWrap starts a paragraph at a blank line, and folds other line ends", () => {
  assertEquals(wordWrap("one\ntwo\n\n \nthree", { columns: 20, indent: 1, padding: 0 }), [
    " one two",
    " three",
  ]);
  assertEquals(wordWrap(" \n\n "), []);
});

Deno.test("wordWrap leaves two columns for the text where there are two, whatever the margins", () => {
  assertEquals(wordWrap("ab", { columns: 1, indent: 9, padding: 9 }), ["a", "b"]);
  assertEquals(wordWrap("abc", { columns: 3, indent: 9, padding: 9 }), [" ab", " c"]);
  assertEquals(wordWrap("日本", { columns: 3, indent: 9, padding: 9 }), [" 日", " 本"]);
});

Deno.test("wordWrap neither counts nor tears a title sequence", () => {
  const title = "\x1b]0;a long title\x07";
  assertEquals(wordWrap(`${title}aaaa bb`, { columns: 4, ...bare }), [`${title}aaaa`, "bb"]);
});

Deno.test("wordWrap refuses numbers that cannot be right", () => {
  for (const options of [{ columns: 0 }, { columns: 1.5 }, { indent: -1 }, { padding: NaN }]) {
    assertEquals(assertThrows(() => wordWrap("x", options), TelnetError).code, "misuse");
  }
});

Deno.test("wordWrap loses no character and no line is too wide, for any text", () => {
  const piece = fc.constantFrom(
    "word",
    "^R",
    "^~",
    "^^",
    " ",
    "  ",
    "日",
    "👩‍🚀",
    "é",
    "e\u0301",
    "-",
  );
  const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(
      text,
      fc.integer({ min: 2, max: 30 }),
      fc.nat(5),
      fc.nat(5),
      (text, columns, indent, padding) => {
        const lines = wordWrap(text, { columns, indent, padding });
        for (const line of lines) {
          const seen = stripCaretCodes(line);
          assert(textWidth(seen) <= columns, seen);
        }
        const letters = (words: string) => words.replaceAll(/\s/g, "");
        assertEquals(letters(lines.join("")), letters(text));
      },
    ),
    { seed: 1143, numRuns: 500 },
  );
});

/** What makes wrapping hard, in any order. */
const PARTS = [
  ..."a bc word longerword verylongwordindeed 日 本語 한글 é ö … - ｱ Ａ ① ก็ हिन्दी".split(" "),
  ..." |  |\n|\n\n|\n \n|\t|\r|\r\n|\u00a0|\u202f|\u3000|\ufeff|\u2003|\u2007|\u200b".split("|"),
  ..."e\u0301|\u0301|\u200d|\u00ad|\u0e33|\u1100\u1161|\ud83d|\ude00|\x07|\0".split("|"),
  ..."「|」|。|（|）|、".split("|"),
  ..."👍🏽|👨‍👩‍👧‍👦|❤️|🇩🇪|🇩".split("|"),
  ..."^R|^~|^^|^|^#ff8800|^%12|^x|\x1b[1m|\x1b[0m|\x1b|\x1b[|\x1b]0;a title\x07".split("|"),
];

Deno.test("wordWrap gives what a plain model gives, for any text", () => {
  const text = fc.array(fc.constantFrom(...PARTS, " ", " "), { maxLength: 30 });
  const margins = fc.record({
    columns: fc.integer({ min: 1, max: 24 }),
    indent: fc.nat({ max: 6 }),
    padding: fc.nat({ max: 6 }),
  });
  fc.assert(
    fc.property(text, margins, (parts, margins) => {
      assertEquals(wordWrap(parts.join(""), margins), modelWrap(parts.join(""), margins));
    }),
    { seed: 20261126, numRuns: 5_000 },
  );
});

Deno.test("textWidth gives what a plain model gives, for any text", () => {
  const plain = PARTS.filter((part) => !part.includes("\x1b"));
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...plain), { maxLength: 20 }), (parts) => {
      assertEquals(textWidth(parts.join("")), modelWidth(parts.join("")));
    }),
    { seed: 20261126, numRuns: 3_000 },
  );
});

Deno.test("codes that stand alone take no room, and make no line", () => {
  const eleven = { columns: 11, ...bare };
  assertEquals(wordWrap("^Rhello world ^~", eleven), ["^Rhello world^~"]);
  assertEquals(wordWrap("hello ^R world ^~", eleven), ["hello^R world^~"]);
  assertEquals(wordWrap("^R hello", eleven), ["^Rhello"]);
  assertEquals(wordWrap("^~", eleven), ["^~"]);
});

Deno.test("a line breaks where Unicode lets it: spaces that hold, and one that shows nothing", () => {
  const five = { columns: 5, ...bare };
  assertEquals(wordWrap("ab\ufeffcd ef", five), ["ab\ufeffcd", "ef"]);
  assertEquals(wordWrap("10\u2007km a", five), ["10\u2007km", "a"]);
  assertEquals(wordWrap("abcd\u200befgh", five), ["abcd", "efgh"]);
  assertEquals(wordWrap("ab\u200bcd", five), ["ab\u200bcd"]);
  assertEquals(wordWrap("日本\u3000語", five), ["日本", "語"]);
});

Deno.test("punctuation of East Asia stays with the character that it belongs to", () => {
  const six = { columns: 6, ...bare };
  assertEquals(wordWrap("日本語。文", six), ["日本", "語。文"]);
  assertEquals(wordWrap("日本「語」文", six), ["日本", "「語」", "文"]);
  assertEquals(wordWrap("。".repeat(5), six), ["。。。", "。。"]);
});
