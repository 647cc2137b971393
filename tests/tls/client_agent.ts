/** Speaks TLS with servers as their client, and says how it went. Runs on every runtime. */
import { isTelnetError } from "../../src/protocol/mod.ts";
import type { ServerTrust } from "../../src/transport/encryption.ts";
import { tlsEncryption } from "../../src/transport/tls.ts";
import { dialSocket, SocketConnection } from "./socket_connection.ts";

/** Whom to speak with. */
export interface Attempt {
  /** The port on this machine. */
  readonly port: number;
  /** Whom to trust. */
  readonly trust: ServerTrust;
  /** What to do while the handshake runs, in place of writing a line. */
  readonly meanwhile?: "close" | "abort";
}

/** How it went. */
export interface Outcome {
  /** What the owner was told, in order; data in several pieces is there once. */
  readonly events: readonly string[];
  /** What the server sent. */
  readonly text: string;
  /** The code of the error, of `onClose` or of the call itself. */
  readonly code?: string;
  /** Its message. */
  readonly message?: string;
}

/** Writes a line before the handshake is done, and closes when one came back. */
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
