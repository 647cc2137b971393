/** What many clients hear is converted to their character set once. */
import { assert, assertEquals } from "@std/assert";
import { TelnetMachine } from "../../src/protocol/mod.ts";
import { TextOutput } from "../../src/session/text_output.ts";
import { wrapFor } from "../../src/server/wrapped_texts.ts";
import { countSteps } from "../steps.ts";

const TEXT = `${"ﬃ\u0301 日\u200d".repeat(600)}\n`;

/** What the machine sends for a text in a character set. */
function sent(text: string, set: "koi8-r" | "gb18030"): Uint8Array {
  const machine = new TelnetMachine();
  new TextOutput(set).write(text, machine);
  return machine.takeOutput();
}

for (const set of ["koi8-r", "gb18030"] as const) {
  Deno.test(`${set}: a text is encoded once for all who hear it`, () => {
    const bytes = sent(TEXT, set);
    let same = bytes;
    const again = countSteps(() => same = sent(TEXT, set));
    assertEquals(same, bytes);
    // Nothing but the output is copied.
    assert(again.count <= 3 * bytes.length, `${again.count} steps for ${bytes.length} bytes`);
  });

  Deno.test(`${set}: a text is wrapped once for all windows alike`, () => {
    const windowOf = () => {
      const output = new TextOutput(set);
      return {
        columns: 80,
        ambiguousWidth: 1 as const,
        shown: (text: string) => output.shown(text),
      };
    };
    const wrapped = wrapFor(windowOf(), TEXT);
    let same = "";
    const again = countSteps(() => same = wrapFor(windowOf(), TEXT));
    assertEquals(same, wrapped);
    assert(again.count <= 2 * TEXT.length, `${again.count} steps`);
  });
}

Deno.test("a codec of the game is asked for each text", () => {
  let asked = 0;
  const codec = {
    name: "koi8-r",
    createDecoder: () => ({ decode: () => "" }),
    encode: () => Uint8Array.of(0x30 + asked++),
  };
  const heard = [0, 1].map(() => {
    const machine = new TelnetMachine();
    new TextOutput(codec).write(TEXT, machine);
    return [...machine.takeOutput()];
  });
  assertEquals(heard, [[0x30], [0x31]]);
});
