import { type HttpFault, type HttpRequest, listOf } from "./http.ts";

/** A valid request to upgrade to a WebSocket. */
export interface UpgradeRequest {
  /** The path and query, such as `/play`. */
  readonly target: string;
  /** The key that the answer is computed from. */
  readonly key: string;
  /** The accepted subprotocol; `undefined` if there is none. */
  readonly protocol: string | undefined;
}

/** Which pages of other hosts may connect: a list of their origins, or any. */
export type AllowedOrigins = readonly string[] | "any";

/** The accepted subprotocols. All mean the same: the whole Telnet stream in binary messages. */
const PROTOCOLS: readonly string[] = [
  "telnet.mudstandards.org",
  "telnet",
  "binary",
  "telnet.ietf.org",
];
/** Base64 of sixteen bytes. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** The text that is appended to the key before it is hashed (RFC 6455, section 1.3). */
export const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Whether a request asks for a WebSocket. */
export function isUpgrade({ headers }: HttpRequest): boolean {
  return listOf(headers.get("upgrade")).some((item) => item.toLowerCase() === "websocket");
}

/**
 * Checks a request that asks for a WebSocket.
 *
 * @param request The request.
 * @param origins Which pages may connect, in addition to those of the request's own host.
 * @returns The upgrade request, or why it is refused.
 */
export function checkUpgrade(
  { method, target, version, headers }: HttpRequest,
  origins: AllowedOrigins,
): UpgradeRequest | HttpFault {
  const fault = (status: number, reason: string): HttpFault => ({ status, reason });
  if (method !== "GET") return fault(405, "a WebSocket begins with GET");
  if (!(Number(version) >= 1.1)) return fault(400, "a WebSocket needs HTTP/1.1");
  const host = headers.get("host");
  if (host === undefined) return fault(400, "no Host");
  const connection = listOf(headers.get("connection")).map((item) => item.toLowerCase());
  if (!connection.includes("upgrade")) return fault(400, "no Connection: Upgrade");
  if (headers.get("sec-websocket-version") !== "13") return fault(426, "another version than 13");
  const key = headers.get("sec-websocket-key") ?? "";
  if (!KEY.test(key)) return fault(400, "no valid Sec-WebSocket-Key");
  if (headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0") {
    return fault(400, "a WebSocket's request has no body");
  }
  const origin = headers.get("origin");
  if (origin !== undefined && !isAllowed(origin, host, origins)) {
    return fault(403, "a page of another host");
  }
  const asked = listOf(headers.get("sec-websocket-protocol"));
  const protocol = asked.find((name) => PROTOCOLS.includes(name.toLowerCase()));
  return { target, key, protocol };
}

/** The response that upgrades a connection to a WebSocket. */
export function upgradeResponse(accept: string, protocol: string | undefined): Uint8Array {
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ];
  return new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n");
}

/**
 * A browser sends the origin of the page that connects; other programs send none, or any value. The
 * port is compared too, as in a browser. Behind a proxy, Host is that of the page only if the proxy
 * forwards it.
 */
function isAllowed(origin: string, host: string, allowed: AllowedOrigins): boolean {
  return allowed === "any" || isOwnPage(origin, host) ||
    allowed.some((one) => one.toLowerCase() === origin.toLowerCase());
}

/**
 * Whether a request may open a WebSocket: it comes from a page of the request's own host, or not from
 * a browser. Browsers let each page open WebSockets to every host, so an HTTP server must check this
 * before it upgrades a request.
 *
 * @param origin The value of the header `Origin`; none: not a browser.
 * @param host The value of the header `Host`.
 * @returns Whether it may.
 *
 * @example
 * ```ts
 * import { isOwnPage } from "@miniboa/miniboa/transport";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(isOwnPage("https://play.example", "play.example"), true);
 * assertEquals(isOwnPage(undefined, "play.example"), true);
 * assertEquals(isOwnPage("null", "play.example"), false);
 * ```
 */
export function isOwnPage(
  origin: string | null | undefined,
  host: string | null | undefined,
): boolean {
  if (origin === undefined || origin === null) return true;
  const [, secure, own] = /^http(s?):\/\/([^/]+)$/i.exec(origin) ?? [];
  // A browser leaves out the default port of the scheme, a proxy may add it.
  const port = secure === "" ? /:80$/ : /:443$/;
  const named = (name: string) => name.toLowerCase().replace(port, "");
  return own !== undefined && named(own) === named(host ?? "");
}
