/** connect() with third-party servers: login, commands, pagers, prompts of all kinds. */
import { assert, assertEquals } from "@std/assert";
import { connect } from "../../src/connect/mod.ts";
import { inTime } from "../patience.ts";
import { FOREIGN_SERVERS, type ForeignServer } from "./servers.ts";

for (const kind of FOREIGN_SERVERS) {
  const available = await kind.available();
  Deno.test({
    name: `connect() works with ${kind.name}${available ? "" : " (not available)"}`,
    ignore: !available,
    sanitizeResources: false,
    sanitizeOps: false,
    async fn() {
      await using server = await kind.start();
      await inTime(server.shell ? runCommands(server) : talk(server), kind.name);
    },
  });
}

async function runCommands(server: ForeignServer): Promise<void> {
  const device = await connect({ hostname: "127.0.0.1", port: server.port, timeout: Infinity });
  try {
    const { username, password } = server;
    await device.login({
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
    });
    const exec = (command: string) => device.exec(command);
    assertEquals(await exec(server.command), server.answer);
    assertEquals(await exec("cd /etc"), "");
    if (!server.name.startsWith("Twisted")) assertEquals(await exec("pwd"), "/etc");
    assertEquals(await exec("echo one; echo; echo two"), "one\n\ntwo");
    assertEquals(await exec("printf foo"), "foo"); // no line end before the prompt
    assertEquals(await exec("true"), "");
    assertEquals(await exec("echo caf\u00e9 \u4e2d"), "caf\u00e9 \u4e2d");
    const long = "abcdefghi ".repeat(14).trim(); // wrapped at the width of the window
    assertEquals(await exec(`echo ${long}`), long);
    const numbers = Array.from({ length: 60 }, (_, index) => index + 1).join("\n");
    assertEquals(await exec("seq 1 60 | more"), numbers);
    const all = await Promise.all(["echo a", "echo b"].map(exec));
    assertEquals(all, ["a", "b"]);
  } finally {
    device.abort();
  }
}

/** For servers that are no shell: sends a line, and waits for its answer. */
async function talk(server: ForeignServer): Promise<void> {
  const remote = await connect({ hostname: "127.0.0.1", port: server.port, timeout: Infinity });
  try {
    const { username = "", password } = server;
    if (server.login === "asked" && password !== undefined) {
      await remote.login({ username, password });
      return assertEquals(await remote.exec(server.command), server.answer);
    }
    if (server.login === "asked") {
      await remote.readUntil(/name: ?$/i);
      remote.send(`${username}\n`);
    } else if (server.login === "line") {
      await remote.readUntil("connect");
      remote.send(`${server.loginLine}\n`);
    }
    remote.send(`${server.command}\n`);
    const text = await remote.readUntil(server.answer);
    assert(text.includes(server.answer));
  } finally {
    remote.abort();
  }
}
