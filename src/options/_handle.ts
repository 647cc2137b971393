/**
 * What a game sees of an option's state: the members that are named, and none of its internals.
 *
 * @param state The state, which has all of them.
 * @param names Every member of the handle.
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
