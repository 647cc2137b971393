/**
 * Writes `src/text/tables` from the indexes of the Encoding Standard. They come with npm `text-encoding`; its index
 * of GB 18030 is of 2005, but nothing of that is used here: the other indexes and the ranges have not changed since.
 *
 *     deno task tables
 */
import indexes from "text-encoding/lib/encoding-indexes.js";

type Index = readonly (number | null)[];
const standard = (indexes as { "encoding-indexes"?: unknown })["encoding-indexes"] as Readonly<
  Record<string, Index | readonly (readonly [number, number])[]>
>;

const FOLDER = new URL("../../src/text/tables/", import.meta.url);
const UNDEFINED = 0xfffd;
/** Codes of Big5 that some platforms lack, or decode to characters of private use: first and last pointer. */
const BIG5_PARTS: readonly (readonly [number, number])[] = [
  [pointerOf(0x87, 0x40), pointerOf(0xa0, 0xfe)],
  [pointerOf(0xa3, 0xc0), pointerOf(0xa3, 0xe0)],
  [pointerOf(0xc6, 0xa1), pointerOf(0xc8, 0xfe)],
  [pointerOf(0xf9, 0xfe), pointerOf(0xfe, 0xfe)],
];
/** Our names, where they are others. */
const NAMES: Readonly<Record<string, string>> = { ibm866: "cp866" };

await write("single_byte.ts", singleByte());
await write("big5.ts", big5());
await write("gb18030.ts", gb18030());

/** Sets of one byte a character: those from 0x80 on, or from 0xA0 on where C1 controls stand before. */
function singleByte(): string {
  const tables: Record<string, string> = {};
  for (const [name, index] of Object.entries(standard)) {
    if (index.length !== 128) continue;
    const points = (index as Index).map((point) => point ?? UNDEFINED);
    // The web fills with controls what Windows leaves undefined.
    const own = points.map((point, at) =>
      name.startsWith("windows") && point === 0x80 + at && at < 32 ? UNDEFINED : point
    );
    const iso = own.slice(0, 32).every((point, at) => point === 0x80 + at);
    tables[NAMES[name] ?? name] = String.fromCharCode(...own.slice(iso ? 32 : 0));
  }
  const entries = Object.entries(tables).filter(([name]) => name !== "iso-8859-8-i");
  return `/** The characters from 0x80 on, or from 0xA0 on where C1 controls stand before; U+FFFD is undefined. */
export const SINGLE_BYTE: Readonly<Record<string, string>> = {
${entries.map(([name, table]) => `  "${name}":\n    ${literal(table)},`).join("\n")}
};
`;
}

function big5(): string {
  const index = standard.big5 as Index;
  const parts = BIG5_PARTS.map(([first, last]) => {
    const points = index.slice(first, last + 1).map((point) => point ?? UNDEFINED);
    return `  [${first}, ${literal(String.fromCodePoint(...points))}],`;
  });
  return `/**
 * What not every platform knows of Big5: Hong Kong's characters, and others. The first pointer, and the characters from
 * there on; U+FFFD is undefined.
 */
export const BIG5_PARTS: readonly (readonly [number, string])[] = [
${parts.join("\n")}
];
`;
}

function gb18030(): string {
  const ranges = standard["gb18030-ranges"] as readonly (readonly [number, number])[];
  return `/** Ranges of the four-byte codes of GB 18030: the first pointer, its code point, the next pointer. */
export const GB18030_RANGES: readonly number[] = [
${ranges.map((pair) => `  ${pair.join(",\n  ")},`).join("\n")}
];
`;
}

function pointerOf(lead: number, trail: number): number {
  return (lead - 0x81) * 157 + trail - (trail < 0x7f ? 0x40 : 0x62);
}

/** A string in source, in which nothing is invisible or joins what stands before. */
function literal(text: string): string {
  const escaped = Array.from(text, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    if (character === "\ufffd" || !/^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character)) {
      return Array.from(
        { length: character.length },
        (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
      ).join("");
    }
    return character;
  });
  return `"${escaped.join("")}"`;
}

async function write(name: string, source: string): Promise<void> {
  const head =
    `// Written by \`deno task tables\` from the indexes of the Encoding Standard (encoding.spec.whatwg.org).
// deno-fmt-ignore-file
`;
  await Deno.writeTextFile(new URL(name, FOLDER), head + source);
}
