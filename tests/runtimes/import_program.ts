/** Imports mod.ts with traps where the runtimes' globals would be, and prints which it touched. */
const touched: string[] = [];

for (const name of ["Deno", "Bun", "process", "Buffer"]) {
  // Bun does not let its own be trapped; on Bun that one may be touched.
  if (Object.getOwnPropertyDescriptor(globalThis, name)?.configurable === false) continue;
  const own = (globalThis as Record<string, unknown>)[name];
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      // The runtime's own code, such as the loader of modules, may use its own globals.
      const caller = new Error().stack?.split("\n").slice(2, 3).join("") ?? "";
      if (caller.includes("/src/") || caller.includes("/mod.ts")) touched.push(name);
      return own;
    },
  });
}

await import("../../mod.ts");
console.log(`touched: ${touched.join(" ") || "none"}`);
