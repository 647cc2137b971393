/**
 * The device table: how many commands return the right text with `exec()`, and with the npm package
 * telnet-client, once configured as in its README and once with the devices' own prompts.
 * `deno task devices` prints it.
 */
import { Telnet } from "telnet-client";
import { connect } from "../../src/connect/mod.ts";
import { denoTransport } from "../../src/transport/deno.ts";
import { type Manner, MANNERS } from "./manners.ts";

/** Runs a device's commands one after another. */
type Runner = (manner: Manner, port: number) => AsyncGenerator<string>;

async function* ours(manner: Manner, port: number): AsyncGenerator<string> {
  await using device = await connect({ hostname: "127.0.0.1", port, timeout: 5_000 });
  await device.login(manner.login);
  for (const { command } of manner.exchanges) yield await device.exec(command);
}

async function* others(manner: Manner, port: number, told: object): AsyncGenerator<string> {
  const device = new Telnet();
  try {
    await device.connect({
      host: "127.0.0.1",
      port,
      timeout: 3_000,
      execTimeout: 3_000,
      ...manner.login,
      ...told,
    });
    for (const { command } of manner.exchanges) {
      yield String(await device.exec(command)).replaceAll("\r\n", "\n").replace(/^\n+|\n+$/g, "");
    }
  } finally {
    device.destroy();
  }
}

/** Prompt patterns for most of the devices, as a careful user of telnet-client would write them. */
const TOLD = {
  shellPrompt: /(?:^|\r?\n)[^\r\n]{0,60}[>#$%\]] ?$/,
  loginPrompt: /(?:user(?:name)?|login)[: ]*$/i,
  passwordPrompt: /password[: ]*$/i,
  ors: "\r\n",
  pageSeparator: /-+ ?\(?more[^\r\n]*$/i,
};

const RUNNERS: Readonly<Record<string, Runner>> = {
  "exec()": ours,
  "telnet-client": (manner, port) => others(manner, port, {}),
  "told its prompts": (manner, port) => others(manner, port, TOLD),
};

/** How many commands return the right text; an error ends the device's run. */
async function score(manner: Manner, run: Runner): Promise<string> {
  const listener = await denoTransport.listen(
    { port: 0, address: "127.0.0.1" },
    (connection) => manner.serve(connection),
  );
  let right = 0;
  let index = 0;
  try {
    for await (const text of run(manner, listener.port)) {
      if (text === manner.exchanges[index++]?.output) right++;
    }
  } catch {
    // the remaining commands count as wrong
  }
  await listener.close();
  return `${right} of ${manner.exchanges.length}`;
}

const names = Object.keys(RUNNERS);
console.log(`| a device | ${names.join(" | ")} |`);
console.log(`|---|${names.map(() => "---|").join("")}`);
for (const manner of MANNERS) {
  const scores = await Promise.all(Object.values(RUNNERS).map((run) => score(manner, run)));
  console.log(`| ${manner.name} | ${scores.join(" | ")} |`);
}
Deno.exit();
