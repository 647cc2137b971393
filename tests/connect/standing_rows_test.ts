/** The meaning of the row at the cursor, on long rows. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { LearnedPrompt } from "../../src/connect/prompt.ts";
import { commandRow, loginRow } from "../../src/connect/standing_rows.ts";

const flat = (text: string) => text.replaceAll(/\d+/g, "0");

/** The rule by trying each index. */
function startByTrying(prompt: string, row: string): number {
  const text = row.trimEnd();
  for (let at = 1; at < text.length && prompt.trimEnd() !== ""; at++) {
    if (/\d$/.test(text.slice(0, at)) && /^\d/.test(text.slice(at))) continue;
    if (flat(text.slice(at)) === flat(prompt.trimEnd())) return at;
  }
  return -1;
}

Deno.test("startIn finds the prompt where a search at each index finds it", () => {
  const text = fc.array(fc.constantFrom("a", "1", "12", "0", " ", "#", ">", "é"), { maxLength: 14 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, text, fc.boolean(), (prompt, row, ends) => {
      const whole = ends ? row + prompt.replaceAll(/\d/g, "7") : row;
      const learned = new LearnedPrompt(prompt, [], undefined);
      assertEquals(learned.startIn(whole), startByTrying(prompt, whole), `${prompt}|${whole}`);
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("pagers and questions are recognised at the end of a long row, but not in its middle", () => {
  const prompt = new LearnedPrompt("router# ", [], undefined);
  const kinds = (row: string) => [
    commandRow(row, [], prompt, false)?.kind,
    loginRow(row, {}, false)?.kind,
  ];
  for (const length of [0, 10, 150, 160, 161, 300, 390]) {
    const output = "x".repeat(length);
    assertEquals(kinds(`${output} --More--`), ["pager", "pager"], `${length}`);
    assertEquals(kinds(`${output} Press any key to continue`), ["pager", "pager"], `${length}`);
    assertEquals(kinds(`${output} login: `)[1], "username", `${length}`);
    assertEquals(kinds(`${output} Password for ada: `)[1], "password", `${length}`);
    assertEquals(commandRow(`${output}router# `, [], prompt, false)?.kind, "prompt", `${length}`);
    // These patterns are for the beginning of a row.
    if (length > 0) assertEquals(kinds(`${output}lines 1-20`), [undefined, undefined]);
    assertEquals(kinds(`--More-- ${"y".repeat(300)}`), [undefined, undefined]);
  }
  const inTheMiddle = `${"x".repeat(50)}${"-".repeat(100)}more ${"y".repeat(70)}`;
  assertEquals(kinds(inTheMiddle), [undefined, undefined]);
  assertEquals(kinds(`lines 1-20`), ["pager", "pager"]);
});
