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
  /** The method of the request, if it is known. */
  readonly method?: string;
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
  const headers = version.startsWith("1.") ? readHeaders(lines) : undefined;
  if (headers === undefined) return { status: 505, reason: `HTTP/${version}`, method };
  const valid = TARGET.test(target) || method === "OPTIONS" && target === "*";
  if (!valid) return { status: 400, reason: "a malformed target", method };
  if (typeof headers === "string") return { status: 400, reason: headers, method };
  return { method, target, version, headers, length: end };
}

/** Reads the lines of the headers; returns what is wrong with them, if anything is. */
function readHeaders(lines: readonly string[]): Map<string, string> | string {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    const value = withoutBlanks(line.slice(colon + 1));
    // deno-lint-ignore no-control-regex
    if (!TOKEN.test(name) || /[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
      return "a malformed header";
    }
    const before = headers.get(name);
    if (before !== undefined && SINGLE.has(name)) {
      return `more than one header "${name}"`;
    }
    if (name === "host" && !HOST.test(value)) return "a malformed Host";
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

/** Splits the value of a list header into its items; empty items are left out. */
export function listOf(header: string | undefined): string[] {
  return (header ?? "").split(",").map(withoutBlanks).filter((item) => item !== "");
}

/** A value without the spaces and TABs around it: no other white space belongs there (RFC 9110, 5.6.3). */
function withoutBlanks(value: string): string {
  let [start, end] = [0, value.length];
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** A response in parts: its head, and its body, which many connections share. */
export type HttpAnswer = readonly Uint8Array[];

/** Makes a response; the connection closes after it. `now`: the time in milliseconds since 1970. */
export function response(
  now: number,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array = new Uint8Array(0),
  sendsBody: boolean = true,
): HttpAnswer {
  const lines = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Error"}`,
    ...Object.entries({
      ...headers,
      "Date": new Date(now).toUTCString(),
      "Content-Length": String(body.length),
      "Connection": "Upgrade" in headers ? "close, Upgrade" : "close",
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
