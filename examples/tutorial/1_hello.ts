import { TelnetServer } from "../../mod.ts";

const server = await TelnetServer.listen();
console.log(`Listening on port ${server.port}`);
while (server.running) await server.poll();
