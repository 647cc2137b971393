/**
 * Calls code of the game, which may be async.
 *
 * @param call The code.
 * @param failed Called with the error that it throws.
 * @param failedLater Called with the error that its promise is rejected with.
 * @returns A promise that settles when async code has finished; `undefined` for other code.
 */
export function callUserCode(
  call: () => unknown,
  failed: (error: unknown) => void,
  failedLater: (error: unknown) => void = failed,
): PromiseLike<unknown> | undefined {
  try {
    const result = call();
    if (isThenable(result)) return result.then(undefined, failedLater);
  } catch (error) {
    failed(error);
  }
  return undefined;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}
