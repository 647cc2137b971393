import {
  type ClientOptionDeclarations,
  type ClientOptionEvents,
  clientOptions,
  KNOWN_TO_CLIENTS,
} from "../options/client_registry.ts";
import { checkCustomOptions } from "../options/custom_options.ts";
import type { ClientFacts } from "../options/facts.ts";
import type { MttsFlags } from "../options/mtts.ts";
import {
  checkBoolean,
  checkFunction,
  checkOneOf,
  checkSignal,
  checkText,
  rejectUnknownKeys,
  type Synonyms,
} from "../protocol/validate.ts";
import { checkEncoding } from "../text/charset.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import type { SecureContext } from "../transport/encryption.ts";
import type {
  ConnectOptions,
  ConnectOverOptions,
  TalkOptions,
  Terminal,
} from "./connect_options.ts";
import type { ConnectEvents } from "./events.ts";
import { checkSize, checkTime } from "./read_options.ts";
import { connectLimits } from "./limits.ts";
import type { ConnectSettings } from "./settings.ts";
import { systemClock } from "./timer.ts";

/** The events of every server, beside those of options. */
export const OWN_EVENTS: Readonly<
  Record<Exclude<keyof ConnectEvents, keyof ClientOptionEvents>, true>
> = {
  text: true,
  line: true,
  prompt: true,
  telnetCommand: true,
  option: true,
  subnegotiation: true,
  violation: true,
  secure: true,
  close: true,
};

/** The fields of `terminal`. */
export const TERMINAL_NAMES: Readonly<Record<keyof Terminal, true>> = {
  name: true,
  version: true,
  type: true,
  columns: true,
  rows: true,
  mtts: true,
  environment: true,
  location: true,
  speed: true,
  display: true,
};

type PlainOption = Exclude<keyof TalkOptions, `on${Capitalize<keyof ConnectEvents & string>}`>;

const TALK_NAMES: Readonly<Record<PlainOption, true>> = {
  terminal: true,
  encoding: true,
  newline: true,
  stripControls: true,
  telnetOptions: true,
  customOptions: true,
  timeout: true,
  promptTimeout: true,
  signal: true,
  limits: true,
  trace: true,
  codec: true,
  encryption: true,
  clock: true,
};

const CONNECT_NAMES: Readonly<Record<Exclude<keyof ConnectOptions, keyof TalkOptions>, true>> = {
  hostname: true,
  port: true,
  tls: true,
  transport: true,
  tcpKeepAlive: true,
};

const OVER_NAMES: Readonly<Record<Exclude<keyof ConnectOverOptions, keyof TalkOptions>, true>> = {
  tls: true,
  snapshot: true,
};

/** Names of these options in Node, telnetlib3 and the npm package telnet-client. */
const SYNONYMS: Synonyms = {
  host: "hostname",
  address: "hostname",
  abortSignal: "signal",
  charset: "encoding",
  irs: "newline",
  ors: "newline",
  stripShellPrompt: "exec() of the result always leaves the prompt out",
  username: "call login({ username, password }) of the result",
  password: "call login({ username, password }) of the result",
  shellPrompt: "give `prompt` to login() or exec() of the result",
  loginPrompt: "give `prompt` to login() of the result",
  execTimeout: "timeout",
  negotiationMandatory: "nothing waits for a negotiation here: leave it out",
  term: "give terminal: { type }",
  cols: "give terminal: { columns }",
  columns: "give terminal: { columns }",
  rows: "give terminal: { rows }",
  secure: "tls",
  options: "telnetOptions",
};

const NEWLINES = ["\r\n", "\r\0", "\r", "\n"] as const;
/** Handlers that receive the text; with one of them, text is not queued for reads. */
const TAKES_TEXT = ["onText", "onLine", "onPrompt"] as const;

/** The options of `connect()`, or of `connectOver()` if `over` is set, without handlers. */
export function connectOptionNames(over: boolean): Readonly<Record<string, true>> {
  return { ...TALK_NAMES, ...(over ? OVER_NAMES : CONNECT_NAMES) };
}

/**
 * Checks the options of `connect()`, or of `connectOver()` if `over` is set; `more`: the names of
 * further options that their caller checks.
 */
export function checkConnectOptions(
  options: ConnectOptions,
  over: boolean,
  more: Readonly<Record<string, true>> = {},
): void {
  const own = { ...connectOptionNames(over), ...more };
  const events = [
    ...Object.keys(OWN_EVENTS),
    ...KNOWN_TO_CLIENTS.eventNames,
    ...(options?.customOptions ?? []).flatMap((option) => option?.events ?? []),
  ];
  const handlers = events.map((name) => [handlerName(name), true] as const);
  const known = { ...own, ...Object.fromEntries(handlers) };
  rejectUnknownKeys("", options, known, SYNONYMS);
  for (const [name] of handlers) {
    const handler = (options as Record<string, unknown>)[name];
    if (handler !== undefined) checkFunction(name, handler);
  }
}

/** The name of the handler for an event: `onLine` for `line`. */
export function handlerName(event: string): string {
  return `on${event.charAt(0).toUpperCase()}${event.slice(1)}`;
}

/** Checks the options, and fills in the defaults. */
export function settingsOf(
  options: TalkOptions,
  given: {
    readonly codec: CompressionCodec | undefined;
    readonly secureContext: SecureContext | undefined;
    /** Whether the server may ask for START-TLS. */
    readonly startTls: boolean;
  },
): ConnectSettings {
  const { encoding = "utf-8", newline, stripControls = true, trace = false } = options;
  const { timeout = 30_000, promptTimeout = 500, customOptions = [], terminal = {} } = options;
  const { clock = systemClock, telnetOptions = {}, signal } = options;
  if (newline !== undefined) checkOneOf("newline", newline, NEWLINES);
  checkBoolean("stripControls", stripControls);
  checkTime("timeout", timeout);
  checkTime("promptTimeout", promptTimeout);
  if (typeof trace !== "boolean") checkFunction("trace", trace);
  checkSignal("signal", signal);
  checkFunction("clock.now", clock?.now);
  checkFunction("clock.after", clock?.after);
  checkTerminal(terminal);
  checkCustomOptions(customOptions, KNOWN_TO_CLIENTS, Object.keys(OWN_EVENTS));
  const limits = connectLimits(options.limits);
  const known = clientOptions(telnetOptions, defaultsOf(terminal, given), customOptions);
  const { subnegotiation, answerTimeout, repeatedRequests } = limits;
  return {
    limits,
    encoding: checkEncoding(encoding),
    newline,
    stripControls,
    takesText: TAKES_TEXT.some((name) => options[name] !== undefined),
    promptTimeout,
    timeout,
    options: known,
    machine: {
      local: known.known.agreed.local,
      remote: known.known.agreed.remote,
      limits: { subnegotiation, answerTimeout, repeatedRequests },
    },
    facts: factsOf(terminal),
    codec: given.codec,
    secureContext: given.secureContext,
    clock: {
      now: () => clock.now(),
      timeOfDay: () => clock.timeOfDay?.() ?? Date.now(),
      after: (milliseconds, call) => clock.after(milliseconds, call),
    },
    signal,
    trace: trace === true ? (line) => console.error(line) : trace || undefined,
  };
}

/** The Telnet options that are agreed to unless `telnetOptions` declares otherwise. */
function defaultsOf(
  { location, display }: Terminal,
  { codec, secureContext, startTls }: {
    readonly codec: CompressionCodec | undefined;
    readonly secureContext: SecureContext | undefined;
    readonly startTls: boolean;
  },
): Record<keyof ClientOptionDeclarations, boolean> {
  const common = ["echo", "sga", "endOfRecord", "binary", "terminalType", "naws", "charset"];
  const other = ["newEnviron", "timingMark", "status", "terminalSpeed"];
  const mud = ["gmcp", "msdp", "mssp", "msp", "zmp"];
  const on = [...common, ...other, ...mud].map((name) => [name, true] as const);
  const off = ["flowControl", "linemode", "mxp", "atcp", "aardwolf", "mccp3"];
  return {
    ...Object.fromEntries(on),
    ...Object.fromEntries(off.map((name) => [name, false] as const)),
    sendLocation: location !== undefined,
    xDisplayLocation: display !== undefined,
    mccp2: codec !== undefined,
    startTls: startTls && secureContext !== undefined,
  } as Record<keyof ClientOptionDeclarations, boolean>;
}

const NO_FLAGS: MttsFlags = {
  ansi: false,
  vt100: false,
  utf8: false,
  colours256: false,
  mouseTracking: false,
  oscColourPalette: false,
  screenReader: false,
  proxy: false,
  trueColour: false,
  mnes: false,
  mslp: false,
  ssl: false,
};

function checkTerminal(terminal: Terminal): void {
  rejectUnknownKeys("terminal", terminal, TERMINAL_NAMES, {
    width: "columns",
    cols: "columns",
    height: "rows",
    term: "type",
    ttype: "type",
  });
  for (const name of ["name", "version", "type", "location", "display"] as const) {
    if (terminal[name] !== undefined) checkText(`terminal.${name}`, terminal[name]);
  }
  for (const name of ["columns", "rows"] as const) {
    if (terminal[name] !== undefined) checkSize(`terminal.${name}`, terminal[name]);
  }
  if (terminal.mtts !== undefined) rejectUnknownKeys("terminal.mtts", terminal.mtts, NO_FLAGS);
  const { environment = {} } = terminal;
  rejectUnknownKeys("terminal.environment", environment, environment);
  for (const [name, value] of Object.entries(environment)) {
    checkText(`terminal.environment.${name}`, value);
  }
}

function factsOf(terminal: Terminal): Partial<ClientFacts> {
  const { name, version, type = "ansi", columns = 80, rows = 24, mtts, environment } = terminal;
  const flags = name === undefined && mtts === undefined
    ? undefined
    : { ...NO_FLAGS, ansi: true, utf8: true, mnes: true, ...mtts };
  return {
    columns,
    rows,
    terminalType: type,
    clientName: name,
    clientVersion: version,
    mtts: flags,
    environment: new Map(Object.entries(environment ?? {})),
    location: terminal.location,
    terminalSpeed: terminal.speed,
    display: terminal.display,
  };
}
