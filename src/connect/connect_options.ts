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

/** What this end tells a server of itself, where the server asks. */
export interface Terminal {
  /** The name of the client program, by MTTS, GMCP and MNES. Default: none. */
  readonly name?: string | undefined;
  /** The version of the client program. Default: none. */
  readonly version?: string | undefined;
  /** The type of the terminal. Default `"ansi"`. */
  readonly type?: string | undefined;
  /** The width of the window in characters, 1 to 1000. Default 80. */
  readonly columns?: number | undefined;
  /** The height of the window in lines, 1 to 1000. Default 24. */
  readonly rows?: number | undefined;
  /** What the client can do, by MTTS. It is told where `name` is given. Default: ANSI and UTF-8. */
  readonly mtts?: Partial<MttsFlags> | undefined;
  /** Variables of NEW-ENVIRON. Default: none. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Where the person sits, by SEND-LOCATION. Default: not told. */
  readonly location?: string | undefined;
  /** The speeds of the terminal. Default: 38400 bits a second both ways. */
  readonly speed?: TerminalSpeed | undefined;
  /** The X display. Default: not told. */
  readonly display?: string | undefined;
}

/** Whom to trust, for TLS. */
export interface ConnectTls {
  /** Trusted authorities as PEM text, in place of the system's. */
  readonly ca?: string | readonly string[] | undefined;
  /** The SHA-256 fingerprint of the one certificate that is trusted. */
  readonly fingerprint?: string | undefined;
  /** The name that the certificate must have. Default: the hostname. */
  readonly serverName?: string | undefined;
  /** Whether to begin plain, and to encrypt when the server asks by START-TLS. Default `false`. */
  readonly start?: boolean | undefined;
}

/** Handlers for what comes from a server, such as `onLine`. */
export type ConnectHandlers = {
  readonly [Name in keyof ConnectEvents as `on${Capitalize<Name>}`]?:
    | ((server: RemoteServer, value: ConnectEvents[Name]) => unknown)
    | undefined;
};

/** How to talk to a server, over whatever connection. Every field has a default. */
export interface TalkOptions extends ConnectHandlers {
  /** What this end tells of itself. */
  readonly terminal?: Terminal | undefined;
  /** The character set to start with, or a codec of your own. Default `"utf-8"`. */
  readonly encoding?: EncodingLabel | TextCodec | undefined;
  /** What LF becomes when it is sent. Default: CR LF; LF where this end performs BINARY. */
  readonly newline?: Newline | undefined;
  /**
   * Whether lines, prompts and `readUntil` leave out escape sequences, and what was erased or written
   * over. `onText` gets the text as it came. Default `true`.
   */
  readonly stripControls?: boolean | undefined;
  /** Which options to agree to. */
  readonly telnetOptions?: ClientOptionDeclarations | undefined;
  /** Options of your own. Default: none. */
  readonly customOptions?: readonly TelnetOption[] | undefined;
  /**
   * How long a connection attempt, a read or a command can take, in milliseconds, where the call says
   * nothing else. Default 30000.
   */
  readonly timeout?: number | undefined;
  /**
   * How long a row must stand without its end to be a prompt, in milliseconds, on servers that do not
   * mark prompts by GA or EOR. Default 500.
   */
  readonly promptTimeout?: number | undefined;
  /** Ends the connection, and everything that waits, with the signal's reason. Default: never. */
  readonly signal?: AbortSignal | undefined;
  /** What bounds the connection; each field has its default. */
  readonly limits?: Partial<ConnectLimits> | undefined;
  /**
   * Has every negotiation and text put into words: `true` prints them to the standard error, a function
   * takes each line. Passwords are left out. Default `false`.
   */
  readonly trace?: boolean | ((line: string) => void) | undefined;
  /** The zlib for MCCP. Default: the platform's. */
  readonly codec?: CompressionCodec | undefined;
  /** The TLS. Default: the platform's. */
  readonly encryption?: Encryption | undefined;
  /** The time, for tests. Default: the runtime's clock and timers. */
  readonly clock?: ConnectClock | undefined;
  /** Where to go on after a restart: what `snapshot()` gave. Default: a new dialogue. */
  readonly snapshot?: ServerSnapshot | undefined;
}

/** Where to connect, and how. */
export interface ConnectOptions extends TalkOptions {
  /** A name or an IP address. Default `"localhost"`. */
  readonly hostname?: string | undefined;
  /** The port. Default 23; with `tls` from the start 992. */
  readonly port?: number | undefined;
  /** `true` trusts the system's authorities; an object says whom else. Default `false`. */
  readonly tls?: boolean | ConnectTls | undefined;
  /** What dials. Default: the runtime's own sockets. */
  readonly transport?: Dialler | undefined;
  /** Enables TCP keep-alive. Default `true`. */
  readonly tcpKeepAlive?: boolean | undefined;
}

/** How to talk over a connection that exists. */
export interface ConnectOverOptions extends TalkOptions {
  /** Whom to trust, where the server asks for START-TLS. Default: it is refused. */
  readonly tls?: ConnectTls & { readonly serverName: string } | undefined;
}
