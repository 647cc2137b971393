/** Words are letters, digits and marks, in any script. */
const WORD = /[\p{L}\p{N}\p{M}_]/u;
const SPACE = /\s/;

/** Where the word at or before a position begins. */
export function wordStart(line: string, at: number): number {
  return back(line, back(line, at, (character) => !WORD.test(character)), isWord);
}

/** Where the word at or after a position ends. */
export function wordEnd(line: string, at: number): number {
  return ahead(line, ahead(line, at, (character) => !WORD.test(character)), isWord);
}

/** Where the word at or before a position begins, if only white space separates words. */
export function bigWordStart(line: string, at: number): number {
  return spaceBefore(line, back(line, at, (character) => SPACE.test(character)));
}

/** The position after the last white space before a position; 0 if there is none. */
export function spaceBefore(line: string, at: number): number {
  return back(line, at, (character) => !SPACE.test(character));
}

function isWord(character: string): boolean {
  return WORD.test(character);
}

/**
 * Moves back from a position while `holds` is true for the character before it. Reads only the
 * characters that it passes and the next one, not the whole line.
 */
function back(line: string, from: number, holds: (character: string) => boolean): number {
  let at = from;
  while (at > 0) {
    const pair = at > 1 && isLow(line.charCodeAt(at - 1)) && isHigh(line.charCodeAt(at - 2));
    const start = at - (pair ? 2 : 1);
    if (!holds(line.slice(start, at))) break;
    at = start;
  }
  return at;
}

/** The same forwards. */
function ahead(line: string, from: number, holds: (character: string) => boolean): number {
  let at = from;
  while (at < line.length) {
    const pair = isHigh(line.charCodeAt(at)) && isLow(line.charCodeAt(at + 1));
    const end = at + (pair ? 2 : 1);
    if (!holds(line.slice(at, end))) break;
    at = end;
  }
  return at;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
