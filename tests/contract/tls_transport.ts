/** Encrypted connections of any transport: they must do what all must do. */
import type { Connection, Transport } from "../../src/transport/mod.ts";
import { tlsEncryption } from "../../src/transport/tls.ts";
import { CERTIFICATE } from "../tls/certificates.ts";

/** Speaks TLS with everybody who comes. */
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
