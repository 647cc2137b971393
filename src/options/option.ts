/** What an option may do to the connection that it was negotiated on. */
export interface OptionSession {
  /** Width of the peer's window in characters. */
  columns: number;
  /** Height of the peer's window in lines. */
  rows: number;
  /** The name that the peer gave its terminal. */
  terminalType: string;
  /** Sends IAC SB option payload IAC SE. */
  sendSubnegotiation(option: number, payload: Uint8Array): void;
}

/** One Telnet option, as the server uses it. Pure: all effects go through the session. */
export interface TelnetOption {
  /** The option's code. */
  readonly code: number;
  /** Its name in the list of assigned options. */
  readonly name: string;
  /** Whether the server performs it when the client asks with DO. */
  readonly agreeLocal: boolean;
  /** Whether the server lets the client perform it when it offers with WILL. */
  readonly agreeRemote: boolean;
  /** What to do once the client performs it. */
  readonly remoteEnabled?: (session: OptionSession) => void;
  /** Takes a payload of the client, which may be malformed: then it is ignored. */
  readonly subnegotiation?: (payload: Uint8Array, session: OptionSession) => void;
}
