import type { AardwolfMessage } from "../options/aardwolf.ts";
import type { AtcpMessage } from "../options/atcp.ts";
import type { GmcpMessage } from "../options/gmcp.ts";
import type { SlcEntry } from "../options/linemode.ts";
import type { WindowSize } from "../options/naws.ts";
import type { EnvironVariable } from "../options/new_environ.ts";
import type { OptionNotices } from "../options/option.ts";
import type { OptionDeclarations } from "../options/registry.ts";
import type { ZmpCommand } from "../options/zmp.ts";
import type { Encoding, TextCodec } from "../text/charset.ts";
import type { Key } from "../text/keys.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import type { Transport } from "../transport/transport.ts";
import type { TelnetClient } from "./client.ts";
import type { ClientSnapshot } from "./client_snapshot.ts";
import type { Clock } from "./clock.ts";
import type { ServerLimits } from "./limits.ts";
import type { ClientViolation } from "./session_owner.ts";

/** Handlers for what the options have to tell. Each is called within `poll()`. */
export interface NoticeHandlers<Client> {
  /** The window has another size (NAWS). */
  readonly onResize?: (client: Client, size: WindowSize) => void;
  /** A message of GMCP came; one with bad JSON has `malformed`. */
  readonly onGmcp?: (client: Client, message: GmcpMessage) => void;
  /** The client sets a variable of MSDP that was declared `configurable`. */
  readonly onMsdp?: (client: Client, variable: OptionNotices["msdp"]) => void;
  /** The client tells variables of NEW-ENVIRON. */
  readonly onEnviron?: (client: Client, variables: readonly EnvironVariable[]) => void;
  /** A command of ZMP came. */
  readonly onZmp?: (client: Client, command: ZmpCommand) => void;
  /** A message of ATCP came. */
  readonly onAtcp?: (client: Client, message: AtcpMessage) => void;
  /** A message of Aardwolf's option came. */
  readonly onAardwolf?: (client: Client, message: AardwolfMessage) => void;
  /** The client tells which keys it edits with (LINEMODE). */
  readonly onSlc?: (client: Client, entries: readonly SlcEntry[]) => void;
  /** The answer to `client.ping()`: the round trip in milliseconds. */
  readonly onPong?: (client: Client, milliseconds: number) => void;
  /** The person asks by LOGOUT to be dropped, which follows. */
  readonly onLogout?: (client: Client) => void;
}

/** How to listen, and what to do with those who come. Every field has a default. */
export interface ListenOptions<Client extends TelnetClient = TelnetClient>
  extends NoticeHandlers<Client> {
  /** The port; 0 lets the system choose, see `server.port`. Default 7777. */
  readonly port?: number;
  /** A name or IP address of this machine. Default `""`, every IPv4 address; `"::"` adds IPv6. */
  readonly address?: string;
  /** Called within `poll()` for each new client. Default: greets, and prints the connection. */
  readonly onConnect?: (client: Client) => void;
  /** Called within `poll()` for each client that went. Default: prints the loss. */
  readonly onDisconnect?: (client: Client) => void;
  /** The longest that `poll()` waits for something to happen, in milliseconds. Default 5. */
  readonly timeout?: number;
  /** How many clients are served at once; the next is refused in one line. Default 1000. */
  readonly maxConnections?: number;
  /** The character set that clients start with, or a codec of your own. Default `"utf-8"`. */
  readonly encoding?: Encoding | TextCodec;
  /** Your own class of clients. Default `TelnetClient`. */
  readonly clientClass?: new () => Client;
  /**
   * Called when a handler threw or its promise was rejected; what you send here is the last that the
   * client gets before it is dropped. Without a client it was its constructor that threw. Default:
   * prints the error.
   */
  readonly onError?: (error: unknown, client: Client | undefined) => void;
  /** Called within `poll()` when a client breaks the protocol or a limit. Default: nothing. */
  readonly onViolation?: (client: Client, kind: ClientViolation) => void;
  /**
   * Called within `poll()` for a Telnet command such as IP or AYT, as a byte. AYT is answered, EC
   * and EL edit the line, IP, BRK, ABORT and SUSP discard it before. Default: nothing more.
   */
  readonly onCommand?: (client: Client, command: number) => void;
  /**
   * Called within `poll()` for each key of a client in character mode. Without it keys wait for
   * `client.getKey()`.
   */
  readonly onKey?: (client: Client, key: Key) => void;
  /**
   * What is offered to each client at the start, by option. Default: nothing; a client that asks
   * for NAWS, TERMINAL-TYPE, BINARY, CHARSET, STATUS, TIMING-MARK, EOR or LOGOUT gets it.
   */
  readonly options?: OptionDeclarations;
  /** How long `client.ready` waits for answers, in milliseconds. Default 1000. */
  readonly readyTimeout?: number;
  /** The answer to AYT, a line. Default `"[Yes, I am here]"`. */
  readonly areYouThere?: string;
  /**
   * Called within `poll()` for each new connection: whoever knows it from before a restart of the
   * game gives the snapshot, and the client is greeted without negotiating anew. Default: nobody.
   */
  readonly restore?: (
    connection: { readonly address: string; readonly port: number },
  ) => ClientSnapshot | undefined;
  /** The zlib of MCCP. Default: that of the runtime. */
  readonly codec?: CompressionCodec;
  /** What bounds each client. */
  readonly limits?: Partial<ServerLimits>;
  /** Lets several processes listen on the same port, where the runtime can. Default `false`. */
  readonly reusePort?: boolean;
  /** The network. Default: that of the runtime. */
  readonly transport?: Transport;
  /** The time, for tests. Default: the runtime's monotonic clock. */
  readonly clock?: Clock;
}

/** How to serve without a game loop. */
export interface ServeOptions {
  /** Ends the serving: the server is stopped in good order. */
  readonly signal?: AbortSignal;
}
