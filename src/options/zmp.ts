import { checkList, checkText, inspect, rejectUnknownKeys } from "../protocol/validate.ts";
import { handleOf } from "./_handle.ts";
import type { Side } from "../protocol/events.ts";
import { isEnabled, type OptionContext, type OptionState, type TelnetOption } from "./option.ts";
import { throwMisuse } from "../protocol/error.ts";
import { fromUtf8, join, split, toUtf8 } from "./_bytes.ts";

/** Code of the option ZMP, the Zenith MUD Protocol. */
export const ZMP = 0x5d;

/** A command of ZMP with its arguments. */
export interface ZmpCommand {
  /** The command, such as `zmp.ping`. */
  readonly name: string;
  /** Its arguments. */
  readonly args: readonly string[];
}

/**
 * Reads a ZMP payload.
 *
 * @param payload The bytes between `IAC SB ZMP` and `IAC SE`, unescaped.
 * @returns The command, or `undefined` if the payload does not end in a NUL or has no name.
 *
 * @example
 * ```ts
 * import { decodeZmp, encodeZmp } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * const command = { name: "zmp.check", args: ["net.example."] };
 * assertEquals(decodeZmp(encodeZmp(command.name, command.args)), command);
 * ```
 */
export function decodeZmp(payload: Uint8Array): ZmpCommand | undefined {
  if (payload.at(-1) !== 0) return undefined;
  const [name = "", ...args] = split(payload.subarray(0, -1), 0).map(fromUtf8);
  return name === "" ? undefined : { name, args };
}

/**
 * Writes a ZMP payload.
 *
 * @param name The command.
 * @param args Its arguments.
 * @returns The payload.
 * @throws {TelnetError} `misuse`: an empty name, or a NUL in the name or an argument.
 */
export function encodeZmp(name: string, args: readonly string[] = []): Uint8Array {
  checkText("the ZMP command", name);
  checkList("the arguments of a ZMP command", args);
  for (const arg of args) checkText("an argument of a ZMP command", arg);
  if (name === "" || [name, ...args].some((text) => text.includes("\0"))) {
    throwMisuse(`Cannot send the ZMP command ${inspect(name)}: give a name without NUL`);
  }
  return join(...[name, ...args].flatMap((text) => [toUtf8(text), 0]));
}

/** What this library supports by itself. */
const OWN: readonly string[] = ["zmp.", "zmp.check", "zmp.ping"];

/** The configuration of ZMP. All fields are optional. */
export interface ZmpConfig {
  /**
   * Commands and packages that the game supports, besides `zmp.check` and `zmp.ping`. Default: none.
   */
  readonly supports?: readonly string[];
}

/** ZMP with one client: `client.telnet.zmp`. */
export interface ZmpHandle {
  /**
   * Sends a command.
   *
   * @param name The command.
   * @param args Its arguments.
   * @returns Whether ZMP is enabled; if not, nothing is sent.
   * @throws {TelnetError} `misuse`: an empty name, or text with NUL.
   */
  send(name: string, args?: readonly string[]): boolean;
}

/** The state of ZMP for one client. */
export class ZmpState implements OptionState<ZmpHandle>, ZmpHandle {
  readonly #context: OptionContext<ZmpEvents>;
  readonly #supports: readonly string[];
  /** The side that performs ZMP: the server. */
  readonly #side: Side;
  #handle: ZmpHandle | undefined;

  constructor(context: OptionContext<ZmpEvents>, config: true | ZmpConfig | undefined, side: Side) {
    this.#context = context;
    this.#supports = typeof config === "object" ? config.supports ?? [] : [];
    this.#side = side;
  }

  get handle(): ZmpHandle {
    return this.#handle ??= handleOf<ZmpHandle>(this, { send: true });
  }

  send(name: string, args: readonly string[] = []): boolean {
    const payload = encodeZmp(name, args);
    const enabled = isEnabled(this.#context, this.#side, ZMP);
    if (enabled) this.#context.sendSubnegotiation(ZMP, payload);
    return enabled;
  }

  /** Handles a command; answers `zmp.ping` and `zmp.check`. */
  subnegotiation(payload: Uint8Array): void {
    const command = decodeZmp(payload);
    if (command === undefined) return;
    if (command.name === "zmp.check") this.#check(command.args[0] ?? "");
    else if (command.name === "zmp.ping") this.send("zmp.time", [zmpTime(this.#context.utc())]);
    this.#context.emit("zmp", command);
  }

  /** A name that ends in a dot asks for a whole package. */
  #check(name: string): void {
    const known = OWN.includes(name) ||
      this.#supports.some((own) => own === name || (own.endsWith(".") && name.startsWith(own)));
    this.send(known ? "zmp.support" : "zmp.no-support", [name]);
  }
}

/** `2026-11-25T14:30:00.000Z` as ZMP writes it: `2026-11-25 14:30:00`. */
function zmpTime(utc: string): string {
  return utc.slice(0, 19).replace("T", " ");
}

/** The events that ZMP reports to the game. */
export interface ZmpEvents {
  /** A command came. */
  zmp: ZmpCommand;
}

/** ZMP as the server uses it. */
export const zmp: TelnetOption<true | ZmpConfig, ZmpState, ZmpEvents> = {
  code: ZMP,
  name: "ZMP",
  events: ["zmp"],
  offer: "local",
  mud: true,
  check(config) {
    if (config === true) return;
    rejectUnknownKeys("telnetOptions.zmp", config, { supports: true });
    const { supports = [] } = config;
    checkList("telnetOptions.zmp.supports", supports);
    for (const name of supports) checkText("telnetOptions.zmp.supports", name);
  },
  attach: (context, config) => new ZmpState(context, config, "local"),
};

/** ZMP as the client uses it. */
export const zmpClient: TelnetOption<true | ZmpConfig, ZmpState, ZmpEvents> = {
  ...zmp,
  agreeRemote: true,
  attach: (context, config) => new ZmpState(context, config, "remote"),
};
