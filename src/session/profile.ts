import type { ClientFacts } from "../options/facts.ts";
import { decodeMtts, type MttsFlags } from "../options/mtts.ts";
import type { ColourDepth } from "../text/colour.ts";
import { stripControls } from "../text/controls.ts";

/** The profile of a client, from what it has reported. */
export interface ClientProfile {
  /** The program's name, such as `Mudlet` or `TINTIN++`; `undefined` if not reported. */
  readonly name: string | undefined;
  /** The program's version; `undefined` if not reported. */
  readonly version: string | undefined;
  /** The terminal's name. */
  readonly terminal: string;
  /** The number of colours that it supports. */
  readonly colours: ColourDepth;
  /** Whether it supports UTF-8; `undefined` if not reported. */
  readonly utf8: boolean | undefined;
  /** Whether the person uses a screen reader: keep the text plain. */
  readonly screenReader: boolean;
  /** Whether it is a MUD client, not a plain terminal. */
  readonly mudClient: boolean;
}

/**
 * Derives a client's profile from its reported facts.
 *
 * @param facts What the client has reported.
 * @param mudOptions Whether it agreed to an option that only MUD clients support.
 * @returns The profile.
 */
export function profileOf(facts: ClientFacts, mudOptions: boolean): ClientProfile {
  const { environment } = facts;
  const mtts = mttsOf(facts);
  const locale = environment.get("LC_ALL") || environment.get("LANG") || "";
  const charset = facts.charset ?? environment.get("CHARSET");
  const told = mtts !== undefined || locale !== "" || charset !== undefined;
  const utf8 = mtts?.utf8 === true || /utf-?8/i.test(`${locale} ${charset}`);
  return {
    // These names come from the client and may be shown to others, so strip control characters.
    name: stripped(facts.clientName ?? environment.get("CLIENT_NAME")),
    version: stripped(facts.clientVersion ?? environment.get("CLIENT_VERSION")),
    terminal: stripControls(environment.get("TERMINAL_TYPE") ?? facts.terminalType),
    colours: coloursOf(mtts, facts),
    utf8: told ? utf8 : undefined,
    screenReader: mtts?.screenReader === true,
    mudClient: mtts !== undefined || mudOptions || environment.has("CLIENT_NAME"),
  };
}

/**
 * Returns the number of colours that text is sent with. Terminals that are known by the names of
 * those without colours have some today, but not if they say so.
 */
export function coloursFor(facts: ClientFacts): ColourDepth {
  const mtts = mttsOf(facts);
  const colours = coloursOf(mtts, facts);
  return colours === 0 && mtts === undefined && terminalOf(facts) !== "dumb" ? 16 : colours;
}

function terminalOf({ terminalType, environment }: ClientFacts): string {
  return (environment.get("TERMINAL_TYPE") ?? terminalType).toLowerCase();
}

/** Returns the MTTS flags; those from MNES take precedence, because MNES reports changes. */
function mttsOf({ environment, mtts }: ClientFacts): MttsFlags | undefined {
  const told = environment.get("MTTS");
  return told === undefined ? mtts : decodeMtts(`MTTS ${told}`) ?? mtts;
}

function stripped(text: string | undefined): string | undefined {
  return text && stripControls(text);
}

/** Terminals that show 24-bit colours, and say so only by their name: Telnet sends no COLORTERM. */
const TRUE_COLOUR = /^(xterm-)?(kitty|ghostty|alacritty|wezterm|foot|contour|rio)(-|$)/;

function coloursOf(mtts: MttsFlags | undefined, facts: ClientFacts): ColourDepth {
  const terminal = terminalOf(facts);
  const colourTerm = facts.environment.get("COLORTERM") ?? "";
  const named = `${terminal} ${colourTerm}`;
  if (mtts?.trueColour || /truecolor|24bit|direct/.test(named) || TRUE_COLOUR.test(terminal)) {
    return 16_777_216;
  }
  if (mtts?.colours256 || /256/.test(terminal)) return 256;
  if (mtts !== undefined) return mtts.ansi ? 16 : 0;
  return /^(dumb|vt[0-9]+|unknown)$/.test(terminal) ? 0 : 16;
}
