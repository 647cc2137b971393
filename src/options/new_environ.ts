import { checkList, rejectUnknownKeys } from "../protocol/validate.ts";
import { throwMisuse } from "../protocol/error.ts";
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
  /** Its value; `undefined` where it is not defined, `""` where it is defined and empty. */
  readonly value: string | undefined;
  /** Whether it is one of the person's own (USERVAR), not one of RFC 1572 or MNES (VAR). */
  readonly user: boolean;
}

/** What a NEW-ENVIRON subnegotiation says. */
export type EnvironMessage =
  | { readonly type: "is" | "info"; readonly variables: readonly EnvironVariable[] }
  | {
    readonly type: "send";
    /** What is asked for. An empty name asks for all of its kind; no name at all for everything. */
    readonly names: readonly string[];
    /** Whether each name is a USERVAR; left out where none is. */
    readonly user?: readonly boolean[];
  };

/** Names of the MUD New-Environment Standard (MTTS bit 512), in requests of clients that know it. */
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
 * @returns The message, or `undefined` where it is none of RFC 1572.
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
 * Writes the server's question. inetutils reads at most 256 bytes of it, so ask for few names, and
 * never for `USER`: the Telnet client of Windows crashes at it.
 *
 * @param names What to ask for; none asks for all that the client cares to tell.
 * @returns The payload.
 */
export function encodeEnvironSend(names: readonly string[] = []): Uint8Array {
  return join(SEND, ...names.flatMap((name) => [VAR, escape(name)]));
}

/**
 * Writes an answer, IS.
 *
 * @param variables What to tell.
 * @returns The payload.
 */
export function encodeEnvironIs(variables: readonly EnvironVariable[]): Uint8Array {
  return join(IS, ...encodeVariables(variables));
}

/**
 * Writes news of what has changed, INFO.
 *
 * @param variables What has changed.
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

/** What is asked for unless the declaration says otherwise. */
const USUAL_NAMES = [...MNES_NAMES, "LANG", "LC_ALL", "COLORTERM"];

/** How to use NEW-ENVIRON. */
export interface EnvironConfig {
  /** What to ask for: few names, never secrets, never `USER`. */
  readonly names?: readonly string[];
}

/** What NEW-ENVIRON reports to the game. */
export interface EnvironEvents {
  /** Variables came: answers, or news. */
  environ: readonly EnvironVariable[];
}

/** NEW-ENVIRON as the server uses it: asks for a few names, and learns what changes later. */
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
      throwMisuse("Cannot ask for no names, as that asks for all, USER too: leave newEnviron out");
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
        else if (room) environment.set(name, value.slice(0, MAX_LENGTH));
      }
      const charset = charsetOf(context.facts.environment);
      if (charset !== undefined) context.effects.suggestCharset(charset);
      context.emit("environ", message.variables);
    },
  }),
};

/** The character set by MNES, or by the locale: `ru_RU.KOI8-R`. */
function charsetOf(environment: ReadonlyMap<string, string>): string | undefined {
  const locale = environment.get("LC_ALL") || environment.get("LANG") || "";
  return environment.get("CHARSET") ?? /\.([\w-]+)/.exec(locale)?.[1];
}

/** With IAC SB NEW-ENVIRON and IAC SE it fits 256 bytes. */
const MAX_QUESTION = 250;
/** Longer names are not kept, and longer values cut, in UTF-16 units. */
const MAX_LENGTH = 256;
/** More variables are not kept. */
const MAX_VARIABLES = 64;

/** NEW-ENVIRON of a client, to tell what has changed. */
export interface EnvironClientState extends OptionState {
  /** Sends a variable that has changed, where NEW-ENVIRON is in force. */
  update(name: string): void;
}

/**
 * NEW-ENVIRON as the client uses it: the variables of the facts, and those of MNES where the client has
 * a name. Nothing else of the process is ever sent.
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

/** What is asked for; no name at all, or an empty one, asks for all. */
function asked(
  { names, user = [] }: EnvironMessage & { type: "send" },
  facts: ClientFacts,
): EnvironVariable[] {
  const all = [...facts.environment.keys(), ...standardVariables(facts).keys()];
  if (names.length === 0) return all.map((name) => variableOf(facts, name));
  const found = new Map<string, EnvironVariable>();
  for (const [index, name] of names.slice(0, MAX_VARIABLES).entries()) {
    const isUser = user[index] === true;
    if (name !== "") found.set(name, { ...variableOf(facts, name), user: isUser });
    else {
      for (const one of all.map((known) => variableOf(facts, known))) {
        if (one.user === isUser) found.set(one.name, one);
      }
    }
  }
  return [...found.values()];
}

/** The variables of RFC 1572; all others are the person's own. */
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

/** MNES. */
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
