import { copied } from "../protocol/pieces.ts";
import { LAID_OUT, SEARCHED, type Work } from "./work.ts";
import type { EditAction } from "./edit_actions.ts";
import { ITEM_SIZE, textSize } from "./sizes.ts";
import { graphemes, mayJoin, withoutLast } from "./width.ts";
import {
  bigWordStart,
  type Letters,
  lettersAfter,
  lettersBefore,
  wordEnd,
  wordStart,
} from "./words.ts";

/** A cluster at the cursor reaches at most this far from it, in UTF-16 units. */
const NEAR = 64;
/**
 * A part of it that holds most clusters whole. It is a multiple of four, the length of a flag, so that
 * the halves of flags pair up as in the whole line.
 */
const SHORT = 16;

/** A change of a line that can be undone. */
export interface LineChange {
  /** Where it begins, in UTF-16 units. */
  readonly at: number;
  /** The text that it removed. */
  readonly removed: string;
  /** The length of the text that it inserted, in UTF-16 units. */
  readonly inserted: number;
  /** The cursor before the change. */
  readonly cursor: number;
  /** Whether it was typed. Characters that are typed directly after it are undone with it. */
  readonly typed?: boolean | undefined;
}

/**
 * Limits of undo: the number of changes (twice as many may be kept for a while), and the UTF-16
 * units of all removed text.
 */
const MAX_CHANGES = 200;
const MAX_REMOVED = 16_384;
/** Characters typed in a row are undone together, at most this many. */
const MAX_TYPED = 20;

/** Changes that can be undone. */
class Changes {
  readonly list: LineChange[] = [];
  /** The UTF-16 units that they removed. */
  #removed = 0;

  get held(): number {
    return this.list.length * ITEM_SIZE + 2 * this.#removed;
  }

  /** Whether there are so many that they must give place to newer ones. */
  get full(): boolean {
    return this.list.length >= MAX_CHANGES || 2 * this.#removed >= MAX_REMOVED;
  }

  push(change: LineChange): void {
    this.list.push(change);
    this.#removed += change.removed.length;
  }

  /** Lengthens the text that the last change inserted. */
  grow(length: number): void {
    const last = this.list.pop();
    if (last !== undefined) this.list.push({ ...last, inserted: last.inserted + length });
  }

  pop(): LineChange | undefined {
    const last = this.list.pop();
    this.#removed -= last?.removed.length ?? 0;
    return last;
  }
}

/** A line and a cursor in it, which always stands between grapheme clusters. */
export class EditBuffer {
  readonly #limit: number;
  readonly #work: Work;
  #line = "";
  #cursor = 0;
  #killed = "";
  /** The letters over which the cursor moved last, because words can be long. */
  #letters: Letters | undefined;
  /** The changes that can be undone, the last one last: the recent ones, and those before them. */
  #recent: Changes = new Changes();
  #older: Changes = new Changes();

  /** Starts with an empty line; `work` counts what keys cost in addition to drawing. */
  constructor(limit: number, work: Work) {
    this.#limit = limit;
    this.#work = work;
  }

  get line(): string {
    return this.#line;
  }

  /** The position of the cursor, in UTF-16 units. */
  get cursor(): number {
    return this.#cursor;
  }

  /** What `yank` inserts. */
  get killed(): string {
    return this.#killed;
  }

  set killed(killed: string) {
    this.#killed = killed;
  }

  /** The start of the cursor's line, if the text has several lines. */
  get lineStart(): number {
    return this.#line.lastIndexOf("\n", this.#cursor - 1) + 1;
  }

  /** The end of the cursor's line. */
  get lineEnd(): number {
    const end = this.#line.indexOf("\n", this.#cursor);
    return end === -1 ? this.#line.length : end;
  }

  /** Where the word at or before the cursor begins. */
  get wordStart(): number {
    this.#letters = lettersBefore(this.#line, this.#cursor, this.#letters);
    this.#work.add(this.#cursor - this.#letters.start, SEARCHED);
    return this.#clusterAt(this.#letters.start).start;
  }

  /** Where the word at or before the cursor begins, if only spaces end words. */
  get bigWordStart(): number {
    const start = bigWordStart(this.#line, this.#cursor);
    this.#work.add(this.#cursor - start, SEARCHED);
    return start;
  }

  /** Where the word at or after the cursor ends. */
  get wordEnd(): number {
    this.#letters = lettersAfter(this.#line, this.#cursor, this.#letters);
    this.#work.add(this.#letters.end - this.#cursor, SEARCHED);
    return this.#clusterAt(this.#letters.end).end;
  }

  /** Replaces the line; the cursor goes to the given position, by default to the end. */
  set(line: string, cursor: number = line.length): void {
    const next = cut(line, this.#limit);
    if (next !== this.#line) this.#change(0, this.#line.length, next);
    this.move(cursor);
  }

  /** The changes that can be undone, the last one last. */
  get changes(): readonly LineChange[] {
    return [...this.#older.list, ...this.#recent.list];
  }

  set changes(changes: readonly LineChange[]) {
    this.forgetChanges();
    for (const change of changes) this.#recent.push(change);
  }

  /** About how many bytes the buffer holds in addition to the line. */
  get held(): number {
    return textSize(this.#killed.length) + this.#older.held + this.#recent.held;
  }

  /** Undoes the last change; returns `false` if there is none. */
  undo(): boolean {
    const change = this.#last.pop();
    if (change === undefined) return false;
    const { at, removed, inserted, cursor } = change;
    this.#line = this.#line.slice(0, at) + removed + this.#line.slice(at + inserted);
    this.#letters = undefined;
    this.#cursor = cursor;
    return true;
  }

  /** The changes of which the last one is the last of all. */
  get #last(): Changes {
    return this.#recent.list.length > 0 ? this.#recent : this.#older;
  }

  /** Replaces the text between two positions. */
  #change(at: number, end: number, text: string, typed: boolean = false): void {
    const removed = this.#line.slice(at, end);
    if (removed === "" && text === "") return;
    this.#remember(at, removed, text, typed);
    this.#line = this.#line.slice(0, at) + text + this.#line.slice(end);
    this.#letters = undefined;
  }

  #remember(at: number, removed: string, text: string, typed: boolean): void {
    // Without this change the earlier ones cannot be undone either.
    if (removed.length > MAX_REMOVED) return this.forgetChanges();
    if (typed && text.length <= this.#roomToGrow) return this.#last.grow(text.length);
    // A part of the line would keep the whole of it in memory.
    const kept = removed === "" ? "" : copied(removed);
    const change = { at, removed: kept, inserted: text.length, cursor: this.#cursor };
    this.#recent.push(typed ? { ...change, typed } : change);
    if (!this.#recent.full) return;
    this.#older = this.#recent;
    this.#recent = new Changes();
  }

  /** Moves to a position, or to the end of the cluster that contains it. */
  move(to: number): void {
    this.#cursor = Math.max(0, Math.min(this.#line.length, this.#clusterAt(to).end));
  }

  /** The cluster that contains a position; if it is between two, the position itself. */
  #clusterAt(at: number): { readonly start: number; readonly end: number } {
    if (!mayJoin(this.#line, at)) return { start: at, end: at };
    this.#work.add(2 * NEAR, LAID_OUT);
    let start = Math.max(0, at - NEAR);
    let end = start;
    for (const cluster of graphemes(this.#line.slice(start, at + NEAR))) {
      if (end >= at) break;
      start = end;
      end += cluster.length;
    }
    return end === at ? { start: at, end: at } : { start, end };
  }

  /** The other end of the cluster before (-1) or after (1) the cursor. */
  neighbour(direction: -1 | 1): number {
    const beside = this.#cursor + direction;
    const there = beside >= 0 && beside <= this.#line.length;
    if (there && !mayJoin(this.#line, this.#cursor) && !mayJoin(this.#line, beside)) return beside;
    // Most clusters are short.
    return this.#clusterBeside(direction, SHORT) ?? this.#clusterBeside(direction, NEAR) ??
      this.#cursor + direction * NEAR;
  }

  /** Looks for it in a part of the line; `undefined` if it may go on outside. */
  #clusterBeside(direction: -1 | 1, size: number): number | undefined {
    const at = this.#cursor;
    this.#work.add(size, LAID_OUT);
    const [from, to] = direction === 1
      ? [at, Math.min(this.#line.length, at + size)]
      : [Math.max(0, at - size), at];
    const clusters = graphemes(this.#line.slice(from, to));
    const { length } = (direction === 1 ? clusters[0] : clusters.at(-1)) ?? "";
    const whole = length < to - from || from === 0 && direction === -1 ||
      to === this.#line.length && direction === 1;
    return whole ? at + direction * length : undefined;
  }

  /** Inserts text at the cursor; returns whether all of it fitted. */
  insert(text: string): boolean {
    return this.#insert(text, false);
  }

  #insert(text: string, typed: boolean): boolean {
    const fits = fitting(text, Math.max(0, this.#limit - this.#line.length));
    this.#change(this.#cursor, this.#cursor, fits, typed);
    this.#cursor += fits.length;
    return fits.length === text.length;
  }

  /**
   * Inserts a run of typed characters; undo takes them back in the same steps as if they had come one
   * by one. Returns whether all of them fit.
   */
  type(text: string): boolean {
    if (text.length === 1) return this.#insert(text, true);
    let piece = "";
    let room = this.#roomToGrow;
    for (const cluster of graphemes(text)) {
      if (piece.length + cluster.length > room) {
        if (piece !== "" && !this.#insert(piece, true)) return false;
        piece = "";
        room = MAX_TYPED;
      }
      piece += cluster;
    }
    return this.#insert(piece, true);
  }

  /** How many more characters the last change may get, if it was typed before the cursor. */
  get #roomToGrow(): number {
    const last = this.#last.list.at(-1);
    const grows = last?.typed === true && last.at + last.inserted === this.#cursor;
    return grows ? MAX_TYPED - last.inserted : 0;
  }

  /**
   * Replaces the text between a position and the cursor, if the result fits; returns whether it
   * did.
   */
  replace(start: number, text: string): boolean {
    if (this.#line.length - (this.#cursor - start) + text.length > this.#limit) return false;
    this.#change(start, this.#cursor, text);
    this.#cursor = start + text.length;
    return true;
  }

  /** Removes the text between the cursor and a position, and returns it. */
  remove(to: number): string {
    const [start, end] = to < this.#cursor ? [to, this.#cursor] : [this.#cursor, to];
    const removed = this.#line.slice(start, end);
    this.#change(start, end, "");
    this.#cursor = start;
    return removed;
  }

  /** Removes what Backspace erases: a code point, or a whole emoji. */
  removeLast(): void {
    const start = this.neighbour(-1);
    const cluster = this.#line.slice(start, this.#cursor);
    const rest = withoutLast(cluster);
    this.remove(start + rest.length);
    // A letter without its mark may join what follows.
    this.move(this.#cursor);
  }

  /**
   * Removes text as `remove` does and keeps it for `yank`. `more`: adds it to the text kept before,
   * on the side where it was.
   */
  kill(to: number, more: boolean): void {
    const back = to < this.#cursor;
    const removed = this.remove(to);
    const kept = more ? this.#killed : "";
    this.#killed = copied(back ? removed + kept : kept + removed);
  }

  /** Forgets the killed text and all undo changes, for example of a password. */
  forget(): void {
    this.#killed = "";
    this.forgetChanges();
  }

  /** Forgets all undo changes. */
  forgetChanges(): void {
    this.#older = new Changes();
    this.#recent = new Changes();
  }

  yank(): boolean {
    return this.insert(this.#killed);
  }

  /** Swaps the character at the cursor, or the last one, with the one before it. */
  transpose(): boolean {
    const start = this.#cursor;
    if (start === this.#line.length) this.#cursor = this.neighbour(-1);
    const middle = this.#cursor;
    const first = this.neighbour(-1);
    const end = this.neighbour(1);
    if (first === middle || middle === end) {
      this.#cursor = start;
      return false;
    }
    const { line } = this;
    const swapped = line.slice(middle, end) + line.slice(first, middle);
    this.#cursor = start;
    this.#change(first, end, swapped);
    this.#cursor = end;
    return true;
  }

  /** Swaps the word at the cursor, or the last one, with the one before it. */
  transposeWords(): boolean {
    const { line } = this;
    const end = this.#clusterAt(wordEnd(line, this.#cursor)).end;
    const start = this.#clusterAt(wordStart(line, end)).start;
    const before = this.#clusterAt(wordStart(line, start)).start;
    const beforeEnd = this.#clusterAt(wordEnd(line, before)).end;
    this.#work.add(3 * (end - before), SEARCHED);
    if (before === start || beforeEnd > start) return false;
    const between = line.slice(beforeEnd, start);
    this.#change(before, end, line.slice(start, end) + between + line.slice(before, beforeEnd));
    this.move(end);
    return true;
  }

  /** Applies `change` to the text from the cursor to the end of the word. */
  changeCase(change: (word: string) => string): boolean {
    const end = this.wordEnd;
    const before = this.#line.slice(this.#cursor, end);
    const text = change(before);
    this.#work.add(before.length, SEARCHED);
    if (this.#line.length - (end - this.#cursor) + text.length > this.#limit) return false;
    if (text !== before) this.#change(this.#cursor, end, text);
    this.move(this.#cursor + text.length);
    return true;
  }
}

/** The start of a text, without a lone surrogate at its end. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
}

/** The characters that fit, each tested separately, as if they were typed one by one. */
function fitting(text: string, room: number): string {
  if (text.length <= room) return text;
  let fits = "";
  for (const character of text) {
    if (fits.length === room) break;
    if (fits.length + character.length <= room) fits += character;
  }
  return fits;
}

/** The first letter in upper case, the others in lower case. */
function capitalized(word: string): string {
  return word.toLowerCase().replace(/\p{L}/u, (letter) => letter.toUpperCase());
}

/**
 * Carries out an action; returns `false` if it failed. `more`: the action before was a kill, too.
 */
type BufferAction = (buffer: EditBuffer, more: boolean) => boolean | void;

/** The actions that need only the buffer. */
export const BUFFER_ACTIONS: Readonly<Partial<Record<EditAction, BufferAction>>> = {
  "left": (buffer) => buffer.move(buffer.neighbour(-1)),
  "right": (buffer) => buffer.move(buffer.neighbour(1)),
  "word-left": (buffer) => buffer.move(buffer.wordStart),
  "word-right": (buffer) => buffer.move(buffer.wordEnd),
  "line-start": (buffer) => buffer.move(buffer.lineStart),
  "line-end": (buffer) => buffer.move(buffer.lineEnd),
  "delete": (buffer) => void buffer.remove(buffer.neighbour(1)),
  "delete-back": (buffer) => buffer.removeLast(),
  "kill-line": (buffer, more) => {
    // At the end of a line of a multiline text, its line feed is killed.
    const { lineEnd } = buffer;
    buffer.kill(lineEnd === buffer.cursor ? buffer.neighbour(1) : lineEnd, more);
  },
  "kill-back": (buffer, more) => buffer.kill(buffer.lineStart, more),
  "kill-word": (buffer, more) => buffer.kill(buffer.wordEnd, more),
  "kill-word-back": (buffer, more) => buffer.kill(buffer.wordStart, more),
  "kill-big-word-back": (buffer, more) => {
    buffer.kill(buffer.bigWordStart, more);
  },
  "yank": (buffer) => buffer.yank(),
  "undo": (buffer) => buffer.undo(),
  "transpose": (buffer) => buffer.transpose(),
  "transpose-words": (buffer) => buffer.transposeWords(),
  "upper-case": (buffer) => buffer.changeCase((word) => word.toUpperCase()),
  "lower-case": (buffer) => buffer.changeCase((word) => word.toLowerCase()),
  "capitalize": (buffer) => buffer.changeCase(capitalized),
};
