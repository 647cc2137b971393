/**
 * Imports mod.ts with traps in place of the runtimes' globals, and prints which ones it touched.
 */
const touched: string[] = [];

for (const name of ["Deno", "Bun", "process", "Buffer"]) {
  // Bun's own global cannot be trapped, so on Bun it is not checked.
  if (Object.getOwnPropertyDescriptor(globalThis, name)?.configurable === false) continue;
  const own = (globalThis as Record<string, unknown>)[name];
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      // The runtime's own code, such as its module loader, may use its globals.
      const caller = new Error().stack?.split("\n").slice(2, 3).join("") ?? "";
      if (caller.includes("/src/") || caller.includes("/mod.ts")) touched.push(name);
      return own;
    },
  });
}

await import("../../mod.ts");
console.log(`touched: ${touched.join(" ") || "none"}`);
