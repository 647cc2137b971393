/**
 * Invisible characters (Unicode's Default_Ignorable_Code_Point). They can make one name look like
 * another, or change the direction of the text after them.
 */

/** A quick check by UTF-16 units: the text may contain one. */
const MAYBE =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud82f\ud834\udb40-\udb43]/;
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu;
const ONE_INVISIBLE = /^[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]$/u;

/** An invisible character that stays between certain other characters. */
interface Place {
  readonly itself: RegExp;
  readonly after: RegExp;
  readonly before?: RegExp;
}

/** The signs of Unicode's combining class Virama (RFC 5892, A.1). */
const VIRAMA =
  /^[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d3b\u0d3c\u0d4d\u0dca\u0e3a\u0eba\u0f84\u1039\u103a\u1714\u1715\u1734\u17d2\u1a60\u1b44\u1baa\u1bab\u1bf2\u1bf3\u2d7f\ua806\ua82c\ua8c4\ua953\ua9c0\uaaf6\uabed\u{10a3f}\u{11046}\u{11070}\u{1107f}\u{110b9}\u{11133}\u{11134}\u{111c0}\u{11235}\u{112ea}\u{1134d}\u{11442}\u{114c2}\u{115bf}\u{1163f}\u{116b6}\u{1172b}\u{11839}\u{1193d}\u{1193e}\u{119e0}\u{11a34}\u{11a47}\u{11a99}\u{11c3f}\u{11d44}\u{11d45}\u{11d97}]$/u;
/** Letters that join the letter after them, and the vowel signs of Arabic. */
const JOINING =
  /^(?![\u0621-\u0625\u0627\u0629\u062f-\u0632\u0648\u0671-\u0677\u0688-\u0699\u06c0\u06c3-\u06cb\u06cd\u06cf\u06d2\u06d3\u06d5\u06ee\u06ef])[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Nko}\p{Script=Mandaic}\u064b-\u065f\u0670]$/u;

/** The contexts in which invisible characters stay. */
const PLACES: readonly Place[] = [
  // Emoji sequences: a joiner after an emoji, a skin tone or the selector for an emoji.
  {
    itself: /^\u200d$/,
    after: /^[\p{Emoji_Presentation}\p{Emoji_Modifier}\ufe0f]$/u,
    before: /^\p{Extended_Pictographic}$/u,
  },
  // Scripts of India: a joiner after a virama chooses the shape of the letter before it.
  { itself: /^[\u200c\u200d]$/, after: VIRAMA },
  // Scripts whose letters join: a non-joiner between letters, a joiner where no letter follows.
  { itself: /^\u200c$/, after: JOINING, before: /^[\p{L}\p{M}]$/u },
  { itself: /^\u200d$/, after: JOINING, before: /^(?![\p{L}\p{M}])/u },
  // Variation selectors: shown as an emoji, or as text.
  { itself: /^[\ufe0e\ufe0f]$/, after: /^[^\d#*]$(?<=\p{Emoji})/u },
  { itself: /^\ufe0f$/, after: /^[\d#*]$/, before: /^\u20e3$/ },
  // Variants of Han and Mongolian characters.
  { itself: /^[\ufe00-\ufe02\u{e0100}-\u{e01ef}]$/u, after: /^\p{Script=Han}$/u },
  { itself: /^[\u180b-\u180d\u180f]$/, after: /^\p{Script=Mongolian}$/u },
  // Tags of whole sequences: the others are removed before.
  { itself: /^[\u{e0020}-\u{e007f}]$/u, after: /^[\u{1f3f4}\u{e0020}-\u{e007e}]$/u },
];
/** The invisible characters that may stay; all others are always removed. */
const PLACED =
  /^[\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe02\ufe0e\ufe0f\u{e0020}-\u{e007f}\u{e0100}-\u{e01ef}]$/u;

/** The flag of a region in tags (Unicode Technical Standard 51, ED-14a), or a tag of no such flag. */
const TAGGED =
  /(\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{1,6}\u{e007f})|[\u{e0020}-\u{e007f}]/gu;

/** Removes invisible characters, except where their neighbours need them. */
export function withoutInvisible(text: string): string {
  if (!MAYBE.test(text)) return text;
  const placed = text.replaceAll(INVISIBLE, (one) => PLACED.test(one) ? one : "")
    .replaceAll(TAGGED, (_, flag?: string) => flag ?? "");
  let visible = "";
  let before = "";
  const characters = Array.from(placed);
  for (const [index, one] of characters.entries()) {
    const next = characters[index + 1] ?? "";
    const stays = !ONE_INVISIBLE.test(one) ||
      PLACES.some((place) =>
        place.itself.test(one) && place.after.test(before) && (place.before?.test(next) ?? true)
      );
    if (!stays) continue;
    visible += one;
    before = one;
  }
  return visible;
}
