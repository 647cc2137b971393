import { assert, assertEquals } from "@std/assert";
import { createInflate, inflateSync } from "node:zlib";
import { MCCP2, MCCP3 } from "../../src/options/mod.ts";
import { DO, DONT, IAC, IP, SB, SE } from "../../src/protocol/mod.ts";
import { latin1, negotiation, start } from "./harness.ts";
import { bytesOf, deflated, hearInflated, join, untilReal, utf8 } from "./remote.ts";

Deno.test("MCCP2: everything after the marker is compressed, and each poll's output can be inflated at once", async () => {
  await using joined = await join({ telnetOptions: { mccp2: true } });
  const { harness, client, peer, remote } = joined;
  await remote.hear((words) => words.includes("WILL 86"));
  client.send("before ");
  remote.do(MCCP2);
  const inflate = createInflate();
  let text = "";
  inflate.on("data", (bytes: Uint8Array) => text += latin1(bytes));
  const marker = latin1(Uint8Array.of(IAC, SB, MCCP2, IAC, SE));
  let heard = "";
  await harness.pollUntil(() => (heard += latin1(peer.take())).includes(marker));
  assertEquals(heard.slice(0, heard.indexOf(marker)), "before ");
  inflate.write(bytesOf(heard.slice(heard.indexOf(marker) + 5)));
  for (const words of ["one\n", "two ".repeat(1000) + "\n"]) {
    client.send(words);
    const wanted = text + words.replace("\n", "\r\n");
    await hearInflated(harness, peer, inflate, () => text === wanted);
  }
  const sentBefore = text.length;
  remote.dont(MCCP2); // the stream ends properly, then plain text follows
  let plain = "";
  await harness.pollUntil(() => {
    plain += latin1(peer.take());
    return !client.telnet.optionEnabled(MCCP2, "local");
  });
  client.send("plain again\n");
  await untilReal(harness, () => (plain += latin1(peer.take())).endsWith("plain again\r\n"));
  const ended = new Promise((resolve) => inflate.once("end", resolve));
  inflate.write(bytesOf(plain));
  await ended;
  assertEquals(text.slice(sentBefore), "\xff\xfc\x56"); // WONT MCCP2 is still compressed
});

Deno.test("MCCP2: a dropped client gets the last output and a complete stream", async () => {
  await using joined = await join({ telnetOptions: { mccp2: true } });
  const { harness, client, peer, remote } = joined;
  remote.do(MCCP2);
  await harness.pollUntil(() => client.telnet.optionEnabled(MCCP2, "local"));
  client.send("Good bye\n");
  client.active = false;
  let heard = "";
  await untilReal(harness, () => {
    heard += latin1(peer.take());
    return harness.disconnected.length === 1;
  });
  heard += latin1(peer.take());
  const marker = latin1(Uint8Array.of(IAC, SB, MCCP2, IAC, SE));
  const stream = bytesOf(heard.slice(heard.indexOf(marker) + 5));
  assertEquals(latin1(inflateSync(stream)), "Good bye\r\n"); // throws if the stream is cut off
});

Deno.test("MCCP2: bytesSent counts the compressed bytes", async () => {
  const harness = await start({ telnetOptions: { mccp2: true } });
  const { peer, client } = await harness.join();
  let taken = 0;
  const take = () => taken += peer.take().length;
  peer.write(negotiation(DO, MCCP2));
  await harness.pollUntil(() => take() > 0 && client.telnet.optionEnabled(MCCP2, "local"));
  client.send("All work and no play.\n".repeat(10_000));
  client.active = false;
  await untilReal(harness, () => take() > 0 && harness.disconnected.length === 1);
  take();
  assertEquals([client.bytesSent, harness.server.stats().bytesSent], [taken, taken]);
  assert(taken > 100 && taken < 10_000, `${taken} bytes`);
});

for (const chunkSize of [1, 7, 100_000]) {
  Deno.test(`MCCP3: compressed lines, the end of the stream, then plain lines, in chunks of ${chunkSize}`, async () => {
    const harness = await start({ telnetOptions: { mccp3: true } }, { chunkSize });
    const { peer, client } = await harness.join();
    const stream = await deflated(["look\r\n", "north\r\n"], true);
    const parts = [
      negotiation(DO, MCCP3),
      Uint8Array.of(IAC, SB, MCCP3, IAC, SE),
      stream,
      utf8("plain\r\n"),
    ];
    peer.write(new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer()));
    const lines: string[] = [];
    await untilReal(harness, () => {
      for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
        lines.push(line);
      }
      return lines.length === 3;
    });
    assertEquals(lines, ["look", "north", "plain"]);
  });
}

Deno.test("MCCP3: corrupt data and zip bombs drop only their client, with a reason", async () => {
  const bomb = await deflated(["\0".repeat(50_000_000)], true);
  assert(bomb.length < 100_000);
  for (const stream of [utf8("this is no zlib stream at all"), bomb]) {
    await using joined = await join({ telnetOptions: { mccp3: true } });
    const { harness, client, remote } = joined;
    remote.do(MCCP3);
    remote.say(Uint8Array.of(IAC, SB, MCCP3, IAC, SE), stream);
    await untilReal(harness, () => harness.disconnected.length === 1);
    assertEquals(client.disconnectReason, "corrupt-data");
    assert(client.connection.disconnectError instanceof Error);
  }
});

Deno.test("MCCP that is not in telnetOptions is refused, and its marker has no effect", async () => {
  await using joined = await join({});
  const { harness, client, remote } = joined;
  remote.do(MCCP2);
  remote.do(MCCP3);
  assertEquals(await remote.hear((words) => words.length === 2), ["WONT 86", "WONT 87"]);
  remote.say(Uint8Array.of(IAC, SB, MCCP3, IAC, SE), utf8("plain\r\n"));
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "plain");
});

const MARKER2 = latin1(Uint8Array.of(IAC, SB, MCCP2, IAC, SE));
const MARKER3 = Uint8Array.of(IAC, SB, MCCP3, IAC, SE);

/** The server's output in parts: plain text, an inflated stream, plain text, and so on. */
function inflateAll(heard: string): string[] {
  const parts: string[] = [];
  let rest = heard;
  for (let at = rest.indexOf(MARKER2); at !== -1; at = rest.indexOf(MARKER2)) {
    parts.push(rest.slice(0, at));
    const stream = bytesOf(rest.slice(at + MARKER2.length));
    const { buffer, engine } = inflateSync(stream, { info: true }) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    parts.push(latin1(buffer));
    rest = latin1(stream.subarray(engine.bytesWritten));
  }
  return [...parts, rest];
}

Deno.test("MCCP2: stopped and started again in one chunk, a new stream follows the first", async () => {
  await using joined = await join({ telnetOptions: { mccp2: true } });
  const { harness, client, peer, remote } = joined;
  remote.do(MCCP2);
  await harness.pollUntil(() => client.connection.compressed);
  client.send("one\n");
  remote.say(negotiation(DONT, MCCP2), negotiation(DO, MCCP2));
  await harness.server.poll();
  client.telnet.enableOption(MCCP2, "local"); // after DONT only the game can offer it again
  remote.do(MCCP2);
  let heard = "";
  await untilReal(harness, () => {
    heard += latin1(peer.take());
    return heard.split(MARKER2).length === 3 && client.connection.compressed;
  });
  client.send("two\n");
  client.active = false;
  await untilReal(harness, () => {
    heard += latin1(peer.take());
    return harness.disconnected.length === 1;
  });
  heard += latin1(peer.take());
  const parts = inflateAll(heard);
  assertEquals(parts.length, 5);
  assert(parts[1]?.startsWith("one\r\n"), parts[1]);
  assert(parts[3]?.endsWith("two\r\n"), parts[3]);
});

Deno.test("MCCP2: a client that is dropped while its stream ends gets the last output", async () => {
  await using joined = await join({
    telnetOptions: { mccp2: true },
    onTelnetCommand: (client) => {
      client.send("Farewell\n");
      client.active = false;
    },
  });
  const { harness, client, peer, remote } = joined;
  remote.do(MCCP2);
  await harness.pollUntil(() => client.connection.compressed);
  remote.say(negotiation(DONT, MCCP2), Uint8Array.of(IAC, IP));
  let heard = "";
  await untilReal(harness, () => {
    heard += latin1(peer.take());
    return harness.disconnected.length === 1;
  });
  heard += latin1(peer.take());
  assert(inflateAll(heard).join("").endsWith("Farewell\r\n"), heard);
});

Deno.test("MCCP2: the marker is sent in one write", async () => {
  await using joined = await join({ telnetOptions: { mccp2: true } });
  const { harness, client, peer, remote } = joined;
  const writes: Uint8Array[] = [];
  remote.do(MCCP2);
  await harness.pollUntil(() => {
    writes.push(...peer.takeChunks());
    return client.connection.compressed;
  });
  writes.push(...peer.takeChunks());
  assert(writes.some((bytes) => latin1(bytes).includes(MARKER2)), "no write has the whole marker");
});

Deno.test("MCCP3: all lines sent before the client closes are read", async () => {
  for (const count of [1, 3000]) {
    const texts = Array.from({ length: count }, (_, index) => `line ${index}\r\n`);
    const stream = await deflated([texts.join("")], true);
    await using joined = await join(
      { telnetOptions: { mccp3: true }, limits: { queuedLines: 10_000 } },
      { allowHalfOpen: true },
    );
    const { harness, client, peer, remote } = joined;
    remote.say(negotiation(DO, MCCP3), MARKER3, stream);
    peer.end();
    const lines: string[] = [];
    await untilReal(harness, () => {
      for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
        lines.push(line);
      }
      return harness.disconnected.length === 1;
    });
    assertEquals(lines, texts.map((text) => text.trimEnd()));
    assertEquals(client.disconnectReason, "client-closed");
  }
});

Deno.test("MCCP3: a marker within the stream has no effect; after its end it starts another", async () => {
  await using joined = await join({ telnetOptions: { mccp3: true } });
  const { harness, client, remote } = joined;
  const first = await deflated(["look\r\n" + latin1(MARKER3), "north\r\n"], true, "latin1");
  const second = await deflated(["south\r\n"], true);
  remote.say(negotiation(DO, MCCP3), MARKER3, first, utf8("plain\r\n"), MARKER3, second);
  const lines: string[] = [];
  await untilReal(harness, () => {
    for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
      lines.push(line);
    }
    return lines.length === 4;
  });
  assertEquals(lines, ["look", "north", "plain", "south"]);
});

Deno.test("MCCP3: inflateTotal bounds the inflated size of one stream", async () => {
  await using joined = await join({
    telnetOptions: { mccp3: true },
    limits: { inflateTotal: 10_000, line: 100 },
  });
  const { harness, client, remote } = joined;
  const noise = Array.from({ length: 3000 }, (_, index) => `${Math.sin(index)}\r\n`).join("");
  remote.say(negotiation(DO, MCCP3), MARKER3, await deflated([noise], false));
  await untilReal(harness, () => harness.disconnected.length === 1);
  assertEquals(client.disconnectReason, "corrupt-data");
});

Deno.test("MCCP3: the game can end it with WONT", async () => {
  await using joined = await join({ telnetOptions: { mccp3: true } });
  const { harness, client, remote } = joined;
  remote.say(negotiation(DO, MCCP3), MARKER3, await deflated(["look\r\n"], false));
  await untilReal(harness, () => client.cmdReady);
  client.telnet.disableOption(MCCP3, "local");
  await remote.hear((words) => words.includes("WONT 87"));
});

Deno.test("MCCP is not offered on an encrypted connection, unless the game sets encrypted: true", async () => {
  await using plain = await join({ telnetOptions: { mccp2: true, mccp3: true } }, {
    encrypted: true,
  });
  assert(plain.client.connection.encrypted);
  plain.remote.do(MCCP2);
  plain.remote.do(MCCP3);
  const heard = await plain.remote.hear((words) => words.length === 2);
  assertEquals(heard, ["WONT 86", "WONT 87"]);
  await using insisting = await join(
    { telnetOptions: { mccp2: { encrypted: true }, mccp3: { encrypted: true } } },
    { encrypted: true },
  );
  await insisting.remote.hear((words) => words.includes("WILL 86") && words.includes("WILL 87"));
});

/** A zlib header, then empty deflate blocks. */
const EMPTY_BLOCKS = [
  Uint8Array.of(0x78, 0x9c),
  new Uint8Array(8_190).map((_, at) => at % 5 < 3 ? 0 : 0xff),
];

Deno.test("MCCP3: empty deflate blocks are buffered within a bound and count towards byteRate", async () => {
  const violations: string[] = [];
  const { client, peer, remote, harness, clock } = await join({
    telnetOptions: { mccp3: true },
    limits: { byteRate: 16_384, burst: 10, floodTimeout: 5_000 },
    onViolation: (_, { kind }) => void violations.push(kind),
  });
  await using _ = harness;
  remote.say(negotiation(DO, MCCP3), MARKER3, ...EMPTY_BLOCKS);
  await untilReal(harness, () => client.connection.memoryUsed > 40_000);
  for (let times = 0; times < 300; times++) remote.say(EMPTY_BLOCKS[1] as Uint8Array);
  await untilReal(harness, () => violations.length === 1);
  assertEquals(violations, ["too-many-bytes"]);
  // Of 2.4 MB it read the burst and at most 128 KiB more.
  const taken = 301 * 8_190 - peer.queued;
  assert(taken > 163_840 && taken < 163_840 + 131_072, `took ${taken}`);
  assert(client.connection.memoryUsed < 200_000, `holds ${client.connection.memoryUsed}`);
  while (harness.disconnected.length === 0) {
    clock.advance(500);
    for (let times = 0; times < 20; times++) {
      await harness.server.poll();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
  assertEquals(violations.at(-1), "flooding");
  assertEquals(client.disconnectReason, "flooding");
});
