import type { LineChange } from "../text/edit_buffer.ts";
import type { Key } from "../text/key.ts";
import type { ClientSnapshot, SessionSnapshot } from "./client_snapshot.ts";
import type { TypedLine } from "./line_queue.ts";
import { QueueParts, type StateParts } from "./queue_parts.ts";

/** How many characters of an editor's history, and of the text for undo, are kept; the newest are. */
const HISTORY_LENGTH = 4_096;
const UNDO_LENGTH = 4_096;
/** How many changes can be undone. */
const CHANGES = 50;

/**
 * The state of a client in parts, as a durable connection commits it. What each key changes is apart
 * from what can be large: the history of an editor, and the lines and keys that the game has not
 * taken.
 */
export class CommittedState {
  readonly #lines = new QueueParts<TypedLine>("lines", ({ text }) => text.length);
  readonly #keys = new QueueParts<Key>("keys", ({ text }) => text.length);
  readonly #given = new QueueParts<Key>("given", ({ text }) => text.length);
  /** The Telnet state of the last commit: the largest part that rarely changes. */
  #telnet: unknown;

  /** Returns the parts of a state. Parts that are as they were at the last call may be missing. */
  partsOf({ telnet, input, ...others }: SessionSnapshot): StateParts {
    const { queue, keys } = input;
    const editor = keys?.editor ?? undefined;
    const parts = {
      ...others,
      state: others.state, // also if the game has removed it
      input: {
        ...input,
        queue: [],
        keys: keys && { ...keys, queue: [], given: [], editor: shortened(editor) },
      },
      history: editor && newest(editor.history, HISTORY_LENGTH, (line) => line.length),
      ...this.#lines.update(queue),
      ...this.#keys.update(keys?.queue ?? []),
      ...this.#given.update(keys?.given ?? []),
    };
    const same = telnet === this.#telnet; // the machine makes a new object if its state changes
    this.#telnet = telnet;
    return same ? parts : { ...parts, telnet };
  }

  /** Returns the state that was committed in parts. The next parts follow them. */
  restore(parts: StateParts): ClientSnapshot {
    const { history, ...rest } = parts;
    const { input, ...others } = rest as unknown as SessionSnapshot;
    const lines = this.#lines.restore(parts);
    const [keys, given] = [this.#keys.restore(parts), this.#given.restore(parts)];
    if (typeof input !== "object") return rest as unknown as ClientSnapshot;
    const editor = input.keys?.editor;
    const whole = {
      ...input,
      queue: [...lines, ...input.queue],
      keys: input.keys && {
        ...input.keys,
        queue: [...keys, ...input.keys.queue],
        given: [...given, ...input.keys.given],
        editor: editor && { ...editor, history: Array.isArray(history) ? history : editor.history },
      },
    };
    return { ...others, input: whole } as unknown as ClientSnapshot;
  }
}

type EditorState = NonNullable<NonNullable<SessionSnapshot["input"]["keys"]>["editor"]>;

/** The state of an editor without its history, and with only the last changes to undo. */
function shortened(editor: EditorState | undefined): EditorState | null {
  if (editor === undefined) return null;
  const size = (change: LineChange) => change.removed.length;
  const changes = newest(editor.state.changes.slice(-CHANGES), UNDO_LENGTH, size);
  return { ...editor, state: { ...editor.state, changes }, history: [] };
}

/** The last items of a list that together are not larger than a limit. */
function newest<Item>(
  items: readonly Item[],
  limit: number,
  sizeOf: (item: Item) => number,
): readonly Item[] {
  let [from, size] = [items.length, 0];
  while (from > 0) {
    size += sizeOf(items[from - 1] as Item);
    if (size > limit) break;
    from--;
  }
  return from === 0 ? items : items.slice(from);
}
