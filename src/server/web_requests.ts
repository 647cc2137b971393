import {
  checkFunction,
  checkList,
  checkText,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";
import {
  type HttpAnswer,
  type HttpFault,
  type HttpRequest,
  response,
  TOKEN,
} from "../websocket/http.ts";
import {
  type AllowedOrigins,
  checkUpgrade,
  isUpgrade,
  type UpgradeRequest,
} from "../websocket/upgrade.ts";
import type { WebSocketOpener } from "../transport/framing.ts";

/** A file that the listener serves, such as a page, a script or a style sheet. */
export interface WebPage {
  /** Its media type, such as `text/html; charset=utf-8`. */
  readonly type: string;
  /** The contents; text is sent as UTF-8. */
  readonly body: string | Uint8Array;
}

/** How to serve browsers on a listener. */
export interface WebSocketOptions {
  /**
   * Origins of other sites whose pages may connect, such as `https://play.example`; `"any"` allows
   * all. Pages of the listener's own host, and programs other than browsers, can always connect.
   * Default: no other origins.
   */
  readonly origins?: readonly string[] | "any" | undefined;
  /**
   * Pages by path, such as `"/"`. Other paths get status 404, or 426 if there are no pages at all.
   * Default: none.
   */
  readonly pages?: Readonly<Record<string, WebPage>> | undefined;
  /**
   * The header in which HTTP proxies in `trustedProxies` report the client's address, such as
   * `"x-forwarded-for"` or `"forwarded"`. The right-most address that is not a trusted proxy is
   * used, or the left-most one if all are. Connections from trusted proxies then do not need a PROXY
   * header. Their requests without this header are answered as health checks, but open no WebSocket.
   * Needs `trustedProxies`. Default: none; forwarded addresses are ignored.
   */
  readonly forwardedHeader?: string | undefined;
}

/** The checked `webSocket` options of a listener. */
export interface WebSettings {
  readonly origins: AllowedOrigins;
  readonly pages: ReadonlyMap<string, { readonly type: string; readonly body: Uint8Array }>;
  readonly forwardedHeader: string | undefined;
  readonly open: WebSocketOpener;
}

/** The answer to a request. */
export type WebAnswer =
  | { readonly kind: "upgrade"; readonly upgrade: UpgradeRequest }
  | { readonly kind: "page"; readonly parts: HttpAnswer }
  | { readonly kind: "refused"; readonly parts: HttpAnswer; readonly fault: HttpFault };

const OPTION_NAMES: Readonly<Record<keyof WebSocketOptions, true>> = {
  origins: true,
  pages: true,
  forwardedHeader: true,
};
/** A scheme, a host and perhaps a port; a browser sends nothing else. */
const ORIGIN = /^https?:\/\/[^/\s?#@\\*]+$/i;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+[\t\x20-\x7e]*$/;
const METHODS = ["GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "PATCH "];
/** Security headers of every answer: no MIME sniffing, no referrer, no use by other origins. */
const SAFE: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
};
const PAGE_POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self' ws: wss:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** Checks the `webSocket` option. */
export function checkWebSocket(what: string, given: boolean | WebSocketOptions): void {
  if (typeof given === "boolean") return;
  rejectUnknownKeys(what, given, OPTION_NAMES, { origin: "origins", routes: "pages" });
  const { origins, pages = {}, forwardedHeader } = given;
  if (origins !== undefined && origins !== "any") {
    checkList(`${what}.origins`, origins);
    for (const origin of origins) {
      if (typeof origin !== "string" || !ORIGIN.test(origin) || !URL.canParse(origin)) {
        throwUnexpected(
          `${what}.origins`,
          'origins such as "https://play.example" (list each host, or use "any" for all)',
          origin,
        );
      }
    }
  }
  rejectUnknownKeys(`${what}.pages`, pages, pages);
  for (const [path, page] of Object.entries(pages)) {
    const name = `${what}.pages["${path}"]`;
    if (!/^\/[^?#*\x00-\x1f]*$/.test(path)) {
      throwUnexpected(name, 'a path such as "/index.html", without wildcards', path);
    }
    if (typeof page !== "object" || page === null) {
      throwUnexpected(name, 'a page such as { type: "text/html", body: "<h1>…" }', page);
    }
    rejectUnknownKeys(name, page, { type: true, body: true });
    checkText(`${name}.type`, page.type);
    if (!MEDIA_TYPE.test(page.type)) {
      throwUnexpected(`${name}.type`, 'a media type such as "text/html"', page.type);
    }
    if (typeof page.body !== "string" && !(page.body instanceof Uint8Array)) {
      throwUnexpected(`${name}.body`, "text, or a Uint8Array", page.body);
    }
  }
  if (forwardedHeader === undefined) return;
  if (typeof forwardedHeader !== "string" || !TOKEN.test(forwardedHeader)) {
    const such = 'the name of a header, such as "x-forwarded-for"';
    throwUnexpected(`${what}.forwardedHeader`, such, forwardedHeader);
  }
}

/** Fills in the defaults; `undefined`: browsers are not served. */
export function webSettings(
  given: boolean | WebSocketOptions | undefined,
  open: WebSocketOpener,
): WebSettings | undefined {
  if (given === undefined || given === false) return undefined;
  checkFunction("what opens a WebSocket", open);
  const { origins = [], pages = {}, forwardedHeader } = given === true ? {} : given;
  const encoder = new TextEncoder();
  return {
    origins: origins === "any" ? origins : origins.map((origin) => new URL(origin).origin),
    pages: new Map(
      Object.entries(pages).map(([path, { type, body }]) => [
        path,
        { type, body: typeof body === "string" ? encoder.encode(body) : body },
      ]),
    ),
    forwardedHeader: forwardedHeader?.toLowerCase(),
    open,
  };
}

/** Whether the first bytes begin an HTTP request; `undefined` if more bytes are needed. */
export function beginsHttp(bytes: Uint8Array): boolean | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, 8));
  if (METHODS.some((method) => text.startsWith(method))) return true;
  return METHODS.some((method) => method.startsWith(text)) ? undefined : false;
}

/** Decides how to answer a request. */
export function answerRequest(
  request: HttpRequest | HttpFault,
  web: WebSettings,
  now: number,
): WebAnswer {
  if ("status" in request) return refused(request, now, request.method !== "HEAD");
  const answer = pageFor(request, web, now);
  // A response to HEAD has no body (RFC 9110, 9.3.2).
  return "status" in answer ? refused(answer, now, request.method !== "HEAD") : answer;
}

function pageFor(request: HttpRequest, web: WebSettings, now: number): WebAnswer | HttpFault {
  if (isUpgrade(request)) {
    const upgrade = checkUpgrade(request, web.origins);
    return "status" in upgrade ? upgrade : { kind: "upgrade", upgrade };
  }
  const { method, version, headers: given } = request;
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, reason: `the method ${method}` };
  }
  // RFC 9112, 3.2
  if (version === "1.1" && !given.has("host")) return { status: 400, reason: "no Host" };
  const path = pathOf(request.target);
  const page = web.pages.get(path) ?? web.pages.get(decoded(path));
  if (page === undefined && web.pages.size === 0) {
    return { status: 426, reason: "no WebSocket, and there are no pages" };
  }
  if (page === undefined) return { status: 404, reason: "no such page" };
  const headers = {
    ...SAFE,
    "Content-Type": page.type,
    "Content-Security-Policy": PAGE_POLICY,
    "Cache-Control": "no-cache",
  };
  return { kind: "page", parts: response(now, 200, headers, page.body, method === "GET") };
}

/** The answer to a request over a limit; `sendsBody`: not to HEAD. */
export function unavailable(words: Uint8Array, now: number, sendsBody: boolean): HttpAnswer {
  const headers = { ...SAFE, "Content-Type": "text/plain; charset=utf-8" };
  return response(now, 503, headers, words, sendsBody);
}

/** The path of a request target, which may be a whole URL (RFC 9112, 3.2.2). */
function pathOf(target: string): string {
  const [path = ""] = target.replace(/^https?:\/\/[^/?]*/i, "").split("?");
  return path === "" ? "/" : path;
}

/** Decodes the percent-encoding of a path; an invalid path stays as it is. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function refused(fault: HttpFault, now: number, sendsBody: boolean): WebAnswer {
  const headers: Record<string, string> = {
    ...SAFE,
    "Content-Type": "text/plain; charset=utf-8",
    ...(fault.status === 426 && {
      "Upgrade": "websocket",
      "Sec-WebSocket-Version": "13",
    }),
    ...(fault.status === 405 && { "Allow": "GET, HEAD" }),
  };
  const body = new TextEncoder().encode(`Refused: ${fault.reason}\n`);
  return { kind: "refused", fault, parts: response(now, fault.status, headers, body, sendsBody) };
}
