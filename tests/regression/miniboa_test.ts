/** One test for each known defect of Miniboa 1.0.9 for Python. */
import { assert, assertEquals } from "@std/assert";
import { wordWrap } from "../../mod.ts";
import { NAWS } from "../../src/options/mod.ts";
import { AYT, EC, EL, IAC, SB, SE, TelnetMachine, WILL } from "../../src/protocol/mod.ts";
import { textWidth } from "../../src/text/mod.ts";
import { latin1, negotiation, start } from "../server/harness.ts";

const naws = (width: number) => Uint8Array.of(IAC, SB, NAWS, 0, width, 0, 24, IAC, SE);

Deno.test("Miniboa defect 1: NAWS is read as bytes, whatever the encoding", async () => {
  await using harness = await start({ encoding: "windows-1252" });
  const { peer, client } = await harness.join();
  peer.write(negotiation(WILL, NAWS));
  for (const width of [140, 141, 0x8d, 200, 254]) {
    peer.write(naws(width));
    await harness.pollUntil(() => client.columns === width);
  }
});

Deno.test("Miniboa defect 2: IAC IAC in data is one 0xFF", async () => {
  await using harness = await start({ encoding: "latin1" });
  const { peer, client } = await harness.join();
  peer.write(Uint8Array.of(0x61, IAC, IAC, 0x62, 0x0a));
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "aÿb");
});

Deno.test("Miniboa defect 3: CR NUL ends a line", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  peer.write("look\r\0");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "look");
});

Deno.test("Miniboa defect 4: UTF-8 works around IAC and with characters split in two", async () => {
  await using harness = await start({ encoding: "utf-8" }, { chunkSize: 1 });
  const { peer, client } = await harness.join();
  peer.write(negotiation(WILL, NAWS));
  peer.write("日本\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "日本");
  client.requestNaws();
  client.sendBytes(Uint8Array.of(IAC));
  await harness.server.poll();
  assertEquals(latin1(peer.take()), "\xff\xfd\x1f\xff\xff"); // already agreed: no second DO
});

Deno.test("Miniboa defect 5: an unencodable character becomes a question mark and does not throw", async () => {
  await using harness = await start({ encoding: "latin1" });
  const { peer, client } = await harness.join();
  client.send("日本x");
  await harness.server.poll();
  assertEquals(latin1(peer.take()), "??x");
});

Deno.test("Miniboa defect 6: output before active = false arrives, and the socket is closed", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.send("Good bye");
  client.active = false;
  await harness.pollUntil(() => peer.ended);
  assertEquals(peer.takeText(), "Good bye");
});

Deno.test("Miniboa defect 7: backspace works, and every buffer has a limit", async () => {
  await using harness = await start({
    limits: { line: 100, outputBytes: 1000 },
    messages: { lineTooLong: "" },
  }, { capacity: 100 });
  const { peer, client } = await harness.join();
  peer.write("nb\x08orth\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "north");
  peer.write("x".repeat(1_000_000) + "\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand()?.length, 100);
  client.send("é".repeat(2000)); // counted in bytes, not in characters
  await harness.server.poll();
  assertEquals(client.connection.queuedOutput, 3900);
  client.send("more");
  await harness.pollUntil(() => harness.disconnected.length === 1);
});

Deno.test("Miniboa defect 8: a subnegotiation over the limit leaks nothing into the text", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  peer.write(Uint8Array.of(IAC, SB, 99, ...new Uint8Array(20_000).fill(0x41), IAC, SE));
  peer.write("clean\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals([client.getCommand(), client.getCommand()], ["clean", undefined]);
});

Deno.test("Miniboa defect 9: 0xFF in output is doubled", async () => {
  await using harness = await start({ encoding: "latin1" });
  const { peer, client } = await harness.join();
  client.send("ÿ");
  await harness.server.poll();
  assertEquals([...peer.take()], [IAC, IAC]);
});

Deno.test("Miniboa defect 10: an echo is sent even without other output", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.requestWillEcho();
  await harness.hear(peer, "\x01");
  peer.write(negotiation(0xfd, 1));
  peer.write("k");
  assertEquals(await harness.hear(peer, "k"), "k");
});

Deno.test("Miniboa defect 11: the two directions of an option are negotiated separately", () => {
  const machine = new TelnetMachine();
  machine.enableLocal(0);
  machine.enableRemote(0);
  machine.receive(Uint8Array.of(IAC, 0xfc, 0)); // WONT: the peer's side only
  assertEquals([machine.localEnabled(0), machine.remoteEnabled(0)], [false, false]);
  machine.receive(Uint8Array.of(IAC, 0xfd, 0));
  assertEquals([machine.localEnabled(0), machine.remoteEnabled(0)], [true, false]);
});

Deno.test("Miniboa defect 12: AYT is answered, EC and EL edit the line", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  peer.write(Uint8Array.of(0x61, 0x62, IAC, EC, 0x0a, 0x63, IAC, EL, 0x64, 0x0a, IAC, AYT));
  await harness.hear(peer, "Yes");
  assertEquals([client.getCommand(), client.getCommand()], ["a", "d"]);
});

Deno.test("Miniboa defect 13: wrapping splits long words, and caret codes have no width", () => {
  const lines = wordWrap("^R" + "x".repeat(25) + "^~", { columns: 10, indent: 0, padding: 0 });
  assertEquals(lines.length, 3);
  assert(lines.every((line) => textWidth(line.replaceAll(/\^./g, "")) <= 10));
  assertEquals(lines[0], "^Rxxxxxxxxxx");
});

Deno.test("Miniboa defect 14: stop calls onDisconnect for each client", async () => {
  const harness = await start();
  await harness.join();
  await harness.join();
  await harness.server.stop();
  assertEquals(harness.disconnected.length, 2);
});

Deno.test("Miniboa defect 15: a connection error ends only that connection", async () => {
  await using harness = await start();
  const { peer } = await harness.join();
  const { client } = await harness.join();
  peer.abort();
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assert(client.active);
});
