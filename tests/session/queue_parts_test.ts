/** Queued lines and keys as parts of a committed state. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { QueueParts } from "../../src/session/queue_parts.ts";

interface Item {
  readonly text: string;
}

const lengthOf = ({ text }: Item) => text.length;

/** The parts as a gateway keeps them: JSON texts by name. */
class Kept {
  readonly texts: Map<string, string> = new Map();
  /** The characters that were sent in the last call. */
  sent = 0;

  take(changed: Readonly<Record<string, unknown>>): void {
    this.sent = 0;
    for (const [name, value] of Object.entries(changed)) {
      const text = JSON.stringify(value);
      if (text === this.texts.get(name)) continue;
      this.sent += name.length + (text?.length ?? 0);
      if (text === undefined) this.texts.delete(name);
      else this.texts.set(name, text);
    }
  }

  get parts(): Record<string, unknown> {
    return Object.fromEntries([...this.texts].map(([name, text]) => [name, JSON.parse(text)]));
  }
}

Deno.test("parts of a queue give the same queue, whatever is queued and taken, over restarts", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("push" as const), length: fc.nat(5_000) }),
    fc.record({ kind: fc.constant("pushes" as const), length: fc.nat(60) }),
    fc.record({ kind: fc.constant("take" as const), length: fc.nat(40) }),
    fc.record({ kind: fc.constant("replace" as const), length: fc.nat(5) }),
    fc.record({ kind: fc.constant("putBack" as const), length: fc.constant(0) }),
    fc.record({ kind: fc.constant("restart" as const), length: fc.constant(0) }),
  );
  let number = 0;
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const kept = new Kept();
    let parts = new QueueParts<Item>("queue", lengthOf);
    let queue: Item[] = [];
    let last: Item | undefined;
    for (const { kind, length } of steps) {
      if (kind === "push") queue.push({ text: `${number++}`.padEnd(length) });
      if (kind === "pushes") {
        for (let left = length; left > 0; left--) queue.push({ text: `${number++}` });
      }
      if (kind === "take") last = queue.splice(0, length).at(-1) ?? last;
      if (kind === "replace") queue = queue.slice(0, length).map(({ text }) => ({ text }));
      if (kind === "putBack" && last !== undefined) queue.unshift(last);
      if (kind === "restart") {
        parts = new QueueParts("queue", lengthOf);
        queue = [...parts.restore(kept.parts)];
      }
      kept.take(parts.update([...queue]));
      assertEquals(new QueueParts<Item>("queue", lengthOf).restore(kept.parts), queue);
      if (queue.length === 0) assertEquals(kept.texts.size, 0);
    }
  }));
});

Deno.test("a queue sends what was queued, not what waits", () => {
  const kept = new Kept();
  const parts = new QueueParts<Item>("queue", lengthOf);
  const queue: Item[] = [];
  for (let index = 0; index < 400; index++) {
    queue.push({ text: "x".repeat(1_000) });
    kept.take(parts.update([...queue]));
    assert(kept.sent < 4_000, `${kept.sent} characters for the line ${index}`);
  }
  kept.take(parts.update([...queue]));
  assertEquals(kept.sent, 0);
  for (let index = 0; index < 400; index++) {
    queue.shift();
    kept.take(parts.update([...queue]));
    assert(kept.sent < 100, `${kept.sent} characters for a line that was taken`);
  }
  assertEquals(kept.texts.size, 0);
});
