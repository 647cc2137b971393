import type { MttsFlags } from "./mtts.ts";

/** The speeds of a terminal in bits a second. */
export interface TerminalSpeed {
  /** What the client can send. */
  readonly transmit: number;
  /** What the client can receive. */
  readonly receive: number;
}

/** What a client has told of itself, by whatever option. The options write it. */
export interface ClientFacts {
  /** Width of the window in characters; 80 until told. */
  columns: number;
  /** Height of the window in lines; 24 until told. */
  rows: number;
  /** The terminal's name; `"unknown terminal"` until told. */
  terminalType: string;
  /** The client program's name, by MTTS, GMCP, MNES or ATCP. */
  clientName: string | undefined;
  /** The client program's version. */
  clientVersion: string | undefined;
  /** The flags of MTTS, where the client gave them. */
  mtts: MttsFlags | undefined;
  /** Variables of NEW-ENVIRON. */
  readonly environment: Map<string, string>;
  /** Where the person sits, by SEND-LOCATION. */
  location: string | undefined;
  /** Speeds of the terminal. */
  terminalSpeed: TerminalSpeed | undefined;
  /** The X display. */
  display: string | undefined;
  /** The character set that was agreed by CHARSET, as the client spells it. */
  charset: string | undefined;
}

/** The facts of a client that has told nothing yet. */
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

  /** Made when asked for: most clients tell nothing. */
  get environment(): Map<string, string> {
    this.#environment ??= new Map();
    return this.#environment;
  }
}
