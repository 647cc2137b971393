/** Markers for the part of a long line that is scrolled out of its row. */
const SCROLLED = /^[<$>…]+/;
const MIN_SCROLLED = 4;

/**
 * Removes the echo of a command from the first lines after it. Also recognizes an echo after the
 * prompt, one that is wrapped at the width of the window, and one that is scrolled sideways.
 */
export class EchoFilter {
  readonly #prompt: string;
  readonly #command: string;
  /** The command without white space, which wrapping may change, and how much of it was echoed. */
  readonly #wanted: string;
  #echoed = "";
  #held: string[] = [];
  #done = false;
  #first = true;

  /** `prompt`: the prompt before the echo; empty if the device does not echo after its prompt. */
  constructor(prompt: string, command: string) {
    this.#prompt = prompt;
    this.#command = command;
    this.#wanted = withoutBlanks(command);
  }

  /** Takes a line; returns the lines that are known to be output now. */
  push(line: string): string[] {
    if (this.#done) return [line];
    const prompted = this.#first && this.#prompt !== "" && line.startsWith(this.#prompt);
    const text = prompted ? line.slice(this.#prompt.length) : line;
    const more = this.#echoed + withoutBlanks(text);
    const goesOn = this.#wanted.startsWith(more) && (more !== this.#echoed || prompted);
    // A device that completes words shows a different command after the prompt.
    const isEcho = goesOn || prompted || (this.#first && this.#isScrolled(text));
    this.#first = false;
    if (!isEcho) return this.#finish([...this.#held, text]);
    this.#echoed = more;
    if (!prompted) this.#held.push(line);
    return goesOn && more !== this.#wanted ? [] : this.#finish([]);
  }

  /** The lines that were held back for an echo that was never completed. */
  rest(): string[] {
    return this.#done ? [] : this.#finish(this.#held);
  }

  #isScrolled(text: string): boolean {
    const [mark] = SCROLLED.exec(text.trimStart()) ?? [];
    if (mark === undefined) return false;
    const end = text.trim().slice(mark.length);
    return end.length >= MIN_SCROLLED && this.#command.trimEnd().endsWith(end);
  }

  #finish(lines: string[]): string[] {
    this.#done = true;
    this.#held = [];
    return lines;
  }
}

function withoutBlanks(text: string): string {
  return text.replaceAll(/\s+/g, "");
}
