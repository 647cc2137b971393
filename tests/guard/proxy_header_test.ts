import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeProxyHeader } from "../../src/guard/proxy_header.ts";
import { bytesOf } from "../server/remote.ts";

const V2 = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const v2 = (command: number, family: number, ...rest: number[]) =>
  Uint8Array.of(...V2, command, family, rest.length >> 8, rest.length & 0xff, ...rest);
const FOUR = [192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x34, 0x1e, 0x61];

/** Decodes a header as it arrives, byte by byte; bytes after it must not change the result. */
function decode(header: Uint8Array): ReturnType<typeof decodeProxyHeader> {
  for (let length = 0; length < header.length; length++) {
    const part = decodeProxyHeader(header.subarray(0, length));
    if (part !== undefined) return part;
  }
  const whole = decodeProxyHeader(header);
  const more = Uint8Array.of(...header, 0x68, 0x69);
  if (whole !== undefined && "length" in whole) assertEquals(decodeProxyHeader(more), whole);
  return whole;
}

Deno.test("version 1 has the client's address and port", () => {
  const four = "PROXY TCP4 192.0.2.7 198.51.100.1 4660 7777\r\n";
  assertEquals(decode(bytesOf(four)), {
    length: four.length,
    source: { address: "192.0.2.7", port: 4660 },
    encrypted: false,
  });
  const six = "PROXY TCP6 2001:DB8::7 ::1 65535 7777\r\n";
  assertEquals(decode(bytesOf(six)), {
    length: six.length,
    source: { address: "2001:db8::7", port: 65_535 },
    encrypted: false,
  });
});

Deno.test("version 1 with UNKNOWN has no source", () => {
  for (const rest of ["", " ffff:f...f:ffff ffff:f...f:ffff 65535 65535"]) {
    const line = `PROXY UNKNOWN${rest}\r\n`;
    assertEquals(decode(bytesOf(line)), {
      length: line.length,
      source: undefined,
      encrypted: false,
    });
  }
});

Deno.test("a malformed header of version 1 is a fault", () => {
  const wrong = [
    "PROXY TCP4 192.0.2.7 198.51.100.1 4660 7777\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 04660 7777\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 65536 7777\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 4660\r\n",
    "PROXY TCP4  192.0.2.7 198.51.100.1 4660 7777\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 4660 7777 \r\n",
    "PROXY TCP4 2001:db8::7 ::1 4660 7777\r\n",
    "PROXY TCP6 192.0.2.7 198.51.100.1 4660 7777\r\n",
    "PROXY TCP4 192.0.2.256 198.51.100.1 4660 7777\r\n",
    "PROXY UDP4 192.0.2.7 198.51.100.1 4660 7777\r\n",
    "PROXY UNKNOWNX\r\n",
    "PROXY \r\n",
    "proxy TCP4 192.0.2.7 198.51.100.1 4660 7777\r\n",
    "hello\r\n",
    "PROXY UNKNOWN " + "x".repeat(100) + "\r\n",
    "PROXY UNKNOWN " + "x".repeat(200),
  ];
  for (const line of wrong) {
    const result = decode(bytesOf(line));
    assert(result !== undefined && "fault" in result, line);
  }
});

Deno.test("version 2 has the client's address and port, whatever fields follow", () => {
  const length = 28;
  const source = { address: "192.0.2.7", port: 0x1234 };
  assertEquals(decode(v2(0x21, 0x11, ...FOUR)), { length, source, encrypted: false });
  const fields = [0x04, 0, 2, 0, 0, 0xe0, 0, 1, 7];
  assertEquals(decode(v2(0x21, 0x11, ...FOUR, ...fields)), {
    length: length + 9,
    source,
    encrypted: false,
  });
  const six = [0x20, 1, 0x0d, 0xb8, ...new Array(11).fill(0), 7];
  assertEquals(decode(v2(0x21, 0x21, ...six, ...six, 0x12, 0x34, 0, 1)), {
    length: 52,
    source: { address: "2001:db8::7", port: 0x1234 },
    encrypted: false,
  });
});

Deno.test("version 2 tells whether the client used TLS", () => {
  for (const [client, encrypted] of [[1, true], [0, false], [6, false]] as const) {
    const header = decode(v2(0x21, 0x11, ...FOUR, 0x20, 0, 5, client, 0, 0, 0, 0));
    assert(header !== undefined && "encrypted" in header);
    assertEquals(header.encrypted, encrypted);
  }
});

Deno.test("version 2: a TLS field that is too short is ignored", () => {
  for (const field of [[0x20, 0, 0], [0x20, 0, 1, 1], [0x20, 0, 4, 1, 0, 0, 0]]) {
    const header = decode(v2(0x21, 0x11, ...FOUR, ...field));
    assert(header !== undefined && "encrypted" in header);
    assertEquals(header.encrypted, false, `${field}`);
  }
});

Deno.test("version 2 with LOCAL, or with another family than IPv4 and IPv6, has no source", () => {
  for (
    const header of [
      v2(0x20, 0x00),
      v2(0x20, 0x11, ...FOUR),
      v2(0x20, 0x77, 1, 0, 0),
      v2(0x21, 0x00),
      v2(0x21, 0x31, ...new Array(216).fill(0)),
    ]
  ) {
    assertEquals(decode(header), { length: header.length, source: undefined, encrypted: false });
  }
});

Deno.test("the checksum of version 2 is verified", () => {
  // crc32c() below is an independent implementation.
  const header = v2(0x21, 0x11, ...FOUR, 0x03, 0, 4, 0, 0, 0, 0);
  const view = new DataView(header.buffer);
  view.setUint32(31, crc32c(header));
  const right = decode(header);
  assert(right !== undefined && "source" in right);
  view.setUint32(31, crc32c(header) + 1);
  assertEquals(decode(header), { fault: "its checksum is wrong" });
  assertEquals(crc32c(bytesOf("123456789")), 0xe3069283);
});

Deno.test("a malformed header of version 2 is a fault", () => {
  for (
    const header of [
      v2(0x11, 0x11, ...FOUR), // version nibble 1
      v2(0x22, 0x11, ...FOUR),
      v2(0x21, 0x41, ...FOUR),
      v2(0x21, 0x11, 1, 2, 3),
      v2(0x21, 0x11, ...FOUR, 0x04, 0),
      v2(0x21, 0x11, ...FOUR, 0x04, 0, 9, 1),
      v2(0x21, 0x11, ...FOUR, 0x03, 0, 3, 1, 2, 3),
      Uint8Array.of(...V2, 0x21, 0x11, 0xff, 0xff),
      Uint8Array.of(...V2.slice(0, 11), 0x0b),
    ]
  ) {
    const result = decode(header);
    assert(result !== undefined && "fault" in result, header.join(" "));
  }
});

Deno.test("any input is decided within the header's size limit, and nothing throws", () => {
  const start = fc.constantFrom([], V2, [...bytesOf("PROXY ")], [...V2, 0x21, 0x11]);
  fc.assert(fc.property(start, fc.uint8Array({ maxLength: 300 }), (head, tail) => {
    const bytes = Uint8Array.of(...head, ...tail);
    const result = decodeProxyHeader(bytes);
    if (result !== undefined && "length" in result) assert(result.length <= bytes.length);
    if (result === undefined) assert(bytes.length < 16 + 4096);
  }));
  assert(decodeProxyHeader(bytesOf("PROXY " + "x".repeat(101))) !== undefined);
});

/** CRC-32C bit by bit, from the high end of the polynomial. */
function crc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffffn;
  const blank = Uint8Array.from(bytes);
  if (bytes.length > 30) blank.fill(0, 31, 35);
  for (const byte of blank) {
    let reversed = 0n;
    for (let bit = 0; bit < 8; bit++) reversed |= BigInt(byte >> bit & 1) << BigInt(7 - bit);
    remainder ^= reversed << 24n;
    for (let bit = 0; bit < 8; bit++) {
      const high = remainder >> 31n & 1n;
      remainder = (remainder << 1n & 0xffffffffn) ^ (high ? 0x1edc6f41n : 0n);
    }
  }
  let result = 0;
  for (let bit = 0; bit < 32; bit++) {
    if (remainder >> BigInt(bit) & 1n) result += 2 ** (31 - bit);
  }
  return (result ^ 0xffffffff) >>> 0;
}
