import type { TelnetOption } from "./option.ts";

/** Code of the option LINEMODE (RFC 1184): the client edits lines, the server sets how. */
export const LINEMODE = 0x22;

const MODE = 0x01;
const FORWARDMASK = 0x02;
const SLC = 0x03;
const DO = 0xfd;
const WILL = 0xfb;
const WONT = 0xfc;
const DONT = 0xfe;
const FORWARDMASK_LONGEST = 32;

/** The bits of MODE (RFC 1184, section 2.2). */
export const LINEMODE_BITS: Readonly<
  Record<"edit" | "trapsig" | "modeAck" | "softTab" | "litEcho", number>
> = { edit: 0x01, trapsig: 0x02, modeAck: 0x04, softTab: 0x08, litEcho: 0x10 };

/** Functions of SLC by name (RFC 1184, section 2.4). */
export const SLC_FUNCTIONS: readonly string[] = [
  "",
  "SYNCH",
  "BRK",
  "IP",
  "AO",
  "AYT",
  "EOR",
  "ABORT",
  "EOF",
  "SUSP",
  "EC",
  "EL",
  "EW",
  "RP",
  "LNEXT",
  "XON",
  "XOFF",
  "FORW1",
  "FORW2",
  "MCL",
  "MCR",
  "MCWL",
  "MCWR",
  "MCBOL",
  "MCEOL",
  "INSRT",
  "OVER",
  "ECR",
  "EWR",
  "EBOL",
  "EEOL",
];

const LEVELS = ["nosupport", "cantchange", "value", "default"] as const;
const LEVEL_BITS = 0x03;
const FLUSHOUT = 0x20;
const FLUSHIN = 0x40;
const ACK = 0x80;

/** A special character of the client: which key does what. */
export interface SlcEntry {
  /** The function's number, see {@linkcode SLC_FUNCTIONS}; 0 asks for all. */
  readonly function: number;
  /** How far the other side may change it. */
  readonly level: "nosupport" | "cantchange" | "value" | "default";
  /** Whether this acknowledges an entry of the other side. */
  readonly ack: boolean;
  /** Whether the key also flushes the input. */
  readonly flushIn: boolean;
  /** Whether the key also flushes the output. */
  readonly flushOut: boolean;
  /** The character's code, 255 for none. */
  readonly value: number;
}

/** What a LINEMODE subnegotiation says. */
export type LinemodeMessage =
  | { readonly type: "mode"; readonly mask: number }
  | { readonly type: "slc"; readonly entries: readonly SlcEntry[] }
  | {
    readonly type: "forwardmask";
    readonly verb: "do" | "dont" | "will" | "wont";
    readonly mask: Uint8Array;
  };

const VERBS = { [DO]: "do", [DONT]: "dont", [WILL]: "will", [WONT]: "wont" } as const;

/**
 * Reads a LINEMODE payload.
 *
 * @param payload The bytes between `IAC SB LINEMODE` and `IAC SE`, unescaped.
 * @returns The message, or `undefined` where it is none of RFC 1184.
 *
 * @example
 * ```ts
 * import { decodeLinemode, encodeLinemodeMode, LINEMODE_BITS } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * const payload = encodeLinemodeMode(LINEMODE_BITS.edit | LINEMODE_BITS.trapsig);
 * assertEquals(decodeLinemode(payload), { type: "mode", mask: 3 });
 * ```
 */
export function decodeLinemode(payload: Uint8Array): LinemodeMessage | undefined {
  const [command = 0, second] = payload;
  if (command === MODE) return second === undefined ? undefined : { type: "mode", mask: second };
  if (command === SLC) return { type: "slc", entries: decodeSlc(payload.subarray(1)) };
  const verb = VERBS[command as keyof typeof VERBS];
  if (verb === undefined || second !== FORWARDMASK) return undefined;
  return { type: "forwardmask", verb, mask: payload.slice(2, 2 + FORWARDMASK_LONGEST) };
}

/**
 * Writes a MODE.
 *
 * @param mask The bits; see {@linkcode LINEMODE_BITS}.
 * @returns The payload.
 */
export function encodeLinemodeMode(mask: number): Uint8Array {
  return Uint8Array.of(MODE, mask);
}

/**
 * Writes an SLC list.
 *
 * @param entries The special characters.
 * @returns The payload.
 */
export function encodeLinemodeSlc(entries: readonly SlcEntry[]): Uint8Array {
  return Uint8Array.of(
    SLC,
    ...entries.flatMap(({ function: code, level, ack, flushIn, flushOut, value }) => {
      const flags = (ack ? ACK : 0) | (flushIn ? FLUSHIN : 0) | (flushOut ? FLUSHOUT : 0);
      return [code, LEVELS.indexOf(level) | flags, value];
    }),
  );
}

/**
 * Writes a FORWARDMASK: the characters at which the client sends what was typed.
 *
 * @param verb `do` sets the mask, the others take none.
 * @param mask 16 or 32 bytes, a bit for each character; none for the others.
 * @returns The payload.
 */
export function encodeLinemodeForwardmask(
  verb: "do" | "dont" | "will" | "wont",
  mask: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const code = { do: DO, dont: DONT, will: WILL, wont: WONT }[verb];
  return Uint8Array.of(code, FORWARDMASK, ...mask.subarray(0, FORWARDMASK_LONGEST));
}

/** Three bytes an entry; a rest of one or two is dropped. */
function decodeSlc(bytes: Uint8Array): SlcEntry[] {
  const entries: SlcEntry[] = [];
  for (let at = 0; at + 2 < bytes.length; at += 3) {
    const [code = 0, flags = 0, value = 0] = bytes.subarray(at, at + 3);
    entries.push({
      function: code,
      level: LEVELS[flags & LEVEL_BITS] ?? "nosupport",
      ack: (flags & ACK) !== 0,
      flushIn: (flags & FLUSHIN) !== 0,
      flushOut: (flags & FLUSHOUT) !== 0,
      value,
    });
  }
  return entries;
}

/** LINEMODE as the server uses it: the client edits, and its keys are told to the game. */
export const linemode: TelnetOption<true> = {
  code: LINEMODE,
  name: "LINEMODE",
  offer: "remote",
  attach: (session) => ({
    changed(side, change) {
      if (side !== "remote" || change !== "enabled") return;
      const mask = LINEMODE_BITS.edit | LINEMODE_BITS.trapsig;
      session.sendSubnegotiation(LINEMODE, encodeLinemodeMode(mask));
    },
    subnegotiation(payload) {
      const message = decodeLinemode(payload);
      if (message?.type !== "slc") return;
      session.tell("slc", message.entries);
      const agreed = acknowledge(message.entries);
      if (agreed.length > 0) session.sendSubnegotiation(LINEMODE, encodeLinemodeSlc(agreed));
    },
  }),
};

/** The client's keys are good as they are; what it acknowledges is not acknowledged again. */
function acknowledge(entries: readonly SlcEntry[]): SlcEntry[] {
  return entries.filter(({ function: code, ack }) => code !== 0 && !ack)
    .map((entry) => ({ ...entry, ack: true }));
}
