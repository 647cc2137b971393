/** TLS over any transport, for the connection contract. */
import type { Connection, Transport } from "../../src/transport/mod.ts";
import { tlsEncryption } from "../../src/transport/tls.ts";
import { CERTIFICATE } from "../tls/certificates.ts";

/** A transport whose accepted connections use TLS. */
export function tlsTransport(beneath: Transport): Transport {
  const context = tlsEncryption.context(CERTIFICATE);
  return {
    name: `TLS on ${beneath.name}`,
    listen: (options, accept) =>
      beneath.listen(options, (connection) => ({
        onData(chunk) {
          let secure: Connection | undefined = undefined;
          secure = context.secure(connection, chunk, {
            onSecure: () => secure?.attach(accept(secure)),
            onData() {},
            onEnd() {},
            onDrain() {},
            onClose() {},
          });
        },
        onEnd: () => connection.abort(),
        onDrain() {},
        onClose() {},
      })),
  };
}
