import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  foreignAnswer,
  type ForeignProtocol,
  ProtocolSniffer,
} from "../../src/guard/protocol_sniffer.ts";
import { LineInput } from "../../src/text/mod.ts";
import { utf8 } from "../server/remote.ts";

const FOREIGN: [ForeignProtocol, Uint8Array][] = [
  ["http", utf8("GET / HTTP/1.1\r\n")],
  ["http", utf8("POST /look HTTP/1.0\n")],
  ["http", utf8("OPTIONS * HTTP/1.1\r\n")],
  ["http", utf8("CONNECT example.org:443 HTTP/1.1\r\n")],
  ["http", utf8(`GET /${"x".repeat(10_000)} HTTP/1.1\r\n`)],
  ["http", utf8("PRI * HTTP/2.0\r\n")],
  ["tls", Uint8Array.of(0x16, 3, 1)],
  ["tls", Uint8Array.of(0x16, 3, 3, 0, 10)],
  ["ssh", utf8("SSH-2.0-OpenSSH_9.2\r\n")],
  ["proxy", utf8("PROXY TCP4 192.0.2.7 198.51.100.1 4660 7777\r\n")],
  ["proxy", utf8("PROXY UNKNOWN\r\n")],
  ["rdp", Uint8Array.of(3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 11, 0, 0, 0)],
];

/** Binary protocols. Line ends in their header may pass as lines, but not the sender's text. */
const BINARY: [ForeignProtocol, Uint8Array][] = [
  ["proxy", utf8("\r\n\r\n\0\r\nQUIT\n\x21\x11")],
  ["stun", stun([0, 0x0a], utf8("quit:abcd1\r\n"))],
  ["stun", stun([], utf8("quit:abcd1\r\n"))],
];

/** A STUN binding request with a user name (RFC 8489), as a browser sends it, framed or not. */
function stun(frame: readonly number[], name: Uint8Array): Uint8Array {
  const attribute = [0x00, 0x06, 0x00, name.length, ...name];
  const head = [0x00, 0x01, 0x00, attribute.length, 0x21, 0x12, 0xa4, 0x42];
  return Uint8Array.of(...frame, ...head, ...new Array(12).fill(0x0a), ...attribute);
}

const TELNET = [
  "\r\n\r\n\0\r\nQUIET\r\n",
  "PROXY TCP\r\n",
  "PROXY, how are you?\r\n",
  "look\r\n",
  "get sword\r\n",
  "GET sword\r\n",
  "GET / HTTP\r\n",
  "say GET / HTTP/1.1\r\n",
  "POST a letter to HTTP/1.1 please\r\n",
  "SSH\r\n",
  "\r\n",
  "\n",
  "PATCHES\r\n",
  "\x16x\r\n",
  "\x03\x00\x00hello there\r\n",
];

Deno.test("other protocols are recognized by their first bytes, however they are split", () => {
  for (const [protocol, bytes] of [...FOREIGN, ...BINARY]) {
    for (let cut = 0; cut <= Math.min(bytes.length, 40); cut++) {
      const guard = new ProtocolSniffer();
      const first = guard.push(bytes.subarray(0, cut));
      const found = first ?? guard.push(bytes.subarray(cut));
      assertEquals(found, protocol, `${protocol}, cut at ${cut}`);
    }
    const guard = new ProtocolSniffer();
    let found: ReturnType<ProtocolSniffer["push"]>;
    for (const byte of bytes) found ??= guard.push(Uint8Array.of(byte));
    assertEquals(found, protocol, `${protocol}, byte by byte`);
  }
});

Deno.test("another protocol is recognized before its first line ends, however the bytes are split", () => {
  const heard = (chunks: readonly Uint8Array[]) => {
    const guard = new ProtocolSniffer();
    const input = new LineInput({ limit: 1000 });
    const lines: string[] = [];
    for (const chunk of chunks) {
      if (guard.push(chunk) !== undefined) break;
      input.push(new TextDecoder().decode(chunk), lines);
    }
    return lines;
  };
  for (const [protocol, bytes] of FOREIGN) {
    for (let cut = 0; cut <= bytes.length; cut++) {
      const lines = heard([bytes.subarray(0, cut), bytes.subarray(cut)]);
      assertEquals(lines, [], `${protocol}, cut at ${cut} of ${bytes.length}`);
    }
    assertEquals(heard(Array.from(bytes, (byte) => Uint8Array.of(byte))), [], protocol);
  }
  for (const [protocol, bytes] of BINARY) {
    assertEquals(heard([bytes]), [], `${protocol} in one piece, as it is sent`);
    for (let cut = 0; cut < bytes.length; cut++) {
      const lines = heard([bytes.subarray(0, cut), bytes.subarray(cut)]).join("");
      assert(!/quit:/.test(lines), `${protocol}, cut at ${cut}: ${lines}`);
    }
  }
});

Deno.test("typed text is recognized as Telnet", () => {
  for (const line of TELNET.map((first) => `${first}look\r\n`)) {
    for (const size of [1, 2, 3, 100]) {
      const guard = new ProtocolSniffer();
      let found: ReturnType<ProtocolSniffer["push"]>;
      for (let at = 0; at < line.length; at += size) {
        found ??= guard.push(utf8(line).subarray(at, at + size));
      }
      assertEquals(found, "telnet", JSON.stringify(line));
    }
  }
});

Deno.test("the sniffer finds the same however the bytes are split", () => {
  fc.assert(fc.property(
    fc.uint8Array({ maxLength: 40 }),
    fc.integer({ min: 0, max: 40 }),
    fc.constantFrom(...[...FOREIGN, ...BINARY].map(([, bytes]) => bytes), utf8("GET ")),
    (tail, at, head) => {
      const bytes = Uint8Array.of(...head.subarray(0, 64), ...tail);
      const whole = new ProtocolSniffer().push(bytes);
      const guard = new ProtocolSniffer();
      const cut = guard.push(bytes.subarray(0, at)) ?? guard.push(bytes.subarray(at));
      assertEquals(cut, whole);
    },
  ));
});

Deno.test("foreignAnswer is valid in each protocol", () => {
  const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
  const http = text(foreignAnswer("http", "This is Telnet."));
  assert(http.startsWith("HTTP/1.1 400 Bad Request\r\n"));
  const [head = "", body = ""] = http.split("\r\n\r\n");
  assertEquals(/Content-Length: (\d+)/.exec(head)?.[1], String(body.length));
  assertEquals(body, "This is Telnet.\n");

  for (const words of ["", "T", "This is Telnet.", "x".repeat(100)]) {
    const ssh = foreignAnswer("ssh", words);
    const banner = "SSH-2.0-miniboa\r\n";
    assertEquals(text(ssh.subarray(0, banner.length)), banner);
    const packet = ssh.subarray(banner.length);
    const view = new DataView(packet.buffer, packet.byteOffset);
    const padding = packet[4] ?? 0;
    assertEquals(view.getUint32(0), packet.length - 4);
    assertEquals([packet.length % 8, padding >= 4, packet[5]], [0, true, 1]);
    assertEquals(text(packet.subarray(14, 14 + view.getUint32(10))), words);
    assertEquals(5 + 1 + 4 + 4 + words.length + 4 + padding, packet.length);
  }
  assertEquals([...foreignAnswer("tls", "")], [0x15, 3, 1, 0, 2, 2, 40]);
  const rdp = foreignAnswer("rdp", "");
  assertEquals([rdp.length, rdp[3]], [19, 19]);
});
