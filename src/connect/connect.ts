import { TelnetError } from "../protocol/error.ts";
import { rejectUnknownKeys, throwUnexpected } from "../protocol/validate.ts";
import { callUserCode } from "../session/call_user_code.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import type { Encryption, SecureContext } from "../transport/encryption.ts";
import type { Connection, ConnectionHandler } from "../transport/transport.ts";
import type {
  ConnectOptions,
  ConnectOverOptions,
  ConnectTls,
  TalkOptions,
} from "./connect_options.ts";
import { makeRemoteServer, type Place, type RemoteServer } from "./remote_server.ts";
import { ClientSession } from "./session.ts";
import { checkConnectOptions, handlerName, settingsOf } from "./setup.ts";
import { systemClock } from "./timer.ts";

const NO_BYTES = new Uint8Array(0);
const TLS_NAMES: Readonly<Record<keyof ConnectTls, true>> = {
  ca: true,
  fingerprint: true,
  serverName: true,
  start: true,
};

/**
 * Connects to a server.
 *
 * @param options Where and how to connect; every field has its default.
 * @returns The server, once the connection is open and, with TLS, encrypted.
 * @throws {TelnetError} `connection-refused`, `address-not-found`, `unreachable`, `permission-denied`,
 * `connection-lost`, `tls-failed`, `timeout`, `unsupported`, `misuse` or `io`; or the signal's reason.
 */
export async function connect(options: ConnectOptions = {}): Promise<RemoteServer> {
  checkConnectOptions(options, false);
  const { hostname = "localhost", tls = false, signal, tcpKeepAlive = true } = options;
  const { timeout = 30_000, clock = systemClock } = options;
  const trust = tlsOf(tls, hostname);
  const port = options.port ?? (trust !== undefined && !trust.start ? 992 : 23);
  const secureContext = await secureContextOf(trust, options.encryption);
  const codec = await codecOf(options);
  const transport = options.transport ?? await ofRuntime((found) => found.defaultTransport());
  if (typeof transport?.dial !== "function") {
    throwUnexpected("transport", "one that dials, an object with a function dial()", transport);
  }
  const startTls = trust?.start === true;
  const settings = settingsOf(options, { codec, secureContext, startTls });
  const made = newSession(options, settings);
  const { session } = made;
  const ending = new AbortController();
  const late = new TelnetError(
    "timeout",
    `Cannot connect to ${JSON.stringify(hostname)}, port ${port}, within ${timeout} milliseconds`,
  );
  const abort = () => ending.abort(signal?.reason);
  const endTimer = clock.after(timeout, () => ending.abort(late));
  try {
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    const early = new EarlyBytes();
    const securing = secureContext !== undefined && !startTls;
    const connection = await transport.dial(
      { hostname, port, keepAlive: tcpKeepAlive, signal: ending.signal },
      (connection) => {
        if (securing) return early;
        session.open(connection, false);
        return session;
      },
    );
    if (securing) await encrypt(session, secureContext, connection, early, ending.signal);
    return made.name({ hostname, port, address: connection.remoteAddress });
  } finally {
    endTimer();
    signal?.removeEventListener("abort", abort);
  }
}

/**
 * Talks to a server over an existing connection: in a browser, over a serial line, in a test, or
 * after a restart.
 *
 * @param connection The connection. The returned server takes it over.
 * @param options How to talk to the server.
 * @returns The server.
 * @throws {TelnetError} `misuse`: the options are invalid.
 */
export function connectOver(
  connection: Connection,
  options: ConnectOverOptions = {},
): RemoteServer {
  checkConnectOptions(options, true);
  if (typeof connection?.attach !== "function") {
    throwUnexpected("the connection", "a Connection of a transport", connection);
  }
  const { tls, encryption, codec, snapshot } = options;
  let secureContext: SecureContext | undefined;
  if (tls !== undefined) {
    rejectUnknownKeys("tls", tls, TLS_NAMES);
    const { ca, fingerprint, serverName } = tls;
    secureContext = encryption?.clientContext?.({ ca, fingerprint, serverName });
    if (secureContext === undefined) {
      throwUnexpected(
        "encryption",
        "an Encryption with clientContext(), as `tls` is set",
        encryption,
      );
    }
  }
  const settings = settingsOf(options, { codec, secureContext, startTls: tls !== undefined });
  const { session, name } = newSession(options, settings);
  if (snapshot !== undefined) session.restore(snapshot);
  session.open(connection, false);
  connection.attach(session);
  const { remoteAddress: address, remotePort: port } = connection;
  return name({ hostname: address, port, address });
}

/** Creates a session, and a function that creates the server object for its handlers. */
function newSession(
  options: TalkOptions,
  settings: ReturnType<typeof settingsOf>,
): { readonly session: ClientSession; readonly name: (place: Place) => RemoteServer } {
  const handlers = options as unknown as Record<string, (...args: unknown[]) => unknown>;
  let server: RemoteServer | undefined;
  /** Calls of handlers, deferred until the server object exists. */
  let early: (() => void)[] | undefined = [];
  const session = new ClientSession(settings, {
    handle(name, value) {
      const handler = handlers[handlerName(name)];
      if (handler === undefined) return undefined;
      if (early === undefined) return handler(server, value);
      early.push(() => callUserCode(() => handler(server, value), (error) => session.fail(error)));
      return undefined;
    },
  });
  return {
    session,
    name(place) {
      server = makeRemoteServer(session, place);
      const calls = early ?? [];
      early = undefined;
      for (const call of calls) call();
      return server;
    },
  };
}

/**
 * Keeps the first bytes before the TLS handshake. A TLS server sends none; any bytes make it fail.
 */
class EarlyBytes implements ConnectionHandler {
  bytes: Uint8Array = NO_BYTES;

  onData(chunk: Uint8Array): void {
    if (this.bytes.length === 0) this.bytes = chunk;
  }

  onEnd(): void {}
  onDrain(): void {}
  onClose(): void {}
}

async function encrypt(
  session: ClientSession,
  secureContext: SecureContext,
  connection: Connection,
  early: EarlyBytes,
  signal: AbortSignal,
): Promise<void> {
  const done = new Promise<void>((resolve) => session.onEncrypted = resolve);
  const aborted = () => session.fail(signal.reason);
  session.open(secureContext.secure(connection, early.bytes, session), true);
  signal.addEventListener("abort", aborted);
  if (signal.aborted) aborted();
  const ended = session.closed.then(({ error }) => {
    throw error ?? new TelnetError(
      "tls-failed",
      "Cannot encrypt: the server closed the connection during the handshake of TLS",
    );
  });
  try {
    await Promise.race([done, ended]);
  } finally {
    session.onEncrypted = undefined;
    signal.removeEventListener("abort", aborted);
    ended.catch(() => {});
  }
}

function tlsOf(
  tls: boolean | ConnectTls,
  hostname: string,
): (ConnectTls & { readonly serverName: string }) | undefined {
  if (tls === false) return undefined;
  if (tls === true) return { serverName: hostname };
  rejectUnknownKeys("tls", tls, TLS_NAMES, {
    rejectUnauthorized: "give `ca`, or the `fingerprint` of the one certificate to trust",
    servername: "serverName",
    caCerts: "ca",
  });
  return { ...tls, serverName: tls.serverName ?? hostname };
}

async function secureContextOf(
  trust: (ConnectTls & { readonly serverName: string }) | undefined,
  given: Encryption | undefined,
): Promise<SecureContext | undefined> {
  if (trust === undefined) return undefined;
  const encryption = given ?? await ofRuntime((found) => found.defaultEncryption());
  const { ca, fingerprint, serverName } = trust;
  const context = encryption.clientContext?.({ ca, fingerprint, serverName });
  if (context === undefined) {
    throwUnexpected("encryption", "an Encryption with clientContext()", encryption);
  }
  return context;
}

async function codecOf(options: ConnectOptions): Promise<CompressionCodec | undefined> {
  const { codec, telnetOptions: { mccp2, mccp3 } = {} } = options;
  if (codec !== undefined || (mccp2 === false && !mccp3)) return codec;
  // Without zlib, as in a browser, MCCP is refused; if it was asked for, connect() fails.
  const found = ofRuntime((found) => found.defaultCodec());
  return await (mccp2 || mccp3 ? found : found.catch(() => undefined));
}

/** Loads a default of this runtime. Throws where there is none, as in a browser. */
async function ofRuntime<Part>(
  pick: (found: typeof import("../transport/default.ts")) => Promise<Part>,
): Promise<Part> {
  try {
    return await pick(await import("../transport/default.ts"));
  } catch (cause) {
    throw new TelnetError(
      "unsupported",
      "Cannot find sockets, zlib and TLS of this runtime: give `transport`, or call connectOver()",
      { cause },
    );
  }
}
