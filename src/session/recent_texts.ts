import { isBuiltIn } from "../text/charset.ts";
import type { TextCodec } from "../text/codec.ts";

/** Shorter texts are converted faster than they are found, and longer ones are rare. */
const MIN_LENGTH = 64;
const MAX_LENGTH = 8_192;
/** The most texts that are kept of each character set. */
const MAX_TEXTS = 32;

/** The results of converting texts, kept for each character set while they may be wanted again. */
export class RecentTexts<Result> {
  readonly #results: WeakMap<TextCodec, Map<string, Result>> = new WeakMap();

  /** The result for a text; `convert` makes it if it is not known. */
  of(codec: TextCodec, text: string, convert: () => Result): Result {
    // A codec of the game may depend on more than the text.
    if (text.length < MIN_LENGTH || text.length > MAX_LENGTH || !isBuiltIn(codec)) return convert();
    let known = this.#results.get(codec);
    if (known === undefined) this.#results.set(codec, known = new Map());
    const again = known.get(text);
    if (again !== undefined) return again;
    const result = convert();
    if (known.size >= MAX_TEXTS) known.clear();
    known.set(text, result);
    return result;
  }
}
