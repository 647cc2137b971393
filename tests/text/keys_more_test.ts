import { assertEquals } from "@std/assert";
import { plainKeyName } from "../../src/text/plain_key.ts";
import { type Key, KeyDecoder, keyName, LineEditor } from "../../src/text/mod.ts";

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
    "\x1b[49:33;2u": "text !",
    "\x1b[59:58;2u": "text :",
    "\x1b[59;2;58u": "text :",
    "\x1b[0;;229u": "text å",
    "\x1b[0;;103:817u": "text g̱",
    "\x1b[1089::99;5u": "ctrl+c",
    "\x1b[1089;5u": "ctrl+с", // Cyrillic: the terminal does not say where the key is
    "\x1b[44:60;4u": "alt+shift+<",
    "\x1b[57427~": "begin",
    "\x1b[97;65u": "text A",
    "\x1b[97:65;66u": "text a",
    "\x1b[49;65u": "text 1",
    "\x1b[97;17u": "alt+a", // Hyper
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
    "\x1b[>1;2D": "shift+left",
    "\x1bOI": "tab",
    "\x1bO3q": "alt+1",
    "\x1bO5j": "ctrl+*",
  },
  "SyncTERM, SCO and ANSI consoles, and the Linux console": {
    "\x1b[K": "end",
    "\x1b[@": "insert",
    "\x1b[V": "pageup",
    "\x1b[U": "pagedown",
    "\x1b[L": "insert",
    "\x1b[Y": "end",
    "\x1b[G": "begin",
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

/** The signs of a US keyboard, without and with Shift. */
const ROWS = [
  "`1234567890-=[]\\;',./ abcdefghijklmnopqrstuvwxyz",
  '~!@#$%^&*()_+{}|:"<>? ',
] as const;
/** The control characters of Ctrl and a sign that is not a letter, in xterm. */
const SIGN_CONTROLS = "2\0 \0@\x003\x1b[\x1b{\x1b4\x1c\\\x1c|\x1c5\x1d]\x1d}\x1d6\x1e^\x1e~\x1e" +
  "7\x1f/\x1f_\x1f-\x1f8\x7f?\x7f";

/** What a terminal without any of these protocols sends; `undefined`: Ctrl changes nothing. */
function plainText(character: string, ctrl: boolean, alt: boolean): string | undefined {
  const at = SIGN_CONTROLS.indexOf(character);
  const control = /[a-z]/i.test(character)
    ? String.fromCharCode(character.charCodeAt(0) & 0x1f)
    : at % 2 === 0
    ? SIGN_CONTROLS[at + 1]
    : undefined;
  if (ctrl && control === undefined) return undefined;
  return `${alt ? "\x1b" : ""}${ctrl ? control : character}`;
}

Deno.test("a key by CSI u or modifyOtherKeys has the plain name of the key without them", () => {
  const keyOf = (text: string): Key | undefined => {
    const decoder = new KeyDecoder();
    return [...decoder.push(text, 0), ...decoder.flush(2000)].at(-1);
  };
  let compared = 0;
  for (const [at, plain] of [...ROWS[0]].entries()) {
    for (const held of [2, 3, 4, 5, 6, 7, 8]) {
      const [shift, alt, ctrl] = [1, 2, 4].map((bit) => ((held - 1) & bit) !== 0);
      const shifted = /[a-z]/.test(plain) ? plain.toUpperCase() : ROWS[1][at] ?? plain;
      const character = shift ? shifted : plain;
      const text = plainText(character, ctrl === true, alt === true);
      if (text === undefined) continue;
      if (text.startsWith("\x1b[") || /^\x1b[OPX\]^_]/.test(text)) continue; // begins a sequence
      if (/^\x1b?\0$|^\x1b\x1b$/.test(text)) continue; // NUL is no key, two ESC are two
      const wanted = keyOf(text);
      const [code, other] = [plain.charCodeAt(0), shifted.charCodeAt(0)];
      const sent = shift && other !== code
        ? [`\x1b[${code};${held}u`, `\x1b[${code}:${other};${held}u`]
        : [`\x1b[${code};${held}u`];
      sent.push(`\x1b[27;${held};${character.charCodeAt(0)}~`);
      for (const sequence of sent) {
        const key = keyOf(sequence);
        const name = (key: Key | undefined) => key && (key.text || plainKeyName(key));
        // kitty without the other code leaves it to the program what Shift makes of a sign.
        if (!ctrl && !alt && sequence === sent[0] && !/[a-z]/.test(plain)) continue;
        assertEquals(name(key), name(wanted), `${JSON.stringify(sequence)} ${character}`);
        compared++;
      }
    }
  }
  assertEquals(compared > 500, true);
});

Deno.test("LineEditor: the keys of finer protocols, and Alt with a capital, do what readline does", () => {
  const typed = (...keys: readonly string[]) => {
    const [decoder, editor] = [new KeyDecoder(), new LineEditor()];
    let at = 0;
    for (const key of keys) {
      for (const one of decoder.push(key, at += 1000)) editor.key(one);
    }
    return editor.line;
  };
  for (const undo of ["\x1f", "\x1b[95;6u", "\x1b[27;6;95~", "\x1b[47;5u", "\x1b[45;6u"]) {
    assertEquals(typed("a", "\x15", undo), "a", JSON.stringify(undo));
  }
  for (const start of ["\x01", "\x1b[97;5u", "\x1b[97;6u"]) {
    assertEquals(typed("bc", start, "a"), "abc", JSON.stringify(start));
  }
  for (const kill of ["\x1b\x08", "\x1b[104;7u", "\x1b[127;4u"]) {
    assertEquals(typed("a foo", kill), "a ", JSON.stringify(kill));
  }
  assertEquals(typed("a foo", "\x1bB", "X"), "a Xfoo");
  assertEquals(typed("foo bar", "\x01", "\x1bU", "\x1bC"), "FOO Bar");
  assertEquals(typed("abc", "\x01", "\x1b[K", "x"), "abcx");
});
