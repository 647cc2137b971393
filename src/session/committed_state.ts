import type { LineChange } from "../text/edit_buffer.ts";
import type { Key } from "../text/key.ts";
import type { ClientSnapshot, SessionSnapshot } from "./client_snapshot.ts";
import type { TypedLine } from "./line_queue.ts";
import { NewestItems } from "./newest_items.ts";
import { QueueParts, type StateParts } from "./queue_parts.ts";

/** How many lines of an editor's history are kept at most. */
export const HISTORY_LINES = 100;
/** How many UTF-16 units they have together at most. */
const HISTORY_TEXT = 4_096;
/** How many changes that can be undone are kept at most, and how much text they have removed. */
const CHANGES = 50;
const CHANGES_TEXT = 4_096;

/** What has parts of its own, or is none. */
const APART: ReadonlySet<string> = new Set<keyof SessionSnapshot>([
  "facts",
  "input",
  "connectedFor",
  "idleFor",
  "state",
  "options",
]);

/**
 * The state of a client in parts, as a durable connection commits it. A commit sends one range of
 * each part, from its first to its last change. Therefore the fields that change with each key are
 * in other parts than long texts: the line, the undo changes and the history of an editor, and the
 * lines and keys that the game has not taken.
 */
export class CommittedState {
  readonly #lines = new QueueParts<TypedLine>("lines", ({ text }) => text.length);
  readonly #keys = new QueueParts<Key>("keys", ({ text }) => text.length);
  readonly #given = new QueueParts<Key>("given", ({ text }) => text.length);
  readonly #history = new NewestItems<string>(HISTORY_LINES, HISTORY_TEXT, ({ length }) => length);
  readonly #changes = new NewestItems<LineChange>(
    CHANGES,
    CHANGES_TEXT,
    ({ removed }) => removed.length,
  );
  /** The parts of the last call, and what others of them were made of. */
  readonly #last: Record<string, unknown> = {};
  #facts: SessionSnapshot["facts"] | undefined;
  #input: SessionSnapshot["input"] | undefined;

  /** Returns the parts of a state. Parts that are as they were at the last call may be missing. */
  partsOf(snapshot: SessionSnapshot): StateParts {
    const { facts, input, connectedFor, idleFor, state, options } = snapshot;
    // The game, or an option of its own, may change an object that it has given before.
    const parts: Record<string, unknown> = { state, options };
    const last = this.#last;
    const add = (name: string, value: unknown) => {
      if (same(value, last[name])) return;
      last[name] = value;
      parts[name] = value;
    };
    // `telnet` too: the machine makes a new object if its state changes.
    for (const name in snapshot) {
      if (!APART.has(name)) add(name, snapshot[name as keyof SessionSnapshot]);
    }
    // It changes only when the person types.
    add("typedAt", connectedFor - idleFor);
    if (!same(facts, this.#facts)) {
      this.#facts = facts;
      const { environment, ...told } = facts;
      add("facts", told);
      add("environment", environment);
    }
    if (!same(input, this.#input)) {
      this.#input = input;
      this.#addInput(input, parts, add);
    }
    return parts;
  }

  #addInput(
    input: SessionSnapshot["input"],
    parts: Record<string, unknown>,
    add: (name: string, value: unknown) => void,
  ): void {
    const { queue, keys } = input;
    const editor = keys?.editor ?? undefined;
    const { line, killed, changes = [], edited } = editor?.state ?? {};
    parts.input = {
      ...input,
      queue: [],
      keys: keys && { ...keys, queue: [], given: [], editor: withoutTexts(editor) },
    };
    Object.assign(parts, this.#lines.update(queue), this.#keys.update(keys?.queue ?? []));
    Object.assign(parts, this.#given.update(keys?.given ?? []));
    add("line", line);
    add("killed", killed);
    add("edited", edited);
    add("changes", editor && this.#changes.of(changes));
    add("history", editor && this.#history.of(editor.history));
  }

  /**
   * Returns the state that was committed in parts. The next parts follow them.
   *
   * @param connectedFor How long the client is connected now, in milliseconds.
   */
  restore(parts: StateParts, connectedFor: number): ClientSnapshot {
    const { environment, line, killed, edited, changes, history, typedAt, ...rest } = parts;
    const { telnet } = rest;
    Object.assign(this.#last, { telnet, environment, line, killed, edited, changes, history });
    const times = { connectedFor, idleFor: Math.max(0, connectedFor - Number(typedAt ?? 0)) };
    const { facts, input, ...others } = rest as unknown as SessionSnapshot;
    const lines = this.#lines.restore(parts);
    const [keys, given] = [this.#keys.restore(parts), this.#given.restore(parts)];
    // The check of the whole snapshot refuses a damaged one.
    if (typeof input !== "object") return rest as unknown as ClientSnapshot;
    const editor = input.keys?.editor;
    const state = { ...editor?.state, line, killed, edited, changes };
    const whole = {
      ...input,
      queue: [...lines, ...input.queue],
      keys: input.keys && {
        ...input.keys,
        queue: [...keys, ...input.keys.queue],
        given: [...given, ...input.keys.given],
        editor: editor && { ...editor, state, history },
      },
    };
    return {
      ...others,
      ...times,
      facts: facts && { ...facts, environment },
      input: whole,
    } as unknown as ClientSnapshot;
  }
}

/** Whether two values are the same JSON; a missing field is the same as an undefined one. */
function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    return false;
  }
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item, index) => same(item, other[index]));
  }
  const [first, second] = [one as Record<string, unknown>, other as Record<string, unknown>];
  for (const name in first) if (!same(first[name], second[name])) return false;
  for (const name in second) {
    if (second[name] !== undefined && first[name] === undefined) return false;
  }
  return true;
}

type EditorState = NonNullable<NonNullable<SessionSnapshot["input"]["keys"]>["editor"]>;

/** The state of an editor without the texts that are parts of their own. */
function withoutTexts(editor: EditorState | undefined): EditorState | null {
  if (editor === undefined) return null;
  return {
    ...editor,
    state: { ...editor.state, line: "", killed: "", edited: [], changes: [] },
    history: [],
  };
}
