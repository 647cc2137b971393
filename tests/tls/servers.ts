/** Servers for the tests of the TLS client. */
import type { Certificate } from "../../mod.ts";
import { TextLineStream } from "../runtimes/text_line_stream.ts";

/** A server for one connection at a time. */
export interface Server extends AsyncDisposable {
  /** Its port on this machine. */
  readonly port: number;
}

/** Serves one connection after another, and closes each. */
class ServerOf<Listener extends Deno.TcpListener | Deno.TlsListener> implements Server {
  readonly #listener: Listener;
  readonly #served: Promise<void>;
  #conn: Deno.Conn | undefined;

  constructor(listener: Listener, serve: (conn: Deno.Conn) => Promise<unknown>) {
    this.#listener = listener;
    this.#served = this.#serve(serve);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Stops accepting, and waits for the current connection. */
  async stop(): Promise<void> {
    closeOnce(this.#listener);
    await this.#served;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A failed test may have left it open.
    if (this.#conn !== undefined) closeOnce(this.#conn);
    await this.stop();
  }

  async #serve(serve: (conn: Deno.Conn) => Promise<unknown>): Promise<void> {
    for await (const conn of this.#listener) {
      this.#conn = conn;
      await serve(conn).catch(() => {}); // the client has closed
      closeOnce(conn);
    }
  }
}

/** A server with Deno's TLS that answers each line with "You see: " and the line. */
export class TlsServer extends ServerOf<Deno.TlsListener> {
  /** The data that clients sent. */
  received = "";

  constructor(certificate: Certificate) {
    super(Deno.listenTls({ port: 0, hostname: "127.0.0.1", ...certificate }), (conn) => {
      return this.#answer(conn);
    });
  }

  async #answer(conn: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(4_096);
    for (let count; (count = await conn.read(buffer)) !== null;) {
      const text = new TextDecoder().decode(buffer.subarray(0, count));
      this.received += text;
      await conn.write(new TextEncoder().encode(`You see: ${text}`));
    }
  }
}

/** A plain TCP server. */
export class PlainServer extends ServerOf<Deno.TcpListener> {
  /** @param serve Handles a connection. */
  constructor(serve: (conn: Deno.Conn) => Promise<unknown>) {
    super(Deno.listen({ port: 0, hostname: "127.0.0.1" }), serve);
  }
}

function closeOnce(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // already closed
  }
}

/** Reads until the end or a reset. */
export async function drain(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(4_096);
  while (await conn.read(buffer).catch(() => null) !== null);
}

/** `openssl s_server`, which with `-rev` answers each line with the line reversed. */
export class OpensslServer implements Server {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #port = 0;

  private constructor(args: readonly string[]) {
    const common = ["s_server", "-accept", "127.0.0.1:0"];
    const command = new Deno.Command("openssl", {
      args: [...common, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    });
    this.#child = command.spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(
      new TextLineStream(),
    ).getReader();
  }

  /** Starts it with a file that holds certificate and key. */
  static async start(file: string, args: readonly string[]): Promise<OpensslServer> {
    const server = new OpensslServer(["-cert", file, "-key", file, ...args]);
    const [, port] = await server.match(/^ACCEPT .*:(\d+)$/);
    server.#port = Number(port);
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** Types a command of `s_server`. */
  async type(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  /** Reads lines up to the first that matches, and returns the match. */
  async match(pattern: RegExp): Promise<RegExpExecArray> {
    while (true) {
      const { done, value = "" } = await this.#lines.read();
      if (done) throw new Error(`openssl ended before ${pattern}`);
      const match = pattern.exec(value);
      if (match !== null) return match;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // already ended
    }
    await this.#input.close().catch(() => {});
    await this.#child.status;
    await this.#lines.cancel();
  }
}

/** Whether an `openssl` with `s_server -rev` is installed. */
export async function hasOpenssl(): Promise<boolean> {
  try {
    const args = ["s_server", "-help"];
    const command = new Deno.Command("openssl", { args, stdin: "null", stderr: "piped" });
    const { success, stderr } = await command.output();
    return success && new TextDecoder().decode(stderr).includes("-rev ");
  } catch {
    return false;
  }
}
