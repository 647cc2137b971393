import type { Plugin } from "esbuild";
// These make Deno fetch the packages.
import "@xterm/addon-fit/package.json" with { type: "json" };
import "@xterm/xterm/package.json" with { type: "json" };

/** Lets esbuild find the packages of a page where Deno keeps them, and this one in `src`. */
export const packages: Plugin = {
  name: "packages",
  setup(build) {
    build.onResolve({ filter: /^@(xterm|miniboa)\// }, ({ path }) => ({
      path: decodeURIComponent(new URL(import.meta.resolve(path)).pathname),
    }));
  },
};
