import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  bigWordStart,
  type Letters,
  lettersAfter,
  lettersBefore,
  spaceBefore,
  wordEnd,
  wordStart,
} from "../../src/text/words.ts";
import { KeyDecoder, LineEditor } from "../../src/text/mod.ts";

/** The line with `a` for what belongs to words, `.` for other characters, and spaces, unit by unit. */
function kinds(line: string): string {
  let kind = "a"; // marks without a character before them
  return Array.from(line, (character) => {
    const isMark = /[\p{M}\u200c\u200d]/u.test(character);
    if (!isMark) kind = /[\p{L}\p{N}_]/u.test(character) ? "a" : /\s/.test(character) ? " " : ".";
    return kind.repeat(character.length);
  }).join("");
}

/** A reference implementation by regular expressions, which scan more than the word. */
const byPattern = {
  wordStart: (line: string, at: number) => /a*[^a]*$/.exec(kinds(line).slice(0, at))?.index ?? 0,
  wordEnd: (line: string, at: number) =>
    at + (/^[^a]*a*/.exec(kinds(line).slice(at))?.[0].length ?? 0),
  bigWordStart: (line: string, at: number) => /\S*\s*$/.exec(kinds(line).slice(0, at))?.index ?? 0,
  spaceBefore: (line: string, at: number) => /\S*$/.exec(kinds(line).slice(0, at))?.index ?? at,
};

Deno.test("words start and end as in the reference implementation, in any script", () => {
  const unit = fc.constantFrom(
    "a",
    "Z",
    "_",
    "7",
    "é",
    "日",
    "\u0301",
    "\ufe0f",
    "\u200d",
    "\u{1d165}",
    "❤",
    "😀",
    "𝒳",
    " ",
    "\t",
    "-",
    ".",
  );
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 12 }), fc.nat(12), (units, index) => {
      const line = units.join("");
      const at = units.slice(0, index).join("").length;
      for (
        const [name, find] of Object.entries({ wordStart, wordEnd, bigWordStart, spaceBefore })
      ) {
        assertEquals(find(line, at), byPattern[name as keyof typeof byPattern](line, at), name);
      }
    }),
    { seed: 1, numRuns: 2_000 },
  );
});

Deno.test("known letters do not change where a word begins and ends", () => {
  const unit = fc.constantFrom("a", "é", "\u0301", "😀", "𝒳", "日", " ", "-");
  fc.assert(
    fc.property(
      fc.array(unit, { maxLength: 20 }),
      fc.array(fc.tuple(fc.nat(40), fc.boolean()), { maxLength: 8 }),
      (units, moves) => {
        const line = units.join("");
        let known: Letters | undefined;
        for (const [place, back] of moves) {
          const at = units.slice(0, place).join("").length;
          known = back ? lettersBefore(line, at, known) : lettersAfter(line, at, known);
          if (back) assertEquals(known.start, wordStart(line, at));
          else assertEquals(known.end, wordEnd(line, at));
        }
      },
    ),
    { seed: 1, numRuns: 2_000 },
  );
});

Deno.test("finding a word costs in proportion to its length, not to the line's", () => {
  let looked = 0;
  const { charCodeAt, codePointAt } = String.prototype;
  const count = (line: string, find: (line: string, at: number) => number) => {
    looked = 0;
    String.prototype.charCodeAt = function (at: number) {
      looked++;
      return charCodeAt.call(this, at);
    };
    String.prototype.codePointAt = function (at: number) {
      looked++;
      return codePointAt.call(this, at);
    };
    try {
      find(line, line.length);
    } finally {
      Object.assign(String.prototype, { charCodeAt, codePointAt });
    }
    return looked;
  };
  for (const find of [wordStart, bigWordStart, spaceBefore]) {
    const less = count("a".repeat(4_000) + " b", find);
    assert(less > 0, find.name);
    assertEquals(count("a".repeat(16_000) + " b", find), less, find.name);
  }
  // Letters over which the cursor has moved are not looked at again.
  const word = "a".repeat(4_000);
  const known = lettersBefore(word, word.length);
  assert(count(word, (line, at) => lettersBefore(line, at, known).start) < 5);
  assert(count(word, (line) => lettersAfter(line, 0, known).end) < 5);
});

Deno.test("the keys for words pass and cut whole characters", () => {
  const pressed = (keys: string) => {
    const editor = new LineEditor();
    for (const key of new KeyDecoder().push(keys, 0)) editor.key(key);
    return [editor.line, editor.cursor];
  };
  const [altB, altD, altF, altT, altU] = ["\x1bb", "\x1bd", "\x1bf", "\x1bt", "\x1bu"];
  const ctrlA = "\x01";
  assertEquals(pressed(`say hi ❤️${altB.repeat(3)}`), ["say hi ❤️", 0]);
  assertEquals(pressed(`get ⚔️ sword ⚔️${altB.repeat(3)}`), ["get ⚔️ sword ⚔️", 0]);
  assertEquals(pressed("say hi ❤️\x1b\x7f"), ["say ", 4]);
  assertEquals(pressed(`❤️ you${ctrlA}${altD}`), ["", 0]);
  assertEquals(pressed(`❤️ you${ctrlA}${altF}`), ["❤️ you", 6]);
  assertEquals(pressed(`❤️ you${ctrlA}${altU}`), ["❤️ YOU", 6]);
  assertEquals(pressed(`love ❤️ you${altT}`), ["you ❤️ love", 11]);
  assertEquals(pressed(`b🏳️‍🌈,${altT}`), ["b🏳️‍🌈,", 8]);
  assertEquals(pressed("می‌خواهم این\x1b\x7f\x1b\x7f"), ["", 0]); // a joiner within a word
});

Deno.test("a history search has a length limit, and rings beyond it", () => {
  const editor = new LineEditor();
  const press = (name: string, text = "", ctrl = false) =>
    editor.key({ name, text, ctrl, alt: false, shift: false });
  press("r", "", true);
  for (let times = 0; times < 100; times++) press("text", "x".repeat(50));
  assertEquals((editor.snapshot().search?.query.length ?? 0) <= 256, true);
});
