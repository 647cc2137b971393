/** The few assertions of the suite, so that it needs no package. */
import { isTelnetError, type TelnetError } from "../../protocol/error.ts";

/** Throws unless a condition holds. */
export function assert(holds: unknown, message: string = "It does not hold"): asserts holds {
  if (!holds) throw new Error(message);
}

/** Throws unless two plain values are the same. */
export function assertEquals(actual: unknown, expected: unknown, message: string = ""): void {
  const [left, right] = [shown(actual), shown(expected)];
  assert(left === right, `Expected ${right}, got ${left}. ${message}`);
}

/** Throws unless a call fails with an error of this library, which is returned. */
export async function assertRejects(call: () => Promise<unknown>): Promise<TelnetError> {
  try {
    await call();
  } catch (error) {
    if (isTelnetError(error)) return error;
    throw error;
  }
  throw new Error("It did not fail");
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, part) => part === undefined ? "undefined" : part) ?? "undefined";
}
