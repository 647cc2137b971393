import { joinBytes } from "../protocol/bytes.ts";
import { PROXY_V2 } from "./proxy_header.ts";

/** Protocols that are not Telnet, by which programs come to a Telnet port. */
export type ForeignProtocol = "http" | "tls" | "ssh" | "rdp" | "stun" | "proxy";

/** What each is called to whoever runs the server. */
export const FOREIGN_PROTOCOLS: Readonly<Record<ForeignProtocol, string>> = {
  http: "it spoke HTTP",
  tls: "it spoke TLS in the clear",
  ssh: "it spoke SSH",
  rdp: "it spoke RDP",
  stun: "it spoke STUN, as a browser does for a web page",
  proxy: "it spoke the PROXY protocol, and its address is not among trustedProxies",
};

const LF = 0x0a;
const CR = 0x0d;
/** What the first line's end is kept of: enough for ` HTTP/1.1`. */
const TAIL = 12;
/** `16 03` and a version up to 4: a record of a TLS handshake. */
const TLS = 0x16;
/** TPKT of version 3, and the X.224 connection request in it. */
const RDP = 0x03;

const METHOD = /^(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) $/;
/** The PROXY protocol, version 1. */
const PROXY = /^PROXY (TCP[46] |UNKNO)/;
/** A byte of a message that may be any. */
const ANY = -1;
const MAGIC_COOKIE = [0x21, 0x12, 0xa4, 0x42];
/**
 * Messages with a fixed form, which may have line ends in it. With STUN a browser
 * looks for a route to a peer, at any address that a web page names: framed (RFC 6544) or not (RFC 8656).
 */
const FORMS: readonly (readonly [ForeignProtocol, readonly number[]])[] = [
  ["proxy", [...PROXY_V2]],
  ["stun", [ANY, ANY, 0x00, 0x01, ANY, ANY, ...MAGIC_COOKIE]],
  ["stun", [0x00, ANY, ANY, ANY, ...MAGIC_COOKIE]],
];
const MAX_FORM = Math.max(...FORMS.map(([, form]) => form.length));
/** So much of the line tells them. */
const HEAD = 11;

/**
 * Looks at the first line of a connection for another protocol's beginning. A web page can have a
 * browser send a request to any port, whose lines a game would else take for a person's commands.
 * Nothing is held back for it: a line is recognised before it is complete.
 */
export class ProtocolSniffer {
  #head: number[] = [];
  #tail = "";
  #method = false;
  /** The first bytes, line ends or not, while they may be those of a message with a fixed form. */
  #start: number[] | undefined = [];
  /** Whether the line is a person's, for all that it tells. */
  #plain = false;

  /**
   * Looks at the next bytes, before anybody else does.
   *
   * @returns The protocol, `"telnet"` once it is none, `undefined` while that is open.
   */
  push(bytes: Uint8Array): ForeignProtocol | "telnet" | undefined {
    const message = this.#message(bytes);
    if (message !== undefined) return message;
    const line = this.#plain ? "telnet" : this.#line(bytes);
    if (line !== "telnet") return line;
    this.#plain = true;
    return this.#start === undefined ? "telnet" : undefined;
  }

  /** Whether it begins as a message does whose first bytes may be line ends. */
  #message(bytes: Uint8Array): ForeignProtocol | undefined {
    if (this.#start === undefined) return undefined;
    this.#start.push(...bytes.subarray(0, MAX_FORM - this.#start.length));
    const forms = FORMS.filter(([, form]) => fits(this.#start ?? [], form));
    const [found] = forms.find(([, { length }]) => length <= (this.#start?.length ?? 0)) ?? [];
    if (forms.length === 0 || found !== undefined) this.#start = undefined;
    return found;
  }

  #line(bytes: Uint8Array): ForeignProtocol | "telnet" | undefined {
    // As for what people type, a lone CR ends a line too.
    const end = bytes.findIndex((byte) => byte === LF || byte === CR);
    const line = end === -1 ? bytes : bytes.subarray(0, end);
    for (const byte of line.subarray(0, HEAD - this.#head.length)) this.#head.push(byte);
    const binary = this.#binary();
    if (binary !== undefined) return binary;
    const head = String.fromCharCode(...this.#head);
    if (head.startsWith("SSH-")) return "ssh";
    if (PROXY.test(head)) return "proxy";
    this.#method ||= METHOD.test(head.slice(0, head.indexOf(" ") + 1));
    const kept = line.subarray(Math.max(0, line.length - TAIL));
    this.#tail = (this.#tail + String.fromCharCode(...kept)).slice(-TAIL);
    if (end !== -1) {
      return this.#method && / HTTP\/\d(\.\d)?$/.test(this.#tail) ? "http" : "telnet";
    }
    const open = this.#method || this.#head.length < HEAD;
    return open ? undefined : "telnet";
  }

  #binary(): ForeignProtocol | undefined {
    const [first, second = 0, third = 0xff] = this.#head;
    if (first === TLS && second === 3 && third <= 4) return "tls";
    return first === RDP && second === 0 && (this.#head[5] ?? 0) === 0xe0 ? "rdp" : undefined;
  }
}

/** Whether bytes are the first of a form, or all of it. */
function fits(bytes: readonly number[], form: readonly number[]): boolean {
  return bytes.every((byte, at) => at >= form.length || form[at] === ANY || form[at] === byte);
}

/** What a program of another protocol is answered, so that it tells its user. */
export function foreignAnswer(protocol: ForeignProtocol, text: string): Uint8Array {
  switch (protocol) {
    case "http":
      return httpAnswer(text);
    case "ssh":
      return sshAnswer(text);
    case "tls":
      // A fatal alert (RFC 8446, section 6.2): handshake_failure.
      return Uint8Array.of(0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x28);
    case "rdp":
      // A connection confirm with a failure (MS-RDPBCGR 2.2.1.2.2): no security that we have.
      return Uint8Array.of(3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 3, 0, 8, 0, 2, 0, 0, 0);
    case "stun":
    case "proxy":
      return new Uint8Array(0); // they listen to no words
  }
}

function httpAnswer(text: string): Uint8Array {
  const body = new TextEncoder().encode(`${text}\n`);
  const head = [
    "HTTP/1.1 400 Bad Request",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${body.length}`,
    "Connection: close",
    "",
    "",
  ].join("\r\n");
  return joinBytes([new TextEncoder().encode(head), body]);
}

/** Our version, and a message that ends the connection (RFC 4253, sections 4.2, 6 and 11.1). */
function sshAnswer(text: string): Uint8Array {
  const encoder = new TextEncoder();
  const words = encoder.encode(text);
  const [disconnect, protocolError] = [1, 2];
  const payload = joinBytes([
    disconnect,
    ...[uint32(protocolError), uint32(words.length), words],
    uint32(0), // no language
  ]);
  // The whole packet fills blocks of 8 bytes, with 4 of padding or more.
  const padding = 4 + (8 - (5 + payload.length + 4) % 8) % 8;
  const length = uint32(1 + payload.length + padding);
  const banner = encoder.encode("SSH-2.0-miniboa\r\n");
  return joinBytes([banner, length, padding, payload, new Uint8Array(padding)]);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
