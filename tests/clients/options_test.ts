/** Real clients negotiate all options that they know, and their screens show only text. */
import { assert, assertEquals } from "@std/assert";
import { optionName } from "../../src/options/mod.ts";
import { Program } from "../runtimes/process.ts";
import { findRuntimes, type Runtime } from "../runtimes/runtimes.ts";
import { type Client, installedClients, why } from "./clients.ts";
import { Screen } from "./screen.ts";

/** What `tests/runtimes/options_program.ts` prints for the line "facts". */
interface Told {
  readonly facts: { readonly environment: Record<string, string>; readonly terminalType: string };
  readonly profile: {
    readonly name?: string;
    readonly colours: number;
    readonly mudClient: boolean;
  };
  readonly columns: number;
  readonly local: readonly number[];
  readonly remote: readonly number[];
  readonly notices: readonly string[];
}

/** What each client agrees to: options of the server's side, then of its own. */
const AGREED: Record<string, readonly [local: string, remote: string]> = {
  "telnet": ["", "TTYPE NAWS LINEMODE NEW-ENVIRON"],
  "nc": ["", ""],
  "TinTin++": ["END-OF-RECORD CHARSET MSDP MSSP MCCP2 MCCP3 GMCP", "TTYPE NAWS NEW-ENVIRON"],
  "plink": ["", "SGA TTYPE NAWS NEW-ENVIRON"],
  "TinyFugue": ["END-OF-RECORD MCCP2", "TTYPE NAWS"],
  "KBtin": ["END-OF-RECORD MCCP2", "TTYPE NAWS"],
};

/** The program's answer to "long"; each client wraps it in its own way. */
const LONG = "a long text, again and again; ".repeat(20);

for (const runtime of await findRuntimes()) {
  Deno.test({
    name: `${runtime.name}: real clients negotiate all their options, and show no stray byte${why}`,
    ignore: installedClients.length === 0,
    async fn(t) {
      for (const client of installedClients) {
        await t.step(client.name, () => negotiates(runtime, client));
      }
    },
  });
}

async function negotiates(runtime: Runtime, client: Client): Promise<void> {
  await using program = Program.start(runtime, "tests/runtimes/options_program.ts");
  const [, port] = await program.match(/^port (\d+)/);
  await using screen = await Screen.open(client.command(Number(port)));
  if (client.connect !== undefined) {
    await screen.shows(/#help/);
    await screen.enter(client.connect(Number(port)));
  }
  await screen.shows(/ready>/);
  await screen.enter("hi");
  await screen.shows(/You typed hi\./);
  await screen.enter("ping");
  await screen.enter("update");
  await screen.shows(/updated>/);
  await screen.enter("facts");
  const told: Told = JSON.parse((await program.match(/^\{.*\}$/))[0]);
  const [local = "", remote = ""] = AGREED[client.name] ?? [];
  assertEquals(told.local.map(optionName).join(" "), local, "performed by the server");
  assertEquals(told.remote.map(optionName).join(" "), remote, "performed by the client");
  if (local.includes("MCCP2")) {
    await screen.enter("long");
    await screen.shows(/sent>/);
    const lines = (await screen.lines()).join("");
    assert(lines.includes("a long text, again and again; a long text"), lines);
  }
  checkFacts(client, told);
  const own = (line: string) =>
    client.own.test(line) || /^(ready|next|updated|told|sent)>/.test(line);
  for (const line of await screen.lines()) {
    const expected = own(line) ||
      /^(hi|ping|update|facts|long|You typed hi\.)$/.test(line) || LONG.includes(line.trim());
    // nc shows the negotiation bytes.
    assert(
      expected || client.name === "nc",
      `a stray line on the screen of ${client.name}: ${line}`,
    );
    assert(
      /^[\x20-\x7e\u0144\u0119]*$/.test(line) || client.name === "nc",
      `a stray byte: ${line}`,
    );
  }
  await screen.enter("quit");
  await program.match(/^gone /);
}

function checkFacts(client: Client, { facts, profile, columns, notices }: Told): void {
  if (client.name !== "nc") assert(notices.includes("pong"), "no answer to TIMING-MARK");
  assert(columns >= 79 && columns <= 80);
  assertEquals(notices.filter((notice) => notice.startsWith("violation")), []);
  if (client.name === "telnet") assert(notices.some((notice) => notice.startsWith("slc")));
  if (client.name !== "TinTin++") return;
  assertEquals([profile.name, profile.mudClient, profile.colours], ["TINTIN++", true, 16_777_216]);
  assertEquals(facts.environment["CLIENT_NAME"], "TinTin++");
}

const PROMPTED = installedClients.filter(({ name }) => name !== "nc");
Deno.test({
  name: `real clients show prompts marked by GA, and no stray bytes${why}`,
  ignore: PROMPTED.length === 0,
  async fn(t) {
    const [deno] = await findRuntimes();
    assert(deno !== undefined);
    for (const client of PROMPTED) {
      await t.step(client.name, async () => {
        await using program = Program.start(deno, "tests/runtimes/options_program.ts", ["--ga"]);
        const [, port] = await program.match(/^port (\d+)/);
        await using screen = await Screen.open(client.command(Number(port)));
        if (client.connect !== undefined) {
          await screen.shows(/#help/);
          await screen.enter(client.connect(Number(port)));
        }
        await screen.shows(/ready>/);
        await screen.enter("hi");
        const lines = await screen.shows(/You typed hi\.[^]*next>/);
        for (const line of lines) {
          const expected = client.own.test(line) ||
            /^(ready> ?|next>|hi|You typed hi\.)+$/.test(line);
          assert(expected, `a stray line on the screen of ${client.name}: ${line}`);
        }
        await screen.enter("quit");
        await program.match(/^gone /);
      });
    }
  },
});

const telnet = installedClients.find(({ name }) => name === "telnet");
Deno.test({
  name: `telnet asks for STATUS and a TIMING-MARK, and gets both${why}`,
  ignore: telnet === undefined,
  async fn() {
    const [deno] = await findRuntimes();
    assert(deno !== undefined);
    await using program = Program.start(deno, "tests/runtimes/options_program.ts");
    const [, port] = await program.match(/^port (\d+)/);
    await using screen = await Screen.open(`inetutils-telnet -- 127.0.0.1 -${port}`);
    await screen.shows(/ready>/);
    const command = async (line: string) => {
      // A key that comes while telnet changes its terminal's mode waits for another one.
      await screen.repeats(() => screen.press("C-]"), /telnet> *$/m);
      await screen.enter(line);
    };
    await command("toggle options");
    await screen.shows(/Will show option processing/);
    await command("send getstatus");
    await screen.shows(/RCVD IAC SB STATUS IS\n WILL STATUS\n DO TERMINAL TYPE\n DO NAWS/);
    await screen.press("C-c");
    await screen.shows(/SENT DO TIMING MARK\nRCVD WILL TIMING MARK/);
  },
});

const tintin = installedClients.find(({ name }) => name === "TinTin++");
Deno.test({
  name: `TinTin++ shows data from GMCP, MSDP and MSSP${why}`,
  ignore: tintin === undefined,
  async fn() {
    const [deno] = await findRuntimes();
    assert(deno !== undefined && tintin !== undefined);
    await using program = Program.start(deno, "tests/runtimes/options_program.ts");
    const [, port] = await program.match(/^port (\d+)/);
    await using screen = await Screen.open(tintin.command(Number(port)));
    await screen.shows(/ready>/);
    await screen.shows(/#MSSP PLAYERS 1\n#MSSP UPTIME \d+\n#MSSP NAME Test/);
    await screen.enter("update");
    await screen.shows(/#MSDP HEALTH 10/);
    await screen.shows(/#GMCP \{"hp":7\}|#GMCP .*hp/);
  },
});
