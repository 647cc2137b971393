import { inspect, throwMisuse } from "../protocol/error.ts";
import { aardwolf, type AardwolfEvents } from "./aardwolf.ts";
import { atcp, type AtcpEvents } from "./atcp.ts";
import { binary } from "./binary.ts";
import { charset, type CharsetConfig } from "./charset.ts";
import { echo } from "./echo.ts";
import { endOfRecord } from "./end_of_record.ts";
import { flowControl } from "./flow_control.ts";
import { gmcp, type GmcpEvents } from "./gmcp.ts";
import { linemode, type LinemodeEvents } from "./linemode.ts";
import { logout, type LogoutEvents } from "./logout.ts";
import { mccp2, mccp3, type MccpConfig } from "./mccp.ts";
import { msdp, type MsdpConfig, type MsdpEvents } from "./msdp.ts";
import { msp } from "./msp.ts";
import { mssp, type MsspStatus } from "./mssp.ts";
import { mxp } from "./mxp.ts";
import { naws, type NawsEvents } from "./naws.ts";
import { type EnvironConfig, type EnvironEvents, newEnviron } from "./new_environ.ts";
import type { TelnetOption } from "./option.ts";
import { sendLocation } from "./send_location.ts";
import { sga } from "./sga.ts";
import { startTls } from "./start_tls.ts";
import { status } from "./status.ts";
import { terminalSpeed } from "./terminal_speed.ts";
import { terminalType } from "./terminal_type.ts";
import { timingMark, type TimingMarkEvents } from "./timing_mark.ts";
import { xDisplayLocation } from "./x_display_location.ts";
import { zmp, type ZmpConfig, type ZmpEvents } from "./zmp.ts";

/** What the options report to a game, by the event's name; `resize` is handled by `onResize`. */
export interface OptionEvents
  extends
    NawsEvents,
    GmcpEvents,
    MsdpEvents,
    EnvironEvents,
    ZmpEvents,
    AtcpEvents,
    AardwolfEvents,
    LinemodeEvents,
    TimingMarkEvents,
    LogoutEvents {}

/**
 * What a game offers to each client at the start, by option. `true` is the default of an option;
 * what is not named is not offered, but some is agreed to when the client asks.
 */
export interface OptionDeclarations {
  /** START-TLS: who can goes on encrypted. Wants `certificate`. Before all others. */
  readonly startTls?: true;
  /** TERMINAL-TYPE and MTTS: what the client is. First, as Mudlet tells it before compression. */
  readonly terminalType?: true;
  /** NAWS: the size of the window. */
  readonly naws?: true;
  /** CHARSET: which alphabet. */
  readonly charset?: true | CharsetConfig;
  /** NEW-ENVIRON and MNES: variables of the client. */
  readonly newEnviron?: true | EnvironConfig;
  /** END-OF-RECORD: marked prompts. */
  readonly endOfRecord?: true;
  /** BINARY both ways: eight bits for clients that strip one. */
  readonly binary?: true;
  /** GMCP: messages with JSON. */
  readonly gmcp?: true;
  /** MSDP: variables. */
  readonly msdp?: MsdpConfig;
  /** MSSP: what crawlers are told. `PLAYERS` and `UPTIME` are added where they are missing. */
  readonly mssp?: () => MsspStatus;
  /** MXP: markup. */
  readonly mxp?: true;
  /** MSP: sounds. */
  readonly msp?: true;
  /** ZMP: commands. */
  readonly zmp?: true | ZmpConfig;
  /** ATCP: GMCP's forerunner. */
  readonly atcp?: true;
  /** The option 102 of Aardwolf. */
  readonly aardwolf?: true;
  /** LINEMODE: the client edits lines. */
  readonly linemode?: true;
  /** TERMINAL-SPEED. */
  readonly terminalSpeed?: true;
  /** X-DISPLAY-LOCATION. */
  readonly xDisplayLocation?: true;
  /** SEND-LOCATION. */
  readonly sendLocation?: true;
  /** TOGGLE-FLOW-CONTROL. */
  readonly flowControl?: true;
  /** MCCP3: the client compresses what it sends. Not on encrypted connections. */
  readonly mccp3?: true | MccpConfig;
  /** MCCP2: what we send is compressed. Last, as it changes all that follows. Not when encrypted. */
  readonly mccp2?: true | MccpConfig;
}

/** The declared options in the order in which they are offered, then those that only answer. */
const DECLARABLE: Readonly<Record<keyof OptionDeclarations, TelnetOption>> = {
  startTls,
  terminalType,
  naws,
  charset,
  newEnviron,
  endOfRecord,
  binary,
  gmcp,
  msdp,
  mssp,
  mxp,
  msp,
  zmp,
  atcp,
  aardwolf,
  linemode,
  terminalSpeed,
  xDisplayLocation,
  sendLocation,
  flowControl,
  mccp3,
  mccp2,
};

/** Every option that the server knows. A new option is one file and its line here. */
export const OPTIONS: readonly TelnetOption[] = [
  ...Object.values(DECLARABLE),
  echo,
  sga,
  status,
  timingMark,
  logout,
];

const BY_CODE = new Map(OPTIONS.map((option) => [option.code, option]));

/** The names of all events that options report. */
export const OPTION_EVENTS: readonly (keyof OptionEvents)[] = OPTIONS.flatMap(
  (option) => (option.events ?? []) as (keyof OptionEvents)[],
);

/**
 * What is declared, by the option's code, in the order of the offers.
 *
 * @param declarations What the game offers.
 * @returns Each option's declaration.
 * @throws {TelnetError} `misuse`: a declaration that cannot be right.
 */
export function declared(declarations: OptionDeclarations): ReadonlyMap<number, unknown> {
  for (const key of Object.keys(declarations)) {
    if (!(key in DECLARABLE)) {
      throwMisuse(`Cannot offer an option that is not known: options.${key}`);
    }
  }
  const found = new Map<number, unknown>();
  for (
    const [key, option] of Object.entries(DECLARABLE) as [keyof OptionDeclarations, TelnetOption][]
  ) {
    const declaration = declarations[key];
    if (declaration === undefined) continue;
    if (declaration !== true && !["object", "function"].includes(typeof declaration)) {
      throwMisuse(
        `Cannot offer options.${key} by ${inspect(declaration)}: give true, or leave it out`,
      );
    }
    option.check?.(declaration as never);
    found.set(option.code, declaration);
  }
  return found;
}

/**
 * Looks an option up.
 *
 * @param code The option's code.
 * @returns The option, or `undefined` where the server does not know it.
 */
export function optionByCode(code: number): TelnetOption | undefined {
  return BY_CODE.get(code);
}

/**
 * The name of an option, for logs and messages.
 *
 * @param code The option's code.
 * @returns Its name, or the number where the option is not known.
 *
 * @example
 * ```ts
 * import { optionName } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(optionName(31), "NAWS");
 * assertEquals(optionName(222), "222");
 * ```
 */
export function optionName(code: number): string {
  return BY_CODE.get(code)?.name ?? String(code);
}
