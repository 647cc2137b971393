import { formatAddress, parseAddress } from "./addresses.ts";

/** The content of a PROXY protocol header. */
export interface ProxyHeader {
  /** Its length in bytes; the person's bytes follow it. */
  readonly length: number;
  /**
   * The person's address and port; `undefined` if the proxy connects for itself, or does not know.
   */
  readonly source: { readonly address: string; readonly port: number } | undefined;
  /** Whether the person's connection to the proxy is encrypted (version 2 only). */
  readonly encrypted: boolean;
}

/** An invalid header. */
export interface ProxyFault {
  /** What is wrong with it. */
  readonly fault: string;
}

const V1_START = new TextEncoder().encode("PROXY ");
const V1_MAX_LENGTH = 107;
/** The signature at the start of a version 2 header. */
export const PROXY_V2: Uint8Array = Uint8Array.of(
  0x0d,
  0x0a,
  0x0d,
  0x0a,
  0x00,
  0x0d,
  0x0a,
  0x51,
  0x55,
  0x49,
  0x54,
  0x0a,
);
const V2_FIXED = 16;
/**
 * The longest header that is accepted. Proxies send a few hundred bytes, or a few thousand with a
 * certificate; the length field allows 65535.
 */
const V2_MAX_LENGTH = 61_440;

const CR = 0x0d;
const LF = 0x0a;

/**
 * Version 2: the length of the addresses by the family byte, whose high half is the address family.
 */
const ADDRESSES: Readonly<Record<number, number>> = {
  0x00: 0, // unspecified
  0x11: 12, // TCP over IPv4
  0x12: 12, // UDP over IPv4
  0x21: 36, // TCP over IPv6
  0x22: 36, // UDP over IPv6
  0x31: 216, // Unix stream
  0x32: 216, // Unix datagram
};
const LOCAL = 0x20;
const PROXY = 0x21;
const TLV_CRC32C = 0x03;
const TLV_SSL = 0x20;
/** A bit in the first byte of the SSL field: the person connected with TLS. */
const CLIENT_SSL = 0x01;
const MIN_SSL = 5;

/**
 * Reads the header that a proxy sends before the person's first byte: version 1 or 2 of the PROXY
 * protocol (haproxy, `doc/proxy-protocol.txt`).
 *
 * @param bytes All bytes received so far.
 * @returns The header, what is wrong with it, or `undefined` while it is incomplete.
 */
export function decodeProxyHeader(bytes: Uint8Array): ProxyHeader | ProxyFault | undefined {
  if (startsAlike(bytes, PROXY_V2)) return decodeV2(bytes);
  if (startsAlike(bytes, V1_START)) return decodeV1(bytes);
  return { fault: "it starts like neither version" };
}

/**
 * Whether a version 2 header says that the proxy connects for itself, as in a health check (LOCAL).
 *
 * @param header The header.
 */
export function isLocalHeader(header: Uint8Array): boolean {
  return startsAlike(header, PROXY_V2) && header[12] === LOCAL;
}

/**
 * How many bytes are needed before {@linkcode decodeProxyHeader} should be called again.
 *
 * @param bytes The bytes received so far, an incomplete header.
 */
export function neededForHeader(bytes: Uint8Array): number {
  const known = bytes.length >= V2_FIXED && startsAlike(bytes, PROXY_V2);
  return known ? V2_FIXED + ((bytes[14] ?? 0) << 8 | (bytes[15] ?? 0)) : bytes.length + 1;
}

function decodeV1(bytes: Uint8Array): ProxyHeader | ProxyFault | undefined {
  const end = bytes.indexOf(LF);
  if (end === -1 && bytes.length < V1_MAX_LENGTH) return undefined;
  if (end === -1 || end >= V1_MAX_LENGTH) return { fault: "its line is too long" };
  if (bytes[end - 1] !== CR) return { fault: "its line does not end by CR LF" };
  const line = String.fromCharCode(...bytes.subarray(0, end - 1));
  const length = end + 1;
  if (/^PROXY UNKNOWN( [^\r]*)?$/.test(line)) {
    return { length, source: undefined, encrypted: false };
  }
  const port = "(0|[1-9][0-9]{0,4})";
  const words = new RegExp(`^PROXY TCP([46]) (\\S+) (\\S+) ${port} ${port}$`).exec(line);
  if (words === null) return { fault: "its line is malformed" };
  const [, version, from = "", to = "", fromPort, toPort] = words;
  const isIpv6 = version === "6";
  // Only the source must be of the family: nginx may send a destination of the other family.
  const [source, destination] = [from, to].map((text) => parseAddress(text.replace(/%.*/, "")));
  const fits = source !== undefined && destination !== undefined && from.includes(":") === isIpv6;
  if (!fits || Number(fromPort) > 0xffff || Number(toPort) > 0xffff) {
    return { fault: "its addresses are malformed" };
  }
  const address = formatAddress(source);
  return { length, source: { address, port: Number(fromPort) }, encrypted: false };
}

function decodeV2(bytes: Uint8Array): ProxyHeader | ProxyFault | undefined {
  if (bytes.length < V2_FIXED) return undefined;
  const command = bytes[12] ?? 0;
  const family = bytes[13] ?? 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = V2_FIXED + view.getUint16(14);
  if (command !== LOCAL && command !== PROXY) return { fault: "its version or command is unknown" };
  if (length > V2_MAX_LENGTH) return { fault: "it is too long" };
  if (bytes.length < length) return undefined;
  const header = bytes.subarray(0, length);
  // The addresses and fields of a LOCAL header have no meaning, and are skipped.
  if (command === LOCAL) return { length, source: undefined, encrypted: false };
  const addressed = ADDRESSES[family];
  if (addressed === undefined) return { fault: "its family is unknown" };
  if (V2_FIXED + addressed > length) return { fault: "its addresses are cut" };
  const fields = decodeFields(header, V2_FIXED + addressed);
  if (fields === undefined) return { fault: "its fields are cut" };
  if (!checksumFits(header, fields)) return { fault: "its checksum is wrong" };
  const ssl = fields.find(({ type }) => type === TLV_SSL);
  // The flags and the result of the verification take at least five bytes.
  const whole = ssl !== undefined && ssl.end - ssl.start >= MIN_SSL;
  const encrypted = whole && ((header[ssl.start] ?? 0) & CLIENT_SSL) !== 0;
  return { length, source: sourceOf(header, view, family), encrypted };
}

function sourceOf(header: Uint8Array, view: DataView, family: number): ProxyHeader["source"] {
  const size = family >> 4 === 1 ? 4 : family >> 4 === 2 ? 16 : 0;
  if (size === 0) return undefined;
  const address = formatAddress(header.subarray(V2_FIXED, V2_FIXED + size));
  return { address, port: view.getUint16(V2_FIXED + 2 * size) };
}

interface Field {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

function decodeFields(header: Uint8Array, from: number): Field[] | undefined {
  const fields: Field[] = [];
  for (let at = from; at < header.length;) {
    const start = at + 3;
    const end = start + ((header[at + 1] ?? 0) << 8 | (header[at + 2] ?? 0));
    if (end > header.length || start > header.length) return undefined;
    fields.push({ type: header[at] ?? 0, start, end });
    at = end;
  }
  return fields;
}

function checksumFits(header: Uint8Array, fields: readonly Field[]): boolean {
  const field = fields.find(({ type }) => type === TLV_CRC32C);
  if (field === undefined) return true;
  if (field.end - field.start !== 4) return false;
  const told = new DataView(header.buffer, header.byteOffset + field.start, 4).getUint32(0);
  // The checksum is computed with its own field set to zero.
  const blank = Uint8Array.from(
    header,
    (byte, at) => at >= field.start && at < field.end ? 0 : byte,
  );
  return crc32c(blank) === told;
}

/** The checksum of RFC 3720, appendix B.4. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** Whether one array is the start of the other. */
function startsAlike(bytes: Uint8Array, start: Uint8Array): boolean {
  const length = Math.min(bytes.length, start.length);
  for (let at = 0; at < length; at++) if (bytes[at] !== start[at]) return false;
  return true;
}
