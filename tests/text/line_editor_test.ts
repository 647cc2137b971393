import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  clusterWidth,
  type EditAction,
  graphemes,
  History,
  type Key,
  KeyDecoder,
  keyName,
  LineEditor,
  type LineEditorOptions,
  textWidth,
} from "../../src/text/mod.ts";
import { assertGrowth, countSteps } from "../steps.ts";
import { Terminal } from "./terminal.ts";

/** An editor with typed input and an emulated terminal. */
class Desk {
  readonly editor: LineEditor;
  readonly terminal: Terminal;
  readonly sent: string[] = [];
  readonly #keys = new KeyDecoder({ runs: true });

  constructor(options: LineEditorOptions = {}) {
    const { columns = 20, rows = 8 } = options;
    this.editor = new LineEditor({ ...options, columns, rows });
    this.terminal = new Terminal(columns, rows);
  }

  /** Types, and flushes incomplete keys at once. */
  async type(text: string): Promise<void> {
    for (const key of [...this.#keys.push(text, 0), ...this.#keys.flush(1000)]) {
      this.editor.key(key);
    }
    await this.show();
  }

  /** Types, and shows what each key does. */
  async typeEach(text: string): Promise<void> {
    for (const key of new KeyDecoder().push(text, 0)) {
      this.editor.key(key);
      await this.show();
    }
  }

  async show(): Promise<string> {
    const output = this.editor.takeOutput();
    this.sent.push(output);
    await this.terminal.write(output);
    return output;
  }

  /** The rows that are not empty. */
  get seen(): string[] {
    return this.terminal.everything;
  }
}

async function desk(options: LineEditorOptions = {}, prompt = "> "): Promise<Desk> {
  const made = new Desk(options);
  made.editor.prompt = prompt;
  await made.show();
  return made;
}

const CASES: Record<string, [typed: string, line: string, cursor: number]> = {
  "insert in the middle": ["norh\x1b[Dt", "north", 4],
  "start and end": ["b\x01a\x05c", "abc", 3],
  "words": ["one two three\x1bb\x1bb\x1bf", "one two three", 7],
  "words by Ctrl and arrows": ["one two\x1b[1;5D\x1b[1;5D\x1b[1;5C", "one two", 3],
  "kill to the end, yank twice": ["one two\x1bb\x0b\x19\x19", "one twotwo", 10],
  "kill back": ["one two\x1bb\x15", "two", 0],
  "two kills in a row are one": ["a b c\x1bb\x0b\x17\x19", "a b c", 5],
  "kills apart are two": ["a b c\x1bb\x0bx\x17\x19", "a b x", 5],
  "kill a word": ["one two\x01\x1bd", " two", 0],
  "kill a word back": ["one two-three\x1b\x7f", "one two-", 8],
  "kill a big word back": ["one two-three\x17", "one ", 4],
  "transpose at the end": ["ab\x14", "ba", 2],
  "transpose within": ["abc\x01\x06\x14", "bac", 2],
  "backspace and delete": ["abcd\x1b[D\x7f\x1b[3~", "ab", 2],
  "backspace takes a cluster": ["x👩‍🚀é日\x7f\x7f\x7f", "x", 1],
  "Ctrl-D deletes": ["abc\x01\x04", "bc", 0],
};

for (const [name, [typed, line, cursor]] of Object.entries(CASES)) {
  Deno.test(`LineEditor: ${name}`, async () => {
    const { editor, terminal, ...rest } = await desk();
    assert(rest.sent.length > 0);
    const whole = new Desk();
    whole.editor.prompt = "> ";
    await whole.type(typed);
    assertEquals([whole.editor.line, whole.editor.cursor], [line, cursor]);
    const one = await desk(); // redrawn after each key
    await one.typeEach(typed);
    assertEquals([one.editor.line, one.editor.cursor], [line, cursor]);
    assertEquals(one.seen, [`> ${line}`.trimEnd()]);
    assertEquals(whole.seen, one.seen);
    assertEquals(one.terminal.cursor, [0, 2 + textWidth(line.slice(0, cursor))]);
    assertEquals(whole.terminal.cursor, one.terminal.cursor);
    assertEquals([editor.line, terminal.screen[0]], ["", ">"]);
  });
}

Deno.test("LineEditor: Enter returns the line, Ctrl-C cancels it, Ctrl-D on an empty line is EOF", async () => {
  const typing = await desk();
  await typing.type("look\rnorth\x03\x04");
  assertEquals(typing.editor.takeResults(), [
    { type: "line", text: "look" },
    { type: "cancel" },
    { type: "end" },
  ]);
  assertEquals(typing.seen, ["> look", "north"]); // the game sends the next prompt
});

Deno.test("LineEditor: moving through the history keeps the unfinished line", async () => {
  const typing = await desk({ history: new History({ lines: ["one", "two"] }) });
  await typing.type("thr\x1b[A");
  assertEquals(typing.editor.line, "two");
  await typing.type("\x10\x10"); // one more than there are
  assertEquals(typing.editor.line, "one");
  assert(typing.sent.at(-1)?.includes("\x07"));
  await typing.type("\x1b[B\x0eee");
  assertEquals(typing.editor.line, "three");
  await typing.type("\r\x1b[A");
  assertEquals(typing.editor.line, "three");
});

Deno.test("LineEditor: Ctrl-R searches, searches further, and ends with or without taking the line", async () => {
  const lines = ["get lamp", "look", "get sword", "north"];
  const typing = await desk({ columns: 40, history: new History({ lines }) });
  await typing.type("x\x12get");
  assertEquals(typing.seen, ["(search) 'get': get sword"]);
  await typing.type("\x12");
  assertEquals(typing.editor.line, "get lamp");
  await typing.type("\x12"); // no further match
  assertEquals(typing.editor.line, "get lamp");
  await typing.type("\x07");
  assertEquals(typing.editor.line, "x");
  await typing.type("\x12swo\x7f\x7f\x7fnor\x05!");
  assertEquals(typing.editor.line, "north!");
  await typing.type("\x15\x12get l\r");
  assertEquals(typing.editor.takeResults(), [{ type: "line", text: "get lamp" }]);
});

Deno.test("LineEditor completes the only candidate or the common start, and lists candidates on a second Tab", async () => {
  const words = ["north", "northeast", "say", "northwest"];
  const typing = await desk({ columns: 30, completes: true });
  const tab = async () => {
    await typing.type("\t");
    const question = typing.editor.takeQuestion();
    assert(question);
    const typed = question.line.slice(0, question.cursor).split(" ").at(-1) ?? "";
    typing.editor.answer(question, words.filter((word) => word.startsWith(typed)));
    await typing.show();
  };
  await typing.type("go n");
  await tab();
  assertEquals(typing.editor.line, "go north");
  await tab();
  assertEquals(typing.seen, ["north      northeast", "northwest", "> go north"]);
  await typing.type("e");
  await tab();
  assertEquals(typing.editor.line, "go northeast ");
  await typing.type("\x15x");
  await tab();
  assert(typing.sent.at(-1)?.includes("\x07"));
  await typing.type("\t");
  const late = typing.editor.takeQuestion();
  await typing.type("y");
  if (late !== undefined) typing.editor.answer(late, ["xylophone"]); // the line has changed
  assertEquals(typing.editor.line, "xy");
});

Deno.test("LineEditor cycles through candidates with the option cycles", async () => {
  const typing = await desk({ completes: true, cycles: true });
  await typing.type("a\t");
  const question = typing.editor.takeQuestion();
  assert(question);
  typing.editor.answer(question, ["apple", "avocado"]);
  assertEquals(typing.editor.line, "apple");
  await typing.type("\t");
  assertEquals(typing.editor.line, "avocado");
  await typing.type("\t!");
  assertEquals(typing.editor.line, "apple!");
});

Deno.test("LineEditor does not show a password or keep it in the history", async () => {
  const history = new History();
  const typing = await desk({ history }, "Password: ");
  typing.editor.masked = true;
  await typing.type("secret\x1b[D\x7f");
  assertEquals(typing.seen, ["Password:"]);
  assertEquals(typing.terminal.cursor, [0, 10]);
  await typing.type("\r");
  assertEquals(typing.editor.takeResults(), [{ type: "line", text: "secrt" }]);
  assertEquals([history.length, typing.sent.join("").includes("s")], [
    0,
    typing.sent[0]?.includes("s"),
  ]);
});

Deno.test("LineEditor: printed text shows above the line, and does not break it", async () => {
  const typing = await desk();
  await typing.type("a line that is longer than a row\x1b[D\x1b[D");
  for (let times = 0; times < 3; times++) {
    typing.editor.print(`Bob says ${times}\n`);
    await typing.show();
    await typing.type("x");
  }
  assertEquals(typing.seen, [
    "Bob says 0",
    "Bob says 1",
    "Bob says 2",
    "> a line that is lon",
    "ger than a rxxxow",
  ]);
  assertEquals(typing.terminal.cursor, [4, 15]);
});

Deno.test("LineEditor: text without a line end stays before the prompt until a line end is printed", async () => {
  const typing = await desk({}, "");
  typing.editor.print("Welcome!\nYour ");
  typing.editor.print("name? ");
  await typing.type("Ann");
  assertEquals(typing.seen, ["Welcome!", "Your name? Ann"]);
  typing.editor.print("\nThank you.\n"); // ends that row
  typing.editor.prompt = "\x1b[32m>\x1b[0m ";
  await typing.show();
  assertEquals(typing.seen, ["Welcome!", "Your name?", "Thank you.", "> Ann"]);
  assertEquals(typing.terminal.cursor, [3, 5]);
});

Deno.test("LineEditor edits multiline text: lines, soft wrap, up and down, ended by Ctrl-D", async () => {
  const typing = await desk({ multiline: true, columns: 10 }, "");
  await typing.type("first\rsecond line\r\x1b[A\x1b[A\x1b[A!");
  assertEquals(typing.seen, ["!first", "second lin", "e"]);
  await typing.type("\x1b[B\x1b[B?\x0b\x05");
  assertEquals(typing.editor.line, "!first\nsecond line?");
  await typing.type("\x04");
  assertEquals(typing.editor.takeResults(), [{ type: "line", text: "!first\nsecond line?" }]);
  await typing.type("a\x1b\r"); // Alt-Enter
  assertEquals(typing.editor.takeResults(), [{ type: "line", text: "a" }]);
});

Deno.test("LineEditor: a text taller than the window shows the rows around the cursor", async () => {
  const typing = await desk({ multiline: true, rows: 4 }, "");
  await typing.type(Array.from({ length: 30 }, (_, row) => `row ${row}`).join("\r"));
  assertEquals(typing.terminal.screen, ["row 26", "row 27", "row 28", "row 29"]);
  for (let times = 0; times < 28; times++) await typing.type("\x1b[A");
  assertEquals(typing.terminal.screen, ["row 1", "row 2", "row 3", "row 4"]);
  assertEquals(typing.terminal.cursor, [0, 5]);
  for (const output of typing.sent.slice(1)) assert(output.length < 4 * 20 + 200, output);
});

Deno.test("LineEditor: the width of the window may change in the middle of a line", async () => {
  const words = "the quick brown fox jumps over the lazy dog again and again";
  for (const width of [7, 10, 19, 20, 21, 40, 70]) {
    const typing = await desk({ rows: 12 });
    typing.editor.print("chat above\n");
    await typing.type(`${words}\x01\x1bf\x1bf\x1bf`);
    typing.terminal.resize(width, 12);
    typing.editor.resize(width, 12);
    await typing.type("!");
    const line = `> ${words.replace("brown", "brown!")}`;
    const rows = line.match(new RegExp(`.{1,${width}}`, "g")) ?? [];
    const seen = typing.seen.slice(-rows.length);
    assertEquals(seen, rows.map((row) => row.trimEnd()), String(width));
    const at = line.indexOf("!") + 1;
    const top = typing.seen.length - rows.length;
    const scrolled = typing.seen.length - typing.terminal.screen.filter((row) => row !== "").length;
    assertEquals(typing.terminal.cursor[1], at % width, String(width));
    assert(top >= 0 && scrolled >= 0);
  }
});

Deno.test("LineEditor: Ctrl-L clears the screen and redraws the line", async () => {
  const typing = await desk();
  typing.editor.print("old\nthings\n");
  await typing.type("abc\x1b[D\x0c");
  assertEquals(typing.terminal.screen[0], "> abc");
  assertEquals(typing.terminal.cursor, [0, 4]);
});

Deno.test("LineEditor: keys can be rebound; an unknown action is misuse", async () => {
  const typing = await desk({ keys: { "ctrl+x": "kill-back", "f1": "line-start" } });
  await typing.type("abc\x1bOPd\x05\x18");
  assertEquals(typing.editor.line, "");
  assertThrows(() => new LineEditor({ keys: { "f2": "dance" as "up" } }), Error, "dance");
  assertThrows(() => new LineEditor({ limit: -1 }), Error, "limit");
});

Deno.test("LineEditor: a line over the limit rings; a paste of a megabyte is bounded and takes linear time", async () => {
  const typing = await desk({ limit: 10 });
  await typing.type("0123456789ab");
  assertEquals(typing.editor.line, "0123456789");
  assert(typing.sent.at(-1)?.includes("\x07"));
  const pasting = await desk({ limit: 4096 });
  await pasting.type(`\x1b[200~${"word ".repeat(200_000)}\x1b[201~`);
  assertEquals(pasting.editor.line.length, 4096);
  assert((pasting.sent.at(-1)?.length ?? 0) < 2 * 20 * 8 + 4096);
  const cost = (words: number) => {
    const editor = new LineEditor({ columns: 20, rows: 8, limit: 4096 });
    const pasted = new KeyDecoder({ runs: true });
    return countSteps(() => {
      const keys = pasted.push(`\x1b[200~${"word ".repeat(words)}\x1b[201~`, 0);
      for (const key of keys) editor.key(key);
      editor.takeOutput();
    }).count;
  };
  assertGrowth(cost(200_000), cost(50_000), 4);
  const lines = await desk();
  await lines.type("\x1b[200~one\ntwo\nthr\x1b[201~ee\r");
  assertEquals(lines.editor.takeResults().map((result) => "text" in result && result.text), [
    "one",
    "two",
    "three",
  ]);
});

Deno.test("LineEditor: where terminals disagree on a width, the editor sets the column explicitly", async () => {
  for (const cluster of ["कि", "👩‍🚀", "🇫🇷", "❤️", "👍🏽"]) {
    const typing = await desk();
    await typing.type(`${cluster}ab\x1b[D`);
    assertEquals(typing.terminal.cursor, [0, 2 + clusterWidth(cluster) + 1], cluster);
    await typing.type("\x01x"); // redraws the rest, at the expected column
    await typing.type("\x05!");
    assertEquals(typing.terminal.cursor, [0, 2 + clusterWidth(cluster) + 4], cluster);
    assert(typing.seen[0]?.endsWith("ab!"), typing.seen[0]);
  }
});

Deno.test("LineEditor: up and down reach every row after a prompt, then the history", async () => {
  const typing = await desk({ multiline: true, history: new History({ lines: ["old"] }) });
  await typing.type("abc\r\x1b[A");
  assertEquals(typing.editor.cursor, 0); // nearest to the first column
  await typing.type("\x1b[A");
  assertEquals(typing.editor.line, "old");
  const wrapped = await desk({ history: new History({ lines: ["old"] }) });
  await wrapped.type("x".repeat(19));
  await wrapped.type("\x1b[A");
  assertEquals(wrapped.editor.cursor, 0);
  await wrapped.type("\x1b[A");
  assertEquals(wrapped.editor.line, "old");
});

Deno.test("LineEditor: a password does not leak by Tab, Ctrl-R or Ctrl-Y", async () => {
  const typing = await desk({ completes: true }, "Password: ");
  typing.editor.masked = true;
  await typing.type("secret\t");
  assertEquals(typing.editor.takeQuestion(), undefined);
  await typing.type("\x15secret\r");
  typing.editor.masked = false;
  await typing.type("\x19");
  assertEquals(typing.editor.line, "");
  await typing.type("\x12abc");
  typing.editor.masked = true;
  await typing.type("secret");
  assert(!typing.sent.join("").includes("secret"), typing.sent.join(""));
});

Deno.test("LineEditor: text printed in parts stays in order, with the prompt after it", async () => {
  const typing = await desk();
  typing.editor.print("Exits: ");
  typing.editor.print("north\nHP 5 ");
  await typing.type("ab");
  assertEquals(typing.seen, ["Exits: north", "HP 5 > ab"]);
  typing.editor.print("of 9\n");
  await typing.show();
  assertEquals(typing.seen, ["Exits: north", "HP 5 of 9", "> ab"]);
});

Deno.test("LineEditor: a pasted TAB becomes spaces, and the limit holds for pastes, history and completion", async () => {
  const typing = await desk({ limit: 10, history: new History({ lines: ["x".repeat(20)] }) });
  await typing.type("\x1b[200~a\tb\x1b[201~c\x1b[D\x01y");
  assertEquals([typing.editor.line, typing.seen], ["ya    bc", ["> ya    bc"]]);
  await typing.type("\x15\x1b[A");
  await typing.type("z".repeat(30));
  assertEquals(typing.editor.line, "x".repeat(10));
  const small = await desk({ limit: 5, completes: true });
  await small.type("go n\t");
  const question = small.editor.takeQuestion();
  assert(question);
  small.editor.answer(question, ["north"]);
  assertEquals(small.editor.line, "go n"); // no room for the candidate
});

Deno.test("LineEditor: colours start and end in the right place, even if only a part is redrawn", async () => {
  const typing = await desk({ multiline: true }, "\x1b[32mHP 12\x1b[0m\n> ");
  await typing.type("a");
  typing.editor.prompt = "\x1b[32mHP 13\x1b[0m\n> ";
  const again = await typing.show();
  assert(again.includes("\x1b[32m3\x1b[0m"), JSON.stringify(again));
  const all = typing.sent.join("");
  assertEquals(all.split("\x1b[32m").length, all.split("\x1b[0m").length);
  assertEquals(typing.seen, ["HP 13", "> a"]);
});

Deno.test("LineEditor: a transliterated character has the width of its replacement", async () => {
  const show = (text: string) => text.replaceAll("…", "...");
  const typing = await desk({ show }, "… ");
  await typing.type("ab…c\x01y");
  assertEquals([typing.seen, typing.terminal.cursor], [["... yab...c"], [0, 5]]);
  assertEquals(typing.editor.line, "yab…c");
});

Deno.test("LineEditor: the cursor is never within a cluster, not even in a search", async () => {
  const typing = await desk({ history: new History({ lines: ["get 👍"] }) });
  await typing.type("❤️ a\x01\x1bf\x1bb\x1bf");
  assertEquals([typing.editor.cursor === 1, typing.editor.line], [false, "❤️ a"]);
  await typing.type("\x15\x0b\x12👍\x7f");
  assert(typing.sent.at(-1)?.isWellFormed());
  await typing.type("get\x12\x12");
  assertEquals(typing.editor.line, "get 👍");
});

Deno.test("LineEditor: a key costs the same in a long line as in a short one", () => {
  for (const pressed of ["\x02\x06", "\x14", "\x1b[A\x1b[B"]) {
    const cost = (length: number) => {
      const editor = new LineEditor({ columns: 80, rows: 24, limit: 20_000 });
      const keys = new KeyDecoder({ runs: true });
      const press = (text: string) => keys.push(text, 0).forEach((key) => editor.key(key));
      press("中".repeat(length));
      press(pressed); // warms up one-time work for the line
      return countSteps(() => press(pressed.repeat(500))).count;
    };
    assertGrowth(cost(4096), cost(1024), 1);
  }
});

Deno.test("LineEditor accepts a custom history", async () => {
  const kept: string[] = [];
  const store = {
    get length() {
      return kept.length;
    },
    at: (index: number) => kept[index],
    add: (line: string) => void kept.push(line),
  };
  const typing = await desk({ history: store });
  await typing.type("one\rone\r\x1b[A");
  assertEquals([kept, typing.editor.line], [["one", "one"], "one"]);
});

/** The simplest model: a list of characters and a cursor. */
class Model {
  cells: string[] = [];
  at = 0;
  #killed: string[] = [];

  press(key: string): void {
    const { cells } = this;
    const isWord = (cell: string) => /[\p{L}\p{N}]/u.test(cell);
    const wordLeft = () => {
      let at = this.at;
      while (at > 0 && !isWord(cells[at - 1] ?? "")) at--;
      while (at > 0 && isWord(cells[at - 1] ?? "")) at--;
      return at;
    };
    const wordRight = () => {
      let at = this.at;
      while (at < cells.length && !isWord(cells[at] ?? "")) at++;
      while (at < cells.length && isWord(cells[at] ?? "")) at++;
      return at;
    };
    if (key === "\x1b[D") this.at = Math.max(0, this.at - 1);
    else if (key === "\x1b[C") this.at = Math.min(cells.length, this.at + 1);
    else if (key === "\x01") this.at = 0;
    else if (key === "\x05") this.at = cells.length;
    else if (key === "\x1bb") this.at = wordLeft();
    else if (key === "\x1bf") this.at = wordRight();
    else if (key === "\x7f" && this.at > 0) {
      // Removes the last code point of a syllable, but a whole emoji.
      const last = [...cells[this.at - 1] ?? ""];
      const whole = last.length === 1 || /\p{RI}|\p{Extended_Pictographic}/u.test(last[0] ?? "");
      if (whole) cells.splice(--this.at, 1);
      else cells[this.at - 1] = last.slice(0, -1).join("");
    } else if (key === "\x1b[3~") cells.splice(this.at, 1);
    else if (key === "\x1bd") this.#killed = cells.splice(this.at, wordRight() - this.at);
    else if (key === "\x1b\x7f") {
      const to = wordLeft();
      this.#killed = cells.splice(to, this.at - to);
      this.at = to;
    } else if (key === "\x14") {
      const at = this.at === cells.length ? this.at - 1 : this.at;
      if (at > 0) cells.splice(at - 1, 2, cells[at] ?? "", cells[at - 1] ?? "");
      if (at > 0) this.at = at + 1;
    } else if (key === "\x0b") this.#killed = cells.splice(this.at);
    else if (key === "\x15") {
      this.#killed = cells.splice(0, this.at);
      this.at = 0;
    } else if (key === "\x19") {
      cells.splice(this.at, 0, ...this.#killed);
      this.at += this.#killed.length;
    } else if (!/^[\x00-\x1f\x7f]/.test(key)) cells.splice(this.at++, 0, key);
  }

  /** The rows of a window after a prompt, and the cursor. */
  rows(prompt: string, columns: number): { rows: string[]; cursor: [number, number] } {
    const rows = [""];
    let width = 0;
    let cursor: [number, number] = [0, 0];
    const mark = () => cursor = width >= columns ? [rows.length, 0] : [rows.length - 1, width];
    for (const [index, cell] of [...graphemes(prompt), ...this.cells].entries()) {
      if (index === prompt.length + this.at) mark();
      if (width + clusterWidth(cell) > columns) {
        rows.push("");
        width = 0;
      }
      rows[rows.length - 1] += cell;
      width += clusterWidth(cell);
    }
    if (this.at === this.cells.length) mark();
    return { rows: rows.map((row) => row.trimEnd()), cursor };
  }
}

/** Characters whose clusters never join. */
const CHARACTERS = [..."ab c-", "日", "本", "é", "ñ", "👍", "👩‍🚀", "🇫🇷", "س", "ل", "न", "म", "मु"];
const EDITS = [
  "\x1bd",
  "\x1b\x7f",
  "\x14",
  "\x1b[D",
  "\x1b[C",
  "\x01",
  "\x05",
  "\x1bb",
  "\x1bf",
  "\x7f",
  "\x1b[3~",
  "\x0b",
  "\x15",
  "\x19",
];

Deno.test("LineEditor: for any sequence of keys the emulated screen equals that of a plain model", async () => {
  const key = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...CHARACTERS) },
    { weight: 2, arbitrary: fc.constantFrom(...EDITS, "say") },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(key, { maxLength: 60 }),
      fc.integer({ min: 5, max: 30 }),
      fc.integer({ min: 1, max: 5 }),
      async (keys, columns, together) => {
        const typing = await desk({ columns, rows: 100 }, "> ");
        const model = new Model();
        const said: string[] = [];
        let killing = false;
        for (const [index, pressed] of keys.entries()) {
          const kills = ["\x0b", "\x15", "\x1bd", "\x1b\x7f"].includes(pressed);
          if (kills && killing) continue; // consecutive kills join; another test covers that
          killing = kills;
          if (pressed === "say") {
            said.push("hey!");
            typing.editor.print("hey!\n");
          } else {
            model.press(pressed);
            for (const one of new KeyDecoder().push(pressed, 0)) typing.editor.key(one);
          }
          if (index % together === 0) {
            const output = await typing.show();
            assert(output.length < 100 * columns * 12 + 1000);
          }
        }
        await typing.show();
        const { rows, cursor } = model.rows("> ", columns);
        assertEquals(typing.editor.line, model.cells.join(""));
        const whole = [...said, ...rows];
        while (whole.at(-1) === "") whole.pop();
        assertEquals(typing.seen, whole);
        assertEquals(typing.terminal.cursor, [cursor[0] + said.length, cursor[1]]);
      },
    ),
    { seed: 20_261_125, numRuns: Number(Deno.env.get("MINIBOA_FUZZ_RUNS") ?? 300) },
  );
});

Deno.test("LineEditor: up and down cost the same in a long line as in a short one", () => {
  const cost = (length: number) => {
    const editor = new LineEditor({ columns: 2 });
    const key = (name: string, text = "") =>
      editor.key({ name, text, ctrl: false, alt: false, shift: false } as Key);
    key("text", "x".repeat(length));
    key("up"); // lays out the line once
    return countSteps(() => {
      for (let count = 0; count < 200; count++) key(count % 2 === 0 ? "down" : "up");
    }).count;
  };
  assertGrowth(cost(16_000), cost(400), 1);
});

/** Types, and returns the line and the cursor. */
function typed(text: string, lines: readonly string[] = []): [string, number] {
  const editor = new LineEditor({ history: new History({ lines }) });
  for (const key of new KeyDecoder({ runs: true }).push(text, 0)) editor.key(key);
  return [editor.line, editor.cursor];
}

Deno.test("LineEditor: Ctrl-_ undoes changes, typed text in runs, back to the empty line", () => {
  assertEquals(typed("one two\x17\x1f"), ["one two", 7]);
  assertEquals(typed("one two\x01\x0b\x1f"), ["one two", 0]);
  assertEquals(typed("abc\x7f\x7f\x1f\x1f"), ["abc", 3]);
  assertEquals(typed("abc\x1f"), ["", 0]);
  assertEquals(typed("ab\x14\x1f"), ["ab", 2]);
  assertEquals(typed("abc\x1f\x1f\x1fx"), ["x", 1]);
  const long = "x".repeat(50);
  const editor = new LineEditor();
  for (const key of new KeyDecoder().push(long, 0)) editor.key(key); // key by key
  for (const key of new KeyDecoder().push("\x1f", 0)) editor.key(key);
  assertEquals(editor.line.length, 40);
  assertEquals(typed("own\x1b[A\x1f", ["old"]), ["own", 3]);
});

Deno.test("LineEditor: keys that CSI u tells apart do what they do without it, unless they are bound", () => {
  const line = (keys: string, own: Record<string, EditAction> = {}) => {
    const editor = new LineEditor({ keys: own });
    const decoder = new KeyDecoder();
    for (const key of [...decoder.push(keys, 0), ...decoder.flush(2_000)]) editor.key(key);
    return [editor.line, ...editor.takeResults().map((one) => one.type === "line" && one.text)];
  };
  for (const erase of ["\x1b[104;5u", "\x1b[127;2u", "\x1b[127;5u", "\x1b[27;5;104~"]) {
    assertEquals(line(`ab${erase}`), ["a"], JSON.stringify(erase));
  }
  for (const enter of ["\x1b[109;5u", "\x1b[106;5u", "\x1b[13;2u", "\x1b[13;5u"]) {
    assertEquals(line(`ab${enter}`), ["", "ab"], JSON.stringify(enter));
  }
  assertEquals(line("ab\x1b[104;5u", { "ctrl+h": "line-start" }), ["ab"]);
  // PuTTY's VT100+ keyboard: function keys, and no Tab.
  assertEquals(line("ab\x1bOZ\x1bOT\x1bO["), ["ab"]);
  assertEquals([...new KeyDecoder().push("\x1bOT\x1bOZ\x1bO[", 0)].map(keyName), [
    "f5",
    "f11",
    "f12",
  ]);
});

Deno.test("LineEditor: Backspace takes a character together with its variation selector", () => {
  for (const cluster of ["葛\u{e0100}", "a\ufe0f", "≨\ufe00", "ᠠ\u180b"]) {
    assertEquals(typed(`x${cluster}\x7f`), ["x", 1], JSON.stringify(cluster));
  }
  assertEquals(typed("xe\u0301\x7f"), ["xe", 2]);
});

Deno.test("LineEditor: undo takes back a paste, a yank, a last word or a completion by itself", () => {
  const undone: readonly (readonly [string, string])[] = [
    ["say \x1b[200~hello\x1b[201~", "say "],
    ["\x1b[200~hi\x1b[201~abc", "hi"],
    ["foo\x17x \x19", "x "],
    ["foo\x17\x19\x19", "foo"],
    ["tell \x1b.", "tell "],
    ["gi\t", "gi"],
    ["a gi\tx", "a give "],
  ];
  for (const [keys, left] of undone) {
    const history = new History();
    history.add("say hello");
    const editor = new LineEditor({ history, completes: true });
    const decoder = new KeyDecoder();
    for (const key of [...decoder.push(keys, 0), ...decoder.push("\x1f", 0)]) {
      editor.key(key);
      const question = editor.takeQuestion();
      if (question !== undefined) editor.answer(question, ["give"]);
    }
    assertEquals(editor.line, left, JSON.stringify(keys));
  }
});

Deno.test("LineEditor: the undo history is bounded, and never brings back a password", () => {
  const editor = new LineEditor();
  const press = (text: string) => {
    for (const key of new KeyDecoder({ runs: true }).push(text, 0)) editor.key(key);
  };
  for (let count = 0; count < 2_000; count++) press(`${"word ".repeat(100)}\x15`);
  assert(editor.held < 150_000, `${editor.held} bytes`);
  press("\x15");
  editor.masked = true;
  press("sesame\x15");
  assert(!JSON.stringify(editor.snapshot()).includes("sesame"));
  editor.masked = false;
  press("\x1f\x1f\x19");
  assertEquals(editor.line, "");
});

Deno.test("LineEditor: undo still works after a snapshot", () => {
  const editor = new LineEditor();
  for (const key of new KeyDecoder({ runs: true }).push("one two\x17", 0)) editor.key(key);
  const other = new LineEditor();
  other.restore(JSON.parse(JSON.stringify(editor.snapshot())));
  for (const key of new KeyDecoder().push("\x1f", 0)) other.key(key);
  assertEquals(other.line, "one two");
});

Deno.test("LineEditor: Alt-. inserts the last word of the previous line, then of earlier lines", () => {
  const lines = ["get lamp", "look", "say hello there"];
  assertEquals(typed("drop \x1b.", lines), ["drop there", 10]);
  assertEquals(typed("drop \x1b.\x1b.", lines), ["drop look", 9]);
  assertEquals(typed("drop \x1b.\x1b.\x1b.", lines), ["drop lamp", 9]);
  assertEquals(typed("drop \x1b.\x1b.\x1b.\x1b.", lines), ["drop lamp", 9]); // no more lines: rings
  assertEquals(typed("drop \x1b.!\x1b.", lines), ["drop there!there", 16]);
});

Deno.test("LineEditor: the arrows go through history lines that start with the text before the cursor", () => {
  const lines = ["get lamp", "look", "get sword", "say get it"];
  assertEquals(typed("get\x1b[A", lines)[0], "get sword");
  assertEquals(typed("get\x1b[A\x1b[A", lines)[0], "get lamp");
  assertEquals(typed("get\x1b[A\x1b[A\x1b[A", lines)[0], "get lamp");
  assertEquals(typed("get\x1b[A\x1b[A\x1b[B", lines)[0], "get sword");
  assertEquals(typed("get\x1b[A\x1b[B", lines)[0], "get");
  assertEquals(typed("\x1b[A", lines)[0], "say get it");
  assertEquals(typed("xyz\x1b[A", lines)[0], "say get it"); // no line starts with it
  assertEquals(typed("get\x10", lines)[0], "say get it"); // Ctrl-P ignores the prefix
  assertEquals(typed("\x1b<", lines)[0], "get lamp");
  assertEquals(typed("own\x1b<\x1b>", lines)[0], "own");
});

Deno.test("LineEditor: Ctrl-S searches forward, towards newer lines", () => {
  const lines = ["get lamp", "look", "get sword", "say"];
  assertEquals(typed("\x12get\x12", lines)[0], "get lamp");
  assertEquals(typed("\x12get\x12\x13", lines)[0], "get sword");
  assertEquals(typed("\x12get\x12\x13\x13\x12", lines)[0], "get sword");
  assertEquals(typed("\x13lamp", lines)[0], "get lamp");
});

Deno.test("LineEditor: Alt-t transposes words, Ctrl-T letters", () => {
  assertEquals(typed("one two\x1bt"), ["two one", 7]);
  assertEquals(typed("one, two three\x1bb\x1bb\x1bt"), ["two, one three", 8]);
  assertEquals(typed("one\x1bt"), ["one", 3]);
  assertEquals(typed("one two\x01\x1bu\x1bc"), ["ONE Two", 7]);
  assertEquals(typed("ONE\x01\x1bl"), ["one", 3]);
});

Deno.test("LineEditor: Backspace removes the last code point of a syllable, but a whole emoji", () => {
  assertEquals(typed("ที่\x7f")[0], "ที");
  assertEquals(typed("हिन्दी\x7f\x7f")[0], "हिन्");
  assertEquals(typed("שָׁ\x7f")[0], "שׁ".length === 2 ? "שָׁ".slice(0, -1) : "");
  assertEquals(typed("e\u0301\x7f")[0], "e");
  assertEquals(typed("a👨‍👩‍👧\x7f")[0], "a");
  assertEquals(typed("a👍🏽🇩🇪1️⃣❤️\x7f\x7f\x7f\x7f")[0], "a");
});

Deno.test("LineEditor: a search that found nothing more goes on from the line that it shows", () => {
  const lines = ["loop x", "loop y", "north"];
  assertEquals(typed("\x12loo\x12\x12\x12\x12p", lines)[0], "loop x"); // it has the letter, too
  assertEquals(typed("\x12loo\x12\x12\x12\x12\x13\x13", lines)[0], "loop y");
  assertEquals(typed("\x12loo\x13\x13\x13\x12\x12", lines)[0], "loop x");
});

Deno.test("LineEditor: a completion that comes late is never written into a password", () => {
  const editor = new LineEditor({ columns: 40, rows: 5, completes: true });
  const keys = new KeyDecoder();
  const type = (text: string) => keys.push(text, 0).forEach((key) => editor.key(key));
  type("\t");
  const question = editor.takeQuestion();
  assert(question);
  editor.masked = true;
  editor.answer(question, ["north"]);
  type("secret\r");
  assertEquals(editor.takeResults(), [{ type: "line", text: "secret" }]);
  editor.masked = false;
  type("\t");
  editor.masked = true;
  assertEquals(editor.takeQuestion(), undefined);
});

Deno.test("LineEditor: what a prompt of many colours costs grows with its length, not with its square", () => {
  const sizes = [20, 80].map((cells) => {
    const editor = new LineEditor({ columns: 200, rows: 5 });
    editor.prompt = Array.from({ length: cells }, (_, at) => `\x1b[38;2;${at};9;9m#`).join("");
    return editor.takeOutput().length;
  });
  assert((sizes[1] ?? 0) < 5 * (sizes[0] ?? 0), String(sizes));
});

Deno.test("LineEditor: undo takes typed characters back in the same steps, however they come", () => {
  const text = "abcdefghij klmnopqrs é😀👩‍🚀tuvwxyz ".repeat(4);
  const states = (pieces: readonly string[]) => {
    const editor = new LineEditor({ columns: 80, rows: 5 });
    const keys = new KeyDecoder({ runs: true });
    const type = (typed: string) => keys.push(typed, 0).forEach((key) => editor.key(key));
    for (const piece of pieces) type(piece);
    const seen: string[] = [];
    for (let left = 200; left > 0 && editor.line !== ""; left--) {
      type("\x1f");
      seen.push(editor.line);
    }
    return seen;
  };
  const one = states(graphemes(text));
  assert(one.length > 5);
  for (const size of [2, 7, 19, 20, 21, 50, text.length]) {
    const clusters = graphemes(text);
    const pieces = Array.from(
      { length: Math.ceil(clusters.length / size) },
      (_, at) => clusters.slice(at * size, (at + 1) * size).join(""),
    );
    assertEquals(states(pieces), one, `${size} at once`);
  }
});

Deno.test("a list of candidates takes at most two screens, whatever the window", () => {
  const sizes = fc.record({
    columns: fc.integer({ min: 10, max: 100 }),
    rows: fc.integer({ min: 3, max: 30 }),
    length: fc.integer({ min: 1, max: 40 }),
    count: fc.integer({ min: 2, max: 400 }),
  });
  fc.assert(
    fc.property(sizes, ({ columns, rows, length, count }) => {
      const editor = new LineEditor({ columns, rows, completes: true });
      const words = Array.from({ length: count }, (_, index) => `${index}`.padEnd(length, "x"));
      for (let tabs = 0; tabs < 2; tabs++) {
        for (const key of new KeyDecoder().push("\t", 0)) editor.key(key);
        const question = editor.takeQuestion();
        if (question !== undefined) editor.answer(question, words);
      }
      const lines = editor.takeOutput().split("\n")
        .map((line) => line.replace(/\x1b\[[^A-Za-z]*[A-Za-z]|[\r\x07]/g, ""));
      assert(lines.some((line) => line.startsWith("0")), JSON.stringify(lines));
      const shown = lines.reduce((all, line) => all + Math.ceil(line.length / columns), 0);
      assert(shown <= 2 * rows, `${shown} rows`);
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("LineEditor: a search begins at the line that is shown, and ends there, as in readline", () => {
  const lines = ["look a", "north", "look b", "look c", "who"];
  const line = (keys: string) => typed(keys, lines)[0];
  assertEquals(line("\x12nor\x01\x10"), "look a");
  assertEquals(line("\x12nor\x01\x0e"), "look b");
  assertEquals(line("\x10\x10\x10\x10\x13look"), "look b");
  assertEquals(line("\x10\x10\x10\x12look"), "look b");
  assertEquals(line("\x10\x10\x10\x10\x13loop\x7fk c"), "look c"); // back to the start of the search
  assertEquals(line("mine\x12nor\x01\x1b>"), "mine");
  assertEquals(line("mine\x12nor\x07"), "mine");
  assertEquals(line("mine\x12nor\x7f\x7f\x7f\x01"), "mine");
  assertEquals(line("\x10\x12nor\x07\x10"), "look c"); // a search that was given up moves nothing
});

Deno.test("LineEditor: changes of recalled lines last until Enter", () => {
  const lines = ["kill orc", "kill troll"];
  const line = (keys: string) => typed(keys, lines)[0];
  assertEquals(line("\x10 with sword\x10\x0e"), "kill troll with sword");
  assertEquals(line("\x10!\x10?\x0e\x0e\x10\x10"), "kill orc?");
  assertEquals(line("\x10!\x12orc\x0e"), "kill troll!");
  assertEquals(line("\x10!\x10\r\x10\x10"), "kill troll");
  const editor = new LineEditor({ history: new History({ lines }) });
  const keys = new KeyDecoder();
  const type = (editor: LineEditor, text: string) =>
    keys.push(text, 0).forEach((key) => editor.key(key));
  type(editor, "\x10!\x10");
  const other = new LineEditor({ history: new History({ lines }) });
  other.restore(JSON.parse(JSON.stringify(editor.snapshot())));
  type(other, "\x0e");
  assertEquals(other.line, "kill troll!");
  // What is kept is bounded, and counted.
  const many = Array.from({ length: 40 }, (_, at) => `line ${at}`);
  const hoarder = new LineEditor({ history: new History({ lines: many }) });
  for (let at = 0; at < 40; at++) type(hoarder, `\x10${"x".repeat(1_000)}`);
  assertEquals(hoarder.snapshot().edited?.length, 16);
  assert(hoarder.held > 16 * 2_000);
});

Deno.test("LineEditor: Alt-. begins above the line that is shown", () => {
  const lines = ["get a", "get b", "get c", "get d"];
  assertEquals(typed("\x10\x10 \x1b.", lines)[0], "get c b");
  assertEquals(typed("\x10\x10 \x1b.\x1b.", lines)[0], "get c a");
});

Deno.test("LineEditor: Ctrl-C, and Ctrl-D on an empty line, keep the prompt; Enter ends it", async () => {
  const typing = await desk({ columns: 30 });
  await typing.type("look\x03");
  assertEquals(typing.seen, ["> look", ">"]);
  await typing.type("\x04");
  assertEquals(typing.seen, ["> look", ">", ">"]);
  await typing.type("say\r");
  assertEquals(typing.editor.prompt, "");
});

Deno.test("LineEditor: a mark without a character of its own leaves the prompt with the mark", async () => {
  const cases: [typed: string, seen: string][] = [
    ["\u0301", "> \u0301"],
    ["\u0301\x7f", ">"],
    ["\u0301\x7fb", "> b"],
    ["\u0301a\x01\x1b[3~", "> a"],
    ["\u0301abc\x01zz", "> zz\u0301abc"],
    ["x\x01\u0301", "> \u0301x"],
    ["x\x01\u0301\x7f", "> x"],
    ["\u200bx\x01q\x7f", "> x"],
  ];
  for (const [typed, seen] of cases) {
    const typing = await desk();
    await typing.typeEach(typed);
    const plain = (text: string) => text.replaceAll("\u200b", "").normalize("NFD");
    assertEquals(typing.seen.map(plain), [plain(seen)], JSON.stringify(typed));
  }
});
