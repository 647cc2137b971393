import type { TelnetOption } from "./option.ts";

/** Options by their codes, in the order in which they are offered. */
export class OptionSet {
  /** All options. */
  readonly all: readonly TelnetOption[];
  /** Codes of the options that a machine agrees to when the peer asks. */
  readonly agreed: { readonly local: readonly number[]; readonly remote: readonly number[] };
  readonly #byCode: ReadonlyMap<number, TelnetOption>;

  constructor(options: readonly TelnetOption[]) {
    this.all = options;
    this.agreed = {
      local: options.filter(({ agreeLocal }) => agreeLocal).map(({ code }) => code),
      remote: options.filter(({ agreeRemote }) => agreeRemote).map(({ code }) => code),
    };
    this.eventNames = new Set(options.flatMap(({ events }) => events ?? []));
    this.#byCode = new Map(options.map((option) => [option.code, option]));
  }

  /** The names of all events that the options report. */
  readonly eventNames: ReadonlySet<string>;

  /** The option with a code; `undefined` if there is none. */
  byCode(code: number): TelnetOption | undefined {
    return this.#byCode.get(code);
  }

  /** The name of the option with a code; the code itself if there is none. */
  nameOf(code: number): string {
    return this.#byCode.get(code)?.name ?? String(code);
  }
}
