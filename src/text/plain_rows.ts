import { beginsSequence, BROKEN, GROUND, nextState, STRING_ESCAPE } from "./escape_sequences.ts";
import { graphemes, NARROW_WIDTHS } from "./width.ts";

/** The state of {@linkcode Rows}, as plain JSON. Each kind of rows can restore both. */
export type RowsSnapshot = PlainRowsSnapshot | RawRowsSnapshot;

/** The state of {@linkcode RawRows}. */
export interface RawRowsSnapshot {
  /** The unfinished row. */
  readonly raw: string;
}

/** The state of {@linkcode PlainRows}. */
export interface PlainRowsSnapshot {
  /** The rows of the screen that the unfinished line takes. */
  readonly rows: readonly {
    /** Its text, if the cursor has stayed at its end. */
    readonly text: string;
    /** Otherwise a text for each column; empty after a wide character. */
    readonly cells: readonly string[] | null;
    /** Whether text in it was erased or overwritten. */
    readonly erased: boolean;
  }[];
  /** The index of the row in which the cursor is. */
  readonly at: number;
  /** The column of the cursor. */
  readonly column: number;
  /** The row of the window that contains the cursor, if the program has set it. */
  readonly place: number | null;
  /** The saved cursor. */
  readonly saved: { readonly row: number; readonly column: number } | null;
  /** Whether the cursor was saved and not restored since. */
  readonly measuring: boolean;
  /** The last character that was printed. */
  readonly last: string;
  /** An unfinished escape sequence. */
  readonly sequence: string;
}

/** Splits the output of a program into lines. */
export interface Rows {
  /**
   * Takes the next text.
   *
   * @param text The text as received, in pieces of any size.
   * @param take Called for each line that has ended.
   */
  push(text: string, take: (line: string) => void): void;
  /** Ends the unfinished row, because a prompt was marked or no more text follows; returns it. */
  endRow(): string;
  /**
   * Replaces the unfinished row with a text; the cursor is after it. An unfinished escape sequence
   * continues.
   *
   * @param text Text without control characters.
   */
  replaceRow(text: string): void;
  /** The last characters of the unfinished row. */
  tail(length: number): string;
  /**
   * The last characters of the unfinished row before its cursor, if only blanks or a gap follow;
   * otherwise `""`.
   */
  beforeCursor(length: number): string;
  /** About how many characters the unfinished row has. */
  readonly length: number;
  /** Whether only blanks follow the cursor, so that new text does not overwrite any. */
  readonly atEnd: boolean;
  /** The current state, as plain JSON. */
  snapshot(): RowsSnapshot;
  /** Restores what `snapshot` returned. */
  restore(snapshot: RowsSnapshot): void;
}

const ESC = 0x1b;
/** How many blanks separate a prompt from text at the right of the row. */
const GAP = 2;
const LF = 0x0a;
const CR = 0x0d;
const BS = 0x08;
const TAB = 0x09;
const TAB_STOP = 8;
/** The maximum UTF-16 units of a character with its combining marks; more marks are dropped. */
const MAX_CLUSTER = 64;
/** After so many units beyond one for each column, those that are left are counted. */
const MANY_EXTRA = 4_096;
/** Longer sequences are ignored. */
const MAX_SEQUENCE = 64;
const NOT_PRINTABLE_ASCII = /[^\x20-\x7e]/g;
const CONTROL = /[\x00-\x1f\x7f-\x9f]/g;
const CSI = /^(?:\x1b\[|\x9b)([\d;:]*)([@A-Za-z`])$/;
const PLACE = /^(\d{0,5})(?:;(\d{0,5}))?$/;

/**
 * One row of the screen: plain ASCII text as long as the cursor stays at its end, else a cell for
 * each column.
 */
interface Row {
  text: string;
  /** A wide character is followed by an empty cell. */
  cells: string[] | undefined;
  /** Whether text in it was erased or overwritten: then blanks at its end may be left over. */
  erased: boolean;
}

/**
 * Converts the terminal output of a program to plain lines. CR, BS, TAB and the sequences that move
 * the cursor within a row take effect, so that erased or overwritten text is gone. All other
 * sequences are removed. A line wider than the window remains one line, even if the program itself
 * starts the next row of the screen with a blank and CR, as readline does.
 *
 * ```ts ignore
 * const rows = new PlainRows(80);
 * rows.push("--More--\r        \rFast\x1b[1mEthernet\r\n", (line) => console.log(line)); // FastEthernet
 * ```
 */
export class PlainRows implements Rows {
  /** The width of the window. */
  columns: number;
  /** The rows of the screen that the line takes, and the index of the cursor's row. */
  #rows: Row[] = [newRow()];
  #at = 0;
  #column = 0;
  /** The row of the window that contains the cursor, if the program has set it. */
  #place: number | undefined;
  #saved: { readonly row: number; readonly column: number } | undefined;
  /** Whether the cursor was saved and not restored since. */
  #measuring = false;
  /** The units of the line beyond one for each column, and from how many on they are counted anew. */
  #extra = 0;
  #recount = MANY_EXTRA;
  /** The last character that was printed. */
  #last = "";
  #state = GROUND;
  #sequence = "";

  /**
   * Starts with an empty row.
   *
   * @param columns The width of the window.
   */
  constructor(columns: number) {
    this.columns = columns;
  }

  /** About how many characters the unfinished row has. */
  get length(): number {
    const last = this.#rows.length - 1;
    return last * this.columns + lengthOf(this.#rows[last] as Row) + this.#extra;
  }

  /** Whether only blanks follow the cursor. */
  get atEnd(): boolean {
    if (this.#at < this.#rows.length - 1) return false;
    const { text, cells } = this.#row;
    const behind = cells?.slice(this.#column).join("") ?? text.slice(this.#column);
    return behind.trim() === "";
  }

  /**
   * The last characters of the unfinished row.
   *
   * @param length How many.
   * @returns The text.
   */
  tail(length: number): string {
    let text = "";
    for (let index = this.#rows.length - 1; index >= 0 && text.length < length; index--) {
      text = textOf(this.#rows[index] as Row) + text;
    }
    return text.slice(-length);
  }

  /**
   * The last characters of the unfinished row before its cursor, if only blanks follow, or a gap of
   * at least two as before a prompt at the right. Otherwise `""`, as after a spinner.
   *
   * @param length How many.
   * @returns The text.
   */
  beforeCursor(length: number): string {
    if (this.atEnd) return this.tail(length);
    const { text, cells = Array.from(text) } = this.#row;
    const gap = cells.slice(this.#column, this.#column + GAP).join("");
    if (this.#at < this.#rows.length - 1 || gap.trim() !== "" || gap.length < GAP) return "";
    const above = this.#rows.slice(0, this.#at).map(textOf).join("");
    return (above + cells.slice(0, this.#column).join("")).slice(-length);
  }

  /**
   * Takes the next text.
   *
   * @param text The text as received, in pieces of any size.
   * @param take Called for each line that has ended.
   */
  push(text: string, take: (line: string) => void): void {
    for (let at = 0; at < text.length;) {
      if (this.#state !== GROUND) {
        at = this.#continue(text, at, take);
        continue;
      }
      const code = text.charCodeAt(at);
      if (beginsSequence(code)) {
        this.#state = nextState(GROUND, code, "program");
        this.#sequence = text[at] ?? "";
        at++;
      } else if (code < 0x20 || code === 0x7f) {
        this.#control(code, take);
        at++;
      } else {
        at = this.#print(text, at);
      }
    }
  }

  /**
   * Ends the unfinished row.
   *
   * @returns The row.
   */
  endRow(): string {
    const line = this.#rows.map(textOf).join("");
    const { erased } = this.#rows[this.#rows.length - 1] as Row;
    this.#rows = [newRow()];
    this.#at = this.#column = 0;
    this.#saved = undefined;
    this.#measuring = false;
    this.#extra = 0;
    this.#recount = MANY_EXTRA;
    return erased ? line.trimEnd() : line;
  }

  /**
   * Replaces the unfinished row with a text.
   *
   * @param text Text without control characters.
   */
  replaceRow(text: string): void {
    const [state, sequence] = [this.#state, this.#sequence];
    this.endRow();
    this.#state = GROUND;
    this.push(text, () => {});
    this.#state = state;
    this.#sequence = sequence;
  }

  /** The current state, as plain JSON. */
  snapshot(): RowsSnapshot {
    return {
      rows: this.#rows.map(({ text, cells, erased }) => ({
        text,
        cells: cells === undefined ? null : [...cells],
        erased,
      })),
      at: this.#at,
      column: this.#column,
      place: this.#place ?? null,
      saved: this.#saved ?? null,
      measuring: this.#measuring,
      last: this.#last,
      sequence: this.#sequence,
    };
  }

  /**
   * Restores what {@linkcode snapshot} returned.
   *
   * @param snapshot The snapshot.
   */
  restore(snapshot: RowsSnapshot): void {
    if ("raw" in snapshot) return this.replaceRow(snapshot.raw);
    const { rows, at, column, place, saved, measuring, last, sequence } = snapshot;
    this.#rows = rows.map(({ text, cells, erased }) => ({
      text,
      cells: cells === null ? undefined : [...cells],
      erased,
    }));
    this.#at = at;
    this.#column = column;
    this.#place = place ?? undefined;
    this.#saved = saved ?? undefined;
    this.#measuring = measuring;
    this.#last = last;
    this.#state = GROUND;
    this.#sequence = sequence;
    for (let index = 0; index < sequence.length; index++) {
      this.#state = nextState(this.#state, sequence.charCodeAt(index), "program");
    }
  }

  get #row(): Row {
    return this.#rows[this.#at] as Row;
  }

  /** Continues a sequence; returns where the text after it begins. */
  #continue(text: string, start: number, take: (line: string) => void): number {
    for (let at = start; at < text.length; at++) {
      const next = nextState(this.#state, text.charCodeAt(at), "program");
      if (next === BROKEN) {
        // The ESC within a string begins another sequence.
        const within = this.#state === STRING_ESCAPE;
        this.#state = within ? nextState(GROUND, ESC, "program") : GROUND;
        this.#sequence = within ? "\x1b" : "";
        return at;
      }
      if (this.#sequence.length < MAX_SEQUENCE) this.#sequence += text[at];
      this.#state = next;
      if (next === GROUND) {
        this.#obey(this.#sequence, take);
        return at + 1;
      }
    }
    return text.length;
  }

  #control(code: number, take: (line: string) => void): void {
    if (code === LF || code === 0x0b || code === 0x0c) {
      this.#place = undefined;
      take(this.endRow());
    } else if (code === CR) this.#column = 0;
    else if (code === BS) this.#column = Math.max(0, Math.min(this.#column, this.columns) - 1);
    else if (code === TAB) this.#tab();
  }

  #tab(): void {
    const next = this.#column - this.#column % TAB_STOP + TAB_STOP;
    const stop = Math.max(this.#column + 1, Math.min(next, this.columns - 1));
    const row = this.#row;
    const cells = cellsOf(row);
    if (this.#column >= cells.length) {
      while (cells.length < this.#column) cells.push(" ");
      cells.push("\t");
      while (cells.length < stop) cells.push("");
    }
    this.#column = stop;
  }

  /** Prints text up to the next control character; returns how far it came. */
  #print(text: string, start: number): number {
    NOT_PRINTABLE_ASCII.lastIndex = start;
    const asciiEnd = NOT_PRINTABLE_ASCII.test(text)
      ? NOT_PRINTABLE_ASCII.lastIndex - 1
      : text.length;
    for (let at = start; at < asciiEnd;) {
      if (this.#column >= this.columns) this.#wrap();
      const end = Math.min(asciiEnd, at + this.columns - this.#column);
      this.#write(text.slice(at, end));
      at = end;
    }
    if (asciiEnd > start) {
      this.#last = text.charAt(asciiEnd - 1);
      return asciiEnd;
    }
    CONTROL.lastIndex = start;
    const end = CONTROL.test(text) ? CONTROL.lastIndex - 1 : text.length;
    for (const cluster of graphemes(text.slice(start, end))) this.#put(cluster);
    return end;
  }

  /** Writes ASCII text that fits in the row. */
  #write(text: string): void {
    const row = this.#row;
    if (row.cells === undefined && this.#column === row.text.length) row.text += text;
    else {
      if (this.#column < lengthOf(row)) row.erased = true;
      for (const [index, character] of [...text].entries()) {
        setCell(cellsOf(row), this.#column + index, character, 1);
      }
    }
    this.#column += text.length;
  }

  #put(cluster: string): void {
    this.#last = cluster.length > MAX_CLUSTER
      ? cluster.slice(0, MAX_CLUSTER).replace(/[\ud800-\udbff]$/, "")
      : cluster;
    this.#putWide(this.#last, NARROW_WIDTHS.ofCluster(this.#last));
  }

  /** Puts a character of some columns. */
  #putWide(cluster: string, width: number): void {
    const cells = cellsOf(this.#row);
    if (width === 0) {
      let before = Math.min(this.#column, cells.length) - 1;
      while (before > 0 && cells[before] === "") before--;
      const cell = cells[before] ?? "";
      if (before < 0) cells.push(cluster);
      else if (cell.length + cluster.length <= MAX_CLUSTER) cells[before] = cell + cluster;
      this.#countUnits(cluster.length);
      return;
    }
    if (this.#column + width > this.columns && this.#column > 0) this.#wrap();
    if (this.#column < lengthOf(this.#row)) this.#row.erased = true;
    setCell(cellsOf(this.#row), this.#column, cluster, width);
    this.#column += width;
    this.#countUnits(cluster.length - width);
  }

  /**
   * Counts the units of a character beyond one for each column. What is overwritten counts, too, until
   * so much was counted that all cells are looked at.
   */
  #countUnits(more: number): void {
    if (more <= 0) return;
    this.#extra += more;
    if (this.#extra < this.#recount) return;
    this.#extra = 0;
    for (const { cells = [] } of this.#rows) {
      for (const { length } of cells) this.#extra += Math.max(0, length - 1);
    }
    this.#recount = 2 * this.#extra + MANY_EXTRA;
  }

  /** Puts the last character again. */
  #repeat(count: number): void {
    if (this.#last === "") return;
    const width = NARROW_WIDTHS.ofCluster(this.#last);
    for (let times = 0; times < count; times++) this.#putWide(this.#last, width);
  }

  /** Continues in the next row of the same line. */
  #wrap(): void {
    this.#at++;
    this.#rows[this.#at] ??= newRow();
    this.#column = 0;
  }

  #obey(sequence: string, take: (line: string) => void): void {
    if (sequence === "\x1b7") return this.#save();
    if (sequence === "\x1b8") return this.#restore();
    if (sequence === "\x1bE") return take(this.endRow());
    const [, parameters = "", final] = CSI.exec(sequence) ?? [];
    if (final === undefined) return;
    const first = Math.min(parseInt(parameters, 10) || 0, this.columns);
    const count = Math.max(1, first);
    const row = this.#row;
    const column = Math.min(this.#column, this.columns - 1);
    switch (final) {
      case "C":
      case "a":
        this.#column = Math.min(this.columns - 1, column + count);
        return;
      case "D":
        this.#column = Math.max(0, column - count);
        return;
      case "G":
      case "`":
        this.#column = count - 1;
        return;
      case "I":
        for (let times = 0; times < count; times++) this.#tab();
        return;
      case "Z":
        this.#column = Math.max(0, (Math.ceil(column / TAB_STOP) - count) * TAB_STOP);
        return;
      case "b":
        return this.#repeat(count);
      case "A":
        this.#at = Math.max(0, this.#at - count);
        return;
      case "B":
        this.#at = Math.min(this.#rows.length - 1, this.#at + count);
        return;
      case "K":
        return this.#erase(row, this.#column, first);
      case "J":
        return this.#erasePage(this.#column, first, take);
      case "X":
        row.erased = true;
        for (let at = column; at < Math.min(column + count, lengthOf(row)); at++) {
          setCell(cellsOf(row), at, " ", 1);
        }
        return;
      case "P":
        row.erased = true;
        cutCell(cellsOf(row), column);
        cutCell(cellsOf(row), column + count);
        fixTabs(cellsOf(row), column);
        cellsOf(row).splice(column, count);
        return;
      case "@":
        if (column < lengthOf(row)) {
          cutCell(cellsOf(row), column);
          fixTabs(cellsOf(row), column);
          cellsOf(row).splice(column, 0, ...Array(count).fill(" "));
          cutCell(cellsOf(row), this.columns);
          cellsOf(row).length = Math.min(lengthOf(row), this.columns);
        }
        return;
      case "s":
        return this.#save();
      case "u":
        return this.#restore();
      case "H":
      case "f":
        return this.#moveTo(parameters, take);
    }
  }

  /** Moves to a place of the window. If it is in another row, the line ends. */
  #moveTo(parameters: string, take: (line: string) => void): void {
    // A program that saves the cursor first only measures the window.
    if (this.#measuring) return;
    const [, row = "", column = ""] = PLACE.exec(parameters) ?? [];
    const place = Math.max(1, Number(row));
    if (place !== this.#place && this.length > 0) take(this.endRow());
    this.#place = place;
    this.#column = Math.min(Math.max(1, Number(column)), this.columns) - 1;
  }

  #save(): void {
    this.#saved = { row: this.#at, column: this.#column };
    this.#measuring = true;
  }

  #restore(): void {
    const { row, column } = this.#saved ?? { row: this.#at, column: this.#column };
    this.#at = Math.min(row, this.#rows.length - 1);
    this.#column = column;
    this.#measuring = false; // the saved place stays, for another restoring
  }

  #erase(row: Row, column: number, how: number): void {
    row.erased = true;
    const cells = cellsOf(row);
    if (how === 0) {
      cutCell(cells, column);
      cells.length = Math.min(cells.length, column);
    } else if (how === 1) {
      const last = Math.min(column, this.columns - 1);
      for (let at = 0; at <= last; at++) setCell(cells, at, " ", 1);
    } else cells.length = 0;
  }

  #erasePage(column: number, how: number, take: (line: string) => void): void {
    if (how >= 2) {
      if (this.length > 0) take(this.endRow());
      return;
    }
    this.#rows.length = this.#at + 1;
    this.#erase(this.#row, column, how);
  }
}

/** Splits text into lines and keeps everything else in it, such as escape sequences. */
export class RawRows implements Rows {
  /** Always `true`: nothing is overwritten. */
  readonly atEnd = true;
  #parts: string[] = [];
  #length = 0;

  /** About how many characters the unfinished row has. */
  get length(): number {
    return this.#length;
  }

  /**
   * Takes the next text.
   *
   * @param text The text as received, in pieces of any size.
   * @param take Called for each line that has ended.
   */
  push(text: string, take: (line: string) => void): void {
    let from = 0;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", from)) {
      this.#append(text.slice(from, at));
      const line = this.endRow();
      take(line.endsWith("\r") ? line.slice(0, -1) : line);
      from = at + 1;
    }
    this.#append(text.slice(from));
  }

  /** The current state, as plain JSON. */
  snapshot(): RowsSnapshot {
    return { raw: this.#parts.join("") };
  }

  /**
   * Restores what {@linkcode snapshot} returned.
   *
   * @param snapshot The snapshot.
   */
  restore(snapshot: RowsSnapshot): void {
    this.replaceRow("raw" in snapshot ? snapshot.raw : snapshot.rows.map(textOf).join(""));
  }

  /**
   * Ends the unfinished row.
   *
   * @returns The row.
   */
  endRow(): string {
    const row = this.#parts.join("");
    this.#parts = [];
    this.#length = 0;
    return row;
  }

  /**
   * Replaces the unfinished row with a text.
   *
   * @param text Text without control characters.
   */
  replaceRow(text: string): void {
    this.#parts = [];
    this.#length = 0;
    this.#append(text);
  }

  /**
   * The last characters of the unfinished row.
   *
   * @param length How many.
   * @returns The text.
   */
  tail(length: number): string {
    let text = "";
    for (let index = this.#parts.length - 1; index >= 0 && text.length < length; index--) {
      text = (this.#parts[index] ?? "") + text;
    }
    return text.slice(-length);
  }

  /**
   * The last characters of the unfinished row.
   *
   * @param length How many.
   * @returns The text.
   */
  beforeCursor(length: number): string {
    return this.tail(length);
  }

  #append(text: string): void {
    if (text === "") return;
    this.#parts.push(text);
    this.#length += text.length;
  }
}

function newRow(): Row {
  return { text: "", cells: undefined, erased: false };
}

function lengthOf({ text, cells }: Row): number {
  return cells?.length ?? text.length;
}

function textOf({ text, cells }: Row | PlainRowsSnapshot["rows"][number]): string {
  return cells?.join("") ?? text;
}

function cellsOf(row: Row): string[] {
  return row.cells ??= [...row.text];
}

/**
 * Puts a character into its columns. What is left of a partly covered wide character or TAB becomes
 * blanks.
 */
function setCell(cells: string[], column: number, character: string, width: number): void {
  while (cells.length < column) cells.push(" ");
  cutCell(cells, column);
  cutCell(cells, column + width);
  cells[column] = character;
  if (width === 2) cells[column + 1] = "";
}

/** Replaces the TABs from a column on by blanks, because the text after them moves. */
function fixTabs(cells: string[], from: number): void {
  for (let at = from; at < cells.length; at++) if (cells[at] === "\t") blankCell(cells, at);
}

/** Replaces a wide character or a TAB that extends across a column by blanks. */
function cutCell(cells: string[], column: number): void {
  if (cells[column] !== "") return;
  let head = column;
  while (head > 0 && cells[head] === "") head--;
  blankCell(cells, head);
}

/** Replaces the cell at a column, and its further columns, by blanks. */
function blankCell(cells: string[], head: number): void {
  cells[head] = " ";
  for (let at = head + 1; cells[at] === ""; at++) cells[at] = " ";
}
