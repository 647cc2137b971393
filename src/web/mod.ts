/**
 * Telnet in a web page: connects a WebSocket, the client end of Telnet, and a terminal such as
 * xterm.js.
 *
 * @example
 * ```ts ignore
 * import { Terminal } from "@xterm/xterm";
 * import { WebTerminal } from "@miniboa/miniboa/web";
 *
 * const screen = new Terminal();
 * screen.open(document.querySelector("main"));
 * const terminal = new WebTerminal({ url: `ws://${location.host}/`, screen });
 * input.onchange = () => terminal.sendLine(input.value);
 * ```
 *
 * @module
 */

export type * from "../connect/mod.ts";
export { isTelnetError, TelnetError } from "../protocol/error.ts";
export type { StandardWebSocket } from "../transport/web_socket_object.ts";
export type { Disposable, Screen } from "./screen.ts";
export {
  type InputMode,
  type Link,
  type LinkState,
  type PageEvents,
  WebTerminal,
  type WebTerminalOptions,
} from "./web_terminal.ts";
