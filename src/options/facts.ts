import type { MttsFlags } from "./mtts.ts";

/** The speeds of a terminal in bits a second. */
export interface TerminalSpeed {
  /** The speed at which the client sends. */
  readonly transmit: number;
  /** The speed at which the client receives. */
  readonly receive: number;
}

/** Facts that a client has reported about itself. The options write them. */
export interface ClientFacts {
  /** Width of the window in characters; 80 until reported. */
  columns: number;
  /** Height of the window in lines; 24 until reported. */
  rows: number;
  /** The terminal's name; `"unknown terminal"` until reported. */
  terminalType: string;
  /** The client program's name, from MTTS, GMCP or ATCP. */
  clientName: string | undefined;
  /** The client program's version. */
  clientVersion: string | undefined;
  /** The flags of MTTS, if the client sent them. */
  mtts: MttsFlags | undefined;
  /** Variables of NEW-ENVIRON. */
  readonly environment: Map<string, string>;
  /** The person's location, from SEND-LOCATION. */
  location: string | undefined;
  /** Speeds of the terminal. */
  terminalSpeed: TerminalSpeed | undefined;
  /** The X display. */
  display: string | undefined;
  /** The character set agreed by CHARSET, as the client spells it. */
  charset: string | undefined;
}

/** Makes the facts of a client that has not reported any yet. */
export function newFacts(): ClientFacts {
  return new Facts();
}

class Facts implements ClientFacts {
  columns = 80;
  rows = 24;
  terminalType = "unknown terminal";
  clientName: string | undefined;
  clientVersion: string | undefined;
  mtts: MttsFlags | undefined;
  location: string | undefined;
  terminalSpeed: TerminalSpeed | undefined;
  display: string | undefined;
  charset: string | undefined;
  #environment: Map<string, string> | undefined;

  /** Created on first use, as most clients report no variables. */
  get environment(): Map<string, string> {
    this.#environment ??= new Map();
    return this.#environment;
  }
}
