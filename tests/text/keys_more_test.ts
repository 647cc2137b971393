import { assertEquals } from "@std/assert";
import { KeyDecoder, keyName, LineEditor } from "../../src/text/mod.ts";

function namesOf(text: string): string[] {
  const decoder = new KeyDecoder();
  return [...decoder.push(text, 0), ...decoder.flush(2000)].map((key) =>
    key.text === "" ? keyName(key) : `${key.name} ${key.text}`
  );
}

const KEYS: Record<string, Record<string, string>> = {
  "CSI u": {
    "\x1b[97;5u": "ctrl+a",
    "\x1b[13;2u": "shift+enter",
    "\x1b[9;5u": "ctrl+tab",
    "\x1b[27u": "escape",
    "\x1b[127;3u": "alt+backspace",
    "\x1b[97;3u": "alt+a",
    "\x1b[97:65;6u": "ctrl+shift+a",
    "\x1b[97:65;2u": "text A",
    "\x1b[228u": "text ä",
    "\x1b[97;1:2u": "text a", // held down
    "\x1b[57399u": "text 0",
    "\x1b[57414u": "enter",
    "\x1b[57417;5u": "ctrl+left",
    "\x1b[1;5:1C": "ctrl+right",
  },
  "modifyOtherKeys": {
    "\x1b[27;5;97~": "ctrl+a",
    "\x1b[27;2;65~": "text A",
    "\x1b[27;5;13~": "ctrl+enter",
    "\x1b[27;4;66~": "alt+shift+b",
  },
  "iTerm2, kitty and others": {
    "\x1b[1;9D": "alt+left",
    "\x1b[1;33C": "alt+right",
    "\x1b[3;9~": "alt+delete",
    "\x1bO5C": "ctrl+right",
    "\x1bO1;5C": "ctrl+right",
    "\x1b[5C": "ctrl+right",
    "\x1b\x1bOA": "alt+up",
    "\x1b\x1b[3~": "alt+delete",
    "\x9bA": "up",
    "\x8fA": "up",
    "\x1bOX": "text =",
    "\x1bOj": "text *",
    "\x1b[1;5R": "ctrl+f3",
  },
};

for (const [source, keys] of Object.entries(KEYS)) {
  Deno.test(`KeyDecoder knows the keys of ${source}, split anywhere`, () => {
    for (const [sequence, name] of Object.entries(keys)) {
      assertEquals(namesOf(sequence), [name], JSON.stringify(sequence));
      for (let cut = 1; cut < sequence.length; cut++) {
        const decoder = new KeyDecoder();
        const pressed = [
          ...decoder.push(sequence.slice(0, cut), 0),
          ...decoder.push(sequence.slice(cut), 0),
        ];
        const names = pressed.map((key) =>
          key.text === "" ? keyName(key) : `${key.name} ${key.text}`
        );
        assertEquals(names, [name], `${JSON.stringify(sequence)} at ${cut}`);
      }
    }
  });
}

Deno.test("a paste without its end marker is shown after a moment, and ends after a second", () => {
  const decoder = new KeyDecoder({ runs: true });
  const show = (keys: ReturnType<KeyDecoder["push"]>) =>
    keys.map((key) => key.text === "" ? keyName(key) : `${key.name} ${key.text}`);
  assertEquals(show(decoder.push("\x1b[200~hello", 0)), []);
  assertEquals(decoder.nextTimeout(), 100);
  assertEquals(show(decoder.flush(100)), ["paste hello"]);
  assertEquals(decoder.nextTimeout(), 1000);
  assertEquals(show(decoder.push(" you\r", 500)), []);
  assertEquals(show(decoder.flush(600)), ["paste  you\n"]);
  assertEquals(decoder.flush(1499), []);
  assertEquals(decoder.flush(1500), []);
  assertEquals(decoder.nextTimeout(), undefined);
  assertEquals(show(decoder.push("look\r", 2000)), ["text look", "enter"]);
  // A late end marker is no key.
  assertEquals(show(decoder.push("\x1b[201~x", 3000)), ["text x"]);
});

Deno.test("Ctrl-C ends a paste without its end marker", () => {
  const editor = new LineEditor();
  const decoder = new KeyDecoder({ runs: true });
  const feed = (text: string, now: number) => {
    for (const key of decoder.push(text, now)) editor.key(key);
  };
  feed("\x1b[200~hello", 0);
  feed("look\r", 20);
  feed("quit\r", 40);
  feed("\x03", 60);
  assertEquals(editor.takeResults(), [
    { type: "line", text: "hellolook" },
    { type: "line", text: "quit" },
    { type: "cancel" },
  ]);
  feed("who\r", 70);
  assertEquals(editor.takeResults(), [{ type: "line", text: "who" }]);
  // Even in the same chunk as the paste, if nothing follows.
  feed("\x1b[200~hello\x03", 100);
  for (const key of decoder.flush(200)) editor.key(key);
  assertEquals(editor.takeResults(), [{ type: "cancel" }]);
  assertEquals(decoder.pending, false);
});

Deno.test("an endless paste ends after a mebibyte", () => {
  const decoder = new KeyDecoder({ runs: true });
  decoder.push("\x1b[200~", 0);
  let pasted = 0;
  for (let count = 0; count < 1100; count++) {
    for (const { name, text } of decoder.push("x".repeat(1024), 0)) {
      pasted += name === "paste" ? text.length : 0;
    }
  }
  assertEquals(pasted, 1_048_576);
  assertEquals(decoder.push("\x03", 0).map(keyName), ["ctrl+c"]);
});
