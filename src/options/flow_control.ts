import type { OptionContext, OptionState, TelnetOption } from "./option.ts";

/** Code of the option TOGGLE-FLOW-CONTROL (RFC 1372). */
export const LFLOW = 0x21;

/** What the server can tell the client of XON and XOFF. */
export type FlowControl = "off" | "on" | "restart-any" | "restart-xon";

const ORDER: readonly FlowControl[] = ["off", "on", "restart-any", "restart-xon"];

/**
 * Reads a TOGGLE-FLOW-CONTROL payload.
 *
 * @param payload The bytes between `IAC SB TOGGLE-FLOW-CONTROL` and `IAC SE`.
 * @returns The command, or `undefined` where it is none of RFC 1372.
 *
 * @example
 * ```ts
 * import { decodeFlowControl, encodeFlowControl } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodeFlowControl(encodeFlowControl("restart-any")), "restart-any");
 * ```
 */
export function decodeFlowControl(payload: Uint8Array): FlowControl | undefined {
  return payload.length === 1 ? ORDER[payload[0] ?? ORDER.length] : undefined;
}

/**
 * Writes a TOGGLE-FLOW-CONTROL payload.
 *
 * @param command What the client shall do with XON and XOFF.
 * @returns One byte.
 */
export function encodeFlowControl(command: FlowControl): Uint8Array {
  return Uint8Array.of(ORDER.indexOf(command));
}

/** What the server keeps of a client's flow control. */
export class FlowControlHandler implements OptionState {
  /** It asks for nothing. */
  readonly pending = false;
  readonly #context: OptionContext;

  /** Made by {@linkcode flowControl}. */
  constructor(context: OptionContext) {
    this.#context = context;
  }

  /**
   * Tells the client what to do with XON and XOFF.
   *
   * @param command What to do.
   * @returns Whether the client takes it.
   */
  set(command: FlowControl): boolean {
    if (!this.#context.remoteEnabled(LFLOW)) return false;
    this.#context.sendSubnegotiation(LFLOW, encodeFlowControl(command));
    return true;
  }
}

/** TOGGLE-FLOW-CONTROL as the server uses it. */
export const flowControl: TelnetOption<true, FlowControlHandler> = {
  code: LFLOW,
  name: "LFLOW",
  offer: "remote",
  attach: (context) => new FlowControlHandler(context),
};
