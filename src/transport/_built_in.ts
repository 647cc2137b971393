/**
 * Loads a built-in module of Node, which all three runtimes have. It is loaded by name instead of
 * imported, so that a bundle for the browser can contain the adapters without using them.
 *
 * @param name Its name, such as `node:net`.
 * @returns The module.
 */
export function builtIn<Module>(name: string): Module {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): Module };
  };
  return process.getBuiltinModule(name);
}
