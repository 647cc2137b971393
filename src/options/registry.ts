import { rejectUnknownKeys, type Synonyms, throwUnexpected } from "../protocol/validate.ts";
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
import { OptionSet } from "./option_set.ts";
import { sendLocation } from "./send_location.ts";
import { sga } from "./sga.ts";
import { startTls } from "./start_tls.ts";
import { status } from "./status.ts";
import { terminalSpeed } from "./terminal_speed.ts";
import { terminalType } from "./terminal_type.ts";
import { timingMark, type TimingMarkEvents } from "./timing_mark.ts";
import { xDisplayLocation } from "./x_display_location.ts";
import { zmp, type ZmpConfig, type ZmpEvents } from "./zmp.ts";

/** The events that options report to a game, by name; `resize` is handled by `onResize`. */
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
 * The options that a game offers to each client at the start. `true` uses the default configuration
 * of an option. An option that is missing or `false` is not offered; the server still agrees to
 * some of them if the client asks.
 */
export interface OptionDeclarations {
  /** START-TLS: encryption if the client agrees. Needs `certificate`. Offered before the others. */
  readonly startTls?: boolean | undefined;
  /** TERMINAL-TYPE and MTTS: the client type. Offered early: Mudlet sends it before compression. */
  readonly terminalType?: boolean | undefined;
  /** NAWS: the size of the window. */
  readonly naws?: boolean | undefined;
  /** CHARSET: the character encoding. */
  readonly charset?: boolean | CharsetConfig | undefined;
  /** NEW-ENVIRON and MNES: variables of the client. */
  readonly newEnviron?: boolean | EnvironConfig | undefined;
  /** END-OF-RECORD: marked prompts. */
  readonly endOfRecord?: boolean | undefined;
  /** BINARY in both directions: keeps the eighth bit, which some clients strip. */
  readonly binary?: boolean | undefined;
  /** GMCP: messages with JSON. */
  readonly gmcp?: boolean | undefined;
  /** MSDP: variables. */
  readonly msdp?: MsdpConfig | false | undefined;
  /** MSSP: the status for MUD crawlers. `PLAYERS` and `UPTIME` are added if they are missing. */
  readonly mssp?: (() => MsspStatus) | false | undefined;
  /** MXP: markup. */
  readonly mxp?: boolean | undefined;
  /** MSP: sounds. */
  readonly msp?: boolean | undefined;
  /** ZMP: commands. */
  readonly zmp?: boolean | ZmpConfig | undefined;
  /** ATCP: GMCP's predecessor. */
  readonly atcp?: boolean | undefined;
  /** Aardwolf's option 102. */
  readonly aardwolf?: boolean | undefined;
  /** LINEMODE: the client edits lines. */
  readonly linemode?: boolean | undefined;
  /** TERMINAL-SPEED. */
  readonly terminalSpeed?: boolean | undefined;
  /** X-DISPLAY-LOCATION. */
  readonly xDisplayLocation?: boolean | undefined;
  /** SEND-LOCATION. */
  readonly sendLocation?: boolean | undefined;
  /** TOGGLE-FLOW-CONTROL. */
  readonly flowControl?: boolean | undefined;
  /** MCCP3: the client compresses its output. Not on encrypted connections by default. */
  readonly mccp3?: boolean | MccpConfig | undefined;
  /**
   * MCCP2: the server compresses its output. Offered last, as it changes all later bytes. Not on
   * encrypted connections by default.
   */
  readonly mccp2?: boolean | MccpConfig | undefined;
}

/** The options that a game can declare, in the order in which they are offered. */
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

/** Options that are offered after the game's own options, because they start compression. */
const OFFERED_LAST: readonly TelnetOption[] = [mccp3, mccp2];
/** Options that are never offered. */
const NEVER_OFFERED: readonly TelnetOption[] = [echo, sga, status, timingMark, logout];
const OFFERED_FIRST: readonly TelnetOption[] = Object.values(DECLARABLE).filter((one) =>
  !OFFERED_LAST.includes(one)
);

/**
 * Every option that the server implements. A new option needs its own file and an entry in this
 * one.
 */
export const BUILT_IN: OptionSet = optionSet([]);

/** The names of all events that the built-in options report. */
export const OPTION_EVENTS: readonly (keyof OptionEvents)[] = [
  ...BUILT_IN.eventNames,
] as (keyof OptionEvents)[];

/** Names that other libraries use for these options, or hints for the error. */
const SYNONYMS: Synonyms = {
  ttype: "terminalType",
  mtts: "terminalType",
  terminal: "terminalType",
  windowSize: "naws",
  eor: "endOfRecord",
  environ: "newEnviron",
  environment: "newEnviron",
  mnes: "newEnviron",
  tls: "startTls",
  mccp: "mccp2",
  compression: "mccp2",
  encoding: "charset",
  speed: "terminalSpeed",
  lflow: "flowControl",
  echo: "call passwordModeOn() or requestWillEcho() of a client",
  sga: "call enterCharacterMode() or requestDoSga() of a client",
  suppressGoAhead: "call enterCharacterMode() or requestDoSga() of a client",
};

/** The options of the library and of a game, in the order in which they are offered. */
export function optionSet(custom: readonly TelnetOption[]): OptionSet {
  return new OptionSet([...OFFERED_FIRST, ...custom, ...OFFERED_LAST, ...NEVER_OFFERED]);
}

/**
 * Checks the declarations of a game.
 *
 * @param declarations The declarations; `false` and `undefined` stand for "not offered".
 * @returns Each option's declaration by the option's code, in the order of the offers.
 * @throws {TelnetError} `misuse`: an invalid declaration.
 */
export function checkDeclarations(declarations: OptionDeclarations): Map<number, unknown> {
  rejectUnknownKeys("telnetOptions", declarations, DECLARABLE, SYNONYMS);
  const found = new Map<number, unknown>();
  for (
    const [key, option] of Object.entries(DECLARABLE) as [keyof OptionDeclarations, TelnetOption][]
  ) {
    const declaration = declarations[key];
    if (declaration === undefined || declaration === false) continue;
    if (option.check !== undefined) option.check(declaration as never);
    else if (declaration !== true) {
      throwUnexpected(`telnetOptions.${key}`, "true or false", declaration);
    }
    found.set(option.code, declaration);
  }
  return found;
}

/**
 * The name of an option, for logs and messages.
 *
 * @param code The option's code.
 * @returns Its name, or the number if the option is unknown.
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
  return BUILT_IN.nameOf(code);
}
