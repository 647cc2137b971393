import { assertEquals, assertMatch } from "@std/assert";
import { colorize, escapeCaretCodes, stripCaretCodes } from "../../mod.ts";

const EXPECTED: Record<string, string> = {
  k: "22;30m",
  r: "22;31m",
  g: "22;32m",
  y: "22;33m",
  b: "22;34m",
  m: "22;35m",
  c: "22;36m",
  w: "22;37m",
  K: "1;30m",
  R: "1;31m",
  G: "1;32m",
  Y: "1;33m",
  B: "1;34m",
  M: "1;35m",
  C: "1;36m",
  W: "1;37m",
  0: "40m",
  1: "41m",
  2: "42m",
  3: "43m",
  4: "44m",
  5: "45m",
  6: "46m",
  7: "47m",
  d: "39;49m",
  I: "7m",
  i: "27m",
  U: "4m",
  u: "24m",
  "!": "1m",
  ".": "22m",
  "~": "0m",
  s: "2J",
  l: "2K",
};

Deno.test("colorize knows every caret code of Miniboa, and ^7", () => {
  for (const [code, sequence] of Object.entries(EXPECTED)) {
    assertEquals(colorize(`<^${code}>`), `<\x1b[${sequence}>`);
    assertEquals(colorize(`<^${code}>`, false), "<>");
    assertEquals(stripCaretCodes(`<^${code}>`), "<>");
  }
});

Deno.test("a doubled caret is a caret, even before a code letter", () => {
  assertEquals(colorize("^^r ^^^r ^^^^"), "^r ^\x1b[22;31m ^^");
  assertEquals(stripCaretCodes("^^r ^^^r ^^^^"), "^r ^ ^^");
});

Deno.test("a caret before anything else stays as it is", () => {
  assertEquals(colorize("^x ^8 ^ ^"), "^x ^8 ^ ^");
  assertEquals(stripCaretCodes("2^10 a^"), "20 a^"); // ^1 is a code, so typed text must be escaped
  assertEquals(colorize(escapeCaretCodes("2^10 ^^ a^")), "2^10 ^^ a^");
});

Deno.test("with 16 colours a background becomes the nearest of the eight basic colours", () => {
  assertEquals(colorize("^%a0a0a0^kHello", 16), "\x1b[47m\x1b[22;30mHello");
  assertEquals(colorize("^%ff5555!", 16), "\x1b[41m!");
});

Deno.test("with 16 colours a bright colour is bold only as long as it lasts", () => {
  assertEquals(colorize("^#ff5555Fire^d burns", 16), "\x1b[1;31mFire\x1b[22;39;49m burns");
  assertEquals(colorize("^!^#aa0000x^dy", 16), "\x1b[1m\x1b[31mx\x1b[39;49my");
  assertEquals(colorize("^#ff5555x^!y^dz", 16), "\x1b[1;31mx\x1b[1my\x1b[39;49mz");
  assertEquals(colorize("^Rx^d ^#800000y", 16), "\x1b[1;31mx\x1b[39;49m \x1b[22;31my");
  assertEquals(colorize("^#ff5555x^#aa0000y", 16), "\x1b[1;31mx\x1b[22;31my");
  assertEquals(colorize("^#ff5555x^~y^dz", 16), "\x1b[1;31mx\x1b[0my\x1b[39;49mz");
});

Deno.test("a colour of any number of colours is not bold from a bright letter before it, in this text or an earlier one", () => {
  for (const depth of [16, 256, 16_777_216] as const) {
    for (const together of [true, false]) {
      const texts = together ? ["^Rx^#aa0000y"] : ["^Rx", "^#aa0000y"];
      const shown = texts.map((text) => colorize(text, depth)).join("");
      assertMatch(shown, /^\x1b\[1;31mx\x1b\[22;3[\d;]+my$/, `${depth}`);
    }
    assertMatch(colorize("^!^#aa0000y", depth), /^\x1b\[1m\x1b\[3[\d;]+my$/, `${depth}`);
  }
});
