import { BINARY } from "../options/binary.ts";
import type { TelnetMachine } from "../protocol/machine.ts";
import { codecOf, type Encoding, encodingByName } from "../text/charset.ts";
import type { TextCodec, TextStreamDecoder } from "../text/codec.ts";
import { MULTI_BYTE_NAMES } from "../text/multi_byte.ts";
import { NewlineEncoder } from "../text/newline.ts";
import { lastColumn } from "../text/row_canvas.ts";
import { isSeen } from "../text/row_effects.ts";
import { type AmbiguousWidth, widthsFor } from "../text/width.ts";
import type { SharedText } from "./shared_text.ts";

/** What stands on the last row of a screen. */
export interface LastRow {
  /** Text whose line has not ended. */
  readonly text: string;
  /** The prompt behind it. */
  readonly prompt: string;
}

/** Where the text of a connection stands, as plain JSON. */
export interface TextSnapshot {
  /** The name of the character set, and whether the game has set it. */
  readonly encoding: string;
  readonly isSet: boolean;
  readonly lastRow: LastRow;
  /** Whether the person has pressed no Enter behind it. */
  readonly open?: boolean;
  /** What is to be shown again below a notice. */
  readonly again?: LastRow | null;
  /** Whether the last text sent ended with a CR. */
  readonly afterCr: boolean;
  /** Columns of ambiguous characters, where the game has set them. */
  readonly ambiguousWidth?: AmbiguousWidth | null;
  /** Whether anything was decoded, and the bytes of half a character. */
  readonly decoding: boolean;
  readonly pending: readonly number[];
}

/** Terminals for these show two columns for each character of two bytes. */
const EAST_ASIAN: ReadonlySet<string> = new Set(MULTI_BYTE_NAMES);
const NO_ROW: LastRow = { text: "", prompt: "" };
/** More of a row that is not ended is no prompt. */
const MAX_ROW = 1_024;
/** A byte that brings a decoder past its start, whatever the set. */
const LETTER = Uint8Array.of(0x61);

/** Text of a connection, both ways: its character set, line ends, and what stands on its last row. */
export class TextOutput {
  /** Made for the first text that is not ASCII, or has a CR. */
  #newlines: NewlineEncoder | undefined;
  #encoding: Encoding | TextCodec;
  /** Whether the game has set it; then what the client tells counts no more. */
  #isSet = false;
  #codec: TextCodec;
  #ambiguousWidth: AmbiguousWidth | undefined;
  #decoder: TextStreamDecoder;
  #decoding = false;
  #lastRow: LastRow = NO_ROW;
  /** Whether something stands on the last row, and the person has pressed no Enter behind it. */
  #open = false;
  /** What stood there when a notice came, and is to be shown again below it. */
  #again: LastRow | undefined;

  constructor(encoding: Encoding | TextCodec) {
    this.#encoding = encoding;
    this.#codec = codecOf(encoding);
    this.#decoder = this.#codec.createDecoder();
  }

  /** The character set. */
  get encoding(): Encoding | TextCodec {
    return this.#encoding;
  }

  /** What stands on the last row, or is to be shown again there, as far as it was sent here. */
  get lastRow(): LastRow {
    return this.#again ?? this.#lastRow;
  }

  /** Whether something stands on the last row, and the person has pressed no Enter behind it. */
  get open(): boolean {
    return this.#open;
  }

  /** In which column the cursor stands on the last row of a window. */
  lastColumn(columns: number): number {
    if (!this.#open) return 0;
    const { text, prompt } = this.#lastRow;
    return lastColumn(text + prompt, columns, widthsFor(this.ambiguousWidth));
  }

  /** Columns of ambiguous characters: by what the game has set, or as the character set has them. */
  get ambiguousWidth(): AmbiguousWidth {
    return this.#ambiguousWidth ?? (EAST_ASIAN.has(this.#codec.name) ? 2 : 1);
  }

  set ambiguousWidth(width: AmbiguousWidth) {
    this.#ambiguousWidth = width;
  }

  /** Whether that is a prompt. */
  get prompted(): boolean {
    return this.#open && this.#lastRow.prompt !== "";
  }

  /** What stands on the last row is left behind, to be shown again below what comes. */
  leaveRow(): void {
    this.#again ??= this.#open ? this.#lastRow : NO_ROW;
    this.#lastRow = NO_ROW;
    this.#open = false;
  }

  /** Whether a row waits to be shown again. */
  get leftRow(): boolean {
    return this.#again !== undefined;
  }

  /** Takes the row that is to be shown again, once the cursor is at the start of one. */
  takeLeftRow(): LastRow | undefined {
    const row = this.#open ? undefined : this.#again;
    if (row !== undefined) this.#again = undefined;
    return row;
  }

  /** What was left behind is not shown again. */
  forgetLeftRow(): void {
    this.#again = undefined;
  }

  /** The person has pressed Enter: what is sent next stands on a row of its own. */
  lineEnded(): void {
    this.#open = false;
    this.#again = undefined;
  }

  /** Sets the character set, by the game. */
  set(encoding: Encoding | TextCodec): void {
    this.#use(encoding);
    this.#isSet = true;
  }

  /** Forgets what the client has named, and half a character of it. */
  renew(encoding: Encoding | TextCodec): void {
    if (!this.#isSet) this.#use(encoding);
    this.#decoder = this.#codec.createDecoder();
    this.#decoding = false;
  }

  /** Uses a character set that the client names; returns whether it is in use then. */
  useCharset(name: string): boolean {
    const encoding = encodingByName(name);
    if (encoding === undefined) return false;
    if (this.#isSet) return encoding === this.#encoding;
    this.#use(encoding);
    return true;
  }

  /** Decodes the next bytes of the client. */
  decode(bytes: Uint8Array): string {
    this.#decoding = true;
    return this.#decoder.decode(bytes);
  }

  /** Bytes for the client as text, whole by themselves. */
  decodeApart(bytes: Uint8Array): string {
    return this.#codec.createDecoder().decode(bytes);
  }

  /** What the client shows for a text. */
  shown(text: string): string {
    if (this.#codec.name === "utf-8") return text;
    return this.#codec.createDecoder().decode(this.#codec.encode(text));
  }

  /** Sends text to the machine. */
  write(given: string | SharedText, machine: TelnetMachine): void {
    const text = typeof given === "string" ? given : String(given);
    if (text === "") return;
    // Most text is ASCII, which is the same in most sets.
    const plain = this.#codec.ascii === true && this.#newlines?.afterCr !== true;
    if (plain && machine.sendAscii(text)) return;
    if (typeof given !== "string" && this.#newlines?.afterCr !== true && !text.includes("\r")) {
      return machine.send(given.bytesIn(this.#codec));
    }
    const binary = machine.localEnabled(BINARY);
    this.#newlines ??= new NewlineEncoder();
    machine.send(this.#codec.encode(this.#newlines.encode(text, binary)));
  }

  /** Remembers what text leaves on the last row. */
  note(text: string): void {
    if (text.endsWith("\n")) {
      this.#lastRow = NO_ROW;
      this.#open = false;
      return;
    }
    const end = text.lastIndexOf("\n") + 1;
    const seen = isSeen(text.slice(end));
    if (!seen && end === 0) return;
    if (!seen) return this.note("\n");
    if (!this.#open) this.#lastRow = NO_ROW;
    this.#open = true;
    if (end > 0) this.#lastRow = { text: text.slice(end).slice(-MAX_ROW), prompt: "" };
    else {
      const { text: before, prompt } = this.#lastRow;
      this.#lastRow = { text: (before + prompt + text).slice(-MAX_ROW), prompt: "" };
    }
  }

  /** Remembers a prompt. */
  notePrompt(prompt: string): void {
    this.#again = undefined;
    const end = prompt.lastIndexOf("\n") + 1;
    const text = this.#open && end === 0 ? this.#lastRow.text : "";
    const row = prompt.slice(end);
    this.#open = isSeen(text + row);
    this.#lastRow = { text, prompt: row.slice(-MAX_ROW) };
  }

  snapshot(): TextSnapshot {
    return {
      encoding: this.#codec.name,
      isSet: this.#isSet,
      lastRow: this.#lastRow,
      open: this.#open,
      again: this.#again ?? null,
      afterCr: this.#newlines?.afterCr === true,
      ambiguousWidth: this.#ambiguousWidth ?? null,
      decoding: this.#decoding,
      pending: [...this.#decoder.pending?.() ?? []],
    };
  }

  /** A codec of the game's own is the game's to set again. */
  restore(snapshot: TextSnapshot): void {
    const { encoding, isSet, lastRow, open, again, afterCr, decoding, pending } = snapshot;
    this.useCharset(encoding);
    this.#isSet = isSet && encodingByName(encoding) !== undefined;
    this.#ambiguousWidth = snapshot.ambiguousWidth ?? undefined;
    this.#lastRow = lastRow;
    this.#open = open ?? false;
    this.#again = again ?? undefined;
    this.#newlines = new NewlineEncoder();
    this.#newlines.afterCr = afterCr;
    if (decoding) this.decode(LETTER);
    if (pending.length > 0) this.decode(Uint8Array.from(pending));
  }

  #use(encoding: Encoding | TextCodec): void {
    if (encoding === this.#encoding) return;
    this.#codec = codecOf(encoding);
    this.#encoding = encoding;
    this.#decoder = this.#codec.createDecoder();
    this.#decoding = false;
  }
}
