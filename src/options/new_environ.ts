import { checkList, rejectUnknownKeys } from "../protocol/validate.ts";
import { throwMisuse } from "../protocol/error.ts";
import { copied } from "../protocol/pieces.ts";
import type { ClientFacts } from "./facts.ts";
import { encodeMtts } from "./mtts.ts";
import type { OptionState, TelnetOption } from "./option.ts";
import { fromUtf8, join, toUtf8 } from "./_bytes.ts";

/** Code of the option NEW-ENVIRON (RFC 1572). */
export const NEW_ENVIRON = 0x27;

const IS = 0x00;
const SEND = 0x01;
const INFO = 0x02;

const VAR = 0x00;
const VALUE = 0x01;
const ESC = 0x02;
const USERVAR = 0x03;

/** A variable of a person's environment. */
export interface EnvironVariable {
  /** Its name. */
  readonly name: string;
  /** Its value; `undefined` if it is not defined, `""` if it is defined and empty. */
  readonly value: string | undefined;
  /** Whether it is a user variable (USERVAR), not a variable of RFC 1572 or MNES (VAR). */
  readonly user: boolean;
}

/** A NEW-ENVIRON message. */
export type EnvironMessage =
  | { readonly type: "is" | "info"; readonly variables: readonly EnvironVariable[] }
  | {
    readonly type: "send";
    /** The requested names. An empty name requests all of its kind, an empty list everything. */
    readonly names: readonly string[];
    /** Whether each name is a USERVAR; missing if none is. */
    readonly user?: readonly boolean[];
  };

/** Names of the variables of the MUD New-Environment Standard (MNES, MTTS bit 512). */
export const MNES_NAMES: readonly string[] = [
  "CHARSET",
  "CLIENT_NAME",
  "CLIENT_VERSION",
  "MTTS",
  "TERMINAL_TYPE",
];

/**
 * Reads a NEW-ENVIRON payload.
 *
 * @param payload The bytes between `IAC SB NEW-ENVIRON` and `IAC SE`, unescaped.
 * @returns The message, or `undefined` if it is not a message of RFC 1572.
 *
 * @example
 * ```ts
 * import { decodeEnviron, encodeEnvironIs } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * const variables = [{ name: "CLIENT_NAME", value: "Mudlet", user: false }];
 * assertEquals(decodeEnviron(encodeEnvironIs(variables)), { type: "is", variables });
 * ```
 */
export function decodeEnviron(payload: Uint8Array): EnvironMessage | undefined {
  const [type] = payload;
  const fields = readFields(payload.subarray(1));
  if (type === SEND) {
    const names = fields.map(({ text }) => text);
    const user = fields.map(({ kind }) => kind === USERVAR);
    return { type: "send", names, ...(user.includes(true) && { user }) };
  }
  if (type !== IS && type !== INFO) return undefined;
  const variables: { name: string; value: string | undefined; user: boolean }[] = [];
  for (const { kind, text } of fields) {
    const last = variables.at(-1);
    if (kind !== VALUE) variables.push({ name: text, value: undefined, user: kind === USERVAR });
    else if (last !== undefined) last.value = text;
  }
  return { type: type === IS ? "is" : "info", variables };
}

/**
 * Writes the server's request, SEND. inetutils reads at most 256 bytes of it, so request few names.
 * Never request `USER`, which crashes the Telnet client of Windows.
 *
 * @param names The names to request; an empty list requests all that the client is willing to send.
 * @returns The payload.
 * @throws {TelnetError} `misuse`: not a list of names.
 */
export function encodeEnvironSend(names: readonly string[] = []): Uint8Array {
  checkList("the names of variables", names);
  return join(SEND, ...names.flatMap((name) => [VAR, escape(name)]));
}

/**
 * Writes an answer, IS.
 *
 * @param variables The variables to send.
 * @returns The payload.
 */
export function encodeEnvironIs(variables: readonly EnvironVariable[]): Uint8Array {
  return join(IS, ...encodeVariables(variables));
}

/**
 * Writes a report of changed variables, INFO.
 *
 * @param variables The changed variables.
 * @returns The payload.
 */
export function encodeEnvironInfo(variables: readonly EnvironVariable[]): Uint8Array {
  return join(INFO, ...encodeVariables(variables));
}

function encodeVariables(variables: readonly EnvironVariable[]): (number | Uint8Array)[] {
  return variables.flatMap(({ name, value, user }) => [
    user ? USERVAR : VAR,
    escape(name),
    ...(value === undefined ? [] : [VALUE, escape(value)]),
  ]);
}

function escape(text: string): Uint8Array {
  const bytes = toUtf8(text);
  return join(...Array.from(bytes).flatMap((byte) => byte <= USERVAR ? [ESC, byte] : [byte]));
}

function readFields(bytes: Uint8Array): { kind: number; text: string }[] {
  const fields: { kind: number; text: string }[] = [];
  let at = 0;
  while (at < bytes.length) {
    const kind = bytes[at++] ?? VAR;
    const text: number[] = [];
    while (at < bytes.length) {
      const byte = bytes[at] ?? 0;
      if (byte <= USERVAR && byte !== ESC) break;
      at += byte === ESC ? 2 : 1;
      // An ESC that ends the payload escapes nothing.
      const literal = byte === ESC ? bytes[at - 1] : byte;
      if (literal !== undefined) text.push(literal);
    }
    if (kind !== ESC && kind <= USERVAR) {
      fields.push({ kind, text: fromUtf8(Uint8Array.from(text)) });
    }
  }
  return fields;
}

/** The names that are requested by default. */
const USUAL_NAMES = [...MNES_NAMES, "LANG", "LC_ALL", "COLORTERM"];

/** The configuration of NEW-ENVIRON. */
export interface EnvironConfig {
  /**
   * The names to request: few names, never secrets, never `USER`. Default: those of MNES, `LANG`,
   * `LC_ALL` and `COLORTERM`.
   */
  readonly names?: readonly string[];
}

/** The events that NEW-ENVIRON reports to the game. */
export interface EnvironEvents {
  /** Variables came: an answer (IS), or changes (INFO). */
  environ: readonly EnvironVariable[];
}

/** NEW-ENVIRON as the server uses it: requests a few variables, and accepts later changes. */
export const newEnviron: TelnetOption<true | EnvironConfig, OptionState, EnvironEvents> = {
  code: NEW_ENVIRON,
  name: "NEW-ENVIRON",
  events: ["environ"],
  offer: "remote",
  check(config) {
    if (config === true) return;
    rejectUnknownKeys("telnetOptions.newEnviron", config, { names: true });
    const { names = [] } = config;
    checkList("telnetOptions.newEnviron.names", names);
    const length = encodeEnvironSend(names).length;
    if (config.names?.length === 0) {
      throwMisuse(
        "Cannot ask for an empty list, as clients then send all names, USER too: leave newEnviron out",
      );
    }
    if (names.includes("USER")) {
      throwMisuse(
        "Cannot ask for USER: the Telnet client of Windows crashes at it, so leave it out",
      );
    }
    if (length > MAX_QUESTION) {
      throwMisuse(
        `Cannot ask for names of ${length} bytes: inetutils reads 256 in all, so ask for fewer`,
      );
    }
  },
  attach: (context, config) => ({
    changed(side, change) {
      if (side !== "remote" || change !== "enabled") return;
      const names = typeof config === "object" ? config.names : undefined;
      context.sendSubnegotiation(NEW_ENVIRON, encodeEnvironSend(names ?? USUAL_NAMES));
    },
    subnegotiation(payload) {
      const message = decodeEnviron(payload);
      if (message === undefined || message.type === "send") return;
      for (const { name, value } of message.variables.slice(0, MAX_VARIABLES)) {
        const { environment } = context.facts;
        if (name.length > MAX_LENGTH) continue;
        const room = environment.has(name) || environment.size < MAX_VARIABLES;
        if (value === undefined) environment.delete(name);
        else if (room) environment.set(name, copied(value.slice(0, MAX_LENGTH)));
      }
      const charset = charsetOf(context.facts.environment);
      if (charset !== undefined) context.effects.suggestCharset(charset);
      context.emit("environ", message.variables);
    },
  }),
};

/** The character set, from MNES or from a locale such as `ru_RU.KOI8-R`. */
function charsetOf(environment: ReadonlyMap<string, string>): string | undefined {
  const locale = environment.get("LC_ALL") || environment.get("LANG") || "";
  return environment.get("CHARSET") ?? /\.([\w-]+)/.exec(locale)?.[1];
}

/** The longest request: with IAC SB NEW-ENVIRON and IAC SE, it fits in 256 bytes. */
const MAX_QUESTION = 250;
/** The longest name that is kept, and the length to which values are cut, in UTF-16 units. */
const MAX_LENGTH = 256;
/** The most variables that are kept. */
const MAX_VARIABLES = 64;

/** The client's NEW-ENVIRON, which can report a changed variable. */
export interface EnvironClientState extends OptionState {
  /** Sends a changed variable, if NEW-ENVIRON is enabled. */
  update(name: string): void;
}

/**
 * NEW-ENVIRON as the client uses it: sends the variables of its facts, and those of MNES if the
 * client has a name. It never sends other variables of the process.
 */
export const newEnvironClient: TelnetOption<true, EnvironClientState> = {
  code: NEW_ENVIRON,
  name: "NEW-ENVIRON",
  agreeLocal: true,
  attach: (context) => ({
    update(name) {
      if (!context.localEnabled(NEW_ENVIRON)) return;
      const variable = variableOf(context.facts, name);
      context.sendSubnegotiation(NEW_ENVIRON, encodeEnvironInfo([variable]));
    },
    subnegotiation(payload) {
      const message = decodeEnviron(payload);
      if (message?.type !== "send" || !context.localEnabled(NEW_ENVIRON)) return;
      const variables = asked(message, context.facts);
      context.sendSubnegotiation(NEW_ENVIRON, encodeEnvironIs(variables));
    },
  }),
};

/** The requested variables. An empty list requests all, an empty name all of its kind. */
function asked(
  { names, user = [] }: EnvironMessage & { type: "send" },
  facts: ClientFacts,
): EnvironVariable[] {
  const all = [...facts.environment.keys(), ...standardVariables(facts).keys()];
  if (names.length === 0) return all.map((name) => variableOf(facts, name));
  const found = new Map<string, EnvironVariable>();
  for (const [index, name] of names.slice(0, MAX_VARIABLES).entries()) {
    const isUser = user[index] === true;
    // A VAR and a USERVAR of the same name are two variables (RFC 1572).
    const wanted = name === ""
      ? all.map((known) => variableOf(facts, known)).filter((one) => one.user === isUser)
      : [{ ...variableOf(facts, name), user: isUser }];
    for (const one of wanted) found.set(`${isUser} ${one.name}`, one);
  }
  return [...found.values()];
}

/** The variables of RFC 1572, sent as VAR. */
const WELL_KNOWN: ReadonlySet<string> = new Set([
  "USER",
  "JOB",
  "ACCT",
  "PRINTER",
  "SYSTEMTYPE",
  "DISPLAY",
]);

function variableOf(facts: ClientFacts, name: string): EnvironVariable {
  const standard = standardVariables(facts);
  const value = facts.environment.get(name) ?? standard.get(name);
  return { name, value, user: !WELL_KNOWN.has(name) && !standard.has(name) };
}

/** The MNES variables; none if the client has no name. */
function standardVariables(facts: ClientFacts): Map<string, string> {
  const { clientName, clientVersion, terminalType, mtts, charset } = facts;
  const found = new Map<string, string>();
  if (clientName === undefined) return found;
  const values = [
    charset,
    clientName,
    clientVersion,
    mtts && encodeMtts(mtts).replace("MTTS ", ""),
    terminalType,
  ];
  for (const [index, value] of values.entries()) {
    const name = MNES_NAMES[index];
    if (value !== undefined && name !== undefined) found.set(name, value);
  }
  return found;
}
