import { BINARY } from "../options/binary.ts";
import { MAX_CACHED_TEXT } from "../protocol/byte_queue.ts";
import type { TelnetMachine } from "../protocol/machine.ts";
import { codecOf, type Encoding, encodingByName } from "../text/charset.ts";
import type { TextCodec, TextStreamDecoder } from "../text/codec.ts";
import { MULTI_BYTE_NAMES } from "../text/multi_byte.ts";
import { NewlineEncoder } from "../text/newline.ts";
import { lastColumn } from "../text/row_canvas.ts";
import { endOf, isSeen } from "../text/row_effects.ts";
import { type AmbiguousWidth, widthsFor } from "../text/width.ts";
import { RecentTexts } from "./recent_texts.ts";
import type { SharedText } from "./shared_text.ts";

/** The contents of the last row of the screen. */
export interface LastRow {
  /** Text whose line has not ended. */
  readonly text: string;
  /** The prompt after it. */
  readonly prompt: string;
}

/** The text state of a connection, as plain JSON. */
export interface TextSnapshot {
  /** The name of the character set, and whether the game has set it. */
  readonly encoding: string;
  readonly isSet: boolean;
  readonly lastRow: LastRow;
  /** Whether the row has text and has not been ended by Enter. */
  readonly open?: boolean;
  /** The row to show again below a notice. */
  readonly again?: LastRow | null;
  /** Whether the last text sent ended with a CR. */
  readonly afterCr: boolean;
  /** The columns of ambiguous-width characters, if the game has set them. */
  readonly ambiguousWidth?: AmbiguousWidth | null;
  /** Whether colours are sent. Default `true`. */
  readonly useAnsi?: boolean;
  /** Whether anything was decoded, and the bytes of an incomplete character. */
  readonly decoding: boolean;
  readonly pending: readonly number[];
}

/** In these sets, terminals show each two-byte character in two columns. */
const EAST_ASIAN: ReadonlySet<string> = new Set(MULTI_BYTE_NAMES);
/** Nothing in the row. */
export const NO_ROW: LastRow = { text: "", prompt: "" };
const UTF_8 = codecOf("utf-8");
const NOT_ASCII = /[^\x00-\x7f]/;
/** The longest unfinished row to remember: a row of 200 columns, each in its own colour. */
const MAX_ROW = 4_096;
/** How characters look in each set, for editors, which ask for each one. */
const SHOWN: WeakMap<TextCodec, Map<string, string>> = new WeakMap();
/** The most characters of a set that are kept: those of two long lines. */
const MAX_CHARACTERS = 8_192;
/** The longest text that counts as a character, in UTF-16 units. */
const MAX_CHARACTER = 16;
/** Longer texts as they look in each set, and their bytes: what many clients hear is converted once. */
const SHOWN_TEXTS = new RecentTexts<string>();
const ENCODED_TEXTS = new RecentTexts<Uint8Array>();
const [NUL, LF] = [0x00, 0x0a];
/** A byte that brings a decoder past its initial state, in every character set. */
const LETTER = Uint8Array.of(0x61);

/** The text of a connection, in both directions: character set, line ends, last row. */
export class TextOutput {
  /** Made for the first text that is not sent as plain ASCII. */
  #newlines: NewlineEncoder | undefined;
  #encoding: Encoding | TextCodec;
  /** Whether the game has set it; the client then cannot change it. */
  #isSet = false;
  #codec: TextCodec;
  #ambiguousWidth: AmbiguousWidth | undefined;
  #decoder: TextStreamDecoder;
  #decoding = false;
  /** Whether the game's colours are sent. */
  useAnsi = true;
  #lastRow: LastRow = NO_ROW;
  /** Whether the last row has text and has not been ended by Enter. */
  #open = false;
  /** The row that a notice interrupted, to be shown again below it. */
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

  /** The last row, or the row to show again there; only what the server has sent. */
  get lastRow(): LastRow {
    return this.#again ?? (this.#open ? this.#lastRow : NO_ROW);
  }

  /** Sets what stands in the last row, after an editor has drawn there. */
  set lastRow({ text, prompt }: LastRow) {
    this.note(`\n${text}`);
    this.#again = undefined;
    if (prompt !== "") this.notePrompt(prompt);
  }

  /** Whether the last row has text and has not been ended by Enter. */
  get open(): boolean {
    return this.#open;
  }

  /** Returns the column of the cursor in the last row, in a window of a width. */
  lastColumn(columns: number): number {
    if (!this.#open) return 0;
    const { text, prompt } = this.#lastRow;
    return lastColumn(text + prompt, columns, widthsFor(this.ambiguousWidth));
  }

  /** The columns of ambiguous-width characters: the game's value, or that of the character set. */
  get ambiguousWidth(): AmbiguousWidth {
    return this.#ambiguousWidth ?? (EAST_ASIAN.has(this.#codec.name) ? 2 : 1);
  }

  set ambiguousWidth(width: AmbiguousWidth) {
    this.#ambiguousWidth = width;
  }

  /** Whether the last row ends with a prompt. */
  get prompted(): boolean {
    return this.#open && this.#lastRow.prompt !== "";
  }

  /** Leaves the last row, to show it again below the text that follows. */
  leaveRow(): void {
    this.#again ??= this.#open ? this.#lastRow : NO_ROW;
    this.#lastRow = NO_ROW;
    this.#open = false;
  }

  /** Whether there is a row to show again. */
  get leftRow(): boolean {
    return this.#again !== undefined;
  }

  /** Takes the row to show again, if the cursor is at the start of a row. */
  takeLeftRow(): LastRow | undefined {
    const row = this.#open ? undefined : this.#again;
    if (row !== undefined) this.#again = undefined;
    return row;
  }

  /** Forgets the row to show again. */
  forgetLeftRow(): void {
    this.#again = undefined;
  }

  /** Notes that the person has pressed Enter, which ends the last row. */
  lineEnded(): void {
    this.#open = false;
    this.#again = undefined;
  }

  /** Sets the character set for the game. */
  set(encoding: Encoding | TextCodec): void {
    this.#use(encoding);
    this.#isSet = true;
  }

  /** Forgets the character set that the client has named, and an incomplete character. */
  renew(encoding: Encoding | TextCodec): void {
    if (!this.#isSet) this.#use(encoding);
    this.#decoder = this.#codec.createDecoder();
    this.#decoding = false;
  }

  /** Uses a character set that the client has named; returns whether it is now in use. */
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

  /** Forgets an incomplete character of the client. */
  dropIncomplete(): void {
    if ((this.#decoder.pending?.().length ?? 0) === 0) return;
    this.#decoder = this.#codec.createDecoder();
    if (this.#decoding) this.decode(LETTER);
  }

  /** Decodes output bytes, independently of other bytes. */
  decodeApart(bytes: Uint8Array): string {
    return this.#codec.createDecoder().decode(bytes);
  }

  /** Returns a text as the client displays it, limited to its character set. */
  shown(text: string): string {
    if (this.#codec === UTF_8 || this.#codec.ascii === true && !NOT_ASCII.test(text)) return text;
    return text.length > MAX_CHARACTER
      ? SHOWN_TEXTS.of(this.#codec, text, () => this.#converted(text))
      : this.#shownCharacter(text);
  }

  #shownCharacter(character: string): string {
    let characters = SHOWN.get(this.#codec);
    if (characters === undefined) SHOWN.set(this.#codec, characters = new Map());
    const known = characters.get(character);
    if (known !== undefined) return known;
    if (characters.size >= MAX_CHARACTERS) characters.clear();
    const shown = this.#converted(character);
    characters.set(character, shown);
    return shown;
  }

  #converted(text: string): string {
    return this.#codec.createDecoder().decode(this.#codec.encode(text));
  }

  /** Writes text to the machine. */
  write(given: string | SharedText, machine: TelnetMachine): void {
    const text = typeof given === "string" ? given : String(given);
    if (text === "") return;
    const binary = machine.localEnabled(BINARY);
    const afterCr = this.#newlines?.afterCr === true;
    const shared = typeof given === "string" || afterCr || given.hasCr ? undefined : given;
    // The machine keeps the bytes of a short text for other clients. Most text is UTF-8, or ASCII,
    // which most character sets encode in the same way.
    if (!afterCr && (shared === undefined || text.length <= MAX_CACHED_TEXT)) {
      if (this.#codec === UTF_8) {
        if (machine.sendUtf8(text, binary)) return;
      } else if (this.#codec.ascii === true && machine.sendAscii(text)) return;
    }
    if (shared !== undefined) return machine.send(shared.bytesIn(this.#codec));
    this.#newlines ??= new NewlineEncoder();
    const sent = this.#newlines.encode(text, binary);
    machine.send(ENCODED_TEXTS.of(this.#codec, sent, () => this.#codec.encode(sent)));
  }

  /** Writes bytes as they are, after the end of a text that ended in a CR. */
  writeBytes(bytes: Uint8Array, machine: TelnetMachine): void {
    const [first] = bytes;
    if (first === undefined) return;
    const cr = this.#newlines?.afterCr === true && first !== LF && first !== NUL;
    if (cr && !machine.localEnabled(BINARY)) machine.send(Uint8Array.of(NUL));
    machine.send(bytes);
    if (this.#newlines !== undefined) this.#newlines.afterCr = false;
  }

  /** Updates the last row after text was sent. */
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
    if (end > 0) this.#lastRow = { text: shortened(text.slice(end)), prompt: "" };
    else {
      const { text: before, prompt } = this.#lastRow;
      this.#lastRow = { text: shortened(before + prompt + text), prompt: "" };
    }
  }

  /** Updates the last row after a prompt was sent. */
  notePrompt(prompt: string): void {
    this.#again = undefined;
    const end = prompt.lastIndexOf("\n") + 1;
    const text = this.#open && end === 0 ? this.#lastRow.text : "";
    const row = prompt.slice(end);
    this.#open = isSeen(text + row);
    this.#lastRow = { text, prompt: shortened(row) };
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
      useAnsi: this.useAnsi,
      decoding: this.#decoding,
      pending: [...this.#decoder.pending?.() ?? []],
    };
  }

  /** Restores a snapshot, except for a codec of the game, which the game must set again. */
  restore(snapshot: TextSnapshot): void {
    const { encoding, isSet, lastRow, open, again, afterCr, decoding, pending } = snapshot;
    this.useCharset(encoding);
    this.#isSet = isSet && encodingByName(encoding) !== undefined;
    this.#ambiguousWidth = snapshot.ambiguousWidth ?? undefined;
    this.useAnsi = snapshot.useAnsi ?? true;
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

/** The end of a row that is too long. Cuts so much that not every text to come is cut again. */
function shortened(row: string): string {
  return row.length > 2 * MAX_ROW ? endOf(row, MAX_ROW) : row;
}
