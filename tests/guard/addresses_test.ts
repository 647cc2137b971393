import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { SERVER_LIMITS, TelnetError } from "../../mod.ts";
import { AddressLimits } from "../../src/guard/address_limits.ts";
import { AddressSet, formatAddress, parseAddress, prefixOf } from "../../src/guard/addresses.ts";

Deno.test("addresses are parsed, and formatted as in RFC 5952", () => {
  const pairs: [string, string][] = [
    ["192.0.2.7", "192.0.2.7"],
    ["2001:db8::7", "2001:db8::7"],
    ["2001:0DB8:0:0:0:0:0:7", "2001:db8::7"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::ffff:c000:207", "192.0.2.7"],
    ["64:ff9b::192.0.2.7", "64:ff9b::c000:207"],
  ];
  for (const [text, expected] of pairs) {
    const bytes = parseAddress(text);
    assert(bytes !== undefined, text);
    assertEquals(formatAddress(bytes), expected);
  }
});

Deno.test("text that is no address parses to undefined", () => {
  const wrong =
    "|1.2.3|1.2.3.4.5|256.1.1.1|01.2.3.4|1.2.3.4 | 1.2.3.4|a.b.c.d|:|:::|1::2::3|12345::|1:2:3:4:5:6:7|" +
    "1:2:3:4:5:6:7:8:9|1.2.3.4::|::1.2.3.4:5|::g|fe80::1%eth0|1:2:3:4:5:6:7:8::";
  for (const text of wrong.split("|")) assertEquals(parseAddress(text), undefined, text);
});

Deno.test("every formatted address parses to the same bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
    const again = parseAddress(formatAddress(bytes));
    assertEquals(
      again?.length === 4 ? again : [...again ?? []],
      again?.length === 4 ? again : [...bytes],
    );
  }));
  fc.assert(fc.property(fc.string(), (text) => void parseAddress(text)));
});

Deno.test("an AddressSet contains its addresses and networks, and no others", () => {
  const set = new AddressSet("trustedProxies", ["10.0.0.0/8", "192.0.2.7", "2001:db8::/33", "::1"]);
  for (const inside of ["10.255.0.1", "192.0.2.7", "2001:db8:7fff::1", "::1", "::ffff:10.1.1.1"]) {
    assert(set.has(inside), inside);
  }
  for (const outside of ["11.0.0.1", "192.0.2.8", "2001:db8:8000::1", "::2", "localhost", ""]) {
    assert(!set.has(outside), outside);
  }
  assert(new AddressSet("trustedProxies", ["0.0.0.0/0"]).has("203.0.113.9"));
  for (const wrong of ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "proxy.example", "", "::/129"]) {
    const error = assertThrows(() => new AddressSet("trustedProxies", [wrong]), TelnetError);
    assertEquals(error.code, "misuse", wrong);
  }
});

Deno.test("prefixOf returns the /64 of an IPv6 address, and undefined for IPv4", () => {
  assertEquals(prefixOf("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assertEquals([prefixOf("192.0.2.7"), prefixOf("what:ever")], [undefined, undefined]);
});

Deno.test("AddressLimits forgets addresses without connections once their rate budget is full again", () => {
  const limits = new AddressLimits(SERVER_LIMITS);
  const refused: unknown[] = [];
  for (let now = 0; now < 60_000; now++) {
    const address = `2001:db8:${(now >> 16).toString(16)}:${(now & 0xffff).toString(16)}::1`;
    const excess = limits.enter(address, now);
    if (excess !== undefined) refused.push([address, excess]);
    limits.leave(address);
  }
  assertEquals(refused, []);
  assert(limits.size < 20_000, `${limits.size} are remembered`);
});

Deno.test("AddressLimits never forgets an address with a connection, even in a cleanup", () => {
  const limits = new AddressLimits({
    ...SERVER_LIMITS,
    connectionsPerAddress: 1,
    connectionRate: Infinity,
  });
  limits.enter("192.0.2.1", 0); // so that a network is the entry that fills the list
  for (let count = 0; count < 10_000; count++) {
    const address = `2001:db8:${(count >> 16).toString(16)}:${(count & 0xffff).toString(16)}::1`;
    assertEquals(limits.enter(address, 0), undefined);
    assertEquals(limits.enter(address, 0)?.kind, "address-full", `${count}`);
    limits.leave(address);
    assertEquals(limits.enter(address, 0), undefined);
    limits.leave(address);
  }
});

Deno.test("connectionRate counts an IPv6 /64 as one address", () => {
  const limits = new AddressLimits({ ...SERVER_LIMITS, connectionRate: 1, burst: 2 });
  assertEquals(limits.enter("2001:db8::1", 0), undefined);
  assertEquals(limits.enter("2001:db8::2", 0), undefined);
  assertEquals(limits.enter("2001:db8::3", 0)?.kind, "too-many-connects");
  assertEquals(limits.enter("2001:db8:0:1::3", 0), undefined);
  assertEquals(limits.enter("2001:db8::3", 1000), undefined);
});

Deno.test("a network of mapped IPv4 addresses has the 96 bits before them", () => {
  const set = new AddressSet("trustedProxies", ["::ffff:10.0.0.0/104", "::ffff:192.0.2.1"]);
  assertEquals(["10.1.2.3", "::ffff:10.1.2.3", "11.0.0.1"].map((one) => set.has(one)), [
    true,
    true,
    false,
  ]);
  assertEquals(new AddressSet("trustedProxies", ["::ffff:0:0/96"]).has("203.0.113.5"), true);
  for (const entry of ["::ffff:10.0.0.0/8", "::ffff:10.0.0.0/129"]) {
    assertThrows(() => new AddressSet("trustedProxies", [entry]), TelnetError, entry);
  }
});
