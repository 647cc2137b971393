import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PLAIN, textOf, TypedKeys } from "../../src/session/typed_keys.ts";
import { graphemes, type Key } from "../../src/text/mod.ts";
import { NO_RATES } from "../server/harness.ts";
import { agree, join } from "../server/remote.ts";

const letter = fc.constantFrom("a", "é", "e\u0301", "日", "👩‍🚀", "🇩🇪", "\r\n", "\n", " ");
const text = fc.array(letter, { maxLength: 3_000, size: "max" }).map((letters) => letters.join(""));
const action = fc.oneof(
  fc.record({ type: text }),
  fc.record({ push: fc.constantFrom("left", "enter", "f1") }),
  fc.record({ take: fc.nat(50) }),
  fc.constant({ restore: true }),
);

/** Each key as text or by its name. */
function shown({ name, text }: Key): string {
  return name === "text" ? text : `<${name}>`;
}

Deno.test("keys of typed text come one cluster at a time, before other keys, also after a restart", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 12 }), (actions) => {
      let keys = new TypedKeys();
      let model: string[] = [];
      for (const step of actions) {
        if ("type" in step) {
          keys.type(step.type);
          const typed = graphemes(step.type).map((one) => /[\r\n]/.test(one) ? "<enter>" : one);
          model = [...typed, ...model];
        } else if ("push" in step) {
          keys.push({ ...PLAIN, name: step.push });
          model.push(`<${step.push}>`);
        } else if ("take" in step) {
          for (let count = 0; count < step.take; count++) {
            const key = keys.take();
            assertEquals(key && shown(key), model.shift());
          }
        } else {
          const items = JSON.parse(JSON.stringify(keys.items()));
          keys = new TypedKeys();
          for (const item of items) keys.push(item);
        }
        assertEquals(keys.length > 0, model.length > 0);
      }
      const left = keys.items().map((item) => item.name === "typed" ? textOf(item) : shown(item));
      assertEquals(left.join("").replaceAll("\r\n", "<enter>"), model.join(""));
    }),
    { seed: 1184, numRuns: 60 },
  );
});

Deno.test("queued lines that become keys stay within the client's memory, and no key is lost", async () => {
  await using joined = await join({ limits: { ...NO_RATES, queuedLines: 2_000 } });
  const { harness, client, peer } = joined;
  client.useEditor();
  await agree(joined);
  const typed = "long line ".repeat(100);
  for (let count = 0; count < 200; count++) peer.write(`${typed}\r`);
  const { connection } = client;
  await harness.pollUntil(() => connection.memoryUsed > 400_000);
  const before = connection.memoryUsed;
  client.enterCharacterMode();
  // The keys that the game can take at once are objects; the rest is text.
  assert(connection.memoryUsed < 2 * before, `${before} to ${connection.memoryUsed}`);
  let got = "";
  await harness.pollUntil(() => {
    for (let key = client.getKey(); key !== undefined; key = client.getKey()) {
      got += key.name === "enter" ? "\n" : key.text;
    }
    return got.length >= 200 * (typed.length + 1);
  });
  assertEquals(got, `${typed}\n`.repeat(200));
});
