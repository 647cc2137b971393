import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { KeyDecoder, keyName } from "../../src/text/mod.ts";

/** Decodes text to key names; text keys show their text. */
function namesOf(text: string, cuts: readonly number[] = []): string[] {
  const decoder = new KeyDecoder();
  const names: string[] = [];
  const take = (part: string) => {
    for (const key of decoder.push(part, 0)) {
      names.push(key.text === "" ? keyName(key) : `${key.name} ${key.text}`);
    }
  };
  let at = 0;
  for (const cut of [...cuts, text.length]) {
    take(text.slice(at, cut));
    at = cut;
  }
  for (const key of decoder.flush(1000)) names.push(keyName(key));
  return names;
}

/** The sequences that each terminal sends, and their keys. */
const SEQUENCES: Record<string, Record<string, string>> = {
  "xterm": {
    "\x1b[A": "up",
    "\x1bOA": "up",
    "\x1b[B": "down",
    "\x1b[C": "right",
    "\x1b[D": "left",
    "\x1b[H": "home",
    "\x1b[F": "end",
    "\x1bOH": "home",
    "\x1b[2~": "insert",
    "\x1b[3~": "delete",
    "\x1b[5~": "pageup",
    "\x1b[6~": "pagedown",
    "\x1bOP": "f1",
    "\x1bOS": "f4",
    "\x1b[15~": "f5",
    "\x1b[17~": "f6",
    "\x1b[24~": "f12",
    "\x1b[1;5C": "ctrl+right",
    "\x1b[1;2A": "shift+up",
    "\x1b[1;3D": "alt+left",
    "\x1b[1;8D": "ctrl+alt+shift+left",
    "\x1b[3;5~": "ctrl+delete",
    "\x1b[1;5P": "ctrl+f1",
    "\x1b[Z": "shift+tab",
    "\x1bb": "alt+b",
    "\x1bB": "alt+shift+b",
    "\x1b\x7f": "alt+backspace",
    "\x1b\r": "alt+enter",
    "\x1bOM": "enter",
  },
  "the Linux console": {
    "\x1b[[A": "f1",
    "\x1b[[E": "f5",
    "\x1b[1~": "home",
    "\x1b[4~": "end",
    "\x7f": "backspace",
  },
  "rxvt": {
    "\x1b[7~": "home",
    "\x1b[8~": "end",
    "\x1b[11~": "f1",
    "\x1bOa": "ctrl+up",
    "\x1b[a": "shift+up",
    "\x1b[3^": "ctrl+delete",
    "\x1b[3$": "shift+delete",
    "\x1b[3@": "ctrl+shift+delete",
    "\x1b\x1b[A": "alt+up",
  },
  "PuTTY": {
    "\x1b[1~": "home",
    "\x1b[4~": "end",
    "\x1b[11~": "f1",
    "\x1b[14~": "f4",
    "\x1b\x1b[D": "alt+left",
    "\x7f": "backspace",
  },
  "Windows telnet": { "\x08": "backspace", "\x1b[A": "up", "\x1bOP": "f1", "\x7f": "backspace" },
};

for (const [terminal, sequences] of Object.entries(SEQUENCES)) {
  Deno.test(`KeyDecoder knows the keys of the terminal ${terminal}, split anywhere`, () => {
    for (const [sequence, name] of Object.entries(sequences)) {
      assertEquals(namesOf(sequence), [name], JSON.stringify(sequence));
      for (let cut = 1; cut < sequence.length; cut++) {
        assertEquals(namesOf(sequence, [cut]), [name], `${JSON.stringify(sequence)} at ${cut}`);
      }
      assertEquals(namesOf(`a${sequence}b`), ["text a", name, "text b"], JSON.stringify(sequence));
    }
  });
}

Deno.test("KeyDecoder gives printable text by grapheme cluster, or in runs", () => {
  assertEquals(namesOf("aé日👩‍🚀नि"), ["text a", "text é", "text 日", "text 👩‍🚀", "text नि"]);
  const runs = new KeyDecoder({ runs: true }).push("ab日\x01cd", 0);
  assertEquals(runs.map(({ name, text }) => text || name), ["ab日", "a", "cd"]);
});

Deno.test("KeyDecoder: CR LF, CR NUL, LF and a lone CR are one Enter each, split anywhere", () => {
  for (
    const [text, count] of [["\r\n", 1], ["\r\0", 1], ["\n", 1], ["\r", 1], [
      "\r\r\n\n",
      3,
    ]] as const
  ) {
    const expected = Array(count).fill("enter");
    assertEquals(namesOf(text), expected);
    for (let cut = 1; cut < text.length; cut++) assertEquals(namesOf(text, [cut]), expected);
  }
});

Deno.test("KeyDecoder tells a lone ESC from a sequence by escapeTimeout", () => {
  const decoder = new KeyDecoder({ escapeTimeout: 50 });
  assertEquals(decoder.push("\x1b", 1000), []);
  assertEquals(decoder.nextTimeout(), 1050);
  assertEquals(decoder.flush(1049), []);
  assertEquals(decoder.flush(1050).map(keyName), ["escape"]);
  assertEquals(decoder.nextTimeout(), undefined);
  decoder.push("\x1b", 2000);
  assertEquals(decoder.push("[A", 2010).map(keyName), ["up"]);
  assertEquals(decoder.flush(3000), []);
});

Deno.test("KeyDecoder returns pasted text as text, in pieces, without control characters", () => {
  const text = "one\r\ntwo\rthree\n\x03 ok";
  const whole = `a\x1b[200~${text}\x1b[201~b`;
  const expected = ["text a", "paste one\ntwo\nthree\n ok", "text b"];
  assertEquals(namesOf(whole), expected);
  for (let cut = 1; cut < whole.length; cut++) {
    assertEquals(namesOf(whole, [cut]), expected, String(cut));
  }
  const decoder = new KeyDecoder();
  const long = decoder.push(`\x1b[200~${"x".repeat(1_000_000)}`, 0);
  assertEquals(long.reduce((sum, { text }) => sum + text.length, 0) > 990_000, true);
  assert(long.every(({ text }) => text.length <= 4096));
});

Deno.test("KeyDecoder: text gives the same keys however it is split, and nothing throws", () => {
  const piece = fc.constantFrom(
    ...Object.values(SEQUENCES).flatMap((sequences) => Object.keys(sequences)),
    ..."ab1;~[O$^@\x1b\r\n\0\x7f日é",
    "\x1b[200~",
    "\x1b[201~",
    "\x1b[999;999z",
    "\x1b[1;",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(60)), (pieces, cuts) => {
      const text = pieces.join("");
      const sorted = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
      const joined = (names: string[]) =>
        names.join("|").replaceAll(/\|?(text|paste) /g, "").replaceAll("|", "");
      assertEquals(joined(namesOf(text, sorted)), joined(namesOf(text)));
    }),
    { seed: 20_261_125, numRuns: 2000 },
  );
});
