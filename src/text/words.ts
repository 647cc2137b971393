/** Words are letters, digits and marks, in any script. */
const WORD = /[\p{L}\p{N}\p{M}_]/u;
const SPACE = /\s/;

/** Where the word begins that is at a place, or before it. */
export function wordStart(line: string, at: number): number {
  return back(line, back(line, at, (character) => !WORD.test(character)), isWord);
}

/** Where the word ends that is at a place, or after it. */
export function wordEnd(line: string, at: number): number {
  return ahead(line, ahead(line, at, (character) => !WORD.test(character)), isWord);
}

/** Where the word begins, of anything but white space, that is at a place or before it. */
export function bigWordStart(line: string, at: number): number {
  return spaceBefore(line, back(line, at, (character) => SPACE.test(character)));
}

/** Where the white space ends that is next before a place. */
export function spaceBefore(line: string, at: number): number {
  return back(line, at, (character) => !SPACE.test(character));
}

function isWord(character: string): boolean {
  return WORD.test(character);
}

/** How far back from a place something holds of each character: only what is passed is looked at. */
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

/** The same ahead. */
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
