import { assert, assertEquals, assertThrows } from "@std/assert";
import headless from "@xterm/headless";
import fc from "fast-check";
import { stripCaretCodes, TelnetError, wordWrap } from "../../mod.ts";
import { colorize, type ColourDepth, textWidth } from "../../src/text/mod.ts";
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

Deno.test("wordWrap splits a word that is longer than a line, and keeps its codes", () => {
  assertEquals(wordWrap("aaaaaaaaaaaa", { columns: 5, ...bare }), ["aaaaa", "aaaaa", "aa"]);
  assertEquals(wordWrap("x ^Rlongword^~ y", { columns: 5, ...bare }), ["x", "^Rlongw", "ord^~ y"]);
});

Deno.test("wordWrap starts a paragraph at a blank line, and treats other line ends as spaces", () => {
  assertEquals(wordWrap("one\ntwo\n\n \nthree", { columns: 20, indent: 1, padding: 0 }), [
    " one two",
    " three",
  ]);
  assertEquals(wordWrap(" \n\n "), []);
});

Deno.test("wordWrap leaves two columns for the text if the window has them, whatever the margins", () => {
  assertEquals(wordWrap("ab", { columns: 1, indent: 9, padding: 9 }), ["a", "b"]);
  assertEquals(wordWrap("abc", { columns: 3, indent: 9, padding: 9 }), [" ab", " c"]);
  assertEquals(wordWrap("日本", { columns: 3, indent: 9, padding: 9 }), [" 日", " 本"]);
});

Deno.test("wordWrap gives a title sequence no width, and does not split it", () => {
  const title = "\x1b]0;a long title\x07";
  assertEquals(wordWrap(`${title}aaaa bb`, { columns: 4, ...bare }), [`${title}aaaa`, "bb"]);
});

Deno.test("wordWrap refuses invalid numbers", () => {
  for (const options of [{ columns: 0 }, { columns: 1.5 }, { indent: -1 }, { padding: NaN }]) {
    assertEquals(assertThrows(() => wordWrap("x", options), TelnetError).code, "misuse");
  }
});

Deno.test("for any text wordWrap loses no character, and no line is too wide", () => {
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

/** Difficult parts for wrapping, to be combined in any order. */
const PARTS = [
  ..."a bc word longerword verylongwordindeed 日 本語 한글 é ö … - ｱ Ａ ① ก็ हिन्दी".split(" "),
  ..." |  |\n|\n\n|\n \n|\t|\r|\r\n|\u00a0|\u202f|\u3000|\ufeff|\u2003|\u2007|\u200b".split("|"),
  ..."e\u0301|\u0301|\u200d|\u00ad|\u0e33|\u1100\u1161|\ud83d|\ude00|\x07|\0".split("|"),
  ..."「|」|。|（|）|、".split("|"),
  ..."👍🏽|👨‍👩‍👧‍👦|❤️|🇩🇪|🇩".split("|"),
  ..."^R|^~|^^|^|^#ff8800|^%12|^x|\x1b[1m|\x1b[0m|\x1b|\x1b[|\x1b]0;a title\x07".split("|"),
];

Deno.test("wordWrap equals a plain model, for any text", () => {
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

Deno.test("textWidth equals a plain model, for any text", () => {
  const plain = PARTS.filter((part) => !part.includes("\x1b"));
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...plain), { maxLength: 20 }), (parts) => {
      assertEquals(textWidth(parts.join("")), modelWidth(parts.join("")));
    }),
    { seed: 20261126, numRuns: 5_000 },
  );
});

Deno.test("wordWrap: codes between spaces take no room, and make no line", () => {
  const eleven = { columns: 11, ...bare };
  assertEquals(wordWrap("^Rhello world ^~", eleven), ["^Rhello world^~"]);
  assertEquals(wordWrap("hello ^R world ^~", eleven), ["hello^R world^~"]);
  assertEquals(wordWrap("^R hello", eleven), ["^Rhello"]);
  assertEquals(wordWrap("^~", eleven), ["^~"]);
});

Deno.test("wordWrap breaks at a zero-width space, but not at no-break spaces", () => {
  const five = { columns: 5, ...bare };
  assertEquals(wordWrap("ab\ufeffcd ef", five), ["ab\ufeffcd", "ef"]);
  assertEquals(wordWrap("10\u2007km a", five), ["10\u2007km", "a"]);
  assertEquals(wordWrap("abcd\u200befgh", five), ["abcd", "efgh"]);
  assertEquals(wordWrap("ab\u200bcd", five), ["ab\u200bcd"]);
  assertEquals(wordWrap("日本\u3000語", five), ["日本", "語"]);
});

Deno.test("wordWrap keeps East Asian punctuation with its character", () => {
  const six = { columns: 6, ...bare };
  assertEquals(wordWrap("日本語。文", six), ["日本", "語。文"]);
  assertEquals(wordWrap("日本「語」文", six), ["日本", "「語」", "文"]);
  assertEquals(wordWrap("。".repeat(5), six), ["。。。", "。。"]);
});

Deno.test("wordWrap breaks after a hyphen only within a word", () => {
  const nine = { columns: 9, ...bare };
  assertEquals(wordWrap("a well-known half-elf", nine), ["a well-", "known", "half-elf"]);
  assertEquals(wordWrap("so--called it", nine), ["so--", "called it"]);
  assertEquals(wordWrap("type --verbose", nine), ["type", "--verbose"]);
  assertEquals(wordWrap("it is 12-15 C", nine), ["it is", "12-15 C"]);
  assertEquals(wordWrap("a ^Rwell^~-^Gknown^~ elf", nine), ["a ^Rwell^~-", "^Gknown^~ elf"]);
  assertEquals(wordWrap("non\u2011stop us", { columns: 6, ...bare }), ["non\u2011st", "op us"]);
  assertEquals(wordWrap("wait\u2014there", nine), ["wait\u2014", "there"]);
});

Deno.test("wordWrap closes backgrounds at the end of a line, and reopens them in the next", () => {
  const twelve = { columns: 12, ...bare };
  assertEquals(wordWrap("^1alpha beta gamma^~", twelve), ["^1alpha beta^~", "^1gamma^~"]);
  assertEquals(wordWrap("^1alpha beta gamma^~ delta", twelve), [
    "^1alpha beta^~",
    "^1gamma^~ delta",
  ]);
  assertEquals(wordWrap("^Ralpha beta gamma^~", twelve), ["^Ralpha beta", "gamma^~"]);
  assertEquals(wordWrap("^1alpha", { columns: 12, indent: 2 }), ["  ^1alpha^~"]);
  assertEquals(wordWrap("^W^4^Ualpha beta gamma", twelve), [
    "^W^4^Ualpha beta^~",
    "^W^4^Ugamma^~",
  ]);
  assertEquals(wordWrap("\x1b[1;37;44malpha beta gamma\x1b[m", twelve), [
    "\x1b[1;37;44malpha beta\x1b[0m",
    "\x1b[37m\x1b[44m\x1b[1mgamma\x1b[m",
  ]);
  assertEquals(
    wordWrap("\x1b[48;2;1;2;3malpha beta gamma", twelve)[1],
    "\x1b[48;2;1;2;3mgamma\x1b[0m",
  );
  assertEquals(wordWrap("^1", twelve), ["^1"]); // for the next output
});

/** The attributes of each visible character, and those active at the end. */
function painted(text: string, depth: ColourDepth): { cells: string[]; end: string } {
  const cells: string[] = [];
  let state: Record<string, string> = {};
  for (const [part] of colorize(text, depth).matchAll(/\x1b\[[\d;]*m|./gsu)) {
    const [, codes] = /^\x1b\[([\d;]*)m$/.exec(part) ?? [];
    if (codes === undefined) {
      if (part.trim() !== "") cells.push(part + JSON.stringify(Object.entries(state).sort()));
      continue;
    }
    for (const [code] of codes.matchAll(/[34]8;(?:2;\d+;\d+|5);\d+|\d+/g)) {
      const number = Number.parseInt(code);
      if (number === 0) state = {};
      else if (number === 1) state.bold = code;
      else if (number === 22) delete state.bold;
      else if (number === 4) state.underline = code;
      else if (number === 24) delete state.underline;
      else if (number === 7) state.inverse = code;
      else if (number === 27) delete state.inverse;
      else if (number === 39) delete state.front;
      else if (number === 49) delete state.back;
      else if (code.startsWith("3")) state.front = code;
      else state.back = code;
    }
  }
  const { back, underline, inverse } = state;
  return { cells, end: JSON.stringify({ back, underline, inverse }) };
}

Deno.test("wordWrap keeps the colours of each character, and no line leaves a background active", () => {
  const part = fc.constantFrom(
    ..."a bc def ghijklm nop ^r ^R ^1 ^4 ^d ^! ^. ^U ^u ^I ^i ^~ ^^ ^#ff8800 ^#808080 ^#102030 ^%004488"
      .split(" "),
    "\x1b[41m",
    "\x1b[0m",
    "\x1b[1;4;32m",
    "\x1b[49m",
    "\x1b[7m",
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 25 }),
      fc.integer({ min: 4, max: 20 }),
      fc.constantFrom<ColourDepth>(16, 256, 16_777_216),
      (parts, columns, depth) => {
        // In 16 colours ^#rrggbb sets the brightness, also of colours that no caret code has set.
        const text = parts.map((one) => depth === 16 ? one.replace("[1;4;32", "[4") : one).join(
          " ",
        );
        const lines = wordWrap(text, { columns, indent: 1, padding: 1 });
        const whole = painted(text, depth);
        assertEquals(painted(lines.join("\n"), depth).cells, whole.cells);
        let before = "";
        for (const line of lines) {
          const { cells } = painted(line, depth);
          if (cells.length > 0) {
            assertEquals(painted(before + line, depth).end, "{}", JSON.stringify(lines));
          }
          before += line;
        }
      },
    ),
    { seed: 20_261_126, numRuns: 5_000 },
  );
});

Deno.test("wordWrap with keepLines: lines that fit are unchanged, and longer ones are wrapped", () => {
  const art = ["  /\\_/\\  ", " ( o.o )   >x<", "", "  > ^^ <"].join("\n");
  assertEquals(wordWrap(art, { columns: 20, keepLines: true }), art.split("\n"));
  assertEquals(wordWrap("  a line of some length\nshort", { columns: 10, keepLines: true }), [
    "  a line",
    "of some",
    "length",
    "short",
  ]);
  assertEquals(wordWrap("one\r\ntwo", { columns: 10, keepLines: true, indent: 1 }), [
    " one",
    " two",
  ]);
  const moving = "\x1b[5C====\x1b[3D====\x1b[10C====";
  assertEquals(wordWrap(moving, { columns: 10, keepLines: true }), [moving]);
});

const BARE = { indent: 0, padding: 0 };

Deno.test("wordWrap never breaks before closing or after opening punctuation beside a wide character", () => {
  const cases: readonly (readonly [string, number, readonly string[]])[] = [
    ["안녕하세요. 반갑습니다!", 10, ["안녕하세", "요. 반갑습", "니다!"]],
    ["Great job 👍! Thanks (really 😀).", 31, ["Great job 👍! Thanks (really", "😀)."]],
    ["[중앙 광장]에 있다.", 10, ["[중앙 광", "장]에 있", "다."]],
    ["你好世(界)", 8, ["你好世", "(界)"]],
    ["他说“你好”。", 9, ["他说“你", "好”。"]],
    ["他说“你好”。", 5, ["他说", "“你", "好”。"]],
    ["日说「好」〟", 11, ["日说", "「好」〟"]],
    ["東京-大阪", 4, ["東", "京-", "大阪"]],
    ["値段は5％、重さ3㎏", 8, ["値段は", "5％、重", "さ3㎏"]],
  ];
  for (const [text, columns, lines] of cases) {
    assertEquals(wordWrap(text, { columns, ...BARE }), lines, text);
  }
  assertEquals(wordWrap("他说“你好”。", { columns: 10, ambiguousWidth: 2, ...BARE }), [
    "他说“你",
    "好”。",
  ]);
});

Deno.test("wordWrap: no-break spaces and word joiners hold beside a wide character", () => {
  for (const glue of ["\u00a0", "\u202f", "\u2060", "\ufeff"]) {
    const [first] = wordWrap(`日本${glue}語`, { columns: 5, ...BARE });
    assertEquals(first, "日", JSON.stringify(glue));
  }
});

Deno.test("wordWrap: letters that take two columns on some terminals still form words", () => {
  const lines = wordWrap("naïve café Привет мир", { columns: 9, ambiguousWidth: 2, ...BARE });
  assertEquals(lines, ["naïve", "café", "Прив", "ет", "мир"]); // only the too long word is cut
});

Deno.test("wordWrap with keepLines leaves a picture with a background as it is on the screen", async () => {
  const pictures = [
    "\x1b[44m  ####  \n        \n  ####  \x1b[0m",
    "\x1b[41m \x1b[42m \x1b[43m \n   \n \x1b[44m  \x1b[0m",
    "\x1b[7m\x1b[32mab \n  c\n   \x1b[0m",
  ];
  for (const picture of pictures) {
    const drawn = async (lines: readonly string[]) => {
      const terminal = new headless.Terminal({ cols: 40, rows: 6, allowProposedApi: true });
      await new Promise<void>((resolve) => terminal.write(lines.join("\r\n"), resolve));
      const found: string[] = [];
      for (let row = 0; row < 4; row++) {
        for (let column = 0; column < 12; column++) {
          const cell = terminal.buffer.active.getLine(row)?.getCell(column);
          const colours = [cell?.getBgColorMode(), cell?.getBgColor(), cell?.isInverse()];
          found.push(`${cell?.getChars() || " "}${colours}`);
        }
      }
      terminal.dispose();
      return found;
    };
    const kept = wordWrap(picture, { columns: 20, keepLines: true });
    assertEquals(await drawn(kept), await drawn(picture.split("\n")));
    for (const line of kept) assert(line.endsWith("\x1b[0m"));
  }
  const carets = wordWrap("^4  ##\n    \n  ##^~", { columns: 20, keepLines: true, indent: 2 });
  assertEquals(carets, ["  ^4  ##^~", "  ^4    ^~", "  ^4  ##^~"]);
});

Deno.test("wordWrap with keepLines: a TAB goes to the next multiple of eight; a last line end begins no line", () => {
  const keep = (text: string) => wordWrap(text, { columns: 20, keepLines: true });
  assertEquals(keep("Name\tLevel\tC"), ["Name\tLevel\tC"]);
  assertEquals(keep("Name\tLevel\tClass"), ["Name Level Class"]); // 21 columns
  assertEquals(keep("\tabcdefgh ijkl mnop"), ["        abcdefgh", "ijkl mnop"]);
  assertEquals(keep("a\nb\n"), ["a", "b"]);
  assertEquals(keep("a\n\n"), ["a", ""]);
});

Deno.test("wordWrap: no line begins with closing or ends with opening signs, as Unicode lists them", () => {
  const six = { columns: 6, ...bare };
  const closing = "〞〟﹐﹒﹔﹕﹖﹗﹚﹜﹞｠︒︶﹂‧⋯؟।、」ー・ぁッ％";
  for (const sign of closing) {
    const [line = ""] = wordWrap(`漢漢漢${sign}漢`, six);
    assertEquals(line, "漢漢", sign);
  }
  for (const sign of "﹙﹛﹝｟︵﹁「（") {
    assertEquals(wordWrap(`漢漢${sign}漢漢`, six)[0], "漢漢", sign);
  }
  assertEquals(wordWrap("スーパーマーケット", six), ["スー", "パー", "マー", "ケット"]);
  assertEquals(wordWrap("ちょっとまって", six), ["ちょっ", "とまっ", "て"]);
});

Deno.test("wordWrap keeps an ideographic space where no line ends", () => {
  assertEquals(wordWrap("日本　語です", { columns: 20, ...bare }), ["日本　語です"]);
  assertEquals(wordWrap("日本　語です", { columns: 6, ...bare }), ["日本", "語です"]);
  assertEquals(wordWrap("日本 　語", { columns: 20, ...bare }), ["日本　語"]);
  assertEquals(wordWrap("日　本", { columns: 5, ...bare }), ["日", "本"]);
});
