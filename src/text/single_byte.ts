import type { TextCodec } from "./codec.ts";
import { CP437, CP850, CP852, PC_GRAPHICS, PC_HOUSE } from "./code_pages.ts";
import { SetEncoder } from "./set_encoder.ts";
import { SINGLE_BYTE } from "./tables/single_byte.ts";
import { textOfUnits } from "./units.ts";

const REPLACEMENT = "\ufffd";
/**
 * The characters in which ISO 8859-9 differs from ISO 8859-1. The Encoding Standard treats ISO
 * 8859-9 as windows-1254.
 */
const TURKISH: Readonly<Record<number, string>> = {
  0xd0: "Ğ",
  0xdd: "İ",
  0xde: "Ş",
  0xf0: "ğ",
  0xfd: "ı",
  0xfe: "ş",
};
/**
 * Control characters that keep their function in `cp437-art`: PC art does not use their pictures.
 */
const KEPT_CONTROLS = "\x00\x07\x08\t\n\f\r\x1a\x1b";

const LATIN1 = Array.from({ length: 128 }, (_, at) => String.fromCharCode(0x80 + at)).join("");

/**
 * The single-byte sets: their characters from 0x80 on, or from 0xA0 on if C1 controls come before.
 */
const TABLES: Readonly<Record<string, string>> = {
  "ascii": REPLACEMENT.repeat(128),
  "latin1": LATIN1,
  "iso-8859-9": Array.from(LATIN1, (one, at) => TURKISH[0x80 + at] ?? one).join(""),
  "cp437": CP437,
  "cp437-art": CP437,
  "cp850": CP850,
  "cp852": CP852,
  ...SINGLE_BYTE,
};

/** The names of the single-byte sets. */
export const SINGLE_BYTE_NAMES: readonly string[] = Object.keys(TABLES);

/** Makes the codec of a single-byte set. */
export function singleByteCodec(name: string): TextCodec {
  const high = TABLES[name] ?? "";
  const units = new Uint16Array(256);
  for (let byte = 0; byte < 256; byte++) {
    const at = byte - (256 - high.length);
    units[byte] = at < 0 ? byte : high.charCodeAt(at);
  }
  const codes = new Uint16Array(0x10000);
  for (let byte = 255; byte >= 0; byte--) {
    const unit = units[byte] ?? 0;
    if (unit !== 0xfffd) codes[unit] = byte;
  }
  if (name === "cp437-art") drawControls(units, codes);
  const encoder = new SetEncoder({ codes, ascii: name !== "cp437-art", single: true });
  const ascii = name !== "cp437-art";
  const whole = ascii ? wholeDecoder(name, units) : undefined;
  const decode = (bytes: Uint8Array) => {
    const known = whole?.(bytes);
    if (known !== undefined) return known;
    const text = new Uint16Array(bytes.length);
    for (let at = 0; at < bytes.length; at++) text[at] = units[bytes[at] as number] as number;
    return textOfUnits(text, bytes.length);
  };
  return { name, ascii, createDecoder: () => ({ decode }), encode: (text) => encoder.encode(text) };
}

/** The platform's label of a set, if it has another name for it. */
const PLATFORM_NAMES: Readonly<Record<string, string>> = {
  "latin1": "windows-1252",
  "iso-8859-9": "windows-1254",
  "cp866": "ibm866",
};

const NOT_ASCII = 1;
/** The platform decodes the byte to something else. */
const DIFFERS = 2;
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Decodes with the platform's decoder, which is faster. Returns `undefined` if the platform would decode one of the
 * bytes differently.
 */
function wholeDecoder(
  name: string,
  units: Uint16Array,
): (bytes: Uint8Array) => string | undefined {
  const decoder = platformDecoder(PLATFORM_NAMES[name] ?? name);
  const flags = new Uint8Array(256);
  let asciiIsSame = true;
  for (let byte = 0; byte < 256; byte++) {
    const same = decoder?.decode(Uint8Array.of(byte)).charCodeAt(0) === units[byte];
    if (byte < 0x80) asciiIsSame &&= same;
    else flags[byte] = same ? NOT_ASCII : DIFFERS;
  }
  return (bytes) => {
    let all = 0;
    for (let at = 0; at < bytes.length; at++) all |= flags[bytes[at] as number] as number;
    if (all === 0) return utf8.decode(bytes);
    return asciiIsSame && (all & DIFFERS) === 0 ? decoder?.decode(bytes) : undefined;
  };
}

function platformDecoder(label: string): TextDecoder | undefined {
  try {
    return new TextDecoder(label);
  } catch {
    return undefined; // this platform lacks the set
  }
}

/** Maps most control characters to the pictures that the PC shows for them. */
function drawControls(units: Uint16Array, codes: Uint16Array): void {
  Array.from(PC_GRAPHICS + PC_HOUSE).forEach((picture, index) => {
    const byte = index < PC_GRAPHICS.length ? index + 1 : 0x7f;
    if (KEPT_CONTROLS.includes(String.fromCharCode(byte))) return;
    const unit = picture.charCodeAt(0);
    units[byte] = unit;
    codes[byte] = 0;
    if (codes[unit] === 0) codes[unit] = byte;
  });
}
