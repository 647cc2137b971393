/** The machine, the runtimes and the date of a measurement. */
import type { Runtime } from "../tests/runtimes/runtimes.ts";

/** Returns a line with the date, the machine and the versions of the runtimes. */
export async function machineLine(runtimes: readonly Runtime[]): Promise<string> {
  const versions = await Promise.all(runtimes.map(versionOf));
  const { navigator } = globalThis;
  const memory = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  const place = `${Deno.build.os} ${Deno.build.arch}, ${navigator.hardwareConcurrency} cores`;
  return `${day}, ${place}, ${memory} GiB; ${versions.join(", ")}`;
}

async function versionOf({ name, path }: Runtime): Promise<string> {
  const { stdout } = await new Deno.Command(path, { args: ["--version"] }).output();
  const [version = "?"] = /\d+\.\d+\.\d+/.exec(new TextDecoder().decode(stdout)) ?? [];
  return `${name} ${version}`;
}
