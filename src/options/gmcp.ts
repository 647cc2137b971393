import { handleOf } from "./_handle.ts";
import type { OptionChange, Side } from "../protocol/events.ts";
import { isEnabled, type OptionContext, type OptionState, type TelnetOption } from "./option.ts";
import { throwMisuse } from "../protocol/error.ts";
import { copied } from "../protocol/pieces.ts";
import { cutName, fromUtf8, toUtf8 } from "./_bytes.ts";
import { asciiJson, type Json, readJson } from "./json.ts";
import {
  checkFunction,
  checkList,
  checkText,
  inspect,
  rejectUnknownKeys,
} from "../protocol/validate.ts";

/** Code of the option GMCP, the Generic MUD Communication Protocol. */
export const GMCP = 0xc9;

/** One message of GMCP. */
export interface GmcpMessage {
  /** The name of the package and message, such as `Char.Vitals`, as the peer spells it. */
  readonly package: string;
  /** The value; `undefined` if the message has none or has invalid JSON: see `malformed`. */
  readonly value: Json | undefined;
  /** The text after the name, if it is not valid JSON; the name is still valid. */
  readonly malformed?: string;
}

/** A name, then JSON; some clients omit the space between them. */
const MESSAGE = /^\s*([\w.-]+)\s*([\s\S]*)$/;
const PACKAGE = /^[\w.-]+$/;

/**
 * Reads a GMCP payload. Invalid JSON does not throw; the message has `malformed` instead.
 *
 * @param payload The bytes between `IAC SB GMCP` and `IAC SE`, unescaped: UTF-8.
 * @returns The message, or `undefined` if it has no name.
 *
 * @example
 * ```ts
 * import { decodeGmcp } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = (text: string) => new TextEncoder().encode(text);
 * assertEquals(decodeGmcp(bytes('Char.Vitals {"hp":5}')), {
 *   package: "Char.Vitals",
 *   value: { hp: 5 },
 * });
 * assertEquals(decodeGmcp(bytes("Core.Ping")), { package: "Core.Ping", value: undefined });
 * assertEquals(decodeGmcp(bytes("Char {hp"))?.malformed, "{hp");
 * ```
 */
export function decodeGmcp(payload: Uint8Array): GmcpMessage | undefined {
  const [, name, body = ""] = MESSAGE.exec(fromUtf8(payload)) ?? [];
  if (name === undefined) return undefined;
  const json = body.replaceAll("\0", "").trim();
  if (json === "") return { package: name, value: undefined };
  try {
    return { package: name, value: readJson(json) };
  } catch {
    return { package: name, value: undefined, malformed: json };
  }
}

/**
 * Writes a GMCP payload. NUL and non-ASCII characters are escaped as `\uXXXX`: some clients end a
 * subnegotiation at the byte 0xF0, which occurs in UTF-8, and NUL would cut the text short.
 *
 * @param name The name of the package and message, such as `Char.Vitals`.
 * @param value The value; if omitted, the message has none.
 * @returns The payload.
 * @throws {TelnetError} `misuse`: a name with other characters than letters, digits and `.`, `_`, `-`.
 *
 * @example
 * ```ts
 * import { encodeGmcp } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * const text = new TextDecoder().decode(encodeGmcp("Room.Info", { name: "Café" }));
 * assertEquals(text, 'Room.Info {"name":"Caf\\u00e9"}');
 * ```
 */
export function encodeGmcp(name: string, value?: unknown): Uint8Array {
  checkText("the name of a GMCP package", name);
  if (!PACKAGE.test(name)) {
    throwMisuse(
      `Cannot use this name for a GMCP package: use a dotted name, such as "Char.Vitals"`,
    );
  }
  if (value === undefined) return toUtf8(name);
  return toUtf8(`${name} ${asciiJson(value)}`);
}

/** The most packages of a client that are kept. */
const MAX_PACKAGES = 128;
const MAX_PACKAGE_NAME = 64;
const PING = "core.ping";
/**
 * The most unanswered pings that are counted: each of them makes us take a client's ping for an
 * answer.
 */
const MAX_PINGS = 8;

/** GMCP with one client: `client.telnet.gmcp`. */
export interface GmcpHandle {
  /** Whether GMCP is enabled. */
  readonly enabled: boolean;
  /**
   * The packages that the client supports (`Core.Supports`), in lower case, with their versions.
   */
  readonly supports: ReadonlyMap<string, number>;
  /**
   * Sends a message.
   *
   * @param name The name of the package and message, such as `Char.Vitals`.
   * @param value Anything that JSON can represent; a field that is `undefined` is left out. If omitted,
   * the message has no value.
   * @returns Whether GMCP is enabled; if not, nothing is sent.
   * @throws {TelnetError} `misuse`: an invalid name, or a value that JSON cannot represent.
   */
  send(name: string, value?: unknown): boolean;
  /**
   * Registers a handler for a message of this client, called in addition to `onGmcp`. Names are
   * case-insensitive.
   *
   * @param name The name of the package and message.
   * @param handler Called within `poll()` with the value; if it fails, the client is dropped.
   * @throws {TelnetError} `misuse`: an invalid name, or a handler that is not a function.
   */
  on(name: string, handler: (value: Json | undefined) => unknown): void;
}

/** The state of GMCP for one client. */
export class GmcpState implements OptionState<GmcpHandle>, GmcpHandle {
  readonly #context: OptionContext<GmcpEvents>;
  /** The side that performs GMCP: the server. */
  readonly #side: Side;
  readonly #handlers: Map<string, (value: Json | undefined) => unknown> = new Map();
  readonly #supports: Map<string, number> = new Map();
  /** Our unanswered pings. The answer to a ping is a Core.Ping too. */
  #pings = 0;
  #handle: GmcpHandle | undefined;
  /** Handles MSDP over GMCP, and its end; set by MSDP. */
  onMsdp: ((value: Json | undefined) => void) | undefined;
  onRenewed: (() => void) | undefined;

  constructor(context: OptionContext<GmcpEvents>, side: Side) {
    this.#context = context;
    this.#side = side;
  }

  get handle(): GmcpHandle {
    const names = { enabled: true, supports: true, send: true, on: true } as const;
    return this.#handle ??= handleOf<GmcpHandle>(this, names);
  }

  get enabled(): boolean {
    return isEnabled(this.#context, this.#side, GMCP);
  }

  get supports(): ReadonlyMap<string, number> {
    return this.#supports;
  }

  send(name: string, value?: unknown): boolean {
    const payload = encodeGmcp(name, value);
    if (!this.enabled) return false;
    if (name.toLowerCase() === PING) this.#pings = Math.min(this.#pings + 1, MAX_PINGS);
    this.#context.sendSubnegotiation(GMCP, payload);
    return true;
  }

  on(name: string, handler: (value: Json | undefined) => unknown): void {
    checkText("the name of a GMCP package", name);
    if (!PACKAGE.test(name)) {
      throwMisuse(`Cannot handle the GMCP package ${inspect(name)}: use a dotted name`);
    }
    checkFunction("the handler of a GMCP message", handler);
    this.#handlers.set(name.toLowerCase(), handler);
  }

  /** Another agreement starts anew: earlier pings are not answered any more. */
  changed(side: Side, change: OptionChange): void {
    if (side !== this.#side || change !== "enabled") return;
    this.#pings = 0;
    this.#supports.clear();
    this.onRenewed?.();
  }

  /** Handles a message. */
  subnegotiation(payload: Uint8Array): void {
    const message = decodeGmcp(payload);
    if (message === undefined) return;
    const name = message.package.toLowerCase();
    if (name === "core.hello") this.#hello(message.value);
    else if (name === PING) this.#pong();
    else if (name.startsWith("core.supports.")) this.#support(name, message.value);
    else if (name === "msdp") this.onMsdp?.(message.value);
    this.#context.emit("gmcp", message);
    const handler = this.#handlers.get(name);
    if (handler === undefined || message.malformed !== undefined) return;
    this.#context.run(() => handler(message.value));
  }

  /** Copies the handlers that the game registered on the previous state. */
  takeOver(before: OptionState): void {
    if (!(before instanceof GmcpState)) return;
    for (const [name, handler] of before.#handlers) this.#handlers.set(name, handler);
  }

  /** Returns the supported packages, and the number of unanswered pings. */
  snapshot(): Json {
    return { supports: [...this.#supports], pings: this.#pings };
  }

  /** Restores what `snapshot` returned. */
  restore(saved: Json): void {
    const { supports, pings } = saved as { supports: [string, number][]; pings: number };
    for (const [name, version] of supports) this.#supports.set(name, version);
    this.#pings = pings;
  }

  /** Answers a ping, unless it is the answer to one of ours. */
  #pong(): void {
    if (this.#pings > 0) this.#pings--;
    else if (this.enabled) this.#context.sendSubnegotiation(GMCP, encodeGmcp("Core.Ping"));
  }

  #hello(value: Json | undefined): void {
    // Mudlet writes "client", other clients "Client".
    const entries = Object.entries(value ?? {}).map(([key, item]) => [key.toLowerCase(), item]);
    const { client, version } = Object.fromEntries(entries) as { client?: Json; version?: Json };
    const { facts } = this.#context;
    if (typeof client === "string") facts.clientName = cutName(client);
    if (typeof version === "string") facts.clientVersion = cutName(version);
  }

  #support(name: string, value: Json | undefined): void {
    if (!Array.isArray(value)) return;
    if (name === "core.supports.set") this.#supports.clear();
    for (const item of value) {
      if (typeof item !== "string") continue;
      const [packageName = "", version] = item.trim().toLowerCase().split(/\s+/);
      if (packageName.length > MAX_PACKAGE_NAME) continue;
      if (name === "core.supports.remove") this.#supports.delete(packageName);
      else if (this.#supports.has(packageName) || this.#supports.size < MAX_PACKAGES) {
        this.#supports.set(copied(packageName), Number(version ?? 1) || 1);
      }
    }
  }
}

/** The events that GMCP reports to the game. */
export interface GmcpEvents {
  /** A message came; one whose JSON is malformed has `malformed`. */
  gmcp: GmcpMessage;
}

/** GMCP as the server uses it. */
export const gmcp: TelnetOption<true, GmcpState, GmcpEvents> = {
  code: GMCP,
  name: "GMCP",
  events: ["gmcp"],
  offer: "local",
  mud: true,
  attach: (context) => new GmcpState(context, "local"),
};

/** The configuration of GMCP at the client's end. */
export interface GmcpClientConfig {
  /**
   * The packages that the client supports, with their versions, such as `"Char 1"`: sent as
   * `Core.Supports.Set` as soon as GMCP is agreed. Default: none, and nothing is sent.
   */
  readonly supports?: readonly string[];
}

/** The client's GMCP: it introduces itself when GMCP is agreed. */
class GmcpClientState extends GmcpState {
  readonly #introduce: () => void;

  constructor(context: OptionContext<GmcpEvents>, config: true | GmcpClientConfig | undefined) {
    super(context, "remote");
    this.#introduce = () => {
      const { clientName, clientVersion } = context.facts;
      const hello: Record<string, string> = { client: clientName ?? "miniboa" };
      if (clientVersion !== undefined) hello.version = clientVersion;
      this.send("Core.Hello", hello);
      const supports = typeof config === "object" ? config.supports ?? [] : [];
      if (supports.length > 0) this.send("Core.Supports.Set", [...supports]);
    };
  }

  override changed(side: Side, change: OptionChange): void {
    super.changed(side, change);
    if (side === "remote" && change === "enabled") this.#introduce();
  }
}

/** GMCP as the client uses it. */
export const gmcpClient: TelnetOption<true | GmcpClientConfig, GmcpState, GmcpEvents> = {
  code: GMCP,
  name: "GMCP",
  events: ["gmcp"],
  agreeRemote: true,
  mud: true,
  check(config) {
    if (config === true) return;
    rejectUnknownKeys("telnetOptions.gmcp", config, { supports: true });
    const { supports = [] } = config;
    checkList("telnetOptions.gmcp.supports", supports);
    for (const name of supports) checkText("telnetOptions.gmcp.supports", name);
  },
  attach: (context, config) => new GmcpClientState(context, config),
};
