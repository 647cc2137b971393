import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decodeNaws,
  decodeTerminalType,
  encodeNaws,
  encodeTerminalType,
  encodeTerminalTypeSend,
  optionName,
} from "../../src/options/mod.ts";
import { BUILT_IN } from "../../src/options/registry.ts";

const fixed = { seed: 1073, numRuns: 500 };

Deno.test("NAWS: encode and decode are inverse, and numbers out of range are clamped", () => {
  const number = fc.integer({ min: 0, max: 0xffff });
  fc.assert(
    fc.property(number, number, (columns, rows) => {
      assertEquals(decodeNaws(encodeNaws({ columns, rows })), { columns, rows });
    }),
    fixed,
  );
  assertEquals([...encodeNaws({ columns: -5, rows: 1e9 })], [0, 0, 255, 255]);
  assertEquals([...encodeNaws({ columns: NaN, rows: 24.9 })], [0, 0, 0, 24]);
});

Deno.test("NAWS: a payload that is not four bytes decodes to undefined", () => {
  for (const length of [0, 1, 3, 5, 100]) {
    assertEquals(decodeNaws(new Uint8Array(length)), undefined);
  }
});

Deno.test("TERMINAL-TYPE: encode and decode are inverse for the names that RFC 1091 allows", () => {
  const name = fc.stringMatching(/^[!-~]{1,40}$/);
  fc.assert(
    fc.property(name, (name) => assertEquals(decodeTerminalType(encodeTerminalType(name)), name)),
    fixed,
  );
  assertEquals([...encodeTerminalTypeSend()], [1]);
});

Deno.test("TERMINAL-TYPE: a hostile name is cut, cleaned, or rejected", () => {
  const is = (text: string) => Uint8Array.of(0, ...new TextEncoder().encode(text));
  assertEquals(decodeTerminalType(is("a\x1b[2Jb\x00c")), "a[2Jbc");
  assertEquals(decodeTerminalType(is("x".repeat(1000)))?.length, 40);
  for (
    const payload of [is(""), is(" \x07"), Uint8Array.of(), Uint8Array.of(1), Uint8Array.of(9)]
  ) {
    assertEquals(decodeTerminalType(payload), undefined);
  }
});

Deno.test("no two options share a code or a name", () => {
  assertEquals(new Set(BUILT_IN.all.map(({ code }) => code)).size, BUILT_IN.all.length);
  assertEquals(new Set(BUILT_IN.all.map(({ name }) => name)).size, BUILT_IN.all.length);
  for (const option of BUILT_IN.all) assertEquals(BUILT_IN.byCode(option.code), option);
  assertEquals([optionName(1), optionName(222)], ["ECHO", "222"]);
});
