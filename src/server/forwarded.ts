import { type AddressSet, canonicalAddress } from "../guard/addresses.ts";
import type { Origin } from "../guard/origin.ts";
import { type HttpRequest, listOf } from "../websocket/http.ts";

/** The peer of a proxy, as the proxy reports it. */
interface Hop {
  /** Its address; `undefined` if the proxy hides the address or does not know it. */
  readonly address: string | undefined;
  /** The scheme of the connection. */
  readonly scheme?: string | undefined;
}

/** What proxies call an encrypted connection; some distinguish WebSockets. */
const SECURE: ReadonlySet<string> = new Set(["https", "wss"]);
/**
 * A parameter of Forwarded, with what separates it from the one before: `,` begins another hop. A
 * value is a token, or a string in quotes, in which a client may have written separators.
 */
const PARAMETER =
  /[ \t]*([,;])[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=([\w!#$%&'*+.^`|~:[\]-]+|"(?:[^"\\]|\\.)*"))?[ \t]*/gy;

/**
 * Returns the client's address, as a trusted proxy reports it: the right-most address that is no
 * trusted proxy, or the left-most of trusted ones.
 *
 * @returns `undefined` if the header has no valid client address.
 */
export function forwardedOrigin(
  { headers }: HttpRequest,
  header: string,
  proxies: AddressSet,
): Origin | undefined {
  const value = headers.get(header);
  const hops = header === "forwarded" ? readForwarded(value ?? "") : readAddresses(value);
  const schemes = listOf(headers.get("x-forwarded-proto")).reverse();
  for (const [index, { address, scheme }] of hops.reverse().entries()) {
    if (address === undefined) return undefined;
    if (proxies.has(address) && index < hops.length - 1) continue;
    // A proxy appends to both lists, or replaces the scheme. Entries further left can be forged.
    const said = scheme ?? schemes[Math.min(index, schemes.length - 1)];
    return { address, port: 0, encrypted: SECURE.has(said?.toLowerCase() ?? "") };
  }
  return undefined;
}

/** Reads X-Forwarded-For and similar headers: addresses, separated by commas. */
function readAddresses(value: string | undefined): Hop[] {
  return listOf(value).map((item) => ({ address: addressOf(item.replaceAll('"', "")) }));
}

/**
 * Reads Forwarded (RFC 7239), such as `for=192.0.2.7;proto=https, for="[2001:db8::1]:4000"`; a
 * malformed one has no hops.
 */
function readForwarded(value: string): Hop[] {
  const hops: Map<string, string>[] = [];
  let read = 0;
  for (const [whole, separator, name, given = ""] of `,${value}`.matchAll(PARAMETER)) {
    read += whole.length;
    if (separator !== ";") hops.push(new Map());
    if (name === undefined) continue;
    const hop = hops.at(-1) as Map<string, string>;
    const key = name.toLowerCase();
    if (hop.has(key)) return []; // each only once: RFC 7239, 4
    hop.set(key, given.startsWith('"') ? given.slice(1, -1).replaceAll(/\\(.)/g, "$1") : given);
  }
  if (read <= value.length) return [];
  return hops.filter(({ size }) => size > 0)
    .map((hop) => ({ address: addressOf(hop.get("for") ?? ""), scheme: hop.get("proto") }));
}

/** The address of a node, without its port, which may be a made-up name such as `_ssh`. */
function addressOf(node: string): string | undefined {
  const [, bracketed, dotted] = /^(?:\[([^\]]+)\]|([\d.]+))(?::(?:\d+|_[\w.-]+))?$/.exec(node) ??
    [];
  return canonicalAddress((bracketed ?? dotted ?? node).replace(/%[^%]*$/, "")); // without its zone
}
