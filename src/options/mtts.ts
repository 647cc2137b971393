/** The MUD Terminal Type Standard: a bit field that a client sends as its third terminal type. */

/** The capabilities of a client, from MTTS. */
export interface MttsFlags {
  /** ANSI colours. */
  readonly ansi: boolean;
  /** The sequences of a VT100. */
  readonly vt100: boolean;
  /** UTF-8. */
  readonly utf8: boolean;
  /** 256 colours. */
  readonly colours256: boolean;
  /** Mouse tracking. */
  readonly mouseTracking: boolean;
  /** The colour palette can be set. */
  readonly oscColourPalette: boolean;
  /** A screen reader reads the text aloud. */
  readonly screenReader: boolean;
  /** The client is a proxy for others. */
  readonly proxy: boolean;
  /** 16 million colours. */
  readonly trueColour: boolean;
  /** The MUD New-Environment Standard. */
  readonly mnes: boolean;
  /** The MUD Server Link Protocol. */
  readonly mslp: boolean;
  /** The connection is encrypted. */
  readonly ssl: boolean;
}

/** The flags in order of their bits, the lowest first. */
const ORDER: readonly (keyof MttsFlags)[] = [
  "ansi",
  "vt100",
  "utf8",
  "colours256",
  "mouseTracking",
  "oscColourPalette",
  "screenReader",
  "proxy",
  "trueColour",
  "mnes",
  "mslp",
  "ssl",
];

/**
 * Reads a terminal type of MTTS.
 *
 * @param name A terminal type, such as `MTTS 137`.
 * @returns The flags, or `undefined` if it is an ordinary terminal type.
 *
 * @example
 * ```ts
 * import { decodeMtts } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * const flags = decodeMtts("MTTS 69");
 * assertEquals([flags?.ansi, flags?.utf8, flags?.screenReader], [true, true, true]);
 * assertEquals(decodeMtts("XTERM"), undefined);
 * ```
 */
export function decodeMtts(name: string): MttsFlags | undefined {
  const [, digits] = /^MTTS (\d{1,9})$/i.exec(name) ?? [];
  if (digits === undefined) return undefined;
  const bits = Number(digits);
  const flags = ORDER.map((flag, index) => [flag, (bits & (1 << index)) !== 0] as const);
  return Object.fromEntries(flags) as unknown as MttsFlags;
}

/**
 * Writes a terminal type of MTTS.
 *
 * @param flags The capabilities of the client.
 * @returns `MTTS` and a number.
 */
export function encodeMtts(flags: MttsFlags): string {
  const bits = ORDER.reduce((sum, flag, index) => sum | (flags[flag] ? 1 << index : 0), 0);
  return `MTTS ${bits}`;
}
