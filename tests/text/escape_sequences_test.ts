/**
 * Terminal reports that are no keys, and program output that is no text: all readers share one
 * grammar.
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  KeyDecoder,
  keyName,
  LineEditor,
  LineInput,
  stripAnsi,
  stripControls,
  textWidth,
  wordWrap,
} from "../../src/text/mod.ts";
import {
  BROKEN,
  GROUND,
  nextState,
  sequenceEnd,
  type SequenceSource,
  STRING_ESCAPE,
} from "../../src/text/escape_sequences.ts";

/** Unrequested terminal reports. */
const REPORTS: Record<string, string> = {
  "a click, SGR": "\x1b[<0;9;5M",
  "its release": "\x1b[<0;9;5m",
  "a click, urxvt": "\x1b[32;10;20M",
  "a click, X10": "\x1b[M !!",
  "a click far right, X10": "\x1b[M \xe9\xff",
  "the cursor": "\x1b[24;80R",
  "the kind of terminal": "\x1b[?1;2c",
  "all that it can do": "\x1b[?64;1;2;6;9;15;18;21;22c",
  "its version": "\x1b[>41;354;0c",
  "its name": "\x1bP>|XTerm(370)\x1b\\",
  "a capability": "\x1bP1+r544e=787465726d\x1b\\",
  "a mode": "\x1b[?2004;2$y",
  "the flags of kitty": "\x1b[?1u",
  "the focus came": "\x1b[I",
  "the focus went": "\x1b[O",
  "the size of the window": "\x1b[8;24;80t",
  "a colour": "\x1b]11;rgb:0000/0000/0000\x07",
  "a colour, ended by ST": "\x1b]11;rgb:ffff/ffff/ffff\x1b\\",
  "the clipboard": "\x1b]52;c;cm0gLXJm\x1b\\",
  "the title": "\x1b]lthe title\x1b\\",
  "APC": "\x1b_Gi=1;OK\x1b\\",
  "PM": "\x1b^private\x1b\\",
  "SOS": "\x1bXstring\x1b\\",
  "8-bit CSI": "\x9b24;80R",
  "8-bit OSC": "\x9d0;title\x9c",
  "8-bit DCS": "\x901$r0m\x9c",
  "a status": "\x1b[0n",
  "a key that was let go": "\x1b[97;5:3u",
  "no key that is known": "\x1b[999;999z",
};

/** The text in pieces: whole, by character, and split in two at each position. */
function cuts(text: string): string[][] {
  const all = [[text], [...text]];
  for (let cut = 1; cut < text.length; cut++) all.push([text.slice(0, cut), text.slice(cut)]);
  return all;
}

for (const [name, report] of Object.entries(REPORTS)) {
  Deno.test(`a terminal report types nothing: ${name}`, () => {
    for (const parts of cuts(`give ${report}gold\r`)) {
      const lines: string[] = [];
      const input = new LineInput({ limit: 100 });
      for (const part of parts) input.push(part, lines);
      assertEquals(lines, ["give gold"], "as a line");
      const [decoder, editor] = [new KeyDecoder({ runs: true }), new LineEditor()];
      for (const part of parts) for (const key of decoder.push(part, 0)) editor.key(key);
      assertEquals(editor.takeResults(), [{ type: "line", text: "give gold" }], "in an editor");
    }
  });
}

/** Program output, and the visible text of it. */
const PROGRAMS: Record<string, string> = {
  "\x1b7ab": "ab",
  "\x1bOAab": "ab",
  "\x1b(0ab": "ab",
  "\x1b[1;31mab\x1b[0m": "ab",
  "\x1b[ qab": "ab",
  "\x1b]0;a title\x07ab": "ab",
  "\x1b]8;;http://x/\x1b\\ab\x1b]8;;\x1b\\": "ab",
  "\x1bP+q544e\x1b\\ab": "ab",
  "\x9b31mab": "ab",
  "\x9dtitle\x9cab": "ab",
  "ab\x1b[31": "ab",
  "ab\x1b": "ab",
};

Deno.test("width, wrapping, the editor and stripControls agree on the visible text of a sequence", () => {
  for (const [text, shown] of Object.entries(PROGRAMS)) {
    const why = JSON.stringify(text);
    assertEquals(textWidth(text), shown.length, why);
    assertEquals(stripAnsi(text), shown, why);
    assertEquals(stripControls(text), shown, why);
    const wrapped = wordWrap(`${text} cd`, { columns: 4, indent: 0, padding: 0 });
    const whole = text.startsWith("ab\x1b") ? [`${text} cd`] : [text, "cd"];
    assertEquals(wrapped, whole, why);
    const editor = new LineEditor();
    editor.prompt = `${text}\x1b[m> `;
    if (!text.startsWith("ab\x1b")) assertEquals(stripAnsi(editor.takeOutput()), `${shown}> `, why);
  }
});

Deno.test("an unterminated control string ends with the line, a very long one sooner", () => {
  for (const begin of ["\x1b]0;", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\x9d"]) {
    const input = new LineInput({ limit: 100 });
    const lines: string[] = [];
    input.push(`a${begin}title`, lines);
    input.push("\rlook\r", lines);
    assertEquals(lines, ["a", "look"], JSON.stringify(begin));
    const decoder = new KeyDecoder({ runs: true });
    const long = decoder.push(`a${begin}${"x".repeat(100_000)}`, 0);
    assertEquals(long.map(({ text }) => text.slice(0, 3)), ["a", "xxx"], JSON.stringify(begin));
    decoder.push(`${begin}0`, 0);
    assertEquals(decoder.flush(100), []);
    assertEquals(decoder.flush(1000), []);
    assertEquals(decoder.push("b", 1000).map(keyName), ["text"]);
  }
});

Deno.test("Alt with a character that begins sequences is a key, if nothing follows", () => {
  const names = (text: string) => {
    const decoder = new KeyDecoder();
    return [...decoder.push(text, 0), ...decoder.flush(100)].map(keyName);
  };
  assertEquals(names("\x1b["), ["alt+["]);
  assertEquals(names("\x1b]"), ["alt+]"]);
  assertEquals(names("\x1bO"), ["alt+shift+o"]);
  assertEquals(names("\x1bP"), ["alt+shift+p"]);
  assertEquals(names("\x1b_"), ["alt+_"]);
  assertEquals(names("\x1b\x1b"), ["escape", "escape"]);
  assertEquals(names("\x1b\x1bOA"), ["alt+up"]);
  assertEquals(names("\x1b\x1b["), ["escape", "alt+["]);
  assertEquals(names("\x1b]\r"), ["alt+]", "enter"]);
  assertEquals(names("\x1b.x"), ["alt+.", "text"]);
});

Deno.test("the buffered part of a sequence is bounded, and a snapshot continues it", () => {
  const decoder = new KeyDecoder({ runs: true });
  for (let count = 0; count < 50; count++) {
    decoder.push(count === 0 ? "\x1b]0;" : "x".repeat(999), 0);
  }
  assertEquals(decoder.held < 2000, true, `${decoder.held} bytes`);
  const other = new KeyDecoder({ runs: true });
  other.restore(JSON.parse(JSON.stringify(decoder.snapshot())), 0);
  assertEquals(other.push("title\x1b\\a", 0).map(({ text }) => text), ["a"]);
  const control = new KeyDecoder();
  control.push(`\x1b[${"1;".repeat(10_000)}`, 0);
  assertEquals(control.held < 2000, true);
  assertEquals(control.push("Aa", 0).map(keyName), ["text"]);
});

Deno.test("sequences of any kind, in any order and split anywhere, type nothing", () => {
  const printable = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 20,
  });
  const parameters = fc.string({ unit: fc.constantFrom(..."0123456789;:"), maxLength: 12 });
  const control = fc.tuple(
    fc.constantFrom("\x1b[", "\x9b"),
    fc.constantFrom("<", "?", ">", "="),
    parameters,
    fc.constantFrom("", " ", "!", "#"),
    fc.constantFrom(..."ABCDHMRcmntuyz~"),
  ).map((parts) => parts.join(""));
  const string = fc.tuple(
    fc.constantFrom("\x1b]", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\x90", "\x9d", "\x9f"),
    printable,
    fc.constantFrom("\x1b\\", "\x07", "\x9c"),
  ).map((parts) => parts.join(""));
  const typed = fc.constantFrom(..."abc é日");
  fc.assert(
    fc.property(
      fc.array(fc.oneof(control, string, typed), { maxLength: 12 }),
      fc.array(fc.nat(400)),
      (pieces, places) => {
        const text = pieces.join("");
        const plain = pieces.filter((piece) => !/[\x1b\x80-\x9f]/.test(piece)).join("");
        const decoder = new KeyDecoder({ runs: true });
        const input = new LineInput({ limit: 1000 });
        let keys = "";
        let at = 0;
        const ends = places.map((place) => place % (text.length + 1)).sort((a, b) => a - b);
        for (const end of [...ends, text.length]) {
          for (const key of decoder.push(text.slice(at, end), 0)) {
            keys += key.name === "text" ? key.text : "";
          }
          input.push(text.slice(at, end), []);
          at = end;
        }
        assertEquals(keys, plain);
        assertEquals(input.partial, plain);
        assertEquals(stripControls(text), plain);
        assertEquals(textWidth(text), textWidth(plain));
      },
    ),
    { seed: 20_261_126, numRuns: 3000 },
  );
});

Deno.test("where a sequence ends does not depend on the way in which it is found", () => {
  const piece = fc.constantFrom(..."\x1b[[];?:<=> !$09AMmz~\x07\x9b\x7f\n\\x".split(""));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
      const text = `\x1b${pieces.join("")}`;
      for (const source of ["program", "terminal"] as const) {
        assertEquals(sequenceEnd(text, 0, source), walkedEnd(text, source), JSON.stringify(text));
      }
      const plain = stripAnsi(text);
      if (/^[\x20-\x7e]*$/.test(plain)) assertEquals(textWidth(text), plain.length);
    }),
    { numRuns: 2_000 },
  );
});

/** The end of the sequence at the start of a text, found by single steps. */
function walkedEnd(text: string, source: SequenceSource): number {
  let state = GROUND;
  let escapeAt = 0;
  for (let at = 0; at < text.length; at++) {
    const next = nextState(state, text.charCodeAt(at), source);
    if (next === BROKEN) return state === STRING_ESCAPE ? escapeAt : at;
    if (next === GROUND) return at + 1;
    if (next === STRING_ESCAPE) escapeAt = at;
    state = next;
  }
  return text.length;
}
