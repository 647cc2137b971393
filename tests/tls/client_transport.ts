/** Encrypted connections of a client: they must do what all connections must do. */
import type { Connection, Transport } from "../../src/transport/mod.ts";
import { tlsEncryption } from "../../src/transport/tls.ts";
import { CERTIFICATE } from "./certificates.ts";

/**
 * Speaks TLS, as the client, with everybody who comes. So the ends are swapped: the peer that dials is
 * the server of TLS.
 */
export function tlsClientTransport(beneath: Transport): Transport {
  const trust = { serverName: "localhost", ca: CERTIFICATE.cert };
  const context = tlsEncryption.clientContext?.(trust);
  const nothing = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
  return {
    name: `TLS client on ${beneath.name}`,
    listen: (options, accept) =>
      beneath.listen(options, (connection) => {
        // What is returned becomes the owner first.
        queueMicrotask(() => {
          const secure: Connection | undefined = context?.secure(connection, new Uint8Array(0), {
            ...nothing,
            onSecure: () => secure?.attach(accept(secure)),
          });
        });
        return nothing;
      }),
  };
}
