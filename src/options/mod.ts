/**
 * Telnet options and MUD protocols, one file each: codes, payloads to values and back, and how the
 * server uses them. Pure.
 *
 * @example
 * ```ts
 * import { decodeNaws, NAWS } from "@miniboa/miniboa/options";
 * import { TelnetMachine } from "@miniboa/miniboa/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const telnet = new TelnetMachine({ remote: [NAWS] });
 * telnet.receive(Uint8Array.of(255, 251, NAWS, 255, 250, NAWS, 0, 80, 0, 24, 255, 240));
 * for (const event of telnet.takeEvents()) {
 *   if (event.type !== "subnegotiation") continue;
 *   assertEquals(decodeNaws(event.bytes), { columns: 80, rows: 24 });
 * }
 * ```
 *
 * @module
 */

export * from "./aardwolf.ts";
export * from "./atcp.ts";
export * from "./binary.ts";
export * from "./charset.ts";
export * from "./echo.ts";
export * from "./end_of_record.ts";
export * from "./facts.ts";
export type { FactsSnapshot } from "./facts_snapshot.ts";
export * from "./flow_control.ts";
export * from "./gmcp.ts";
export * from "./json.ts";
export * from "./linemode.ts";
export * from "./logout.ts";
export * from "./mccp.ts";
export * from "./msdp.ts";
export * from "./msp.ts";
export * from "./mssp.ts";
export * from "./mtts.ts";
export * from "./mxp.ts";
export * from "./naws.ts";
export * from "./new_environ.ts";
export * from "./option.ts";
export * from "./registry.ts";
export * from "./send_location.ts";
export * from "./sga.ts";
export * from "./start_tls.ts";
export * from "./status.ts";
export * from "./terminal_speed.ts";
export * from "./terminal_type.ts";
export * from "./timing_mark.ts";
export * from "./x_display_location.ts";
export * from "./zmp.ts";
export type { ForgetOptions } from "../protocol/negotiator.ts";
export type { OptionChange, Side } from "../protocol/events.ts";
