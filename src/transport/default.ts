import type { CompressionCodec } from "./compression.ts";
import type { Encryption } from "./encryption.ts";
import type { WebSocketOpener } from "./framing.ts";
import type { Dialler, Transport } from "./transport.ts";

/**
 * The transport of the runtime that this runs on; no other is loaded.
 *
 * @returns The one on `Deno.listen`, `Bun.listen` or `node:net`.
 */
export async function defaultTransport(): Promise<Transport & Dialler> {
  if ("Deno" in globalThis) return (await import("./deno.ts")).denoTransport;
  if ("Bun" in globalThis) return (await import("./bun.ts")).bunTransport;
  return (await import("./node.ts")).nodeTransport;
}

/** The platform's zlib; all three runtimes have it under the same name. */
export async function defaultCodec(): Promise<CompressionCodec> {
  return (await import("./zlib.ts")).zlibCodec;
}

/** The platform's TLS, by the same name on all three. */
export async function defaultEncryption(): Promise<Encryption> {
  return (await import("./tls.ts")).tlsEncryption;
}

/** Opens WebSockets on connections; the same on all three. */
export async function defaultWebSocket(): Promise<WebSocketOpener> {
  return (await import("./websocket.ts")).openWebSocket;
}
