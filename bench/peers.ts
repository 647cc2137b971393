/** Installs the npm packages and compiles the C programs that the benchmarks compare with. */

import { TEXT_PACKAGES } from "./packages.ts";

const folder = new URL("./.cache/", import.meta.url).pathname;
const TELNET_STREAM = "telnet-stream@1.1.0";
const WS = "ws@8.18.3";
const RANVIER = "ranvier-telnet@1.0.3";

/** Installs telnet-stream; returns the folder, or `undefined` if npm is not available. */
export async function telnetStreamFolder(): Promise<string | undefined> {
  return await installed([TELNET_STREAM]);
}

/** The same for the packages that the text functions are compared with. */
export async function textPackagesFolder(): Promise<string | undefined> {
  return await installed(
    Object.entries(TEXT_PACKAGES).map(([name, version]) => `${name}@${version}`),
  );
}

/** The same for npm ws, a WebSocket server for Node. */
export async function wsFolder(): Promise<string | undefined> {
  return await installed([WS]);
}

/** The same for what games in JavaScript are built on: telnet-stream and ranvier-telnet, with wrap-ansi. */
export async function gamePackagesFolder(): Promise<string | undefined> {
  return await installed([
    TELNET_STREAM,
    RANVIER,
    `wrap-ansi@${TEXT_PACKAGES["wrap-ansi"]}`,
  ]);
}

async function installed(packages: readonly string[]): Promise<string | undefined> {
  await Deno.mkdir(folder, { recursive: true });
  const npm = Deno.build.os === "windows" ? "npm.cmd" : "npm";
  const args = ["install", "--prefix", folder, "--no-audit", "--no-fund", ...packages];
  return await succeeds(npm, args) ? folder : undefined;
}

/**
 * Compiles a program of this folder.
 *
 * @param name The name of the source file without its extension.
 * @param libraries The libraries to link.
 * @returns The program's path; `undefined` if the compiler or a library is missing.
 */
export async function compiled(
  name: string,
  libraries: readonly string[] = [],
): Promise<string | undefined> {
  await Deno.mkdir(folder, { recursive: true });
  const source = new URL(`./${name}.c`, import.meta.url).pathname;
  const program = folder + name;
  const links = libraries.map((library) => `-l${library}`);
  return await succeeds("cc", ["-O2", "-o", program, source, ...links]) ? program : undefined;
}

async function succeeds(program: string, args: string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}
