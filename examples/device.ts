/**
 * Logs in to a device or a shell, runs commands, and prints their output. The password comes from
 * the environment.
 *
 *     PASSWORD=… deno run -N -E=PASSWORD examples/device.ts --hostname 192.0.2.1 --username admin \
 *       "show version" "show running-config"
 *
 * With Bun and Node begin with `bun run examples/device.ts` or `node examples/device.ts`.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { connect, isTelnetError } from "../src/connect/mod.ts";

const { values, positionals: commands } = parseArgs({
  allowPositionals: true,
  options: {
    hostname: { type: "string", default: "localhost" },
    port: { type: "string", default: "23" },
    username: { type: "string" },
    timeout: { type: "string", default: "30000" },
    trace: { type: "boolean", default: false },
  },
});
const { PASSWORD: password } = process.env;

try {
  await using device = await connect({
    hostname: values.hostname,
    port: Number(values.port),
    timeout: Number(values.timeout),
    trace: values.trace,
  });
  await device.login({ username: values.username, password });
  for (const command of commands) {
    console.log(`${device.learnedPrompt} ${command}`);
    for await (const line of device.execLines(command)) console.log(line);
  }
} catch (error) {
  // The message of a timeout shows the received text and the enabled options.
  console.error(isTelnetError(error) ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
}
