import { throwMisuse } from "../protocol/error.ts";
import { inspect } from "../protocol/validate.ts";

/** The longest text of an address: an IPv6 address that ends in IPv4 notation. */
const MAX_LENGTH = 45;

/**
 * Reads an IP address.
 *
 * @param text `192.0.2.7`, or `2001:db8::7`, without a zone.
 * @returns Its 4 or 16 bytes; an IPv4-mapped IPv6 address has 4. `undefined` if it is no IP
 * address.
 */
export function parseAddress(text: string): Uint8Array | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const bytes = text.includes(":") ? parseIpv6(text) : parseIpv4(text);
  return bytes !== undefined && isMapped(bytes) ? bytes.subarray(12) : bytes;
}

/**
 * Writes an IP address (RFC 5952).
 *
 * @param bytes 4 or 16 bytes.
 * @returns The address; an IPv4-mapped IPv6 address is written as IPv4.
 */
export function formatAddress(bytes: Uint8Array): string {
  const own = isMapped(bytes) ? bytes.subarray(12) : bytes;
  return own.length === 4 ? own.join(".") : formatIpv6(own);
}

/**
 * Writes an IP address as the other functions do: `::ffff:192.0.2.7` becomes `192.0.2.7`.
 *
 * @param text Any text.
 * @returns `undefined` if it is no IP address.
 */
export function canonicalAddress(text: string): string | undefined {
  const bytes = parseAddress(text);
  return bytes && formatAddress(bytes);
}

/**
 * The /64 network of an IPv6 address, which usually belongs to one household or customer.
 *
 * @param address An address as a connection reports it.
 * @returns A network such as `2001:db8::/64`; `undefined` for IPv4 and for an invalid address.
 */
export function prefixOf(address: string): string | undefined {
  if (!address.includes(":")) return undefined;
  const bytes = parseAddress(address);
  if (bytes?.length !== 16) return undefined;
  return `${formatIpv6(Uint8Array.from(bytes, (byte, at) => at < 8 ? byte : 0))}/64`;
}

/** A set of addresses and networks. */
export class AddressSet {
  readonly #networks: { readonly bytes: Uint8Array; readonly bits: number }[] = [];

  /**
   * Reads the list.
   *
   * @param name The name of the list, for the error.
   * @param list Entries such as `127.0.0.1`, `10.0.0.0/8` or `2001:db8::/32`.
   * @throws {TelnetError} `misuse`: an entry that is not an address or a network.
   */
  constructor(name: string, list: readonly string[]) {
    for (const entry of list) {
      const [address = "", bits, ...more] = typeof entry === "string" ? entry.split("/") : [];
      const bytes = parseAddress(address);
      const most = (bytes?.length ?? 0) * 8;
      // The network of a mapped IPv4 address has the 96 bits before it, too (RFC 4291, 2.5.5.2).
      const mapped = bytes?.length === 4 && address.includes(":") ? 96 : 0;
      const wanted = bits === undefined
        ? most
        : /^\d{1,3}$/.test(bits)
        ? Number(bits) - mapped
        : NaN;
      if (bytes === undefined || more.length > 0 || !(wanted >= 0 && wanted <= most)) {
        throwMisuse(
          `Cannot use ${inspect(entry)} in ${name}: give an IP address such as 127.0.0.1, or a ` +
            "network such as 10.0.0.0/8",
        );
      }
      this.#networks.push({ bytes, bits: wanted });
    }
  }

  /** Whether the set is empty. */
  get empty(): boolean {
    return this.#networks.length === 0;
  }

  /** Whether an address is in the set, or in one of its networks. */
  has(address: string): boolean {
    if (this.empty) return false;
    const bytes = parseAddress(address);
    return bytes !== undefined && this.#networks.some((network) => lies(bytes, network));
  }
}

function lies(
  bytes: Uint8Array,
  network: { readonly bytes: Uint8Array; readonly bits: number },
): boolean {
  if (bytes.length !== network.bytes.length) return false;
  return bytes.every((byte, at) => {
    const free = Math.min(8, Math.max(0, (at + 1) * 8 - network.bits));
    return (byte ^ (network.bytes[at] ?? 0)) >> free === 0;
  });
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  const whole = parts.length === 4 &&
    parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return whole ? Uint8Array.from(parts, Number) : undefined;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => half === "" ? [] : half.split(":").map(parseGroup));
  const known = [...head ?? [], ...tail ?? []];
  const bytes = known.flatMap((group) => group ?? []);
  // IPv4 notation is allowed only at the end.
  const inner = tail?.length === 0 ? known : known.slice(0, -1);
  const misplaced = inner.some((group) => group?.length === 4);
  if (known.includes(undefined) || misplaced) return undefined;
  const gap = 16 - bytes.length;
  if (tail === undefined ? gap !== 0 : gap < 2) return undefined;
  const start = (head ?? []).flatMap((group) => group ?? []);
  return Uint8Array.from([...start, ...new Array(gap).fill(0), ...bytes.slice(start.length)]);
}

function parseGroup(group: string): number[] | undefined {
  if (group.includes(".")) {
    const bytes = parseIpv4(group);
    return bytes && [...bytes];
  }
  if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
  const value = parseInt(group, 16);
  return [value >> 8, value & 0xff];
}

function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, at) => {
    return ((bytes[at * 2] ?? 0) << 8 | (bytes[at * 2 + 1] ?? 0)).toString(16);
  });
  // The longest run of at least two zero groups is written as `::`.
  let [start, length] = [0, 1];
  for (let at = 0; at < groups.length; at++) {
    let end = at;
    while (groups[end] === "0") end++;
    if (end - at > length) [start, length] = [at, end - at];
  }
  if (length === 1) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}

/**
 * Whether an address is in ::ffff:0:0/96, as which IPv6 sockets report IPv4 addresses (RFC 4291).
 */
function isMapped(bytes: Uint8Array): boolean {
  return bytes.length === 16 &&
    bytes.every((byte, at) => at >= 12 || byte === (at < 10 ? 0 : 0xff));
}

/** Whether an address is a loopback address. */
export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
