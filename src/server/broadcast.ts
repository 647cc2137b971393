import {
  checkBoolean,
  checkFunction,
  checkText,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";
import { wrapFor } from "./wrapped_texts.ts";
import { SharedText } from "../session/shared_text.ts";
import { colorize, stripCaretCodes } from "../text/caret.ts";
import { wordWrap, type WrapOptions } from "../text/wrap.ts";
import { isSeen } from "../text/row_effects.ts";
import type { Encoding } from "../text/charset.ts";
import type { TextCodec } from "../text/codec.ts";
import { colourDepthOf, TelnetClient, windowOf } from "./client.ts";

/** Which clients get a broadcast, and how it is wrapped. */
export interface BroadcastOptions<Client extends TelnetClient = TelnetClient> {
  /**
   * The clients to send to, such as the players in a room. The cost follows their number, not that of
   * all clients. Clients that are gone are left out. Default: all clients of the server.
   */
  readonly to?: TelnetClient | Iterable<TelnetClient> | undefined;
  /** A client to leave out, or several. Default: none. */
  readonly except?: TelnetClient | Iterable<TelnetClient> | undefined;
  /** Returns whether a client gets the text. Default: all clients do. */
  readonly where?: { meant(client: Client): boolean }["meant"] | undefined;
  /**
   * Whether to wrap the text to each client's window, as `sendWrapped` does; an object sets the
   * margins. Default `false`.
   */
  readonly wrap?: boolean | WrapOptions | undefined;
}

/** The recipients of a broadcast. */
export interface Recipients<Client> {
  /** The clients to choose from; `undefined`: all clients. */
  readonly to: ReadonlySet<TelnetClient> | undefined;
  /** Whether a client gets the text. */
  readonly includes: (client: Client) => boolean;
}

/** Checks the arguments; returns the recipients. */
export function checkBroadcast<Client extends TelnetClient>(
  text: string,
  options: BroadcastOptions<Client>,
): Recipients<Client> {
  checkText("the text", text);
  rejectUnknownKeys("broadcast", options, OPTION_NAMES, SYNONYMS);
  const { to, except, where = () => true, wrap } = options;
  checkFunction("broadcast.where", where);
  if (typeof wrap === "object") wordWrap("", wrap);
  else if (wrap !== undefined) checkBoolean("broadcast.wrap", wrap);
  const left = except === undefined ? NOBODY : clientSet("broadcast.except", except);
  const includes = (client: Client) => {
    if (!client.active || left.has(client)) return false;
    const is = where(client);
    if (typeof is !== "boolean") {
      throwUnexpected("what broadcast.where returns", "true or false", is);
    }
    return is;
  };
  return { to: to === undefined ? undefined : clientSet("broadcast.to", to), includes };
}

const NOBODY: ReadonlySet<TelnetClient> = new Set();

const OPTION_NAMES: Readonly<Record<keyof BroadcastOptions, true>> = {
  to: true,
  except: true,
  where: true,
  wrap: true,
};

const SYNONYMS = {
  exclude: "except",
  not: "except",
  clients: "to",
  room: "to",
  filter: "where",
  only: "where",
  wrapped: "wrap",
};

/** Adds a line end if the last line has visible text. */
function endedText(text: string): string {
  const row = text.slice(text.lastIndexOf("\n") + 1);
  return isSeen(stripCaretCodes(row)) ? `${text}\n` : text;
}

function clientSet(
  what: string,
  clients: TelnetClient | Iterable<TelnetClient>,
): ReadonlySet<TelnetClient> {
  if (clients instanceof TelnetClient) return new Set([clients]);
  if (typeof clients === "object" && clients !== null && Symbol.iterator in clients) {
    const set = clients instanceof Set ? clients : new Set(clients);
    for (const one of set) {
      if (!(one instanceof TelnetClient)) throwUnexpected(what, "clients", one);
    }
    return set;
  }
  throwUnexpected(what, "a client, or an array of clients", clients);
}

/** A text for many clients: coloured and wrapped once for each kind of terminal. */
export class Broadcast {
  readonly #text: string;
  readonly #margins: WrapOptions | undefined;
  readonly #texts: Map<string, SharedText> = new Map();
  /** The character sets of the clients. */
  readonly #sets: (Encoding | TextCodec)[] = [];

  constructor(text: string, wrap: boolean | WrapOptions = false) {
    this.#margins = wrap === true ? {} : wrap === false ? undefined : wrap;
    this.#text = this.#margins === undefined ? endedText(text) : text;
  }

  /** Returns the text in the colours and width of a client. */
  textFor(client: TelnetClient): SharedText {
    const depth = this.#text.includes("^") ? colourDepthOf(client) : 0;
    const window = this.#margins === undefined ? undefined : windowOf(client);
    const key = window === undefined
      ? `${depth}`
      : `${depth} ${window.columns} ${window.ambiguousWidth} ${this.#setOf(client.encoding)}`;
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const wrapped = window === undefined ? this.#text : wrapFor(window, this.#text, this.#margins);
    const text = new SharedText(wrapped.includes("^") ? colorize(wrapped, depth) : wrapped);
    this.#texts.set(key, text);
    return text;
  }

  /** The number of a character set in this broadcast. */
  #setOf(encoding: Encoding | TextCodec): number {
    if (!this.#sets.includes(encoding)) this.#sets.push(encoding);
    return this.#sets.indexOf(encoding);
  }
}
