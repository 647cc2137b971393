/**
 * A TLS client for the tests: connects to a server, and returns the outcome. Runs on every runtime.
 */
import { isTelnetError } from "../../src/protocol/mod.ts";
import type { ServerTrust } from "../../src/transport/encryption.ts";
import { tlsEncryption } from "../../src/transport/tls.ts";
import { dialSocket, SocketConnection } from "./socket_connection.ts";

/** A connection to try. */
export interface Attempt {
  /** The port on this machine. */
  readonly port: number;
  /** The trust settings. */
  readonly trust: ServerTrust;
  /** An action during the handshake, instead of writing a line. */
  readonly meanwhile?: "close" | "abort";
}

/** The outcome of an attempt. */
export interface Outcome {
  /** The handler's events in order; adjacent data events count once. */
  readonly events: readonly string[];
  /** The text that the server sent. */
  readonly text: string;
  /** The error code, from `onClose` or from the call itself. */
  readonly code?: string;
  /** Its message. */
  readonly message?: string;
}

/** Writes a line before the handshake is done, and closes after the answer. */
export async function attempt({ port, trust, meanwhile }: Attempt): Promise<Outcome> {
  const events: string[] = [];
  let text = "";
  let failure: unknown;
  const note = (event: string) => {
    if (events.at(-1) !== event || event !== "data") events.push(event);
  };
  try {
    const context = tlsEncryption.clientContext?.(trust);
    if (context === undefined) throw new Error("there is no client");
    const connection = new SocketConnection(await dialSocket(port));
    const secure = context.secure(connection, new Uint8Array(0), {
      onSecure: () => note("secure"),
      onData(chunk) {
        note("data");
        text += new TextDecoder().decode(chunk);
        if (text.endsWith("\n")) secure.close();
      },
      onEnd() {
        note("end");
        secure.close();
      },
      onDrain() {},
      onClose(error) {
        note("close");
        failure = error;
      },
    });
    if (meanwhile === undefined) secure.write(new TextEncoder().encode("look\n"));
    else {
      secure[meanwhile]();
      if (secure.destroyed) note("gone");
    }
    await secure.closed;
    await connection.closed;
  } catch (error) {
    failure = error;
  }
  if (failure === undefined) return { events, text };
  const code = isTelnetError(failure) ? failure.code : "none";
  return { events, text, code, message: String((failure as Error).message) };
}
