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
  /** The parts of the last call that can be large and rarely change. */
  #large: StateParts = {};

  /** Returns the parts of a state. Parts that are as they were at the last call may be missing. */
  partsOf({ telnet, facts, input, ...others }: SessionSnapshot): StateParts {
    const { queue, keys } = input;
    const editor = keys?.editor ?? undefined;
    const { environment, ...told } = facts;
    const { line, killed, changes = [] } = editor?.state ?? {};
    const large = {
      telnet, // the machine makes a new object if its state changes
      environment,
      line,
      killed,
      changes: editor && this.#changes.of(changes),
      history: editor && this.#history.of(editor.history),
    };
    const parts: Record<string, unknown> = {
      ...others,
      state: others.state, // also if the game has removed it
      facts: told,
      input: {
        ...input,
        queue: [],
        keys: keys && { ...keys, queue: [], given: [], editor: withoutTexts(editor) },
      },
      ...this.#lines.update(queue),
      ...this.#keys.update(keys?.queue ?? []),
      ...this.#given.update(keys?.given ?? []),
    };
    for (const [name, value] of Object.entries(large)) {
      if (!alike(value, this.#large[name])) parts[name] = value;
    }
    this.#large = large;
    return parts;
  }

  /** Returns the state that was committed in parts. The next parts follow them. */
  restore(parts: StateParts): ClientSnapshot {
    const { environment, line, killed, changes, history, ...rest } = parts;
    this.#large = { telnet: rest.telnet, environment, line, killed, changes, history };
    const { facts, input, ...others } = rest as unknown as SessionSnapshot;
    const lines = this.#lines.restore(parts);
    const [keys, given] = [this.#keys.restore(parts), this.#given.restore(parts)];
    // The check of the whole snapshot refuses a damaged one.
    if (typeof input !== "object") return rest as unknown as ClientSnapshot;
    const editor = input.keys?.editor;
    const state = { ...editor?.state, line, killed, changes };
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
      facts: facts && { ...facts, environment },
      input: whole,
    } as unknown as ClientSnapshot;
  }
}

/** Whether two values are the same, or lists of the same. */
function alike(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
  return one.every((item, index) => alike(item, other[index]));
}

type EditorState = NonNullable<NonNullable<SessionSnapshot["input"]["keys"]>["editor"]>;

/** The state of an editor without the texts that are parts of their own. */
function withoutTexts(editor: EditorState | undefined): EditorState | null {
  if (editor === undefined) return null;
  return {
    ...editor,
    state: { ...editor.state, line: "", killed: "", changes: [] },
    history: [],
  };
}
