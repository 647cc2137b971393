import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { NewlineEncoder } from "../../src/text/mod.ts";

function encode(texts: string[], binary = false): string {
  const newlines = new NewlineEncoder();
  return texts.map((text) => newlines.encode(text, binary)).join("");
}

Deno.test("NewlineEncoder gives the same bytes however a text is split into sends", () => {
  const cases: Record<string, string> = {
    "a\nb\n": "a\r\nb\r\n",
    "a\r\nb": "a\r\nb",
    "\n\n\r\n": "\r\n\r\n\r\n",
    "50%\r51%\rdone\n": "50%\r\x0051%\r\0done\r\n",
    "a\r\r\nb": "a\r\0\r\nb",
    "a\r\0b": "a\r\0b",
  };
  for (const [text, wire] of Object.entries(cases)) {
    assertEquals(encode([text]), wire);
    assertEquals(encode(Array.from(text)), wire);
    for (let at = 1; at < text.length; at++) {
      assertEquals(encode([text.slice(0, at), "", text.slice(at)]), wire);
    }
  }
});

Deno.test("NewlineEncoder does not change a lone CR if BINARY is enabled", () => {
  assertEquals(encode(["a\rb\n"], true), "a\rb\r\n");
});

Deno.test("NewlineEncoder: each LF has one CR before it, each other CR has a NUL after it", () => {
  const texts = fc.array(
    fc.string({ unit: fc.constantFrom("a", "\r", "\n", "\0", "é"), maxLength: 12 }),
  );
  fc.assert(fc.property(texts, fc.boolean(), (parts, binary) => {
    const text = parts.join("");
    const lines = text.replaceAll(/(?<!\r)\n/g, "\r\n");
    const wire = binary ? lines : lines.replaceAll(/\r(?=[^\n\0])/g, "\r\0");
    assertEquals(encode([text], binary), wire);
    if (!binary) assertEquals(encode(parts), wire);
  }));
});
