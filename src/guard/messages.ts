import { checkText, rejectUnknownKeys, withoutUndefined } from "../protocol/validate.ts";

/** What the server says by itself, each a line. An empty text says nothing. */
export interface ServerMessages {
  /** The answer to AYT. */
  readonly areYouThere: string;
  /** To who comes when `maxConnections` are there. */
  readonly serverFull: string;
  /** To who comes when `limits.connectionsPerAddress` or `connectionsPerPrefix` are there. */
  readonly addressFull: string;
  /** To who comes faster than `limits.connectionRate`. */
  readonly tooManyConnects: string;
  /** To who typed a line over `limits.line`. */
  readonly lineTooLong: string;
  /** To who will be dropped for idling. */
  readonly idleWarning: string;
  /** To who is dropped for idling. */
  readonly idle: string;
  /** To who is dropped for flooding. */
  readonly flooding: string;
  /** To who comes by HTTP or SSH, within an answer of that protocol. */
  readonly wrongProtocol: string;
  /** To everybody at `drain()`. */
  readonly draining: string;
}

/** The default messages. */
export const SERVER_MESSAGES: ServerMessages = {
  areYouThere: "[Yes, I am here]",
  serverFull: "Sorry, the server is full. Try again later.",
  addressFull: "Sorry, there are too many connections from your address.",
  tooManyConnects: "Sorry, you connect too often. Try again in a while.",
  lineTooLong: "[Your line was too long: its end is lost]",
  idleWarning: "[You have been idle for long, and will be disconnected soon]",
  idle: "[You are disconnected: you were idle for too long]",
  flooding: "[You are disconnected: you sent too much]",
  wrongProtocol: "This is a Telnet server: come by a Telnet or MUD client.",
  draining: "[The server restarts: come back in a moment]",
};

/** Fills in the defaults and checks what the caller gave. */
export function serverMessages(given: Partial<ServerMessages> = {}): ServerMessages {
  rejectUnknownKeys("messages", given, SERVER_MESSAGES);
  const messages = { ...SERVER_MESSAGES, ...withoutUndefined(given) };
  for (const [name, text] of Object.entries(messages)) {
    checkText(`messages.${name}`, text);
  }
  return messages;
}
