/**
 * Compresses random texts in random pieces, and inflates them with the runtime's zlib: what was
 * written must be readable at once, and the whole must be one valid zlib stream. Prints the ratio.
 */
import { constants, createInflate, inflateSync } from "node:zlib";
import { joinBytes } from "../../src/protocol/bytes.ts";
import { BlockDeflater, canDeflateBlocks } from "../../src/transport/_block_deflater.ts";
import { zlibCodec } from "../../src/transport/zlib.ts";
import type { CompressionHandler, Deflater } from "../../src/transport/compression.ts";

let seed = 1;
const random = (most: number) => (seed = (seed * 48_271) % 2_147_483_647) % most;
const WORDS = "You are in a long corridor . It leads north and south Bob says hello the troll"
  .split(" ");

/** Text of a game, or bytes without any order. */
function piece(): Uint8Array {
  const length = [1, 12, 80, 650, 5_000, 40_000][random(6)] as number;
  if (random(4) === 0) return Uint8Array.from({ length }, () => random(256));
  let text = "";
  while (text.length < length) text += `${WORDS[random(WORDS.length)]} `;
  return new TextEncoder().encode(text.slice(0, length));
}

async function check(make: (handler: CompressionHandler) => Deflater): Promise<void> {
  const [written, sent]: [Uint8Array[], Uint8Array[]] = [[], []];
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const deflater = make({
    onData: (bytes) => void sent.push(new Uint8Array(bytes)),
    onIdle() {},
    onEnd: () => resolve(),
    onError: reject,
  });
  for (let left = random(12); left > 0; left--) {
    const bytes = piece();
    written.push(bytes);
    deflater.write(bytes);
    if (random(2) === 0) continue;
    while (deflater.queued > 0) await new Promise((go) => setTimeout(go, 1));
    const soFar = inflateSync(joinBytes(sent), { finishFlush: constants.Z_SYNC_FLUSH });
    same(soFar, joinBytes(written), "what can be read at once");
  }
  deflater.end();
  await ended;
  same(inflateSync(joinBytes(sent)), joinBytes(written), "the whole");
  if (deflater.queued !== 0) throw new Error("something is left");
  // A stream that inflates piece by piece checks the checksum at the end.
  const inflate = createInflate();
  const end = new Promise((go, fail) => inflate.on("end", go).on("error", fail));
  inflate.resume();
  for (const bytes of sent) inflate.write(bytes);
  inflate.end();
  await end;
}

function same(one: Uint8Array, other: Uint8Array, what: string): void {
  const alike = one.length === other.length && one.every((byte, at) => byte === other[at]);
  if (!alike) throw new Error(`${what} differs: ${one.length} and ${other.length} bytes`);
}

/** What is written while a block is delivered comes after what was written before. */
async function keepsOrder(): Promise<void> {
  const sent: Uint8Array[] = [];
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const text = (word: string) => new TextEncoder().encode(word);
  const deflater: Deflater = new BlockDeflater({
    onData: (bytes) => {
      sent.push(new Uint8Array(bytes));
      if (sent.length === 1) deflater.write(text("third"));
    },
    onIdle() {},
    onEnd: () => resolve(),
    onError: reject,
  });
  const first = text("first ".repeat(4_000));
  deflater.write(first);
  deflater.write(text("second "));
  while (deflater.queued > 0) await new Promise((go) => setTimeout(go, 1));
  deflater.end();
  await ended;
  same(inflateSync(joinBytes(sent)), joinBytes([first, text("second third")]), "the order");
}

await keepsOrder();
for (let runs = 0; runs < 60; runs++) {
  await check((handler) => new BlockDeflater(handler));
  await check((handler) => zlibCodec.deflate(handler));
}

/** The share that is left of a game's lines. */
let [plain, packed] = [0, 0];
const deflater = zlibCodec.deflate({
  onData: (bytes) => packed += bytes.length,
  onIdle() {},
  onEnd() {},
  onError() {},
});
for (let lines = 0; lines < 200; lines++) {
  const line = new TextEncoder().encode("Bob says: the troll in the long corridor hits hard.\r\n");
  plain += line.length;
  deflater.write(line);
}
while (deflater.queued > 0) await new Promise((go) => setTimeout(go, 1));
console.log(`blocks ${canDeflateBlocks()} ratio ${(packed / plain).toFixed(2)}`);
deflater.destroy();
