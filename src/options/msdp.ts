import { throwMisuse } from "../protocol/error.ts";
import { handleOf } from "./_handle.ts";
import { gmcp } from "./gmcp.ts";
import type { Json } from "./json.ts";
import type { OptionContext, OptionState, TelnetOption } from "./option.ts";
import { fromUtf8, join, toUtf8 } from "./_bytes.ts";
import {
  checkFunction,
  checkText,
  inspect,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";

/** Code of the option MSDP, the MUD Server Data Protocol. */
export const MSDP = 0x45;

const VAR = 0x01;
const VAL = 0x02;
const TABLE_OPEN = 0x03;
const TABLE_CLOSE = 0x04;
const ARRAY_OPEN = 0x05;
const ARRAY_CLOSE = 0x06;
/** Deeper nesting is not believed; no client sends more than a few levels. */
const MAX_DEPTH = 16;

/** More variables of one payload are not read. */
const MAX_VARIABLES = 1_024;

/** A value of MSDP: text, a list, or a table. Numbers and flags travel as text. */
export type MsdpValue = string | readonly MsdpValue[] | { readonly [name: string]: MsdpValue };

/**
 * Reads an MSDP payload: any number of variables with their values. A variable that comes twice, or
 * with several values, is a list. What is malformed ends the reading.
 *
 * @param payload The bytes between `IAC SB MSDP` and `IAC SE`, unescaped.
 * @returns The variables in order of arrival.
 *
 * @example
 * ```ts
 * import { decodeMsdp, encodeMsdp } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * const room = new Map([["ROOM", { NAME: "Inn", EXITS: ["n", "s"] }]]);
 * assertEquals(decodeMsdp(encodeMsdp(room)), room);
 * ```
 */
export function decodeMsdp(payload: Uint8Array): Map<string, MsdpValue> {
  return new Reader(payload).variables(0);
}

/**
 * Writes an MSDP payload. Bytes that MSDP needs for itself (0 to 6) are taken out of texts.
 *
 * @param variables The variables and their values.
 * @returns The payload.
 */
export function encodeMsdp(variables: ReadonlyMap<string, MsdpValue>): Uint8Array {
  return join(...Array.from(variables, ([name, value]) => variable(name, value)));
}

function variable(name: string, value: MsdpValue): Uint8Array {
  return join(VAR, text(name), VAL, encodeValue(value));
}

function encodeValue(value: MsdpValue): Uint8Array {
  if (typeof value === "string") return text(value);
  if (isList(value)) {
    const items = value.map((item) => join(VAL, encodeValue(item)));
    return join(ARRAY_OPEN, ...items, ARRAY_CLOSE);
  }
  const rows = Object.entries(value).map(([name, item]) => variable(name, item));
  return join(TABLE_OPEN, ...rows, TABLE_CLOSE);
}

function isList(value: MsdpValue): value is readonly MsdpValue[] {
  return Array.isArray(value);
}

function text(value: string): Uint8Array {
  return toUtf8(value.replaceAll(/[\x00-\x06]/g, ""));
}

/** The values of a variable, which may come in several places. */
interface ValueList {
  values: MsdpValue[];
  merged: boolean;
}

/** A variable that comes again is one list of all its values. */
function merge(list: ValueList, more: readonly MsdpValue[]): void {
  if (!list.merged) list.values = append([], list.values);
  list.merged = true;
  append(list.values, more);
}

/** Appends values, those of lists one by one. */
function append(values: MsdpValue[], more: readonly MsdpValue[]): MsdpValue[] {
  for (const value of more) {
    if (isList(value)) values.push(...value);
    else values.push(value);
  }
  return values;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Variables so far. */
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  variables(depth: number): Map<string, MsdpValue> {
    const found = new Map<string, MsdpValue>();
    const lists = new Map<string, ValueList>();
    while (this.#accept(VAR)) {
      const name = this.#text();
      const values: MsdpValue[] = [];
      while (this.#accept(VAL)) values.push(this.#value(depth));
      if (this.#count++ >= MAX_VARIABLES) break;
      const list = lists.get(name);
      if (list === undefined) lists.set(name, { values, merged: false });
      else merge(list, values);
    }
    for (const [name, { values }] of lists) {
      found.set(name, values.length > 1 ? values : values[0] ?? "");
    }
    return found;
  }

  #value(depth: number): MsdpValue {
    if (depth === MAX_DEPTH) return this.#giveUp();
    if (this.#accept(TABLE_OPEN)) {
      const table = this.variables(depth + 1);
      this.#accept(TABLE_CLOSE);
      return Object.fromEntries(table);
    }
    if (!this.#accept(ARRAY_OPEN)) return this.#text();
    const items: MsdpValue[] = [];
    while (this.#accept(VAL)) items.push(this.#value(depth + 1));
    this.#accept(ARRAY_CLOSE);
    return items;
  }

  #text(): string {
    const start = this.#at;
    while (this.#at < this.#bytes.length && (this.#bytes[this.#at] ?? 0) > ARRAY_CLOSE) this.#at++;
    return fromUtf8(this.#bytes.subarray(start, this.#at));
  }

  #accept(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #giveUp(): string {
    this.#at = this.#bytes.length;
    return "";
  }
}

/** A variable that the game declares. */
export interface MsdpVariable {
  /** What it is now, asked whenever it is sent. */
  readonly value: () => MsdpValue | number | boolean;
  /** Whether a client may set it; then the notice `msdp` comes. Default `false`. */
  readonly configurable?: boolean;
}

/** The variables of a game by name, for one client: made anew for each. */
export interface MsdpConfig {
  /** By name, such as `HEALTH`. */
  readonly variables: Readonly<Record<string, MsdpVariable>>;
}

const COMMANDS = ["LIST", "REPORT", "UNREPORT", "RESET", "SEND"];

/** MSDP with one client: `client.telnet.msdp`. */
export interface MsdpHandle {
  /** The variables that the client wants to be told of. */
  readonly reported: ReadonlySet<string>;
  /**
   * Declares a variable for this client, or changes it.
   *
   * @param name Its name.
   * @param variable What it is.
   * @throws {TelnetError} `misuse`: a variable without the function `value`.
   */
  declare(name: string, variable: MsdpVariable): void;
  /**
   * Sends the current values of changed variables that the client has asked to have reported.
   *
   * @param names Their names; none means all.
   */
  update(...names: string[]): void;
}

/** What MSDP keeps for one client: the command set over declared variables, also over GMCP. */
export class MsdpState implements OptionState<MsdpHandle>, MsdpHandle {
  readonly #context: OptionContext<MsdpEvents>;
  readonly #variables: Map<string, MsdpVariable>;
  readonly #reported: Set<string> = new Set();
  #overGmcp = false;
  #handle: MsdpHandle | undefined;

  constructor(context: OptionContext<MsdpEvents>, config: MsdpConfig | undefined) {
    this.#context = context;
    this.#variables = new Map(Object.entries(config?.variables ?? {}));
    context.stateOf(gmcp).onMsdp = (value) => this.#fromGmcp(value);
  }

  get handle(): MsdpHandle {
    const names = { reported: true, declare: true, update: true } as const;
    return this.#handle ??= handleOf<MsdpHandle>(this, names);
  }

  get reported(): ReadonlySet<string> {
    return this.#reported;
  }

  declare(name: string, variable: MsdpVariable): void {
    checkVariable(name, variable);
    this.#variables.set(name, variable);
  }

  update(...names: string[]): void {
    for (const name of names) {
      checkText("the name of an MSDP variable", name);
      if (this.#variables.has(name)) continue;
      throwMisuse(`Unknown MSDP variable ${inspect(name)}: declare() it, or in telnetOptions.msdp`);
    }
    const wanted = names.length === 0 ? [...this.#reported] : names;
    this.#send(wanted.filter((name) => this.#reported.has(name)));
  }

  /** Takes commands. */
  subnegotiation(payload: Uint8Array): void {
    this.#overGmcp = false;
    for (const [name, value] of decodeMsdp(payload)) this.#command(name, value);
  }

  /** Takes over the variables that the game has declared. */
  takeOver(before: OptionState): void {
    if (!(before instanceof MsdpState)) return;
    for (const [name, variable] of before.#variables) this.#variables.set(name, variable);
  }

  /** Keeps what is reported. */
  snapshot(): Json {
    return { reported: [...this.#reported], overGmcp: this.#overGmcp };
  }

  /** Restores what `snapshot` returned. */
  restore(saved: Json): void {
    const { reported, overGmcp } = saved as { reported: string[]; overGmcp: boolean };
    for (const name of reported) this.#reported.add(name);
    this.#overGmcp = overGmcp;
  }

  #fromGmcp(value: Json | undefined): void {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    this.#overGmcp = true;
    for (const [name, item] of Object.entries(value)) this.#command(name, fromJson(item, 0));
  }

  #command(name: string, value: MsdpValue): void {
    const args = (isList(value) ? value : [value]).filter((item) => typeof item === "string");
    switch (name.toUpperCase()) {
      case "LIST":
        return new Set(args.map((arg) => arg.toUpperCase())).forEach((arg) => this.#list(arg));
      case "REPORT":
        args.filter((arg) => this.#variables.has(arg)).forEach((arg) => this.#reported.add(arg));
        return this.#send(args);
      case "UNREPORT":
        return args.forEach((arg) => this.#reported.delete(arg));
      case "RESET":
        return this.#reset(args);
      case "SEND":
        return this.#send(args);
      default:
        return this.#set(name, args[0] ?? "");
    }
  }

  #list(what: string): void {
    const all = [...this.#variables.keys()];
    const configurable = all.filter((name) => this.#variables.get(name)?.configurable);
    const lists: Record<string, readonly string[]> = {
      COMMANDS,
      LISTS: [],
      CONFIGURABLE_VARIABLES: configurable,
      REPORTABLE_VARIABLES: all,
      REPORTED_VARIABLES: [...this.#reported],
      SENDABLE_VARIABLES: all,
    };
    const list = what === "LISTS" ? Object.keys(lists) : lists[what];
    if (list !== undefined) this.#transmit(new Map([[what, list]]));
  }

  #reset(args: readonly string[]): void {
    const known = ["REPORTABLE_VARIABLES", "REPORTED_VARIABLES"];
    if (args.some((arg) => known.includes(arg.toUpperCase()))) this.#reported.clear();
  }

  #set(name: string, value: string): void {
    if (this.#variables.get(name)?.configurable) this.#context.emit("msdp", { name, value });
  }

  #send(names: readonly string[]): void {
    const found = new Map<string, MsdpValue>();
    for (const name of names) {
      const variable = this.#variables.get(name);
      if (variable !== undefined) found.set(name, checkedValue(name, variable.value()));
    }
    if (found.size > 0) this.#transmit(found);
  }

  #transmit(variables: ReadonlyMap<string, MsdpValue>): void {
    if (this.#overGmcp) {
      this.#context.stateOf(gmcp).send("MSDP", Object.fromEntries(variables));
    } else if (this.#context.localEnabled(MSDP)) {
      this.#context.sendSubnegotiation(MSDP, encodeMsdp(variables));
    }
  }
}

/** What MSDP reports to the game. */
export interface MsdpEvents {
  /** The client sets a variable that the game declared `configurable`. */
  msdp: { readonly name: string; readonly value: string };
}

/** MSDP as the server uses it. */
export const msdp: TelnetOption<MsdpConfig, MsdpState, MsdpEvents> = {
  code: MSDP,
  name: "MSDP",
  events: ["msdp"],
  offer: "local",
  mud: true,
  check(config) {
    rejectUnknownKeys("telnetOptions.msdp", config, { variables: true });
    for (const [name, variable] of Object.entries(config.variables ?? {})) {
      checkVariable(name, variable);
    }
  },
  attach: (context, config) => new MsdpState(context, config),
};

/** The value of a variable as the game gives it: numbers are text on the wire. */
function checkedValue(name: string, value: MsdpValue | number | boolean): MsdpValue {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string" || isList(value)) return value;
  if (typeof value === "object" && value !== null && !("then" in value)) return value;
  throwUnexpected(
    `what the MSDP variable ${name} is`,
    "text, a number, an array or a table",
    value,
  );
}

function checkVariable(name: string, variable: MsdpVariable): void {
  rejectUnknownKeys(`the MSDP variable ${name}`, variable, { value: true, configurable: true });
  checkFunction(`\`value\` of the MSDP variable ${name}`, variable.value);
}

function fromJson(value: Json, depth: number): MsdpValue {
  if (typeof value !== "object" || value === null) return String(value);
  if (depth === MAX_DEPTH) return "";
  if (Array.isArray(value)) return value.map((item) => fromJson(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, fromJson(item, depth + 1)]),
  );
}

/** MSDP at the client's end: `server.telnet.msdp`. Each method returns whether MSDP is in force. */
export interface MsdpClientHandle {
  /** Whether the server has MSDP. */
  readonly enabled: boolean;
  /**
   * Asks for a list, such as `REPORTABLE_VARIABLES`; it comes as the event `msdp`.
   *
   * @param list Its name.
   */
  list(list: string): boolean;
  /**
   * Asks to be told now and whenever one of these variables changes.
   *
   * @param names Their names.
   */
  report(...names: string[]): boolean;
  /**
   * Asks to be told of these no more.
   *
   * @param names Their names.
   */
  unreport(...names: string[]): boolean;
  /**
   * Asks for the values of variables, once.
   *
   * @param names Their names.
   */
  send(...names: string[]): boolean;
  /**
   * Sets a variable of the server that clients may set.
   *
   * @param name Its name.
   * @param value Its value.
   */
  set(name: string, value: MsdpValue): boolean;
}

/** What MSDP reports to a client. */
export interface MsdpClientEvents {
  /** A variable came. */
  msdp: { readonly name: string; readonly value: MsdpValue };
}

/** MSDP as the client uses it. */
export const msdpClient: TelnetOption<true, OptionState<MsdpClientHandle>, MsdpClientEvents> = {
  code: MSDP,
  name: "MSDP",
  events: ["msdp"],
  agreeRemote: true,
  mud: true,
  attach: (context) => {
    const say = (name: string, value: MsdpValue) => {
      checkText("the name of an MSDP variable", name);
      const enabled = context.remoteEnabled(MSDP);
      if (enabled) context.sendSubnegotiation(MSDP, encodeMsdp(new Map([[name, value]])));
      return enabled;
    };
    return {
      handle: {
        get enabled() {
          return context.remoteEnabled(MSDP);
        },
        list: (list) => say("LIST", list),
        report: (...names) => say("REPORT", names),
        unreport: (...names) => say("UNREPORT", names),
        send: (...names) => say("SEND", names),
        set: say,
      },
      subnegotiation(payload) {
        for (const [name, value] of decodeMsdp(payload)) context.emit("msdp", { name, value });
      },
    };
  },
};
