import { joinBytes } from "../protocol/bytes.ts";
import { PROXY_V2 } from "./proxy_header.ts";

/** Protocols other than Telnet that programs use on a Telnet port. */
export type ForeignProtocol = "http" | "tls" | "ssh" | "rdp" | "stun" | "proxy";

/** The error message for the operator, by protocol. */
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
/** The number of characters kept from the end of the first line: enough for ` HTTP/1.1`. */
const TAIL = 12;
/** The first byte of a TLS handshake record; a person can type it as Ctrl-V. */
export const TLS_RECORD = 0x16;
/** TPKT of version 3, and the X.224 connection request in it. */
const RDP = 0x03;

const METHOD = /^(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) $/;
/** The PROXY protocol, version 1. */
const PROXY = /^PROXY (TCP[46] |UNKNO)/;
/** Stands for any byte in a form. */
const ANY = -1;
const MAGIC_COOKIE = [0x21, 0x12, 0xa4, 0x42];
/**
 * The first bytes of messages with a fixed form, which may include line ends. A browser sends STUN
 * to any address that a web page names, to find a route to a peer: framed (RFC 6544) or not (RFC
 * 8656).
 */
const FORMS: readonly (readonly [ForeignProtocol, readonly number[]])[] = [
  ["proxy", [...PROXY_V2]],
  ["stun", [ANY, ANY, 0x00, 0x01, ANY, ANY, ...MAGIC_COOKIE]],
  ["stun", [0x00, ANY, ANY, ANY, ...MAGIC_COOKIE]],
];
const MAX_FORM = Math.max(...FORMS.map(([, form]) => form.length));
/** The number of characters of the first line that identify a protocol. */
const HEAD = 11;

/**
 * Detects another protocol in the first line of a connection. A web page can make a browser send a
 * request to any port, and a game would take its lines for a person's commands. Input is not held
 * back: a protocol is detected before the game gets its first line.
 */
export class ProtocolSniffer {
  #head: number[] = [];
  #tail = "";
  #method = false;
  /** The first bytes, including line ends, while they may start a message with a fixed form. */
  #start: number[] | undefined = [];
  /** Whether the first line is not one of another protocol. */
  #plain = false;

  /**
   * Checks the next bytes, before they are processed.
   *
   * @returns The protocol, `"telnet"` once no other protocol is possible, `undefined` until then.
   */
  push(bytes: Uint8Array): ForeignProtocol | "telnet" | undefined {
    const message = this.#message(bytes);
    if (message !== undefined) return message;
    const line = this.#plain ? "telnet" : this.#line(bytes);
    if (line !== "telnet") return line;
    this.#plain = true;
    return this.#start === undefined ? "telnet" : undefined;
  }

  /** Compares the first bytes with the messages of a fixed form. */
  #message(bytes: Uint8Array): ForeignProtocol | undefined {
    if (this.#start === undefined) return undefined;
    this.#start.push(...bytes.subarray(0, MAX_FORM - this.#start.length));
    const forms = FORMS.filter(([, form]) => fits(this.#start ?? [], form));
    const [found] = forms.find(([, { length }]) => length <= (this.#start?.length ?? 0)) ?? [];
    if (forms.length === 0 || found !== undefined) this.#start = undefined;
    return found;
  }

  #line(bytes: Uint8Array): ForeignProtocol | "telnet" | undefined {
    // A lone CR ends a line too, as in typed input.
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
    if (beginsTls(this.#head) === true) return "tls";
    const [first, second] = this.#head;
    return first === RDP && second === 0 && (this.#head[5] ?? 0) === 0xe0 ? "rdp" : undefined;
  }
}

/**
 * Whether bytes begin a TLS handshake record: `16 03` and a version up to 4. The first two are also
 * Ctrl-V and Ctrl-C, which a person can type.
 *
 * @returns `undefined`: more bytes are needed.
 */
export function beginsTls(bytes: ArrayLike<number>): boolean | undefined {
  const { 0: first = TLS_RECORD, 1: second = 3, 2: third = 0 } = bytes;
  if (first !== TLS_RECORD || second !== 3 || third > 4) return false;
  return bytes.length > 2 || undefined;
}

/** Whether bytes are the start of a form, or start with all of it. */
function fits(bytes: readonly number[], form: readonly number[]): boolean {
  return bytes.every((byte, at) => at >= form.length || form[at] === ANY || form[at] === byte);
}

/** The reply in another protocol, so that the program informs its user. */
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
      return new Uint8Array(0); // they have no reply with a text
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

/** An SSH version line, and SSH_MSG_DISCONNECT (RFC 4253, sections 4.2, 6 and 11.1). */
function sshAnswer(text: string): Uint8Array {
  const encoder = new TextEncoder();
  const words = encoder.encode(text);
  const [disconnect, protocolError] = [1, 2];
  const payload = joinBytes([
    disconnect,
    ...[uint32(protocolError), uint32(words.length), words],
    uint32(0), // no language
  ]);
  // The packet is padded to a multiple of 8 bytes, with at least 4 bytes of padding.
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
