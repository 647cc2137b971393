/** A headless terminal, emulated by xterm.js. */
import headless from "@xterm/headless";
import unicode11 from "@xterm/addon-unicode11";
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";

/** The terminal's width tables, and whether it joins clusters. */
export type UnicodeVersion = "6" | "11" | "15-graphemes";

/** All versions. */
export const UNICODE_VERSIONS: readonly UnicodeVersion[] = ["6", "11", "15-graphemes"];

/** How terminals differ. */
export interface TerminalOptions {
  readonly unicode?: UnicodeVersion;
  /** Whether rows reflow when the width changes. Default `true`. */
  readonly reflow?: boolean;
}

interface EmulatorCell {
  getChars(): string;
  getFgColor(): number;
  getBgColor(): number;
  isBold(): number;
  isUnderline(): number;
  isInverse(): number;
}

/** The used parts of the emulator. */
interface Emulator {
  readonly buffer: {
    readonly active: {
      readonly cursorX: number;
      readonly cursorY: number;
      readonly baseY: number;
      readonly length: number;
      getLine(row: number): {
        translateToString(trim: boolean): string;
        getCell(column: number): EmulatorCell | undefined;
      } | undefined;
    };
  };
  readonly unicode: { activeVersion: string };
  loadAddon(addon: unknown): void;
  onBell(heard: () => void): void;
  write(text: string, done: () => void): void;
  resize(columns: number, rows: number): void;
}

/** A screen and its cursor. */
export class Terminal {
  readonly #emulator: Emulator;
  #rows: number;
  /** How many times the bell rang. */
  bells = 0;

  constructor(columns: number, rows: number, options: TerminalOptions = {}) {
    const { Terminal } = headless as unknown as {
      Terminal: new (options: object) => Emulator;
    };
    this.#rows = rows;
    this.#emulator = new Terminal({
      cols: columns,
      rows,
      allowProposedApi: true,
      scrollback: 1000,
      // Old Windows terminals do not reflow.
      ...options.reflow === false ? { windowsPty: { backend: "conpty", buildNumber: 17_000 } } : {},
    });
    const { Unicode11Addon } = unicode11 as unknown as { Unicode11Addon: new () => unknown };
    this.#emulator.loadAddon(new Unicode11Addon());
    this.#emulator.loadAddon(new UnicodeGraphemesAddon());
    this.#emulator.unicode.activeVersion = options.unicode ?? "15-graphemes";
    this.#emulator.onBell(() => this.bells++);
  }

  /** Writes program output. */
  write(text: string): Promise<void> {
    return new Promise((resolve) => this.#emulator.write(text, resolve));
  }

  resize(columns: number, rows: number): void {
    this.#rows = rows;
    this.#emulator.resize(columns, rows);
  }

  /** The rows of the window, without trailing spaces. */
  get screen(): string[] {
    const { active } = this.#emulator.buffer;
    return Array.from(
      { length: this.#rows },
      (_, row) => active.getLine(active.baseY + row)?.translateToString(true).trimEnd() ?? "",
    );
  }

  /** All rows including the scrollback, without empty rows at the end. */
  get everything(): string[] {
    const { active } = this.#emulator.buffer;
    const rows = Array.from(
      { length: active.length },
      (_, row) => active.getLine(row)?.translateToString(true).trimEnd() ?? "",
    );
    while (rows.at(-1) === "") rows.pop();
    return rows;
  }

  /** The text of a cell of the window; empty in the second column of a wide character. */
  at(row: number, column: number): string {
    const { active } = this.#emulator.buffer;
    return active.getLine(active.baseY + row)?.getCell(column)?.getChars() ?? "";
  }

  /** The colours and attributes of a cell of the window. */
  styleAt(row: number, column: number): readonly number[] {
    const { active } = this.#emulator.buffer;
    const cell = active.getLine(active.baseY + row)?.getCell(column);
    if (cell === undefined) return [];
    const flags = [cell.isBold(), cell.isUnderline(), cell.isInverse()];
    return [cell.getFgColor(), cell.getBgColor(), ...flags.map((flag) => flag === 0 ? 0 : 1)];
  }

  get cursor(): readonly [row: number, column: number] {
    const { cursorX, cursorY } = this.#emulator.buffer.active;
    return [cursorY, cursorX];
  }
}
