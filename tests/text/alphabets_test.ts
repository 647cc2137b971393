/** Every alphabet: both ways, cut anywhere, and what stands for what a set lacks. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  createTextDecoder,
  encodeText,
  type Encoding,
  encodingByName,
  encodingOfLocale,
  ENCODINGS,
  type TextCodec,
  transliterate,
} from "../../src/text/mod.ts";
import { assertGrowth, countSteps } from "../steps.ts";

const SINGLE = ENCODINGS.filter((name) => /^(ascii|latin1|windows|koi8|cp)/.test(name));
const MULTI = ENCODINGS.filter((name) => /^(gb|big5|shift|euc)/.test(name));
const decodeWhole = (bytes: Uint8Array, encoding: Encoding) =>
  createTextDecoder(encoding).decode(bytes);

for (const encoding of SINGLE) {
  Deno.test(`${encoding}: every byte that is a character comes back, the others are not decoded`, () => {
    for (let byte = 0; byte < 256; byte++) {
      const text = decodeWhole(Uint8Array.of(byte), encoding);
      assertEquals(text.length, 1);
      if (text === "\ufffd") continue;
      const [back] = encodeText(text, encoding);
      // A character that stands in the set twice has one code.
      assertEquals(decodeWhole(Uint8Array.of(back ?? 0), encoding), text);
    }
    const defined = Array.from({ length: 256 }, (_, byte) => byte)
      .filter((byte) => decodeWhole(Uint8Array.of(byte), encoding) !== "\ufffd");
    assert(
      defined.length >= (encoding === "ascii" ? 128 : 128 + 80),
      `${defined.length} characters`,
    );
  });
}

/** Whether a sign is another in a different width or shape, as sets of East Asia have them. */
function isSame(sign: string, character: string): boolean {
  return sign.normalize("NFKC") === character.normalize("NFKC") ||
    "〜～ ～〜 ‖∥ ∥‖ −－ －− —― ―— ‾￣ ¯￣ ¬￢".split(" ").includes(character + sign);
}

/** Places in private use whose characters got code points of their own in the edition of 2022 of GB 18030. */
const MOVED = /^[\ue78d-\ue796\ue81e\ue826\ue82b\ue82c\ue832\ue843\ue854\ue864]$/;

for (const encoding of MULTI) {
  Deno.test(`${encoding}: every character that it has comes back, however it is cut`, () => {
    const characters: string[] = [];
    for (let code = 0x20; code < 0x10000; code++) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const character = String.fromCharCode(code);
      const bytes = encodeText(character, encoding);
      const back = decodeWhole(bytes, encoding);
      if (back === character) characters.push(character);
      else if (MOVED.test(character) && encoding.startsWith("gb")) assertEquals(bytes.length, 2);
      else {assert(
          back === "?" || back === transliterate(character) || isSame(back, character),
          `${code.toString(16)}: ${back}`,
        );}
    }
    assert(characters.length > 7000, `${characters.length} characters`);
    const text = characters.filter((_, index) => index % 37 === 0).join("");
    const bytes = encodeText(text, encoding);
    assertEquals(decodeWhole(bytes, encoding), text);
    const decoder = createTextDecoder(encoding);
    const parts = Array.from(bytes, (byte) => decoder.decode(Uint8Array.of(byte)));
    assertEquals(parts.join(""), text);
  });
}

Deno.test("gb18030 has the rare characters too", () => {
  for (const text of ["😀", "\u{10ffff}", "\u{20000}", "é", "я", "\ue000", "€"]) {
    assertEquals(decodeWhole(encodeText(text, "gb18030"), "gb18030"), text);
  }
});

Deno.test("known bytes of known alphabets", () => {
  const known: [Encoding, string, number[]][] = [
    ["koi8-r", "Привет", [0xf0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4]],
    ["windows-1251", "яЯ", [0xff, 0xdf]],
    ["cp437", "é╔═╗", [0x82, 0xc9, 0xcd, 0xbb]],
    ["cp850", "éßØ", [0x82, 0xe1, 0x9d]],
    ["gbk", "中文", [0xd6, 0xd0, 0xce, 0xc4]],
    ["big5", "中文", [0xa4, 0xa4, 0xa4, 0xe5]],
    ["shift_jis", "日本", [0x93, 0xfa, 0x96, 0x7b]],
    ["euc-jp", "日本", [0xc6, 0xfc, 0xcb, 0xdc]],
    ["euc-kr", "한글", [0xc7, 0xd1, 0xb1, 0xdb]],
    ["gb18030", "€", [0xa2, 0xe3]],
  ];
  for (const [encoding, text, bytes] of known) {
    assertEquals([...encodeText(text, encoding)], bytes, encoding);
    assertEquals(decodeWhole(Uint8Array.from(bytes), encoding), text, encoding);
  }
});

Deno.test("of two codes for a character the one that everybody knows is written", () => {
  assertEquals([...encodeText("者起都", "big5")], [0xaa, 0xcc, 0xb0, 0x5f, 0xb3, 0xa3]);
  assertEquals([...encodeText("№∵", "shift_jis")], [0x87, 0x82, 0x81, 0xe6]);
});

Deno.test("marks that stand alone: composed where the set has it, else left out", () => {
  assertEquals([...encodeText("e\u0301", "latin1")], [0xe9]);
  assertEquals([...encodeText("e\u0301x", "ascii")], [0x65, 0x78]);
});

Deno.test("many marks on one letter cost no more than as many letters each with a few", () => {
  const encode = (text: string) => encodeText(text, "latin1");
  assertEquals([...encode("e" + "\u0301".repeat(7))], [0xe9]);
  // To normalize marks is to sort them: what is normalized at once must be short.
  const cost = (text: string) => countSteps(() => encode(text));
  const many = cost("e" + "\u0301\u0316".repeat(10_000));
  const few = cost("e\u0301\u0316\u0301\u0316".repeat(5_000));
  assertGrowth(many.count, few.count, 1);
  assert(few.longestNormalized > 1);
  assertEquals(many.longestNormalized, few.longestNormalized);
});

Deno.test("cp437-art draws what the PC shows for control characters, and keeps those that terminals obey", () => {
  assertEquals(decodeWhole(Uint8Array.of(1, 3, 0x10, 0x7f), "cp437-art"), "☺♥►⌂");
  assertEquals([...encodeText("☺♥►⌂\r\n\x1b[1m", "cp437-art")], [
    1,
    3,
    0x10,
    0x7f,
    13,
    10,
    27,
    0x5b,
    0x31,
    0x6d,
  ]);
  assertEquals(decodeWhole(Uint8Array.of(7, 8, 9, 10, 13, 27), "cp437-art"), "\x07\b\t\n\r\x1b");
});

Deno.test("what a set lacks is transliterated before it becomes a question mark", () => {
  const ascii = (text: string) => String.fromCharCode(...encodeText(text, "ascii"));
  assertEquals(ascii("Café “naïve” – it’s €5…"), 'Cafe "naive" - it\'s EUR5...');
  assertEquals(ascii("╔══╗│ok│└──┘"), "+--+|ok|+--+");
  assertEquals(ascii("Straße, Łódź, Ærø"), "Strasse, Lodz, AEro");
  assertEquals(ascii("日本 😀"), "?? ?");
  assertEquals([...encodeText("ệ", "windows-1252")], [0x65]); // without both its marks
  assertEquals([...encodeText("│", "windows-1252")], [0x7c]);
});

Deno.test("names of sets as clients and locales give them", () => {
  assertEquals(encodingByName("ISO-8859-1"), "latin1");
  assertEquals(encodingByName("Shift-JIS"), "shift_jis");
  assertEquals(encodingByName("CP1251"), "windows-1251");
  assertEquals(encodingByName("EBCDIC"), undefined);
  assertEquals(encodingOfLocale("de_DE.ISO-8859-1@euro"), "latin1");
  assertEquals(encodingOfLocale("zh_CN.GB18030"), "gb18030");
  assertEquals(encodingOfLocale("POSIX"), undefined);
});

Deno.test("a codec of one's own goes wherever a set is named", () => {
  const rot13: TextCodec = {
    name: "X-ROT13",
    createDecoder: () => ({ decode: (bytes) => turn(new TextDecoder().decode(bytes)) }),
    encode: (text) => new TextEncoder().encode(turn(text)),
  };
  assertEquals(createTextDecoder(rot13).decode(encodeText("Hello", rot13)), "Hello");
  assertEquals([...encodeText("Hello", rot13)], [...new TextEncoder().encode("Uryyb")]);
  assertThrows(() => createTextDecoder({ name: "x" } as TextCodec), Error, "codec");
  assertThrows(() => createTextDecoder("ebcdic" as Encoding), Error, "ebcdic");
});

function turn(text: string): string {
  return text.replaceAll(/[a-z]/gi, (letter) => {
    const base = letter <= "Z" ? 65 : 97;
    return String.fromCharCode((letter.charCodeAt(0) - base + 13) % 26 + base);
  });
}
