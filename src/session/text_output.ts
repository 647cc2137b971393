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

/** Where the text of a connection stands, as plain JSON. */
export interface TextSnapshot {
  /** The name of the character set, and whether the game has set it. */
  readonly encoding: string;
  readonly isSet: boolean;
  readonly lastRow: LastRow;
  /** Whether the last text sent ended with a CR. */
  readonly afterCr: boolean;
  /** Whether anything was decoded, and the bytes of half a character. */
  readonly decoding: boolean;
  readonly pending: readonly number[];
}

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
  #decoder: TextStreamDecoder;
  #decoding = false;
  #lastRow: LastRow = NO_ROW;

  constructor(encoding: Encoding | TextCodec) {
    this.#encoding = encoding;
    this.#codec = codecOf(encoding);
    this.#decoder = this.#codec.createDecoder();
  }

  /** The character set. */
  get encoding(): Encoding | TextCodec {
    return this.#encoding;
  }

  /** What stands on the last row, as far as it was sent here. */
  get lastRow(): LastRow {
    return this.#lastRow;
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
  write(text: string, machine: TelnetMachine): void {
    if (text === "") return;
    // Most text is ASCII, which is the same in most sets.
    const plain = this.#codec.ascii === true && this.#newlines?.afterCr !== true;
    if (plain && machine.sendAscii(text)) return;
    const binary = machine.localEnabled(BINARY);
    this.#newlines ??= new NewlineEncoder();
    machine.send(this.#codec.encode(this.#newlines.encode(text, binary)));
  }

  /** Remembers what text leaves on the last row. */
  note(text: string): void {
    if (text.endsWith("\n")) {
      this.#lastRow = NO_ROW;
      return;
    }
    const end = text.lastIndexOf("\n") + 1;
    if (end > 0) this.#lastRow = { text: text.slice(end).slice(-MAX_ROW), prompt: "" };
    else if (text !== "") {
      const { text: before, prompt } = this.#lastRow;
      this.#lastRow = { text: (before + prompt + text).slice(-MAX_ROW), prompt: "" };
    }
  }

  /** Remembers a prompt. */
  notePrompt(prompt: string): void {
    if (prompt.includes("\n")) return this.note(prompt);
    this.#lastRow = { text: this.#lastRow.text, prompt: prompt.slice(-MAX_ROW) };
  }

  snapshot(): TextSnapshot {
    return {
      encoding: this.#codec.name,
      isSet: this.#isSet,
      lastRow: this.#lastRow,
      afterCr: this.#newlines?.afterCr === true,
      decoding: this.#decoding,
      pending: [...this.#decoder.pending?.() ?? []],
    };
  }

  /** A codec of the game's own is the game's to set again. */
  restore({ encoding, isSet, lastRow, afterCr, decoding, pending }: TextSnapshot): void {
    this.useCharset(encoding);
    this.#isSet = isSet && encodingByName(encoding) !== undefined;
    this.#lastRow = lastRow;
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
