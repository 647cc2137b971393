import { rejectUnknownKeys, throwUnexpected } from "../protocol/validate.ts";
import { aardwolfClient, type AardwolfEvents } from "./aardwolf.ts";
import { atcpClient, type AtcpEvents } from "./atcp.ts";
import { binaryClient } from "./binary.ts";
import { charsetClient, type CharsetConfig } from "./charset.ts";
import { echoClient, type EchoEvents } from "./echo.ts";
import { endOfRecordClient } from "./end_of_record.ts";
import { flowControlClient, type FlowControlEvents } from "./flow_control.ts";
import { gmcpClient, type GmcpClientConfig, type GmcpEvents } from "./gmcp.ts";
import { linemodeClient, type LinemodeEvents } from "./linemode.ts";
import { mccp2Client, mccp3Client } from "./mccp.ts";
import { msdpClient, type MsdpClientEvents } from "./msdp.ts";
import { mspClient, type MspEvents } from "./msp.ts";
import { msspClient, type MsspEvents } from "./mssp.ts";
import { mxpClient, type MxpEvents } from "./mxp.ts";
import { nawsClient } from "./naws.ts";
import { newEnvironClient } from "./new_environ.ts";
import type { TelnetOption } from "./option.ts";
import { OptionSet } from "./option_set.ts";
import { sendLocationClient } from "./send_location.ts";
import { sgaClient } from "./sga.ts";
import { startTlsClient } from "./start_tls.ts";
import { status } from "./status.ts";
import { terminalSpeedClient } from "./terminal_speed.ts";
import { terminalTypeClient } from "./terminal_type.ts";
import { timingMark, type TimingMarkEvents } from "./timing_mark.ts";
import { xDisplayLocationClient } from "./x_display_location.ts";
import { zmpClient, type ZmpConfig, type ZmpEvents } from "./zmp.ts";

/** The events that options report to a client, by name. */
export interface ClientOptionEvents
  extends
    EchoEvents,
    GmcpEvents,
    MsdpClientEvents,
    MsspEvents,
    MspEvents,
    MxpEvents,
    ZmpEvents,
    AtcpEvents,
    AardwolfEvents,
    LinemodeEvents,
    FlowControlEvents,
    TimingMarkEvents {}

/**
 * The options that a client agrees to when the server asks. `true` uses the default configuration;
 * `false` refuses the option.
 */
export interface ClientOptionDeclarations {
  /** ECHO: the server echoes or hides typed input. Default `true`. */
  readonly echo?: boolean | undefined;
  /** SUPPRESS-GO-AHEAD. Default `true`. */
  readonly sga?: boolean | undefined;
  /** END-OF-RECORD: marked prompts. Default `true`. */
  readonly endOfRecord?: boolean | undefined;
  /** BINARY, in both directions. Default `true`. */
  readonly binary?: boolean | undefined;
  /** TERMINAL-TYPE and MTTS. Default `true`. */
  readonly terminalType?: boolean | undefined;
  /** NAWS: the size of the window. Default `true`. */
  readonly naws?: boolean | undefined;
  /** CHARSET: which character sets to ask for. Default: UTF-8. */
  readonly charset?: boolean | CharsetConfig | undefined;
  /** NEW-ENVIRON and MNES. Sends only values given in `terminal`. Default `true`. */
  readonly newEnviron?: boolean | undefined;
  /** TIMING-MARK. Default `true`. */
  readonly timingMark?: boolean | undefined;
  /** STATUS. Default `true`. */
  readonly status?: boolean | undefined;
  /** TERMINAL-SPEED. Default `true`. */
  readonly terminalSpeed?: boolean | undefined;
  /** SEND-LOCATION. Default: whether `terminal.location` is given. */
  readonly sendLocation?: boolean | undefined;
  /** X-DISPLAY-LOCATION. Default: whether `terminal.display` is given. */
  readonly xDisplayLocation?: boolean | undefined;
  /** TOGGLE-FLOW-CONTROL. Default `false`. */
  readonly flowControl?: boolean | undefined;
  /** LINEMODE: agrees to the server's modes and keys. Default `false`. */
  readonly linemode?: boolean | undefined;
  /** GMCP: messages with JSON. Default `true`. */
  readonly gmcp?: boolean | GmcpClientConfig | undefined;
  /** MSDP: variables. Default `true`. */
  readonly msdp?: boolean | undefined;
  /** MSSP: the game's status. Default `true`. */
  readonly mssp?: boolean | undefined;
  /** MSP: sounds. Default `true`. */
  readonly msp?: boolean | undefined;
  /** MXP: markup. Default `false`. */
  readonly mxp?: boolean | undefined;
  /** ZMP: commands. Default `true`. */
  readonly zmp?: boolean | ZmpConfig | undefined;
  /** ATCP: GMCP's predecessor. Default `false`. */
  readonly atcp?: boolean | undefined;
  /** Aardwolf's option 102. Default `false`. */
  readonly aardwolf?: boolean | undefined;
  /** MCCP2: the server compresses its output. Default: whether zlib is available. */
  readonly mccp2?: boolean | undefined;
  /** MCCP3: the client compresses its output. Default `false`. */
  readonly mccp3?: boolean | undefined;
  /** START-TLS: the server can ask for encryption. Default: whether `tls.start` is `true`. */
  readonly startTls?: boolean | undefined;
}

/** The option for each declaration. */
const CLIENT_OPTIONS: Readonly<Record<keyof ClientOptionDeclarations, TelnetOption>> = {
  echo: echoClient,
  sga: sgaClient,
  endOfRecord: endOfRecordClient,
  binary: binaryClient,
  terminalType: terminalTypeClient,
  naws: nawsClient,
  charset: charsetClient,
  newEnviron: newEnvironClient,
  timingMark,
  status,
  terminalSpeed: terminalSpeedClient,
  sendLocation: sendLocationClient,
  xDisplayLocation: xDisplayLocationClient,
  flowControl: flowControlClient,
  linemode: linemodeClient,
  gmcp: gmcpClient,
  msdp: msdpClient,
  mssp: msspClient,
  msp: mspClient,
  mxp: mxpClient,
  zmp: zmpClient,
  atcp: atcpClient,
  aardwolf: aardwolfClient,
  mccp2: mccp2Client,
  mccp3: mccp3Client,
  startTls: startTlsClient,
};

/** The options of a client. */
export interface ClientOptions {
  /** The options that it agrees to. */
  readonly known: OptionSet;
  /** Their declarations, by code. */
  readonly declared: ReadonlyMap<number, unknown>;
}

/** Every option that the client's end implements, even if it does not agree to it. */
export const KNOWN_TO_CLIENTS: OptionSet = new OptionSet(Object.values(CLIENT_OPTIONS));

/**
 * Checks the declarations, and returns the options that a client agrees to.
 *
 * @param declarations The caller's declarations.
 * @param defaults For each option, whether to agree to it if it is not declared.
 * @param custom The caller's own options.
 * @throws {TelnetError} `misuse`: an invalid declaration.
 */
export function clientOptions(
  declarations: ClientOptionDeclarations,
  defaults: Readonly<Record<keyof ClientOptionDeclarations, boolean>>,
  custom: readonly TelnetOption[],
): ClientOptions {
  rejectUnknownKeys("telnetOptions", declarations, CLIENT_OPTIONS, {
    ttype: "terminalType",
    eor: "endOfRecord",
    suppressGoAhead: "sga",
    environ: "newEnviron",
    mccp: "mccp2",
  });
  const agreed: TelnetOption[] = [];
  const declared = new Map<number, unknown>();
  for (const name of Object.keys(CLIENT_OPTIONS) as (keyof ClientOptionDeclarations)[]) {
    const option = CLIENT_OPTIONS[name];
    const declaration = declarations[name] ?? defaults[name];
    if (declaration === false) continue;
    if (option.check !== undefined) option.check(declaration as never);
    else if (declaration !== true) {
      throwUnexpected(`telnetOptions.${name}`, "true or false", declaration);
    }
    agreed.push(option);
    declared.set(option.code, declaration);
  }
  return { known: new OptionSet([...agreed, ...custom]), declared };
}
