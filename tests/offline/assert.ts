/** A stand-in for the functions of `@std/assert` that the tests use, if JSR cannot be reached. */
import nodeAssert, { AssertionError } from "node:assert";

export function assert(value: unknown, message?: string): asserts value {
  if (!value) throw new AssertionError({ message: message ?? "Expected a true value" });
}

export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.deepStrictEqual(actual, expected, message);
}

export function assertStringIncludes(actual: string, part: string, message?: string): void {
  assert(actual.includes(part), message ?? `Expected "${actual}" to contain "${part}"`);
}

export function assertMatch(actual: string, pattern: RegExp, message?: string): void {
  assert(pattern.test(actual), message ?? `Expected "${actual}" to match ${pattern}`);
}

type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

export function assertThrows<E extends Error>(
  call: () => unknown,
  errorClass: ErrorClass<E>,
  part: string = "",
): E {
  try {
    call();
  } catch (error) {
    return checkError(error, errorClass, part);
  }
  throw new AssertionError({ message: "Expected the call to throw" });
}

export async function assertRejects<E extends Error>(
  call: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  part: string = "",
): Promise<E> {
  try {
    await call();
  } catch (error) {
    return checkError(error, errorClass, part);
  }
  throw new AssertionError({ message: "Expected the promise to be rejected" });
}

function checkError<E extends Error>(error: unknown, errorClass: ErrorClass<E>, part: string): E {
  assert(error instanceof errorClass, `Expected a ${errorClass.name}, got ${error}`);
  assertStringIncludes(error.message, part);
  return error;
}
