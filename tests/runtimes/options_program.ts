/**
 * A server that offers every option, for real clients. The line "facts" prints the client's facts
 * and profile as JSON on standard output; "bytes" prints the amount of compressed data. With `--ga`
 * prompts are not marked by EOR.
 */
import process from "node:process";
import { TelnetServer } from "../../mod.ts";

const notices: string[] = [];
const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  telnetOptions: {
    terminalType: true,
    naws: true,
    charset: true,
    newEnviron: true,
    ...(process.argv.includes("--ga") ? {} : { endOfRecord: true }),
    gmcp: true,
    msdp: { variables: { HEALTH: { value: () => "10" } } },
    mssp: () => ({ NAME: "Test", PLAYERS: 1 }),
    linemode: true,
    mccp3: true,
    mccp2: true,
  },
  onConnect: async (client) => {
    await client.ready;
    client.prompt("ready> ");
  },
  onDisconnect: (client) => console.log(`gone ${client.disconnectReason}`),
  onGmcp: (_, message) => notices.push(`gmcp ${message.package}`),
  onSlc: (_, entries) => notices.push(`slc ${entries.length}`),
  onPong: () => notices.push("pong"),
  onViolation: (_, { kind }) => notices.push(`violation ${kind}`),
});
console.log(`port ${server.port}`);

while (true) {
  await server.poll();
  for (const client of server.clientList()) {
    const line = client.getCommand();
    if (line === "facts") {
      const { terminal: { facts: found, profile }, columns, rows, encoding } = client;
      const facts = { ...found, environment: Object.fromEntries(found.environment) };
      const local = inForce((code) => client.telnet.optionEnabled(code, "local"));
      const remote = inForce((code) => client.telnet.optionEnabled(code, "remote"));
      console.log(
        JSON.stringify({ facts, profile, columns, rows, encoding, local, remote, notices }),
      );
      client.prompt("told> ");
    } else if (line === "ping") {
      client.telnet.ping();
    } else if (line === "long") {
      client.send("a long text, again and again; ".repeat(200) + "\n");
      client.prompt("sent> ");
    } else if (line === "update") {
      client.telnet.msdp.update();
      client.telnet.gmcp.send("Char.Vitals", { hp: 7 });
      client.prompt("updated> ");
    } else if (line === "quit") {
      client.send("Farewell.\n");
      client.active = false;
    } else if (line !== undefined) {
      client.send(`You typed ${line}.\n`);
      client.prompt("next> ");
    }
  }
}

function inForce(enabled: (code: number) => boolean): number[] {
  return Array.from({ length: 256 }, (_, code) => code).filter(enabled);
}
