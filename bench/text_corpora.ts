/**
 * Text like a room description of a game, generated from a seed, so that no code is tuned for it.
 */

/** A text to measure with. */
export interface TextCorpus {
  readonly name: string;
  /** With caret codes, if it has colours. */
  readonly caret: string;
}

const LENGTH = 600;
const ALPHABETS: Readonly<Record<string, readonly string[]>> = {
  ASCII: ["abcdefghijklmnopqrstuvwxyz"],
  Latin: ["abcdefghijklmnopqrstuvwxyzäöüßéèêñçåø"],
  Cyrillic: ["абвгдежзийклмнопрстуфхцчшщыьэюя"],
};
const EMOJI = ["🐍", "👩‍🚀", "❤️", "🇩🇪", "👍🏽", "🌧️", "🗡️", "🏰", "🔥", "👨‍👩‍👧"];
const FIRST_HAN = 0x4e00;
const HAN = 20_000;

/** Generates the corpora of a seed, each plain and with colours. */
export function textCorpora(seed: number): TextCorpus[] {
  const random = numbers(seed);
  const corpora: TextCorpus[] = [];
  for (const [name, [alphabet = ""]] of Object.entries(ALPHABETS)) {
    corpora.push(...both(name, words(random, () => word(random, alphabet)), random));
  }
  corpora.push(...both("CJK", sentences(random), random));
  const mixed = () =>
    random(4) === 0 ? EMOJI[random(EMOJI.length)] ?? "" : word(random, "etaoinshrdlu");
  corpora.push(...both("emoji", words(random, mixed), random));
  return corpora;
}

function both(name: string, text: string, random: (below: number) => number): TextCorpus[] {
  const parts = text.includes(" ") ? text.split(" ") : text.split(/(?<=[。、])/);
  const joint = text.includes(" ") ? " " : "";
  const coloured = parts.map((part) =>
    random(5) === 0 ? `^${"RGYBMCW"[random(7)]}${part}^~` : part
  );
  return [{ name, caret: text }, { name: `${name}, colours`, caret: coloured.join(joint) }];
}

function words(random: (below: number) => number, next: () => string): string {
  let text = next();
  while (text.length < LENGTH) text += (random(12) === 0 ? ", " : " ") + next();
  return text;
}

function word(random: (below: number) => number, alphabet: string): string {
  const letters = [...alphabet];
  const length = 1 + random(4) + random(6);
  return Array.from({ length }, () => letters[random(letters.length)] ?? "").join("");
}

function sentences(random: (below: number) => number): string {
  let text = "";
  while (text.length < LENGTH) {
    for (let count = 4 + random(14); count > 0; count--) {
      text += String.fromCharCode(FIRST_HAN + random(HAN));
    }
    text += random(3) === 0 ? "。" : "、";
  }
  return text;
}

function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 0x100000000 * below);
  };
}
