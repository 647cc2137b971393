/** A terminal in memory, by the emulator of xterm.js: what a person would see. */
import headless from "@xterm/headless";
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";

/** The parts of the emulator that are used. */
interface Emulator {
  readonly buffer: {
    readonly active: {
      readonly cursorX: number;
      readonly cursorY: number;
      readonly baseY: number;
      readonly length: number;
      getLine(row: number): { translateToString(trim: boolean): string } | undefined;
    };
  };
  readonly unicode: { activeVersion: string };
  loadAddon(addon: unknown): void;
  write(text: string, done: () => void): void;
  resize(columns: number, rows: number): void;
}

/** A screen and its cursor. */
export class Terminal {
  readonly #emulator: Emulator;
  #rows: number;

  constructor(columns: number, rows: number) {
    const { Terminal } = headless as unknown as {
      Terminal: new (options: object) => Emulator;
    };
    this.#rows = rows;
    this.#emulator = new Terminal({
      cols: columns,
      rows,
      allowProposedApi: true,
      scrollback: 1000,
    });
    this.#emulator.loadAddon(new UnicodeGraphemesAddon());
    this.#emulator.unicode.activeVersion = "15-graphemes";
  }

  /** Shows what a program sends. */
  write(text: string): Promise<void> {
    return new Promise((resolve) => this.#emulator.write(text, resolve));
  }

  resize(columns: number, rows: number): void {
    this.#rows = rows;
    this.#emulator.resize(columns, rows);
  }

  /** The rows from the top of the window, without the spaces at their ends. */
  get screen(): string[] {
    const { active } = this.#emulator.buffer;
    return Array.from(
      { length: this.#rows },
      (_, row) => active.getLine(active.baseY + row)?.translateToString(true).trimEnd() ?? "",
    );
  }

  /** All that is left, also of what scrolled away, without empty rows at its end. */
  get everything(): string[] {
    const { active } = this.#emulator.buffer;
    const rows = Array.from(
      { length: active.length },
      (_, row) => active.getLine(row)?.translateToString(true).trimEnd() ?? "",
    );
    while (rows.at(-1) === "") rows.pop();
    return rows;
  }

  get cursor(): readonly [row: number, column: number] {
    const { cursorX, cursorY } = this.#emulator.buffer.active;
    return [cursorY, cursorX];
  }
}
