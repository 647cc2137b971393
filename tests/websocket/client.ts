/** A hand-written browser side: the upgrade request, and reading the server's frames. */
import { frame, join } from "./frames.ts";

export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
/** The Sec-WebSocket-Accept for that key, from RFC 6455. */
export const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** An upgrade request; `undefined` leaves a header out. */
export function upgradeRequest(
  headers: Readonly<Record<string, string | undefined>> = {},
  line = "GET /play HTTP/1.1",
): string {
  const all = {
    "Host": "mud.example:7777",
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`]
  );
  return [line, ...lines].join("\r\n") + "\r\n\r\n";
}

/** A client's message with UTF-8 text in a binary frame. */
export function message(text: string): Uint8Array {
  return frame(2, text);
}

/** Reads a server's output: the head of its answer, then unmasked frames. */
export class ServerFrames {
  #bytes: Uint8Array = new Uint8Array(0);
  head: string | undefined;
  readonly messages: Uint8Array[] = [];
  readonly pings: Uint8Array[] = [];
  readonly pongs: Uint8Array[] = [];
  close: { readonly code: number; readonly reason: string } | undefined;

  push(bytes: Uint8Array): void {
    this.#bytes = join(this.#bytes, bytes);
    if (this.head === undefined) {
      const text = String.fromCharCode(...this.#bytes);
      const end = text.indexOf("\r\n\r\n");
      if (end === -1) return;
      this.head = text.slice(0, end + 2);
      this.#bytes = this.#bytes.slice(end + 4);
      if (!this.head.startsWith("HTTP/1.1 101 ")) return;
    }
    if (this.head.startsWith("HTTP/1.1 101 ")) { while (this.#frame()); }
  }

  /** The status of the answer. */
  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.head ?? "")?.[1]);
  }

  /** The body of an answer that is no upgrade. */
  get body(): string {
    return new TextDecoder().decode(this.#bytes);
  }

  /** All messages as Latin-1 text. */
  get text(): string {
    return this.messages.map((bytes) => String.fromCharCode(...bytes)).join("");
  }

  #frame(): boolean {
    const bytes = this.#bytes;
    const [first = 0, second = 0] = bytes;
    const extended = second === 126 ? 2 : second === 127 ? 8 : 0;
    if (bytes.length < 2 + extended) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const length = extended === 0 ? second : extended === 2 ? view.getUint16(2) : view.getUint32(6);
    const start = 2 + extended;
    if (bytes.length < start + length) return false;
    const payload = bytes.slice(start, start + length);
    this.#bytes = bytes.slice(start + length);
    if (first === 0x82) this.messages.push(payload);
    else if (first === 0x89) this.pings.push(payload);
    else if (first === 0x8a) this.pongs.push(payload);
    else if (first === 0x88) {
      const [high = 0, low = 0] = payload;
      this.close = { code: high * 256 + low, reason: new TextDecoder().decode(payload.slice(2)) };
    } else throw new Error(`an unexpected frame ${first}`);
    return true;
  }
}
