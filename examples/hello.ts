/** The three-line server: greets whoever comes to port 7777. Then `telnet localhost 7777`. */
import { TelnetServer } from "../mod.ts";
const server = await TelnetServer.listen();
while (true) await server.poll();
