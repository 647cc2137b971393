/** What stands for the part of a long line that a terminal has scrolled out of its row. */
const SCROLLED = /^[<$>…]+/;
const MIN_SCROLLED = 4;

/**
 * Takes the echo of a command out of the first lines of what follows it: also where it stands behind the
 * prompt, is wrapped at the width of the window, or is scrolled sideways.
 */
export class EchoFilter {
  readonly #prompt: string;
  readonly #command: string;
  /** The command without blanks, which wrapping may change, and how much of it was echoed. */
  readonly #wanted: string;
  #echoed = "";
  #held: string[] = [];
  #done = false;
  #first = true;

  /** `prompt`: the row that the command was typed behind, where the device shows what is typed there. */
  constructor(prompt: string, command: string) {
    this.#prompt = prompt;
    this.#command = command;
    this.#wanted = withoutBlanks(command);
  }

  /** Takes a line; returns what of the lines so far is output. */
  push(line: string): string[] {
    if (this.#done) return [line];
    const prompted = this.#first && this.#prompt !== "" && line.startsWith(this.#prompt);
    const text = prompted ? line.slice(this.#prompt.length) : line;
    const more = this.#echoed + withoutBlanks(text);
    const goesOn = this.#wanted.startsWith(more) && (more !== this.#echoed || prompted);
    // A device that completes words shows another command behind the prompt than was typed.
    const isEcho = goesOn || prompted || (this.#first && this.#isScrolled(text));
    this.#first = false;
    if (!isEcho) return this.#finish([...this.#held, text]);
    this.#echoed = more;
    if (!prompted) this.#held.push(line);
    return goesOn && more !== this.#wanted ? [] : this.#finish([]);
  }

  /** What was held back for an echo that never came to its end. */
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
