/**
 * Telnet options, one file each: codes, and payloads to values and back. Pure functions.
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

export { BINARY, binary } from "./binary.ts";
export { ECHO, echo } from "./echo.ts";
export { decodeNaws, encodeNaws, NAWS, naws, NAWS_MAX, type WindowSize } from "./naws.ts";
export type { OptionSession, TelnetOption } from "./option.ts";
export { optionByCode, optionName, OPTIONS } from "./registry.ts";
export { SGA, sga } from "./sga.ts";
export {
  decodeTerminalType,
  encodeTerminalType,
  encodeTerminalTypeSend,
  TERMINAL_TYPE_MAX,
  terminalType,
  TTYPE,
} from "./terminal_type.ts";
