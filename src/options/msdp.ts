import type { OptionChange, Side } from "../protocol/events.ts";
import { throwMisuse } from "../protocol/error.ts";
import { handleOf } from "./_handle.ts";
import { gmcp } from "./gmcp.ts";
import { hasParts, hasToJson, type Json } from "./json.ts";
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
/** The deepest nesting that is read; clients send only a few levels. */
const MAX_DEPTH = 16;

/** The most variables that are read from one payload. */
const MAX_VARIABLES = 1_024;

/** A value of MSDP: text, a list, or a table. Numbers and flags are sent as text. */
export type MsdpValue = string | readonly MsdpValue[] | { readonly [name: string]: MsdpValue };

/** What can be sent as a value of MSDP; numbers and flags become text. */
export type MsdpInput =
  | string
  | number
  | boolean
  | readonly MsdpInput[]
  | { readonly [name: string]: MsdpInput };

/**
 * Reads an MSDP payload: any number of variables with their values. A variable that occurs twice,
 * or has several values, becomes a list. Reading ends at malformed data.
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
 * Writes an MSDP payload. Bytes that MSDP reserves (0 to 6) are removed from texts.
 *
 * @param variables The variables and their values.
 * @returns The payload.
 * @throws {TelnetError} `misuse`: a value that cannot be sent, such as `null`.
 */
export function encodeMsdp(variables: ReadonlyMap<string, MsdpInput>): Uint8Array {
  if (!(variables instanceof Map)) throwUnexpected("the MSDP variables", "a Map", variables);
  for (const name of variables.keys()) checkName(name);
  return encodeVariables(
    Array.from(variables, ([name, value]) => [name, valueOf(name, value)] as const),
  );
}

/** Same as `encodeMsdp`, for values that have been checked. */
function encodeVariables(variables: Iterable<readonly [string, MsdpValue]>): Uint8Array {
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
  return join(TABLE_OPEN, encodeVariables(Object.entries(value)), TABLE_CLOSE);
}

function isList(value: MsdpValue): value is readonly MsdpValue[] {
  return Array.isArray(value);
}

function text(value: string): Uint8Array {
  return toUtf8(value.replaceAll(/[\x00-\x06]/g, ""));
}

/** The values of a variable, which may occur several times. */
interface ValueList {
  values: MsdpValue[];
  merged: boolean;
}

/** Merges the values of a repeated variable into one list. */
function merge(list: ValueList, more: readonly MsdpValue[]): void {
  if (!list.merged) list.values = append([], list.values);
  list.merged = true;
  append(list.values, more);
}

/** Appends values; the items of lists are appended one by one. */
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
  /** The number of variables read so far. */
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
      table.delete("__proto__"); // which a copy could turn into a prototype
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
  /** Returns the current value; called whenever the variable is sent. */
  readonly value: () => MsdpInput;
  /** Whether a client can set it, which is reported as the event `msdp`. Default `false`. */
  readonly configurable?: boolean;
}

/** The configuration of MSDP: the variables that each client starts with. */
export interface MsdpConfig {
  /** The variables by name, such as `HEALTH`. */
  readonly variables: Readonly<Record<string, MsdpVariable>>;
}

const COMMANDS = ["LIST", "REPORT", "UNREPORT", "RESET", "SEND"];

/** MSDP with one client: `client.telnet.msdp`. */
export interface MsdpHandle {
  /** The variables that the client has asked to have reported. */
  readonly reported: ReadonlySet<string>;
  /**
   * Declares a variable for this client, or changes it.
   *
   * @param name Its name.
   * @param variable The variable.
   * @throws {TelnetError} `misuse`: a variable without the function `value`.
   */
  declare(name: string, variable: MsdpVariable): void;
  /**
   * Sends the current values of changed variables that the client has asked to have reported.
   *
   * @param names Their names; without names, all of them.
   */
  update(...names: string[]): void;
}

/** The state of MSDP for one client: commands on declared variables, also over GMCP. */
export class MsdpState implements OptionState<MsdpHandle>, MsdpHandle {
  readonly #context: OptionContext<MsdpEvents>;
  readonly #variables: Map<string, MsdpVariable>;
  readonly #reported: Set<string> = new Set();
  #overGmcp = false;
  #handle: MsdpHandle | undefined;

  constructor(context: OptionContext<MsdpEvents>, config: MsdpConfig | undefined) {
    this.#context = context;
    this.#variables = new Map(Object.entries(config?.variables ?? {}));
    const overGmcp = context.stateOf(gmcp);
    overGmcp.onMsdp = (value) => this.#fromGmcp(value);
    overGmcp.onRenewed = () => this.#overGmcp ? this.#renew() : undefined;
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

  /** Another agreement starts anew, without reports. */
  changed(side: Side, change: OptionChange): void {
    if (side === "local" && change === "enabled" && !this.#overGmcp) this.#renew();
  }

  #renew(): void {
    this.#reported.clear();
    this.#overGmcp = false;
  }

  /** Handles commands. */
  subnegotiation(payload: Uint8Array): void {
    this.#overGmcp = false;
    for (const [name, value] of decodeMsdp(payload)) this.#command(name, value);
  }

  /** Copies the variables that the game declared on the previous state. */
  takeOver(before: OptionState): void {
    if (!(before instanceof MsdpState)) return;
    for (const [name, variable] of before.#variables) this.#variables.set(name, variable);
  }

  /** Returns the reported variables, and whether the client uses MSDP over GMCP. */
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
        return this.#context.run(() => this.#send(args));
      case "UNREPORT":
        return args.forEach((arg) => this.#reported.delete(arg));
      case "RESET":
        return this.#reset(args);
      case "SEND":
        return this.#context.run(() => this.#send(args));
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
    for (const name of new Set(names)) {
      const variable = this.#variables.get(name);
      if (variable !== undefined) found.set(name, valueOf(name, variable.value()));
    }
    if (found.size > 0) this.#transmit(found);
  }

  #transmit(variables: ReadonlyMap<string, MsdpValue>): void {
    if (this.#overGmcp) {
      this.#context.stateOf(gmcp).send("MSDP", Object.fromEntries(variables));
    } else if (this.#context.localEnabled(MSDP)) {
      this.#context.sendSubnegotiation(MSDP, encodeVariables(variables));
    }
  }
}

/** The events that MSDP reports to the game. */
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
    const { variables = {} } = config;
    if (!hasParts(variables) || Array.isArray(variables)) {
      throwUnexpected("telnetOptions.msdp.variables", "an object such as { HEALTH: … }", variables);
    }
    for (const [name, variable] of Object.entries(variables)) {
      checkVariable(name, variable);
    }
  },
  attach: (context, config) => new MsdpState(context, config),
};

/** Checks a value that is to be sent; numbers and flags become text. */
function valueOf(name: string, value: MsdpInput, depth: number = 0): MsdpValue {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (!hasParts(value)) {
    throwUnexpected(
      `what the MSDP variable ${name} is`,
      "text, a number, a flag, an array or a table",
      value,
    );
  }
  if (depth === MAX_DEPTH - 1) {
    throwMisuse(
      `Cannot send the MSDP variable ${name}: it is nested deeper than ${
        MAX_DEPTH - 1
      } levels, or contains itself`,
    );
  }
  if (hasToJson(value)) return valueOf(name, value.toJSON() as MsdpInput, depth + 1);
  if (Array.isArray(value)) {
    return value.map((item, index) => valueOf(`${name}[${index}]`, item, depth + 1));
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      checkName(key);
      return [key, valueOf(`${name}.${key}`, item, depth + 1)];
    }),
  );
}

function checkVariable(name: string, variable: MsdpVariable): void {
  checkName(name);
  rejectUnknownKeys(`the MSDP variable ${name}`, variable, { value: true, configurable: true });
  checkFunction(`\`value\` of the MSDP variable ${name}`, variable.value);
}

/** Checks the name of a variable, which cannot contain the bytes that MSDP reserves. */
function checkName(name: string): void {
  checkText("the name of an MSDP variable", name);
  if (name === "" || /[\x00-\x06]/.test(name)) {
    throwUnexpected("the name of an MSDP variable", "text without control characters", name);
  }
}

function fromJson(value: Json, depth: number): MsdpValue {
  if (typeof value !== "object" || value === null) return String(value);
  if (depth === MAX_DEPTH) return "";
  if (Array.isArray(value)) return value.map((item) => fromJson(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, fromJson(item, depth + 1)]),
  );
}

/** MSDP at the client's end: `server.telnet.msdp`. Each method returns whether MSDP is enabled. */
export interface MsdpClientHandle {
  /** Whether MSDP is enabled. */
  readonly enabled: boolean;
  /**
   * Requests a list, such as `REPORTABLE_VARIABLES`; the event `msdp` reports it.
   *
   * @param list Its name.
   */
  list(list: string): boolean;
  /**
   * Asks the server to send these variables now and whenever they change.
   *
   * @param names Their names.
   */
  report(...names: string[]): boolean;
  /**
   * Asks the server to stop reporting these variables.
   *
   * @param names Their names.
   */
  unreport(...names: string[]): boolean;
  /**
   * Requests the current values of variables once.
   *
   * @param names Their names.
   */
  send(...names: string[]): boolean;
  /**
   * Sets a variable of the server that clients can set.
   *
   * @param name Its name.
   * @param value Its value.
   */
  set(name: string, value: MsdpValue): boolean;
}

/** The events that MSDP reports to a client. */
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
      checkName(name);
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
