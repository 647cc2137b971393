/**
 * Makes the part of an option's state that a game can use: only the named members.
 *
 * @param state The state.
 * @param names The names of all members of the handle.
 */
export function handleOf<Handle extends object>(
  state: Handle,
  names: Readonly<Record<keyof Handle, true>>,
): Handle {
  const handle = {} as Handle;
  for (const name of Object.keys(names) as (keyof Handle)[]) {
    const member = state[name];
    Object.defineProperty(
      handle,
      name,
      typeof member === "function"
        ? { enumerable: true, value: member.bind(state) }
        : { enumerable: true, get: () => state[name] },
    );
  }
  return handle;
}
