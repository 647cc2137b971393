import type { ClientOptionDeclarations } from "../options/client_registry.ts";
import type { TerminalSpeed } from "../options/facts.ts";
import type { MttsFlags } from "../options/mtts.ts";
import type { TelnetOption } from "../options/option.ts";
import type { EncodingLabel } from "../text/charset.ts";
import type { TextCodec } from "../text/codec.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import type { Encryption } from "../transport/encryption.ts";
import type { Dialler } from "../transport/transport.ts";
import type { ConnectEvents } from "./events.ts";
import type { ConnectLimits } from "./limits.ts";
import type { RemoteServer } from "./remote_server.ts";
import type { ServerSnapshot } from "./session.ts";
import type { Newline } from "./settings.ts";
import type { ConnectClock } from "./timer.ts";

/** Properties of the client and its terminal, sent when the server asks for them. */
export interface Terminal {
  /** The name of the client program, sent by MTTS, GMCP and MNES. Default: none. */
  readonly name?: string | undefined;
  /** The version of the client program. Default: none. */
  readonly version?: string | undefined;
  /** The type of the terminal. Default `"ansi"`. */
  readonly type?: string | undefined;
  /** The width of the window in characters, 1 to 1000. Default 80. */
  readonly columns?: number | undefined;
  /** The height of the window in lines, 1 to 1000. Default 24. */
  readonly rows?: number | undefined;
  /**
   * The client's capabilities, sent by MTTS if this or `name` is given. Default: ANSI, UTF-8 and
   * MNES.
   */
  readonly mtts?: Partial<MttsFlags> | undefined;
  /** Variables to send by NEW-ENVIRON. Default: none. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** The location of the user, sent by SEND-LOCATION. Default: not sent. */
  readonly location?: string | undefined;
  /** The speeds of the terminal. Default: 38400 bits a second both ways. */
  readonly speed?: TerminalSpeed | undefined;
  /** The X display, sent by X-DISPLAY-LOCATION. Default: not sent. */
  readonly display?: string | undefined;
}

/** Which server certificates TLS trusts, and when TLS starts. */
export interface ConnectTls {
  /** Trusted certificate authorities as PEM text, in place of the system's. */
  readonly ca?: string | readonly string[] | undefined;
  /** The SHA-256 fingerprint of the one certificate that is trusted. */
  readonly fingerprint?: string | undefined;
  /** The name that the certificate must have. Default: the hostname. */
  readonly serverName?: string | undefined;
  /**
   * Whether to start unencrypted, and to switch to TLS when the server asks for START-TLS.
   * Default `false`.
   */
  readonly start?: boolean | undefined;
}

/** Handlers for the events of a server, such as `onLine`. */
export type ConnectHandlers = {
  readonly [Name in keyof ConnectEvents as `on${Capitalize<Name>}`]?:
    | ((server: RemoteServer, value: ConnectEvents[Name]) => unknown)
    | undefined;
};

/** Options for talking to a server over any connection. Every field has a default. */
export interface TalkOptions extends ConnectHandlers {
  /** Properties of the client and its terminal. */
  readonly terminal?: Terminal | undefined;
  /** The character set to start with, or a codec of your own. Default `"utf-8"`. */
  readonly encoding?: EncodingLabel | TextCodec | undefined;
  /**
   * The line end that LF becomes when it is sent. Default: CR LF, or LF while this end performs
   * BINARY.
   */
  readonly newline?: Newline | undefined;
  /**
   * Whether to remove escape sequences, and text that was erased or overwritten, from lines,
   * prompts and `readUntil`. `onText` receives the text with its escape sequences. Default `true`.
   */
  readonly stripControls?: boolean | undefined;
  /** Which options to agree to. */
  readonly telnetOptions?: ClientOptionDeclarations | undefined;
  /** Options of your own. Default: none. */
  readonly customOptions?: readonly TelnetOption[] | undefined;
  /**
   * The timeout of the connection attempt, and of each read and command that sets none itself, in
   * milliseconds. Default 30000.
   */
  readonly timeout?: number | undefined;
  /**
   * How long a row must stay without a line end to count as a prompt, in milliseconds. Applies to
   * servers that do not mark prompts with GA or EOR. Default 500.
   */
  readonly promptTimeout?: number | undefined;
  /** Aborts the connection and all pending calls with the signal's reason. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /** Limits of the connection; each field has its default. */
  readonly limits?: Partial<ConnectLimits> | undefined;
  /**
   * Traces negotiations and text in readable form: `true` prints to standard error, a function
   * receives each line. Text that answers a question for a password, or that the server hides, is left
   * out; GMCP messages are not. Default `false`.
   */
  readonly trace?: boolean | ((line: string) => void) | undefined;
  /** The zlib implementation for MCCP. Default: the platform's. */
  readonly codec?: CompressionCodec | undefined;
  /** The TLS implementation. Default: the platform's. */
  readonly encryption?: Encryption | undefined;
  /** The clock and timers; replace them in tests. Default: the runtime's. */
  readonly clock?: ConnectClock | undefined;
}

/** Where to connect, and how. */
export interface ConnectOptions extends TalkOptions {
  /** A name or an IP address. Default `"localhost"`. */
  readonly hostname?: string | undefined;
  /** The port. Default 23, or 992 with TLS from the start. */
  readonly port?: number | undefined;
  /**
   * Enables TLS. `true` trusts the system's certificate authorities; an object changes what is
   * trusted. Default `false`.
   */
  readonly tls?: boolean | ConnectTls | undefined;
  /** The transport that opens the connection. Default: the runtime's sockets. */
  readonly transport?: Dialler | undefined;
  /** Enables TCP keep-alive. Default `true`. */
  readonly tcpKeepAlive?: boolean | undefined;
}

/** Options for talking to a server over an existing connection. */
export interface ConnectOverOptions extends TalkOptions {
  /**
   * Which server certificates to trust if the server asks for START-TLS. Default: START-TLS is
   * refused.
   */
  readonly tls?: ConnectTls & { readonly serverName: string } | undefined;
  /** The result of `snapshot()`, to resume a session after a restart. Default: a new session. */
  readonly snapshot?: ServerSnapshot | undefined;
}
