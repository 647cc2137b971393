/** Compression with `node:zlib`, which all three runtimes have. Loaded only if MCCP is declared. */
import { BlockDeflater, canDeflateBlocks } from "./_block_deflater.ts";
import { builtIn } from "./_built_in.ts";
import type { CompressionCodec, CompressionHandler, Deflater, Inflater } from "./compression.ts";

const { constants, createDeflate, createInflate } = builtIn<typeof import("node:zlib")>(
  "node:zlib",
);

/** With these settings a client costs about 200 KB on Deno; with zlib's defaults, 260 KB. */
const SMALL = {
  memLevel: 5,
  windowBits: 13,
  chunkSize: 4_096,
  flush: constants.Z_SYNC_FLUSH,
};
/** Memory of a waiting chunk in addition to its bytes: an array, and an entry in two queues. */
const CHUNK_OVERHEAD = 512;

/** The platform's zlib. */
export const zlibCodec: CompressionCodec = {
  deflate: canDeflateBlocks() ? (handler) => new BlockDeflater(handler) : deflate,
  inflate,
};

/** Compresses with one zlib stream for the connection, on runtimes whose zlib ignores a dictionary. */
function deflate(handler: CompressionHandler): Deflater {
  const stream = createDeflate(SMALL);
  stream.on("data", (bytes: Uint8Array) => handler.onData(bytes));
  stream.on("end", () => handler.onEnd(new Uint8Array(0)));
  stream.on("error", (error: Error) => handler.onError(error));
  let queued = 0;
  return {
    get queued() {
      return queued;
    },
    write(bytes) {
      queued += bytes.length;
      // The callback runs when the written bytes have come out.
      stream.write(bytes, () => queued -= bytes.length);
    },
    end: () => void stream.end(),
    destroy: () => void stream.destroy(),
  };
}

function inflate(handler: CompressionHandler): Inflater {
  const stream = createInflate();
  /**
   * Written chunks that may not be processed yet; bytes after the end of the stream are in here.
   */
  const unread: Uint8Array[] = [];
  let written = 0;
  let working = 0;
  let queued = 0;
  const idle = () => working === 0 && stream.readableLength === 0;
  const tellIdle = () => {
    if (idle()) handler.onIdle();
  };
  stream.on("data", (bytes: Uint8Array) => {
    handler.onData(bytes);
    tellIdle();
  });
  stream.on("end", () => {
    const rest = new Uint8Array(written - stream.bytesWritten);
    let end = rest.length;
    for (let chunk = unread.pop(); chunk !== undefined && end > 0; chunk = unread.pop()) {
      const tail = chunk.subarray(Math.max(0, chunk.length - end));
      end -= tail.length;
      rest.set(tail, end);
    }
    handler.onEnd(rest);
  });
  stream.on("error", (error: Error) => handler.onError(error));
  return {
    get idle() {
      return idle();
    },
    get queued() {
      return queued;
    },
    write(bytes) {
      const cost = bytes.length + CHUNK_OVERHEAD;
      unread.push(bytes);
      written += bytes.length;
      queued += cost;
      working++;
      stream.write(bytes, () => {
        working--;
        queued -= cost;
        // Keep the last processed chunk: the stream may have ended within it.
        if (unread.length > 1) unread.shift();
        tellIdle();
      });
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    destroy: () => void stream.destroy(),
  };
}
