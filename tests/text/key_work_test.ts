/** Each key reports the work that it causes, so that `limits.drawRate` bounds it. */
import { assert } from "@std/assert";
import { EMACS_KEYS, History, type Key, LineEditor } from "../../src/text/mod.ts";

const LENGTH = 4_000;
const LINES: Readonly<Record<string, string>> = {
  "a long word": "a".repeat(LENGTH),
  "two long words": `${"a".repeat(LENGTH / 2 - 1)} ${"b".repeat(LENGTH / 2)}`,
  digits: "7".repeat(LENGTH),
  blanks: " ".repeat(LENGTH),
  "other letters": "é日ж".repeat(LENGTH / 3),
  emoji: "👩‍🚀".repeat(LENGTH / 5),
  "combining marks": `a${"\u0301".repeat(9)}`.repeat(LENGTH / 10),
  "conjoining letters": "ᄀ".repeat(LENGTH),
  "marks without a letter": "\u0301".repeat(LENGTH),
  "joiners without an emoji": "\u200d".repeat(LENGTH),
  "line separators": "\u2028".repeat(LENGTH),
  "one word of accents": "é".repeat(LENGTH),
};
/** Characters looked at that one drawn byte, or a unit of other work, pays for. */
const LOOKS_PER_BYTE = 200;
/** Those of a key that need no pay: they do not depend on the line. */
const FREE_LOOKS = 200;
const KEYS = 24;

/** The key with a name such as `ctrl+a`. */
function keyOf(name: string): Key {
  const parts = name.split("+");
  const last = parts.pop() ?? "";
  const text = last === "_" || last.length > 1 ? "" : last;
  const has = (modifier: string) => parts.includes(modifier);
  return { name: last, text, ctrl: has("ctrl"), alt: has("alt"), shift: has("shift") };
}

/** Counts the characters that are looked at: one by one, or by the segmenter. */
function countLooks(call: () => void): number {
  let count = 0;
  const { charCodeAt, codePointAt } = String.prototype;
  const { segment } = Intl.Segmenter.prototype;
  String.prototype.charCodeAt = function (at) {
    count++;
    return charCodeAt.call(this, at);
  };
  String.prototype.codePointAt = function (at) {
    count++;
    return codePointAt.call(this, at);
  };
  Intl.Segmenter.prototype.segment = function (text) {
    count += text.length;
    return segment.call(this, text);
  };
  try {
    call();
  } finally {
    Object.assign(String.prototype, { charCodeAt, codePointAt });
    Object.assign(Intl.Segmenter.prototype, { segment });
  }
  return count;
}

for (const [kind, line] of Object.entries(LINES)) {
  for (const masked of [false, true]) {
    Deno.test(`every key pays for its work: ${kind}${masked ? ", hidden" : ""}`, () => {
      for (const [name, action] of EMACS_KEYS) {
        const history = new History({ lines: Array.from({ length: 15 }, (_, at) => at + line) });
        const editor = new LineEditor({ history });
        editor.masked = masked;
        editor.key({ ...keyOf("paste"), name: "paste", text: line });
        for (let left = 0; left < 3; left++) editor.key(keyOf("alt+b"));
        editor.takeOutput();
        const key = keyOf(name);
        const back = keyOf("alt+b");
        let [looks, paid] = [0, 0];
        const press = (pressed: Key) => {
          looks += countLooks(() => {
            editor.key(pressed);
            editor.takeOutput();
          });
          paid += editor.takeDrawn() + editor.takeWork();
        };
        editor.takeDrawn();
        editor.takeWork();
        for (let count = 0; count < KEYS; count++) {
          press(key);
          press(back); // so that the next one has something to do
        }
        const most = LOOKS_PER_BYTE * paid + 2 * KEYS * FREE_LOOKS;
        assert(looks <= most, `${name}, ${action}: ${looks} characters, ${paid} paid`);
      }
    });
  }
}
