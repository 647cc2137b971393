/** What single bytes of a client make its worker and the gateway send to each other. */
import { assert, assertEquals } from "@std/assert";
import type { ClientSnapshot, ListenOptions, TelnetClient } from "../../mod.ts";
import { DO, IAC, SB, SE, WILL } from "../../src/protocol/mod.ts";
import { ECHO, encodeEnvironIs, NAWS, NEW_ENVIRON, SGA } from "../../src/options/mod.ts";
import { answer, Scene } from "./scene.ts";

const QUIET = { messages: { waiting: "" } } as const;
const utf8 = (text: string) => [...new TextEncoder().encode(text)];

/** Counts the bytes that are sent over the bus from now on. */
function countSent({ bus }: Scene): { bytes: number } {
  const sent = { bytes: 0 };
  const { publish } = bus;
  bus.publish = (subject, payload, onNobody) => {
    sent.bytes += payload.length;
    publish.call(bus, subject, payload, onNobody);
  };
  return sent;
}

const WIDE = "日".repeat(1_300);
const VARIABLES = Array.from({ length: 40 }, (_, at) => {
  const value = encodeEnvironIs([{ name: `V${at}`, value: "v".repeat(500), user: true }]);
  return [IAC, SB, NEW_ENVIRON, ...value, IAC, SE];
}).flat();
const resize = (columns: number) => [IAC, SB, NAWS, 0, columns, 0, 24, IAC, SE];

/** What a client can have its worker keep, and bytes that change little of it. */
const KEPT: readonly {
  readonly name: string;
  readonly edits?: boolean;
  readonly before: readonly number[];
  readonly input: readonly (readonly number[])[];
}[] = [
  { name: "a long line", before: utf8(WIDE), input: [[97], [98], [8], [8]] },
  {
    name: "the line of an editor",
    edits: true,
    before: utf8(`${WIDE}${"\x02".repeat(9)}`),
    input: [[97], [2]],
  },
  {
    name: "the killed text and the undo changes of an editor",
    edits: true,
    before: utf8(`${WIDE}${"\x15\x19".repeat(3)}`),
    input: [[2], [6], [1], [5], [97]],
  },
  {
    name: "an unfinished paste",
    edits: true,
    before: utf8(`\x1b[200~${WIDE.repeat(3)}`),
    input: [[97]],
  },
  {
    name: "environment variables",
    before: [IAC, WILL, NEW_ENVIRON, IAC, WILL, NAWS, ...VARIABLES],
    input: [[97], resize(80), resize(81)],
  },
];

/** What of a client's snapshot must be the same after a crash: of the undo changes, the newest. */
function kept(snapshot: ClientSnapshot | undefined): string {
  const text = JSON.stringify([snapshot?.input, snapshot?.facts]);
  return text.replace(/"changes":\[[^\]]*(\{[^\]]*\})\]/, "$1");
}

for (const { name, edits, before, input } of KEPT) {
  Deno.test(`a byte does not transfer ${name} again`, async () => {
    const limits: ListenOptions["limits"] = { drawRate: Infinity, workRate: Infinity };
    const telnetOptions: ListenOptions["telnetOptions"] = { newEnviron: true };
    const scene = await Scene.open({ gateway: QUIET, server: { limits, telnetOptions } });
    const worker = scene.worker("a", {}, {
      onConnect: (client) => {
        if (edits) client.useEditor();
      },
    });
    const peer = scene.person();
    await scene.until(() => worker.log.length === 1);
    peer.write(Uint8Array.of(IAC, DO, ECHO, IAC, DO, SGA));
    const show = async (bytes: readonly number[]) => {
      peer.write(Uint8Array.from(bytes));
      for (let steps = 0; steps < 3; steps++) {
        await scene.step(50);
        peer.take();
      }
    };
    for (let at = 0; at < before.length; at += 500) await show(before.slice(at, at + 500));
    const sent = countSent(scene);
    let count = 0;
    for (let turn = 0; turn < 30; turn++) {
      const bytes = input[turn % input.length] ?? [];
      count += bytes.length;
      await show(bytes);
    }
    assert(sent.bytes < 1_000 * count, `${sent.bytes} bytes for ${count}`);
    // All of it is there after a crash.
    const [client] = worker.server?.clientList() ?? [];
    const state = client?.snapshot();
    worker.process.kill();
    const second = scene.worker("b");
    await scene.until(() => second.log.length === 1);
    await scene.step();
    const restored = second.server?.clientList()[0]?.snapshot();
    assertEquals(kept(restored), kept(state));
    await scene.close();
  });
}

Deno.test("a key in the editor does not transfer the whole history", async () => {
  const scene = await Scene.open({
    gateway: QUIET,
    // A slow machine must not count as a costly client.
    server: { limits: { line: 4_000, workRate: Infinity } },
    play: answer,
  });
  const worker = scene.worker("a", {}, { onConnect: (client) => client.useEditor() });
  const peer = scene.person();
  await scene.until(() => worker.log.length === 1);
  peer.write(Uint8Array.of(255, 253, 1, 255, 253, 3));
  for (let line = 0; line < 20; line++) {
    peer.write(`${line} ${"x".repeat(2_000)}\r\n`);
    for (let steps = 0; steps < 5; steps++) {
      await scene.step();
      peer.take();
    }
  }
  await scene.until(() => worker.server?.clientList()[0]?.lineNumber === 20);
  const sent = countSent(scene);
  for (let key = 0; key < 50; key++) {
    peer.write("k");
    await scene.step();
    peer.take();
  }
  assert(sent.bytes < 100_000, `${sent.bytes} bytes for 50 keys`);
  await scene.close();
});

Deno.test("a byte of an unfinished subnegotiation does not transfer its whole payload", async () => {
  const scene = await Scene.open({ gateway: QUIET, play: answer });
  const worker = scene.worker("a");
  const peer = scene.person();
  await scene.until(() => worker.log.length === 1);
  peer.write(Uint8Array.from([255, 250, 201, ...new Uint8Array(10_000).fill(97)]));
  for (let steps = 0; steps < 10; steps++) await scene.step();
  const sent = countSent(scene);
  for (let byte = 0; byte < 50; byte++) {
    peer.write("b");
    await scene.step();
  }
  assert(sent.bytes < 50_000, `${sent.bytes} bytes for 50`);
  // It is still complete after a restart.
  const second = scene.worker("b", { takeOver: true });
  await scene.until(() => second.log.length === 1);
  peer.write(Uint8Array.of(255, 240));
  peer.write("hello\r\n");
  let text = "";
  await scene.until(() => (text += peer.takeText()).includes("1/1 hello"));
  await scene.close();
});

for (const kind of ["lines", "keys"] as const) {
  Deno.test(`a byte does not transfer the ${kind} that wait for the game`, async () => {
    const taken: string[] = [];
    let takes = false;
    const play = (client: TelnetClient) => {
      while (takes && (client.cmdReady || client.hasKey)) {
        taken.push(client.getKey()?.text ?? client.getCommand() ?? "");
      }
    };
    const scene = await Scene.open({ gateway: QUIET, play });
    const worker = scene.worker("a", {}, {
      onConnect: (client) => {
        if (kind === "keys") client.enterCharacterMode();
      },
    });
    const peer = scene.person();
    await scene.until(() => worker.log.length === 1);
    const line = `${"x".repeat(2_000)}\r\n`;
    peer.write(Uint8Array.of(255, 253, 1, 255, 253, 3));
    const first = kind === "lines" ? line.repeat(30) : "0123456789".repeat(100);
    for (let at = 0; at < first.length; at += 1_000) {
      peer.write(first.slice(at, at + 1_000));
      for (let steps = 0; steps < 10; steps++) await scene.step(50);
    }
    const sent = countSent(scene);
    const more = kind === "lines" ? "a\r\n" : "a";
    for (let byte = 0; byte < 50; byte++) {
      peer.write(more);
      for (let steps = 0; steps < 3; steps++) await scene.step();
    }
    assert(sent.bytes < 300_000, `${sent.bytes} bytes for 50`);
    // All of them are there after a crash.
    worker.process.kill();
    takes = true;
    const second = scene.worker("b");
    await scene.until(() => second.log.length === 1);
    const all = kind === "lines"
      ? [...Array(30).fill("x".repeat(2_000)), ...Array(50).fill("a")]
      : [...first, ...Array(50).fill("a")];
    await scene.until(() => taken.length >= all.length);
    assertEquals(taken, all);
    await scene.close();
  });
}
