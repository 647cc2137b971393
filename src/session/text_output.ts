import { BINARY } from "../options/binary.ts";
import type { TelnetMachine } from "../protocol/machine.ts";
import {
  codecOf,
  type Encoding,
  encodingByName,
  type TextCodec,
  type TextStreamDecoder,
} from "../text/charset.ts";
import { NewlineEncoder } from "../text/newline.ts";

/** What stands on the last row of a screen. */
export interface LastRow {
  /** Text whose line has not ended. */
  readonly text: string;
  /** The prompt behind it. */
  readonly prompt: string;
}

const NO_ROW: LastRow = { text: "", prompt: "" };
/** More of a row that is not ended is no prompt. */
const LONGEST_ROW = 1_024;

/** Text on its way to a client: line ends, character set, and what stands on its last row. */
export class TextOutput {
  readonly #newlines = new NewlineEncoder();
  #encoding: Encoding | TextCodec;
  /** Whether the game has set it; then what the client tells counts no more. */
  #isSet = false;
  #codec: TextCodec;
  #lastRow: LastRow = NO_ROW;

  constructor(encoding: Encoding | TextCodec) {
    this.#encoding = encoding;
    this.#codec = codecOf(encoding);
  }

  /** The character set. */
  get encoding(): Encoding | TextCodec {
    return this.#encoding;
  }

  /** The name of the character set. */
  get name(): string {
    return this.#codec.name;
  }

  /** What stands on the last row, as far as it was sent here. */
  get lastRow(): LastRow {
    return this.#lastRow;
  }

  /** Sets the character set, by the game; returns whether it is another. */
  set(encoding: Encoding | TextCodec): boolean {
    const changed = this.#use(encoding);
    this.#isSet = true;
    return changed;
  }

  /** Forgets what the client has named. */
  renew(encoding: Encoding | TextCodec): void {
    if (!this.#isSet) this.#use(encoding);
  }

  /** Uses a character set that the client names; returns whether it is in use then. */
  useCharset(name: string): boolean {
    const encoding = encodingByName(name);
    if (encoding === undefined) return false;
    if (this.#isSet) return encoding === this.#encoding;
    this.#use(encoding);
    return true;
  }

  /** Starts to decode what the client sends in its set. */
  createDecoder(): TextStreamDecoder {
    return this.#codec.createDecoder();
  }

  /** What the client shows for a text. */
  shown(text: string): string {
    if (this.#codec.name === "utf-8") return text;
    return this.#codec.createDecoder().decode(this.#codec.encode(text));
  }

  /** Sends text to the machine. */
  write(text: string, machine: TelnetMachine): void {
    if (text === "") return;
    // Most text is ASCII, which is the same in most sets.
    const plain = this.#codec.ascii === true && !this.#newlines.afterCr;
    if (plain && machine.sendAscii(text)) return;
    const binary = machine.localEnabled(BINARY);
    machine.send(this.#codec.encode(this.#newlines.encode(text, binary)));
  }

  /** Remembers what text leaves on the last row. */
  note(text: string): void {
    const end = text.lastIndexOf("\n") + 1;
    if (end === text.length && end > 0) this.#lastRow = NO_ROW;
    else if (end > 0) this.#lastRow = { text: text.slice(end).slice(-LONGEST_ROW), prompt: "" };
    else if (text !== "") {
      const { text: before, prompt } = this.#lastRow;
      this.#lastRow = { text: (before + prompt + text).slice(-LONGEST_ROW), prompt: "" };
    }
  }

  /** Remembers a prompt. */
  notePrompt(prompt: string): void {
    if (prompt.includes("\n")) return this.note(prompt);
    this.#lastRow = { text: this.#lastRow.text, prompt: prompt.slice(-LONGEST_ROW) };
  }

  #use(encoding: Encoding | TextCodec): boolean {
    if (encoding === this.#encoding) return false;
    this.#codec = codecOf(encoding);
    this.#encoding = encoding;
    return true;
  }
}
