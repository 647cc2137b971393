import { inTime } from "../patience.ts";

/** A bare client on a real socket; it reads bytes as Latin-1 text. */
export class LineClient implements Disposable {
  readonly #conn: Deno.Conn;
  readonly #buffer = new Uint8Array(65_536);
  #unread = "";
  #open = true;

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  static async connect(port: number, hostname: string = "127.0.0.1"): Promise<LineClient> {
    return new LineClient(await Deno.connect({ port, hostname }));
  }

  /** This end's port: the client's port as the server sees it. */
  get port(): number {
    return (this.#conn.localAddr as Deno.NetAddr).port;
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  /** Reads up to the end of the first match, and returns the text up to there. */
  async until(pattern: RegExp): Promise<string> {
    while (true) {
      const match = pattern.exec(this.#unread);
      if (match !== null) return this.#take(match.index + match[0].length);
      if (!await inTime(this.#more(), `${pattern} behind ${JSON.stringify(this.#unread)}`)) {
        throw new Error(`The server closed before ${pattern}: ${JSON.stringify(this.#unread)}`);
      }
    }
  }

  /** Reads up to the end of the connection. */
  async rest(): Promise<string> {
    while (await this.#more());
    return this.#take(this.#unread.length);
  }

  async end(): Promise<void> {
    await this.#conn.closeWrite();
  }

  [Symbol.dispose](): void {
    if (this.#open) this.#conn.close();
    this.#open = false;
  }

  #take(length: number): string {
    const text = this.#unread.slice(0, length);
    this.#unread = this.#unread.slice(length);
    return text;
  }

  async #more(): Promise<boolean> {
    const count = await this.#conn.read(this.#buffer);
    if (count === null) return false;
    this.#unread += String.fromCharCode(...this.#buffer.subarray(0, count));
    return true;
  }
}
