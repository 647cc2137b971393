/**
 * Character encodings: both directions, split anywhere, and replacements for missing characters.
 */
import { toHex } from "../hex.ts";
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
import { LABELS } from "../../src/text/charset_labels.ts";
import { sequences } from "../runtimes/alphabet_sums.ts";
import { assertGrowth, countSteps } from "../steps.ts";

const SINGLE = ENCODINGS.filter((name) => /^(ascii|latin1|windows|koi8|cp)/.test(name));
const MULTI = ENCODINGS.filter((name) => /^(gb|big5|shift|euc)/.test(name));
const decodeWhole = (bytes: Uint8Array, encoding: Encoding) =>
  createTextDecoder(encoding).decode(bytes);

for (const encoding of SINGLE) {
  Deno.test(`${encoding}: every byte with a character round-trips, the others decode to U+FFFD`, () => {
    for (let byte = 0; byte < 256; byte++) {
      const text = decodeWhole(Uint8Array.of(byte), encoding);
      assertEquals(text.length, 1);
      if (text === "\ufffd") continue;
      const [back] = encodeText(text, encoding);
      // A character with two codes is encoded with one of them.
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

/**
 * Whether two characters are the same in another width or shape, as East Asian encodings have them.
 */
function isSame(sign: string, character: string): boolean {
  return sign.normalize("NFKC") === character.normalize("NFKC") ||
    "〜～ ～〜 ‖∥ ∥‖ −－ －− —― ―— ‾￣ ¯￣ ¬￢".split(" ").includes(character + sign);
}

/** What stands for a character that an encoding lacks; what it lacks of that is replaced in turn. */
function replaced(character: string, encoding: Encoding): string | undefined {
  const parts = Array.from(transliterate(character) ?? "", (one) => {
    const known = decodeWhole(encodeText(one, encoding), encoding) === one;
    return known ? one : replaced(one, encoding);
  });
  return parts.includes(undefined) ? undefined : parts.join("");
}

/** Private-use code points whose characters got their own code points in GB 18030-2022. */
const MOVED = /^[\ue78d-\ue796\ue81e\ue826\ue82b\ue82c\ue832\ue843\ue854\ue864]$/;

for (const encoding of MULTI) {
  Deno.test(`${encoding}: every character that it has round-trips, however the bytes are split`, () => {
    const characters: string[] = [];
    for (let code = 0x20; code < 0x10000; code++) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const character = String.fromCharCode(code);
      const bytes = encodeText(character, encoding);
      const back = decodeWhole(bytes, encoding);
      if (back === character) characters.push(character);
      else if (MOVED.test(character) && encoding.startsWith("gb")) assertEquals(bytes.length, 2);
      else {assert(
          back === "?" || back === replaced(character, encoding) || isSame(back, character),
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

Deno.test("gb18030 encodes rare characters, too", () => {
  for (const text of ["😀", "\u{10ffff}", "\u{20000}", "é", "я", "\ue000", "€"]) {
    assertEquals(decodeWhole(encodeText(text, "gb18030"), "gb18030"), text);
  }
});

Deno.test("known texts encode to known bytes", () => {
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

Deno.test("a character with two codes is encoded with the common one", () => {
  assertEquals([...encodeText("者起都", "big5")], [0xaa, 0xcc, 0xb0, 0x5f, 0xb3, 0xa3]);
  assertEquals([...encodeText("№∵", "shift_jis")], [0x87, 0x82, 0x81, 0xe6]);
});

Deno.test("combining marks are composed if the encoding has the result, else left out", () => {
  assertEquals([...encodeText("e\u0301", "latin1")], [0xe9]);
  assertEquals([...encodeText("e\u0301x", "ascii")], [0x65, 0x78]);
});

Deno.test("many marks on one letter cost no more than many letters with a few marks each", () => {
  const encode = (text: string) => encodeText(text, "latin1");
  assertEquals([...encode("e" + "\u0301".repeat(7))], [0xe9]);
  // Normalizing sorts the marks, so each normalized piece must be short.
  const cost = (text: string) => countSteps(() => encode(text));
  const many = cost("e" + "\u0301\u0316".repeat(10_000));
  const few = cost("e\u0301\u0316\u0301\u0316".repeat(5_000));
  assertGrowth(many.count, few.count, 1);
  assert(few.longestNormalized > 1);
  assertEquals(many.longestNormalized, few.longestNormalized);
});

Deno.test("cp437-art maps control codes to the PC's glyphs, except those that terminals act on", () => {
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

Deno.test("missing characters are transliterated, or else become question marks", () => {
  const ascii = (text: string) => String.fromCharCode(...encodeText(text, "ascii"));
  assertEquals(ascii("Café “naïve” – it’s €5…"), 'Cafe "naive" - it\'s EUR5...');
  assertEquals(ascii("╔══╗│ok│└──┘"), "+--+|ok|+--+");
  assertEquals(ascii("Straße, Łódź, Ærø"), "Strasse, Lodz, AEro");
  assertEquals(ascii("日本 😀"), "?? ?");
  assertEquals([...encodeText("ệ", "windows-1252")], [0x65]); // without its two marks
  assertEquals([...encodeText("│", "windows-1252")], [0x7c]);
});

Deno.test("encodingByName knows the names that clients and locales use", () => {
  assertEquals(encodingByName("ISO-8859-1"), "latin1");
  assertEquals(encodingByName("Shift-JIS"), "shift_jis");
  assertEquals(encodingByName("CP1251"), "windows-1251");
  assertEquals(encodingByName("EBCDIC"), undefined);
  assertEquals(encodingOfLocale("de_DE.ISO-8859-1@euro"), "latin1");
  assertEquals(encodingOfLocale("zh_CN.GB18030"), "gb18030");
  assertEquals(encodingOfLocale("POSIX"), undefined);
});

Deno.test("a custom TextCodec works wherever an encoding name does", () => {
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

/**
 * Names of the Encoding Standard, as the platform's TextDecoder uses them, if they differ from
 * ours.
 */
const PLATFORM_NAMES: Readonly<Record<string, string>> = { cp866: "ibm866" };
const OWN = ["utf-8", "ascii", "latin1", "iso-8859-9", "cp437", "cp437-art", "cp850", "cp852"];

for (const encoding of ENCODINGS.filter((name) => !OWN.includes(name))) {
  Deno.test(`${encoding} is decoded as in the Encoding Standard, broken bytes too`, () => {
    const platform = new TextDecoder(PLATFORM_NAMES[encoding] ?? encoding);
    // The Encoding Standard maps bytes that Windows leaves undefined to controls.
    const undefinedByte = encoding.startsWith("windows") ? /[\x80-\x9f]/g : /(?!)/g;
    for (const bytes of sequences(encoding)) {
      const expected = platform.decode(Uint8Array.from(bytes)).replaceAll(undefinedByte, "\ufffd");
      const decoder = createTextDecoder(encoding);
      const parts = bytes.map((byte) => decoder.decode(Uint8Array.of(byte))).join("");
      if (parts !== expected || decodeWhole(Uint8Array.from(bytes), encoding) !== expected) {
        assertEquals(parts, expected, bytes.map((byte) => byte.toString(16)).join(" "));
        assertEquals(decodeWhole(Uint8Array.from(bytes), encoding), expected);
      }
    }
  });
}

Deno.test("pending bytes of a character can be moved to another decoder, in every encoding", () => {
  for (const encoding of MULTI) {
    const bytes = encodeText("中文한글日本", encoding);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const first = createTextDecoder(encoding);
      const before = first.decode(bytes.subarray(0, cut));
      const second = createTextDecoder(encoding);
      second.decode(first.pending?.() ?? new Uint8Array(0));
      const after = second.decode(bytes.subarray(cut));
      assertEquals(before + after, decodeWhole(bytes, encoding), `${encoding} at ${cut}`);
    }
  }
});

Deno.test("East Asian characters of another width are encoded with the code that the encoding has", () => {
  const hex = (text: string, encoding: Encoding) => toHex(encodeText(text, encoding));
  assertEquals(hex("〜‖−¢£¬", "shift_jis"), "81608161817c8191819281ca");
  assertEquals(hex("〜‖−¢£¬", "euc-jp"), "a1c1a1c2a1dda1f1a1f2a2cc");
  assertEquals(hex("十卅", "big5"), "a451a4ca");
  assertEquals(hex("똠방", "euc-kr"), "8c63b9e6");
  assertEquals(createTextDecoder("euc-kr").decode(Uint8Array.of(0x8c, 0x63, 0xb9, 0xe6)), "똠방");
});

Deno.test("encodingByName knows each label of the Encoding Standard, and clients' names", () => {
  for (const [name, labels] of Object.entries(LABELS)) {
    for (const label of [name, ...labels.split(" ")]) assertEquals(encodingByName(label), name);
  }
  const names: Record<string, Encoding> = {
    "cp950": "big5",
    "uhc": "euc-kr",
    "win1251": "windows-1251",
    "UTF-8": "utf-8",
    "utf8": "utf-8",
    "ISO_8859-2:1987": "iso-8859-2",
    "latin5": "iso-8859-9",
    "iso8859-15": "iso-8859-15",
    "IBM866": "cp866",
    "CP852": "cp852",
    "TIS-620": "windows-874",
    "GB2312": "gbk",
    "x-sjis": "shift_jis",
    "eucJP": "euc-jp",
  };
  for (const [name, set] of Object.entries(names)) assertEquals(encodingByName(name), set, name);
});

Deno.test("characters that a set lacks cost little, and no more in a long text", () => {
  for (const character of ["ﬃ", "\u200d", "Ж", "→"]) {
    for (const set of ["koi8-r", "gb18030", "latin1"] as const) {
      encodeText(character, set);
      const { count } = countSteps(() => encodeText(character.repeat(4_000), set));
      assert(count < 40_000, `${JSON.stringify(character)} in ${set}: ${count}`);
    }
  }
});
