import { withoutControls } from "./controls.ts";
import type { EditAction } from "./edit_actions.ts";
import type { EditBuffer } from "./edit_buffer.ts";
import type { HistoryStore } from "./history.ts";
import { ITEM_SIZE, textSize } from "./sizes.ts";
import { SEARCHED, type Work } from "./work.ts";
import { spaceBefore } from "./words.ts";

/** The last argument that Alt-. inserted. */
export interface InsertedArgument {
  /** How far back in the history its line is. */
  readonly back: number;
  /** Where it begins in the line, in UTF-16 units. */
  readonly start: number;
}

/** A line of the history that was changed, but not entered. */
export interface EditedLine {
  /** How far back in the history it is. */
  readonly back: number;
  /** What became of it. */
  readonly line: string;
}

/** The changes of so many lines are kept. */
const MAX_EDITED = 16;

/** Brings lines of the history, and words of them, to the line that is edited. */
export class HistorySteps {
  /** How far back in the history the shown line is; -1 is the line that is being typed. */
  back = -1;
  /** The line that is being typed, while a line of the history shows. */
  own = "";
  /** The prefix of the history lines that the arrow keys step through. */
  prefix = "";
  argument: InsertedArgument | undefined;
  /** Lines that were changed since the last Enter, the last one changed last. */
  edited: readonly EditedLine[] = [];
  readonly #history: HistoryStore;
  readonly #buffer: EditBuffer;
  readonly #work: Work;

  /** Brings lines of a history to the line of a buffer. */
  constructor(history: HistoryStore, buffer: EditBuffer, work: Work) {
    this.#history = history;
    this.#buffer = buffer;
    this.#work = work;
  }

  /** About how many bytes of memory the typed line and the changed ones take. */
  get held(): number {
    let held = textSize(this.own.length);
    for (const { line } of this.edited) held += ITEM_SIZE + textSize(line.length);
    return held;
  }

  /** The line is a new one: no line of the history shows. */
  begin(): void {
    this.back = -1;
    this.own = "";
    this.argument = undefined;
    this.edited = [];
  }

  /** Shows the line that is `back` lines back, if there is one. Returns whether there is. */
  recall(back: number): boolean {
    if (back < -1 || back >= this.#history.length) return false;
    this.show(back, this.#buffer.line);
    const edited = this.edited.find((line) => line.back === back)?.line;
    this.#buffer.set(back === -1 ? this.own : edited ?? this.#lineBack(back));
    return true;
  }

  /**
   * Makes another line the shown one, and keeps what was typed in the line before.
   *
   * @param before The line before, as it was typed.
   */
  show(back: number, before: string): void {
    if (this.back === -1) this.own = before;
    else if (before !== this.#lineBack(this.back)) this.#keepEdited(before);
    this.back = back;
  }

  /** Keeps what the shown line of the history was changed to. */
  #keepEdited(line: string): void {
    const { back } = this;
    const others = this.edited.filter((other) => other.back !== back);
    this.edited = [...others.slice(1 - MAX_EDITED), { back, line }];
  }

  /** Shows the oldest line. */
  recallFirst(): boolean {
    return this.recall(Math.max(0, this.#history.length - 1));
  }

  /**
   * Shows the next older (1) or newer (-1) line that begins with the typed text; if none does, the
   * next line.
   */
  step(step: 1 | -1): boolean {
    return this.recall(this.#next(step));
  }

  #next(step: 1 | -1): number {
    const next = this.back + step;
    if (this.back === -1) this.prefix = this.#buffer.line.slice(0, this.#buffer.cursor);
    const { prefix } = this;
    if (prefix === "") return next;
    let back = next;
    while (back > -1 && back < this.#history.length && !this.#lineBack(back).startsWith(prefix)) {
      back += step;
    }
    this.#work.add(Math.abs(back - next) * prefix.length, SEARCHED);
    // If no line has the prefix, the arrows step through all lines.
    if (this.back === -1 && back >= this.#history.length) {
      this.prefix = "";
      return next;
    }
    return back;
  }

  #lineBack(back: number): string {
    return this.#history.at(this.#history.length - 1 - back) ?? "";
  }

  /**
   * Alt-.: inserts the last word of the line before the shown one; pressed again, of the line before
   * that.
   *
   * @param before What `argument` was before this key.
   */
  insertArgument(before: InsertedArgument | undefined): boolean {
    const start = before?.start ?? this.#buffer.cursor;
    for (let back = (before?.back ?? this.back) + 1; back < this.#history.length; back++) {
      const whole = this.#lineBack(back);
      this.#work.add(whole.length, SEARCHED);
      const line = whole.trimEnd();
      const word = withoutControls(line.slice(spaceBefore(line, line.length)));
      if (word === "") continue;
      if (!this.#buffer.replace(start, word)) break;
      this.argument = { back, start };
      return true;
    }
    this.argument = before;
    return false;
  }
}

/** The actions that show a line of the history. Each returns whether there was one. */
export const HISTORY_ACTIONS: Readonly<
  Partial<Record<EditAction, (steps: HistorySteps) => boolean>>
> = {
  "history-back": (steps) => steps.recall(steps.back + 1),
  "history-forward": (steps) => steps.recall(steps.back - 1),
  "history-first": (steps) => steps.recallFirst(),
  "history-last": (steps) => steps.recall(-1),
};
