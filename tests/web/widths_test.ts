import { assertEquals } from "@std/assert";
import headless from "@xterm/headless";
import { useServerWidths } from "../../examples/web/widths.ts";
import { clusterWidth, graphemes } from "../../src/text/mod.ts";

const SEQUENCES = [
  ..."a é 日 ｱ ❤ ♂ 👍 👍🏽 🇩🇪 1️⃣ #️⃣ ❤️ ☠️ 👩‍🚀 👩‍👩‍👧‍👦 🤷‍♂️ 🏃🏽‍♀️ 👩‍⚕️ 🏴‍☠️ 🏳️‍⚧️ 🐻‍❄️ 🧑‍✈️ 👁️‍🗨️ ❤️‍🔥 👩🏽‍🤝‍👨🏻 🏴󠁧󠁢󠁥󠁮󠁧󠁿".split(" "),
  "e\u0301",
  "a\ufe0f",
  "ก็",
  "\u1100\u1161",
];

Deno.test("the page and the server agree on the columns of every kind of character", async () => {
  const terminal = new headless.Terminal({ cols: 40, rows: 4, allowProposedApi: true });
  useServerWidths(terminal as never);
  for (const first of SEQUENCES) {
    for (const second of ["x", "日", "👍", "🇩🇪", ...SEQUENCES.slice(0, 4)]) {
      const text = first + second;
      await new Promise<void>((resolve) => terminal.write(`\x1bc${text}`, resolve));
      const width = graphemes(text).reduce((sum, cluster) => sum + clusterWidth(cluster), 0);
      assertEquals(terminal.buffer.active.cursorX, width, JSON.stringify(text));
    }
  }
  terminal.dispose();
});
