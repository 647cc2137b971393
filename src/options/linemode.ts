import {
  checkByte,
  checkBytes,
  checkOneOf,
  checkText,
  throwUnexpected,
} from "../protocol/validate.ts";
import { handleOf } from "./_handle.ts";
import { DO, DONT, WILL, WONT } from "../protocol/codes.ts";
import type { OptionChange, Side } from "../protocol/events.ts";
import type { Json } from "./json.ts";
import { isEnabled, type OptionContext, type OptionState, type TelnetOption } from "./option.ts";

/**
 * Code of the option LINEMODE (RFC 1184): the client edits lines in the mode that the server sets.
 */
export const LINEMODE = 0x22;

const MODE = 0x01;
const FORWARDMASK = 0x02;
const SLC = 0x03;
const MAX_FORWARDMASK = 32;

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

/** A special character (SLC): the key of a function. */
export interface SlcEntry {
  /** The function's number, see {@linkcode SLC_FUNCTIONS}; 0 asks for all. */
  readonly function: number;
  /** Whether the function is supported, and whether the other side may change its key. */
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

/** A LINEMODE message. */
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
 * @returns The message, or `undefined` if it is not a message of RFC 1184.
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
  return { type: "forwardmask", verb, mask: payload.slice(2, 2 + MAX_FORWARDMASK) };
}

/**
 * Writes a MODE.
 *
 * @param mask The bits; see {@linkcode LINEMODE_BITS}.
 * @returns The payload.
 * @throws {TelnetError} `misuse`: a mask that is not a byte.
 */
export function encodeLinemodeMode(mask: number): Uint8Array {
  checkByte("the LINEMODE mask", mask);
  return Uint8Array.of(MODE, mask);
}

/**
 * Writes an SLC list.
 *
 * @param entries The special characters.
 * @returns The payload.
 * @throws {TelnetError} `misuse`: no such level, or a function or value that is not a byte.
 */
export function encodeLinemodeSlc(entries: readonly SlcEntry[]): Uint8Array {
  const payload = [SLC];
  for (const { function: code, level, ack, flushIn, flushOut, value } of entries) {
    const flags = (ack ? ACK : 0) | (flushIn ? FLUSHIN : 0) | (flushOut ? FLUSHOUT : 0);
    checkByte("the function of an SLC entry", code);
    checkByte("the value of an SLC entry", value);
    checkOneOf("the level of an SLC entry", level, LEVELS);
    payload.push(code, LEVELS.indexOf(level) | flags, value);
  }
  return Uint8Array.from(payload);
}

/**
 * Writes a FORWARDMASK: the characters at which the client sends its input.
 *
 * @param verb `do` sets the mask; the other verbs have no mask.
 * @param mask 16 or 32 bytes, a bit for each character; empty for the other verbs.
 * @returns The payload.
 */
export function encodeLinemodeForwardmask(
  verb: "do" | "dont" | "will" | "wont",
  mask: Uint8Array = new Uint8Array(0),
): Uint8Array {
  checkOneOf("the verb of a FORWARDMASK", verb, ["do", "dont", "will", "wont"]);
  checkBytes("the mask", mask);
  const code = { do: DO, dont: DONT, will: WILL, wont: WONT }[verb];
  return Uint8Array.of(code, FORWARDMASK, ...mask.subarray(0, MAX_FORWARDMASK));
}

/** Reads three bytes per entry; one or two remaining bytes are dropped. */
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

/** The setting of a key, from either end. */
export type SlcSetting = Omit<SlcEntry, "function" | "ack">;

const UNSUPPORTED: SlcSetting = { level: "nosupport", flushIn: false, flushOut: false, value: 0 };
const MAX_FUNCTION = SLC_FUNCTIONS.length - 1;
const ADOPTABLE = LINEMODE_BITS.edit | LINEMODE_BITS.trapsig | LINEMODE_BITS.softTab |
  LINEMODE_BITS.litEcho;

/** The mode before the server sets one. The first is acknowledged, whatever it is. */
const NOT_SET = -1;

/** Our default keys, if a client leaves the choice to us: those of most terminals. */
const OUR_KEYS: ReadonlyMap<number, SlcSetting> = new Map(
  Object.entries({
    SYNCH: 0x00,
    BRK: 0x00,
    IP: 0x03, // Ctrl-C
    AO: 0x0f, // Ctrl-O
    AYT: 0x14, // Ctrl-T
    ABORT: 0x1c, // Ctrl-\\
    EOF: 0x04, // Ctrl-D
    SUSP: 0x1a, // Ctrl-Z
    EC: 0x7f, // DEL
    EL: 0x15, // Ctrl-U
    EW: 0x17, // Ctrl-W
    RP: 0x12, // Ctrl-R
    LNEXT: 0x16, // Ctrl-V
    XON: 0x11, // Ctrl-Q
    XOFF: 0x13, // Ctrl-S
  }).map(([name, value]) => [
    SLC_FUNCTIONS.indexOf(name),
    {
      level: value === 0 ? "default" : "value",
      flushIn: ["BRK", "IP", "ABORT", "SUSP"].includes(name),
      flushOut: ["IP", "AO", "ABORT"].includes(name),
      value,
    },
  ]),
);

/** LINEMODE with one client: `client.telnet.linemode`. */
export interface LinemodeHandle {
  /** Whether LINEMODE is enabled. */
  readonly enabled: boolean;
  /** The current mode: bits of {@linkcode LINEMODE_BITS}. */
  readonly mode: number;
  /** Whether the client agreed to a FORWARDMASK. */
  readonly forwards: boolean;
  /** The client's keys, by the function's number in {@linkcode SLC_FUNCTIONS}. */
  readonly keys: ReadonlyMap<number, SlcSetting>;
  /**
   * Sets how the client edits, for example without {@linkcode LINEMODE_BITS}`.edit` for a menu of
   * single keys.
   *
   * @param mask The bits; `modeAck` is ignored.
   * @returns Whether LINEMODE is enabled; if not, nothing is sent.
   * @throws {TelnetError} `misuse`: a mask that is not a byte.
   */
  setMode(mask: number): boolean;
  /**
   * Asks the client to send its input at these characters too, not only at the end of a line
   * (FORWARDMASK).
   *
   * @param characters ASCII characters, such as `"\t?"`; `""` turns it off.
   * @returns Whether LINEMODE is enabled; if not, nothing is sent.
   * @throws {TelnetError} `misuse`: not ASCII text.
   */
  forward(characters: string): boolean;
}

/** The state of LINEMODE for one client: its mode and its keys. */
export class LinemodeState implements OptionState<LinemodeHandle>, LinemodeHandle {
  readonly #context: OptionContext<LinemodeEvents>;
  /** The side that performs LINEMODE: the client. */
  readonly #side: Side;
  readonly #keys: Map<number, SlcSetting> = new Map(OUR_KEYS);
  #mode = LINEMODE_BITS.edit | LINEMODE_BITS.trapsig;
  #forwards = false;
  /** Whether a FORWARDMASK was sent to the client. */
  #masked = false;
  #handle: LinemodeHandle | undefined;

  constructor(context: OptionContext<LinemodeEvents>, side: Side) {
    this.#context = context;
    this.#side = side;
    if (side === "local") this.#mode = NOT_SET;
  }

  get handle(): LinemodeHandle {
    return this.#handle ??= handleOf<LinemodeHandle>(this, HANDLE_NAMES);
  }

  get enabled(): boolean {
    return isEnabled(this.#context, this.#side, LINEMODE);
  }

  get mode(): number {
    return Math.max(0, this.#mode);
  }

  get forwards(): boolean {
    return this.#forwards;
  }

  get keys(): ReadonlyMap<number, SlcSetting> {
    return this.#keys;
  }

  setMode(mask: number): boolean {
    checkByte("the LINEMODE mask", mask);
    this.#mode = mask & ADOPTABLE;
    if (this.enabled) this.#send(encodeLinemodeMode(this.#mode));
    return this.enabled;
  }

  forward(characters: string): boolean {
    checkText("the LINEMODE characters", characters);
    const mask = new Uint8Array(MAX_FORWARDMASK / 2);
    for (const character of characters) {
      const code = character.charCodeAt(0);
      if (code > 127) throwUnexpected("the LINEMODE characters", "ASCII characters", character);
      mask[code >> 3] = (mask[code >> 3] ?? 0) | 0x80 >> (code & 7);
    }
    if (!this.enabled) return false;
    this.#masked = characters !== "";
    this.#send(
      characters === "" ? encodeLinemodeForwardmask("dont") : encodeLinemodeForwardmask("do", mask),
    );
    return true;
  }

  /** When LINEMODE is agreed, the server sends the mode, and the client its keys. */
  changed(side: Side, change: OptionChange): void {
    if (side !== this.#side) return;
    // Another agreement starts anew; the mode of the server is the game's own setting.
    this.#forwards = this.#masked = false;
    this.#resetKeys();
    if (side === "local") this.#mode = NOT_SET;
    if (change !== "enabled") return;
    if (side === "remote") this.setMode(this.#mode);
    else this.#send(encodeLinemodeSlc(this.#allKeys()));
  }

  /** Handles the other end's modes, keys and masks. */
  subnegotiation(payload: Uint8Array): void {
    const message = decodeLinemode(payload);
    if (message?.type === "mode") this.#takeMode(message.mask);
    else if (message?.type === "slc") this.#takeKeys(message.entries);
    else if (message?.type === "forwardmask") this.#takeForwardmask(message.verb);
  }

  /** Returns the mode, the keys and the state of the mask. */
  snapshot(): Json {
    const keys = [...this.#keys] as unknown as Json;
    return { mode: this.#mode, keys, masked: this.#masked, forwards: this.#forwards };
  }

  /** Restores what `snapshot` returned. */
  restore(saved: Json): void {
    const { mode, keys, masked, forwards } = saved as unknown as {
      mode: number;
      keys: [number, SlcSetting][];
      masked: boolean;
      forwards: boolean;
    };
    this.#mode = mode;
    this.#masked = masked;
    this.#forwards = forwards;
    this.#keys.clear();
    for (const [code, setting] of keys) this.#keys.set(code, setting);
  }

  /**
   * Adopts a mode; the client may leave out bits. Acknowledges a changed mode, but no
   * acknowledgement.
   */
  #takeMode(mask: number): void {
    const mode = mask & ADOPTABLE;
    const news = mode !== this.#mode;
    const ack = (mask & LINEMODE_BITS.modeAck) !== 0;
    // The server acknowledges a mode that the client has left since: the client keeps its own.
    if (this.#side === "local" && news && ack) return;
    this.#mode = mode;
    if (news && !ack) {
      this.#send(encodeLinemodeMode(mode | LINEMODE_BITS.modeAck));
    }
  }

  #takeKeys(entries: readonly SlcEntry[]): void {
    // One answer for each key, however often it was asked for.
    const answers = new Map<number, SlcEntry>();
    const all = entries.find((entry) => entry.function === 0);
    for (const entry of entries) {
      if (entry.function === 0 && entry !== all) continue;
      for (const answer of this.#takeKey(entry)) answers.set(answer.function, answer);
    }
    if (answers.size > 0) this.#send(encodeLinemodeSlc([...answers.values()]));
    this.#context.emit("slc", entries);
  }

  /** RFC 1184, section 2.4: an unchanged setting is not answered, a new one is acknowledged. */
  #takeKey(entry: SlcEntry): SlcEntry[] {
    const { function: code, ack, ...setting } = entry;
    if (code === 0) return this.#takeAll(setting.level);
    if (code > MAX_FUNCTION) {
      const isRefused = ack || setting.level === UNSUPPORTED.level;
      return isRefused ? [] : [{ ...UNSUPPORTED, function: code, ack: false }];
    }
    const before = this.#keys.get(code) ?? UNSUPPORTED;
    if (ack || isSame(setting, before)) {
      if (ack) this.#keys.set(code, setting);
      return [];
    }
    if (setting.level === "default") return [{ ...this.#ours(code), function: code, ack: false }];
    this.#keys.set(code, setting);
    return [{ ...setting, function: code, ack: true }];
  }

  /** Function 0 requests all our keys: the default keys, or the current ones. */
  #takeAll(level: SlcEntry["level"]): SlcEntry[] {
    if (level === "default") this.#resetKeys();
    return level === "default" || level === "value" ? this.#allKeys() : [];
  }

  #resetKeys(): void {
    this.#keys.clear();
    for (const [code, setting] of OUR_KEYS) this.#keys.set(code, setting);
  }

  #allKeys(): SlcEntry[] {
    return Array.from(
      this.#keys,
      ([code, setting]) => ({ ...setting, function: code, ack: false }),
    );
  }

  /** Sets a key that the client leaves to us. */
  #ours(code: number): SlcSetting {
    const setting = OUR_KEYS.get(code) ?? UNSUPPORTED;
    this.#keys.set(code, setting);
    return setting;
  }

  /**
   * Only the server sends a mask (DO), and only the client answers it (RFC 1184, section 2.3). Our
   * client always refuses. Other messages are ignored.
   */
  #takeForwardmask(verb: "do" | "dont" | "will" | "wont"): void {
    if (this.#side === "local") {
      if (verb === "do") this.#send(encodeLinemodeForwardmask("wont"));
    } else if (verb === "will") this.#forwards = this.#masked;
    else if (verb === "wont") this.#forwards = false;
  }

  #send(payload: Uint8Array): void {
    this.#context.sendSubnegotiation(LINEMODE, payload);
  }
}

const HANDLE_NAMES = {
  enabled: true,
  mode: true,
  forwards: true,
  keys: true,
  setMode: true,
  forward: true,
} as const;

function isSame(a: SlcSetting, b: SlcSetting): boolean {
  return a.level === b.level && a.value === b.value && a.flushIn === b.flushIn &&
    a.flushOut === b.flushOut;
}

/** The events that LINEMODE reports to the game. */
export interface LinemodeEvents {
  /** The client has reported its editing keys. */
  slc: readonly SlcEntry[];
}

/**
 * LINEMODE as the server uses it: the client edits lines, and its keys are reported to the game.
 */
export const linemode: TelnetOption<true, LinemodeState, LinemodeEvents> = {
  code: LINEMODE,
  name: "LINEMODE",
  events: ["slc"],
  offer: "remote",
  attach: (context) => new LinemodeState(context, "remote"),
};

/** LINEMODE as the client uses it: accepts each mode and key of the server. */
export const linemodeClient: TelnetOption<true, LinemodeState, LinemodeEvents> = {
  code: LINEMODE,
  name: "LINEMODE",
  events: ["slc"],
  agreeLocal: true,
  attach: (context) => new LinemodeState(context, "local"),
};
