import type { ClientFacts } from "../options/facts.ts";
import { decodeMtts, type MttsFlags } from "../options/mtts.ts";
import type { ColourDepth } from "../text/colour.ts";
import { stripControls } from "../text/controls.ts";

/** What a client turned out to be. */
export interface ClientProfile {
  /** The program's name, such as `Mudlet` or `TINTIN++`; `undefined` where it did not tell. */
  readonly name: string | undefined;
  /** The program's version. */
  readonly version: string | undefined;
  /** The terminal's name. */
  readonly terminal: string;
  /** How many colours it shows. */
  readonly colours: ColourDepth;
  /** Whether it shows UTF-8; `undefined` where it did not tell. */
  readonly utf8: boolean | undefined;
  /** Whether a screen reader reads the text aloud: keep it plain. */
  readonly screenReader: boolean;
  /** Whether it is a MUD client, not a plain terminal. */
  readonly mudClient: boolean;
}

/**
 * What the facts amount to.
 *
 * @param facts What the client has told.
 * @param mudOptions Whether it agreed to an option that only MUD clients know.
 * @returns The profile.
 */
export function profileOf(facts: ClientFacts, mudOptions: boolean): ClientProfile {
  const { environment } = facts;
  const mtts = mttsOf(facts);
  const locale = environment.get("LC_ALL") ?? environment.get("LANG") ?? "";
  const charset = facts.charset ?? environment.get("CHARSET");
  const told = mtts !== undefined || locale !== "" || charset !== undefined;
  const utf8 = mtts?.utf8 === true || /utf-?8/i.test(`${locale} ${charset}`);
  return {
    // Told by the client, and maybe shown to others.
    name: stripped(facts.clientName ?? environment.get("CLIENT_NAME")),
    version: stripped(facts.clientVersion ?? environment.get("CLIENT_VERSION")),
    terminal: stripControls(environment.get("TERMINAL_TYPE") ?? facts.terminalType),
    colours: coloursOf(mtts, facts),
    utf8: told ? utf8 : undefined,
    screenReader: mtts?.screenReader === true,
    mudClient: mtts !== undefined || mudOptions || environment.has("CLIENT_NAME"),
  };
}

/** The colours alone, which each coloured text asks for. */
export function coloursFor(facts: ClientFacts): ColourDepth {
  return coloursOf(mttsOf(facts), facts);
}

/** MNES tells the same as MTTS, and changes. */
function mttsOf({ environment, mtts }: ClientFacts): MttsFlags | undefined {
  const told = environment.get("MTTS");
  return told === undefined ? mtts : decodeMtts(`MTTS ${told}`) ?? mtts;
}

function stripped(text: string | undefined): string | undefined {
  return text && stripControls(text);
}

function coloursOf(
  mtts: MttsFlags | undefined,
  { terminalType, environment }: ClientFacts,
): ColourDepth {
  const terminal = (environment.get("TERMINAL_TYPE") ?? terminalType).toLowerCase();
  const colourTerm = environment.get("COLORTERM") ?? "";
  if (mtts?.trueColour || /truecolor|24bit|direct/.test(`${terminal} ${colourTerm}`)) {
    return 16_777_216;
  }
  if (mtts?.colours256 || /256/.test(terminal)) return 256;
  if (mtts !== undefined) return mtts.ansi ? 16 : 0;
  return /^(dumb|vt[0-9]+|unknown)$/.test(terminal) ? 0 : 16;
}
