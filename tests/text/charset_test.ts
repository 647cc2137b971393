import { assertEquals } from "@std/assert";
import {
  createTextDecoder,
  encodeText,
  type Encoding,
  encodingByName,
  encodingOfLocale,
} from "../../src/text/mod.ts";

const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);

Deno.test("latin1 is exactly ISO 8859-1, in both directions", () => {
  const text = createTextDecoder("latin1").decode(all);
  assertEquals(Array.from(text, (character) => character.charCodeAt(0)), [...all]);
  assertEquals([...encodeText(text, "latin1")], [...all]);
});

Deno.test("windows-1252 decodes as the platform does, except for its five undefined bytes", () => {
  const platform = new TextDecoder("windows-1252").decode(all);
  const expected = platform.replaceAll(/[\x80-\x9f]/g, "\ufffd");
  const text = createTextDecoder("windows-1252").decode(all);
  assertEquals(text, expected);
  const back = [...encodeText(text, "windows-1252")];
  const undefinedBytes = [0x81, 0x8d, 0x8f, 0x90, 0x9d];
  assertEquals(back, [...all].map((byte) => undefinedBytes.includes(byte) ? 0x3f : byte));
});

Deno.test("each missing character becomes one question mark, beyond the BMP too", () => {
  assertEquals([...encodeText("aЯ😀b", "latin1")], [97, 63, 63, 98]);
  assertEquals([...encodeText("\ud800", "windows-1252")], [63]);
  assertEquals([...encodeText("a\ud800b\udc00😀", "utf-8")], [
    97,
    63,
    98,
    63,
    0xf0,
    0x9f,
    0x98,
    0x80,
  ]);
});

Deno.test("UTF-8 decodes the same wherever it is split", () => {
  const bytes = Uint8Array.of(...encodeText("aé日😀", "utf-8"), 0xc3, 0x28, 0xf0, 0x9f, 0x41);
  const whole = createTextDecoder("utf-8").decode(bytes);
  assertEquals(whole, "aé日😀\ufffd(\ufffdA");
  for (let at = 0; at <= bytes.length; at++) {
    const decoder = createTextDecoder("utf-8");
    assertEquals(decoder.decode(bytes.slice(0, at)) + decoder.decode(bytes.slice(at)), whole);
  }
});

Deno.test("a long text decodes completely in every encoding", () => {
  const bytes = new Uint8Array(100_000).fill(0x41);
  for (const encoding of ["utf-8", "latin1", "windows-1252"] as Encoding[]) {
    assertEquals(createTextDecoder(encoding).decode(bytes).length, 100_000);
  }
});

Deno.test("a byte order mark is dropped at the start of a stream only, however it is split", () => {
  for (const text of ["\ufeffabc", "a\ufeffbc", "\ufeff\ufeffa", "\ufeff"]) {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at <= bytes.length; at++) {
      const decoder = createTextDecoder("utf-8");
      const parts = [bytes.slice(0, at), new Uint8Array(0), bytes.slice(at)];
      const decoded = parts.map((part) => decoder.decode(part)).join("");
      assertEquals(decoded, text.startsWith("\ufeff") ? text.slice(1) : text);
    }
  }
});

Deno.test("windows-1258 writes each Vietnamese letter as letter and mark, composed or not", () => {
  const text = "Tiếng Việt, Đạo, ưỡn, Ừ";
  const decoder = createTextDecoder("windows-1258");
  for (const form of ["NFC", "NFD"] as const) {
    const bytes = encodeText(text.normalize(form), "windows-1258");
    assertEquals(decoder.decode(bytes).normalize("NFC"), text.normalize("NFC"));
  }
});

Deno.test("syllables of Hangul that come in letters are composed", () => {
  const text = "한국 각";
  assertEquals(encodeText(text.normalize("NFD"), "euc-kr"), encodeText(text, "euc-kr"));
});

Deno.test("an invisible character that a set lacks is left out", () => {
  const text = "Super\u200bcali\u2060fragi\ufefflistic \u200dx\u200ey\u00adz";
  for (const set of ["ascii", "latin1", "cp437", "koi8-r", "shift_jis"] as const) {
    const shown = createTextDecoder(set).decode(encodeText(text, set)).replaceAll("\u00ad", "");
    assertEquals(shown, "Supercalifragilistic xyz", set);
  }
});

Deno.test("character sets are known by the names of IANA, of Windows and of locales", () => {
  const names: Record<string, string> = {
    "utf-8": "csUTF8 utf8 cp65001",
    "ascii": "csASCII IBM367 ISO_646.irv:1991 us ANSI_X3.4-1986",
    "iso-8859-13": "csISO885913 latin7",
    "iso-8859-14": "iso-celtic ISO_8859-14:1998 latin8 l8",
    "iso-8859-15": "Latin-9 csISO885915 cp28605",
    "iso-8859-16": "iso-ir-226 latin10",
    "koi8-r": "cp20866 cskoi8r",
    "koi8-u": "cp21866 csKOI8U",
    "cp437": "csPC8CodePage437",
    "cp850": "csPC850Multilingual",
    "cp852": "csPCp852",
    "gbk": "csGBK eucCN 936",
    "gb18030": "csGB18030 cp54936",
    "big5": "csBig5HKSCS",
    "shift_jis": "csWindows31J",
    "windows-1251": "csWindows1251 1251",
  };
  for (const [set, labels] of Object.entries(names)) {
    for (const label of labels.split(" ")) assertEquals(encodingByName(label), set, label);
  }
  assertEquals(encodingOfLocale("Russian_Russia.1251"), "windows-1251");
  assertEquals(encodingOfLocale("zh_CN.eucCN"), "gbk");
  assertEquals(encodingOfLocale("de_DE@euro"), "iso-8859-15");
  assertEquals(encodingOfLocale("de_DE"), undefined);
});

Deno.test("what replaces a character is replaced in turn where the set lacks it", () => {
  const shown: Readonly<Record<string, string>> = {
    "don´t": "don't",
    "⅓ ⅛": "1/3 1/8",
    "ǼǽǾ": "AEaeO",
    "ŉ": "'n",
    "µ": "u",
    "℃": "degC",
    "‴": "'''",
    "Ŀŀ": "L*l*",
    "﹘": "-",
    "˜ˆ": "~^",
    "¨¸": '",',
    "‹a›": "<a>",
    "˙": "?",
    "日": "?",
  };
  const inSet = (text: string, set: Encoding) =>
    createTextDecoder(set).decode(encodeText(text, set));
  for (const [text, wanted] of Object.entries(shown)) {
    for (const set of ["ascii", "koi8-r"] as const) {
      const own = inSet(text, set);
      // KOI8-R has the degree sign and the middle dot.
      const plain = own.replaceAll("°", "deg").replaceAll("·", "*");
      assertEquals(plain, wanted, `${text} in ${set}`);
    }
  }
  assertEquals(inSet("µ", "iso-8859-7"), "μ");
  assertEquals(inSet("Ǽ", "latin1"), "Æ");
});
