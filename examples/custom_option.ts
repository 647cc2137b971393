/**
 * A Telnet option of your own: a client that agrees to it receives the weather as data, and can ask
 * for the weather of another place. Unknown options are printed.
 *
 *     deno run -N examples/custom_option.ts [--port 7777]
 *     bun run examples/custom_option.ts [--port 7777]
 *     node examples/custom_option.ts [--port 7777]
 *
 * A client that agrees, and asks for the weather on the hill (IAC DO 210, IAC SB 210 "hill" IAC SE):
 *
 *     printf '\377\375\322\377\372\322hill\377\360' | nc localhost 7777 | xxd
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { type OptionContext, type OptionState, type TelnetOption, TelnetServer } from "../mod.ts";

const WEATHER = 210; // a code that IANA has not assigned

interface WeatherEvents {
  /** The client asks for the weather of a place: `onForecast`. */
  forecast: { readonly place: string };
}

/** The option's handle for the game: `client.telnet.handle(weather)`. */
interface WeatherHandle {
  /** Sends the weather of a place; returns whether the option is enabled. */
  send(place: string, weather: string): boolean;
}

const weather: TelnetOption<never, OptionState<WeatherHandle>, WeatherEvents> = {
  code: WEATHER,
  name: "WEATHER",
  events: ["forecast"],
  offer: "local", // WILL WEATHER at the start
  attach: (context: OptionContext<WeatherEvents>) => ({
    handle: {
      send(place, weather) {
        const enabled = context.localEnabled(WEATHER);
        const payload = new TextEncoder().encode(`${place}=${weather}`);
        if (enabled) context.sendSubnegotiation(WEATHER, payload);
        return enabled;
      },
    },
    subnegotiation(payload) {
      context.emit("forecast", { place: new TextDecoder().decode(payload) });
    },
  }),
};
const skies = new Map([["inn", "smoky"], ["hill", "windy"]]);

const { values } = parseArgs({ options: { port: { type: "string", default: "7777" } } });
const server = await TelnetServer.listen({
  port: Number(values.port),
  customOptions: [weather],
  onConnect: async (client) => {
    await client.ready; // the client has agreed to the option, or not
    if (client.telnet.handle(weather).send("inn", skies.get("inn") ?? "")) return;
    client.send(`The sky over the inn is ${skies.get("inn")}.\n`);
  },
  onForecast: (client, { place }) => {
    client.telnet.handle(weather).send(place, skies.get(place) ?? "unknown");
  },
  onOption: (client, { option, side, change }) => {
    console.log(`${client.addrport()} option ${option} ${side} ${change}`);
  },
  onSubnegotiation: (client, { option, payload }) => {
    console.log(`${client.addrport()} payload of ${option}: ${payload}`);
  },
  onDisconnect: (client) => console.log(`-- ${client.addrport()} ${client.disconnectReason}`),
});
console.log(`Weather on port ${server.port}. Ctrl-C ends it.`);
process.once("SIGINT", () => void server.stop());
while (server.running) await server.poll();
