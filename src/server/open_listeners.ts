import { throwMisuse } from "../protocol/error.ts";
import { defaultTransport, defaultWebSocket } from "../transport/default.ts";
import type { Transport } from "../transport/transport.ts";
import type { Acceptor } from "./acceptor.ts";
import type { ListenerOptions } from "./listen_options.ts";
import { webSettings } from "./web_requests.ts";

/** The options for all listeners: the first one, and `listeners`. */
export interface Listeners extends ListenerOptions {
  readonly listeners?: readonly ListenerOptions[] | undefined;
  readonly tcpKeepAlive?: boolean | undefined;
  readonly transport?: Transport | undefined;
}

/** Opens all listeners, or none: the first that fails closes the others. */
export async function openListeners(acceptor: Acceptor, given: Listeners): Promise<void> {
  const { tcpKeepAlive: keepAlive = true } = given;
  try {
    for (const listener of [given, ...given.listeners ?? []]) {
      const { port = 7777, address = "", reusePort = false, tls = false } = listener;
      const web = listener.webSocket
        ? webSettings(listener.webSocket, await defaultWebSocket())
        : undefined;
      const transport = listener.transport ?? given.transport ?? await defaultTransport();
      if (transport.durable) checkDurable(listener, transport.name);
      await acceptor.listen(transport, { port, address, reusePort, keepAlive }, { tls, web });
    }
  } catch (error) {
    await acceptor.close();
    throw error;
  }
}

/** Rejects options of a listener whose sockets belong to a gateway. */
function checkDurable(listener: ListenerOptions, name: string): void {
  for (const option of ["port", "address", "tls", "webSocket", "reusePort"] as const) {
    if (listener[option] === undefined || listener[option] === false) continue;
    throwMisuse(`Cannot use \`${option}\` with the transport of a ${name}: give it to the gateway`);
  }
}
