import type { CompressionCodec } from "./compression.ts";
import type { Encryption } from "./encryption.ts";
import type { WebSocketOpener } from "./framing.ts";
import type { Dialler, Transport } from "./transport.ts";

/**
 * Loads the transport of the current runtime, and no other.
 *
 * @returns The transport on `Deno.listen`, `Bun.listen` or `node:net`.
 */
export async function defaultTransport(): Promise<Transport & Dialler> {
  if ("Deno" in globalThis) return (await import("./deno.ts")).denoTransport;
  if ("Bun" in globalThis) return (await import("./bun.ts")).bunTransport;
  return (await import("./node.ts")).nodeTransport;
}

/** Loads the platform's zlib; the module is the same on all three runtimes. */
export async function defaultCodec(): Promise<CompressionCodec> {
  return (await import("./zlib.ts")).zlibCodec;
}

/** Loads the platform's TLS; the module is the same on all three runtimes. */
export async function defaultEncryption(): Promise<Encryption> {
  return (await import("./tls.ts")).tlsEncryption;
}

/** Loads the opener of WebSockets; it is the same on all three runtimes. */
export async function defaultWebSocket(): Promise<WebSocketOpener> {
  return (await import("./websocket.ts")).openWebSocket;
}
