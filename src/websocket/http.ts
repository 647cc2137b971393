/** The first request of an HTTP connection: the parts that a WebSocket and a page need. */
export interface HttpRequest {
  /** Such as `GET`. */
  readonly method: string;
  /** The request target, such as `/play?room=inn`. */
  readonly target: string;
  /** The HTTP version, such as `1.1`. */
  readonly version: string;
  /**
   * Headers by their names in lower case; the values of several with one name are joined by commas.
   */
  readonly headers: ReadonlyMap<string, string>;
  /** How many bytes the head of the request has. */
  readonly length: number;
}

/** Why a request is not served. */
export interface HttpFault {
  /** The status code of the answer. */
  readonly status: number;
  /** What is wrong, in words. */
  readonly reason: string;
}

/** The maximum length of a request's head, in bytes. */
export const MAX_HEAD = 8_192;
/** A token, such as the name of a header (RFC 9110, 5.6.2). */
export const TOKEN: RegExp = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const REQUEST_LINE = /^([A-Z]{1,20}) ([\x21-\x7e]{1,4096}) HTTP\/(\d\.\d)$/;
/** Headers that may occur only once. */
const SINGLE: ReadonlySet<string> = new Set([
  "host",
  "origin",
  "sec-websocket-key",
  "sec-websocket-version",
]);
/** A path, or a whole URL (RFC 9112, 3.2). */
const TARGET = /^(?:\/|https?:\/\/)/i;
/** A host and perhaps a port. Some hosts that RFC 3986 allows, with a comma, are left out. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[\w.~!$&'()*+;=%-]*)(?::\d*)?$/i;
/** A line end without CR. */
const BARE_LF = /(?<!\r)\n/;

/**
 * Reads the head of a request.
 *
 * @param bytes The bytes that came so far.
 * @param looked How many of them an earlier call has looked at, which found the head incomplete.
 * @returns The request, or a fault; `undefined` while the head is incomplete.
 */
export function readRequest(
  bytes: Uint8Array,
  looked: number = 0,
): HttpRequest | HttpFault | undefined {
  const end = headEnd(bytes, looked);
  if (end === -1) {
    return bytes.length > MAX_HEAD
      ? { status: 431, reason: "the request's head is too long" }
      : undefined;
  }
  if (end > MAX_HEAD) return { status: 431, reason: "the request's head is too long" };
  const head = String.fromCharCode(...bytes.subarray(0, end));
  if (BARE_LF.test(head)) return { status: 400, reason: "a line end without CR" };
  const text = head.slice(0, -4);
  const [first = "", ...lines] = text.split("\r\n");
  const [, method = "", target = "", version = ""] = REQUEST_LINE.exec(first) ?? [];
  if (method === "") return { status: 400, reason: "a malformed request line" };
  if (!version.startsWith("1.")) return { status: 505, reason: `HTTP/${version}` };
  const valid = TARGET.test(target) || method === "OPTIONS" && target === "*";
  if (!valid) return { status: 400, reason: "a malformed target" };
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    const value = line.slice(colon + 1).trim();
    // deno-lint-ignore no-control-regex
    if (!TOKEN.test(name) || /[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
      return { status: 400, reason: "a malformed header" };
    }
    const before = headers.get(name);
    if (before !== undefined && SINGLE.has(name)) {
      return { status: 400, reason: `more than one header "${name}"` };
    }
    if (name === "host" && !HOST.test(value)) return { status: 400, reason: "a malformed Host" };
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { method, target, version, headers, length: end };
}

/** Splits the value of a list header into its items; empty items are left out. */
export function listOf(header: string | undefined): string[] {
  return (header ?? "").split(",").map((item) => item.trim()).filter((item) => item !== "");
}

/** A response in parts: its head, and its body, which many connections share. */
export type HttpAnswer = readonly Uint8Array[];

/** Makes a response; the connection closes after it. */
export function response(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array = new Uint8Array(0),
  sendsBody: boolean = true,
): HttpAnswer {
  const lines = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Error"}`,
    ...Object.entries({
      ...headers,
      "Content-Length": String(body.length),
      "Connection": "close",
    }).map(([name, value]) => `${name}: ${value}`),
  ];
  const head = new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n");
  return sendsBody && body.length > 0 ? [head, body] : [head];
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  426: "Upgrade Required",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

/**
 * The position after the empty line that ends the head; -1 if it has not come. `from`: the bytes
 * before this position were searched by an earlier call.
 */
function headEnd(bytes: Uint8Array, from: number): number {
  const limit = Math.min(bytes.length, MAX_HEAD + 4);
  for (
    let at = bytes.indexOf(0x0a, from);
    at !== -1 && at < limit;
    at = bytes.indexOf(0x0a, at + 1)
  ) {
    // The line before ended, too. A bare LF ends a line here, so that it is refused at once.
    if (bytes[at - 1] === 0x0a || bytes[at - 1] === 0x0d && bytes[at - 2] === 0x0a) return at + 1;
  }
  return -1;
}
