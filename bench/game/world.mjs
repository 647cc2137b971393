/** The world of the game's benchmark, the same for every server: rooms with 600 characters of text. */

export const ROOM_SIZE = 20;
const ROOM_COUNT = 64;
const TEXT_LENGTH = 600;
const WORDS =
  ("a low room with warm fire somebody has carved snake into every beam and no two of them look " +
    "the same way old planks creak under your boots while rain drums on window shutters thorns climb " +
    "between crooked stones moss covers steps that lead down to cellar where barrels stand").split(
      " ",
    );
const COLOURS = ["^r", "^G", "^y", "^B", "^m", "^C"];

/** @param {number} seed @returns {string[]} Texts with caret codes. */
export function roomTexts(seed) {
  let state = seed || 1;
  const random = (/** @type {number} */ below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  return Array.from({ length: ROOM_COUNT }, () => {
    let text = "";
    let length = 0;
    while (length < TEXT_LENGTH) {
      const word = WORDS[random(WORDS.length)] ?? "";
      text += random(12) === 0 ? `${COLOURS[random(COLOURS.length)]}${word}^~ ` : `${word} `;
      length += word.length + 1;
    }
    return text.trim();
  });
}
