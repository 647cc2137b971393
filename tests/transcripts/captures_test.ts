/** Captured bytes of nineteen real clients, fed to the machine and to a server. */
import { fromHex } from "../hex.ts";
import { assert, assertEquals } from "@std/assert";
import { type TelnetEvent, TelnetMachine } from "../../src/protocol/mod.ts";
import { start } from "../server/harness.ts";

interface Capture {
  readonly client: string;
  readonly scenarios: Record<string, { readonly client_bytes: string }>;
}

const folder = new URL("../captures/", import.meta.url);
const captures: Capture[] = Array.from(
  Deno.readDirSync(folder),
  ({ name }) => JSON.parse(Deno.readTextFileSync(new URL(name, folder))),
);

/** Violations that only this client causes. */
const KNOWN_FAULTS: Record<string, readonly string[]> = { ncat: ["unknown-command"] };

function play(bytes: Uint8Array, size: number): string[] {
  const machine = new TelnetMachine({ local: [1, 3, 86], remote: [3, 24, 31, 34, 39] });
  const heard: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    machine.receive(bytes.slice(at, at + size));
    for (const event of machine.takeEvents()) heard.push(...describe(event));
  }
  return heard;
}

/** Describes an event; data byte by byte, so that the split does not matter. */
function describe(event: TelnetEvent): string[] {
  if (event.type === "data") return Array.from(event.bytes, (byte) => `data ${byte}`);
  return [JSON.stringify(event)];
}

Deno.test("there are captures of nineteen clients", () => assertEquals(captures.length, 19));

for (const { client, scenarios } of captures) {
  Deno.test(`the bytes of ${client} are understood, however they are split`, () => {
    for (const [scenario, { client_bytes }] of Object.entries(scenarios)) {
      const bytes = fromHex(client_bytes);
      const whole = play(bytes, Math.max(1, bytes.length));
      assertEquals(play(bytes, 1), whole, scenario);
      assertEquals(play(bytes, 7), whole, scenario);
      const faults = whole.filter((event) => event.includes('"violation"'))
        .map((event) => JSON.parse(event).kind);
      const known = KNOWN_FAULTS[client] ?? [];
      assertEquals(faults.filter((fault) => !known.includes(fault)), [], scenario);
    }
  });

  Deno.test(`the bytes of ${client} make no server with all options fail or loop`, async () => {
    for (const { client_bytes } of Object.values(scenarios)) {
      await using harness = await start({
        telnetOptions: {
          terminalType: true,
          naws: true,
          charset: true,
          gmcp: true,
          linemode: true,
        },
        onError: (error) => {
          throw error;
        },
      });
      const { peer, client: person } = await harness.join();
      const bytes = fromHex(client_bytes);
      peer.write(bytes);
      await harness.pollUntil(() => person.bytesReceived === bytes.length);
      await harness.server.poll();
      assert(person.active);
      assert(person.bytesSent < 1000, `${person.bytesSent} bytes`);
    }
  });
}
