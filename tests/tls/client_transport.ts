/** The TLS client as a transport, for the connection contract. */
import type { Connection, Transport } from "../../src/transport/mod.ts";
import { tlsEncryption } from "../../src/transport/tls.ts";
import { CERTIFICATE } from "./certificates.ts";

/**
 * A transport whose accepted connections speak TLS as the client. So the roles are swapped: the
 * peer that dials is the TLS server.
 */
export function tlsClientTransport(beneath: Transport): Transport {
  const trust = { serverName: "localhost", ca: CERTIFICATE.cert };
  const context = tlsEncryption.clientContext?.(trust);
  const nothing = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
  return {
    name: `TLS client on ${beneath.name}`,
    listen: (options, accept) =>
      beneath.listen(options, (connection) => {
        // First the returned handler must be attached.
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
