import { binary } from "./binary.ts";
import { echo } from "./echo.ts";
import { naws } from "./naws.ts";
import type { TelnetOption } from "./option.ts";
import { sga } from "./sga.ts";
import { terminalType } from "./terminal_type.ts";

/** Every option that the server knows. A new option is one file and one line here. */
export const OPTIONS: readonly TelnetOption[] = [
  binary,
  echo,
  sga,
  terminalType,
  naws,
];

const BY_CODE = new Map(OPTIONS.map((option) => [option.code, option]));

/**
 * Looks an option up.
 *
 * @param code The option's code.
 * @returns The option, or `undefined` where the server does not know it.
 */
export function optionByCode(code: number): TelnetOption | undefined {
  return BY_CODE.get(code);
}

/**
 * The name of an option, for logs and messages.
 *
 * @param code The option's code.
 * @returns Its name, or the number where the option is not known.
 *
 * @example
 * ```ts
 * import { optionName } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(optionName(31), "NAWS");
 * assertEquals(optionName(222), "222");
 * ```
 */
export function optionName(code: number): string {
  return BY_CODE.get(code)?.name ?? String(code);
}
