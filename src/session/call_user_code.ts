/**
 * Calls code of the game's, which may be async.
 *
 * @param call The code.
 * @param failed Takes what it throws.
 * @param failedLater Takes what its promise is rejected with.
 * @returns Settles when an async one is done, or has failed.
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
