import { checkText, rejectUnknownKeys, withoutUndefined } from "../protocol/validate.ts";

/** Texts that the server sends by itself, one line each. An empty text is not sent. */
export interface ServerMessages {
  /** The answer to AYT. */
  readonly areYouThere: string;
  /** Sent when a client connects while `maxConnections` clients are connected. */
  readonly serverFull: string;
  /** Sent when a client connects over `limits.connectionsPerAddress` or `connectionsPerPrefix`. */
  readonly addressFull: string;
  /** Sent when an address connects faster than `limits.connectionRate`. */
  readonly tooManyConnects: string;
  /** Sent when a client's line is longer than `limits.line`. */
  readonly lineTooLong: string;
  /** Sent before a client is dropped for idling. */
  readonly idleWarning: string;
  /** Sent when a client is dropped for idling. */
  readonly idle: string;
  /** Sent when a client is dropped for flooding. */
  readonly flooding: string;
  /** Sent to an HTTP or SSH client, in a reply of that protocol. */
  readonly wrongProtocol: string;
  /** Sent to all clients by `drain()`. */
  readonly draining: string;
}

/** The default messages. */
export const SERVER_MESSAGES: ServerMessages = {
  areYouThere: "[Yes, I am here]",
  serverFull: "Sorry, the server is full. Try again later.",
  addressFull: "Sorry, there are too many connections from your address.",
  tooManyConnects: "Sorry, you connect too often. Try again in a while.",
  lineTooLong: "[Your line was too long: its end is lost]",
  idleWarning: "[You have been idle for a while, and will be disconnected soon]",
  idle: "[You are disconnected: you were idle for too long]",
  flooding: "[You are disconnected: you sent too much]",
  wrongProtocol: "This is a Telnet server: use a Telnet or MUD client.",
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
