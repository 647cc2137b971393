import { handleOf } from "./_handle.ts";
import type { OptionContext, OptionState, TelnetOption } from "./option.ts";
import { inspect, throwUnexpected } from "../protocol/validate.ts";

/** Code of the option TOGGLE-FLOW-CONTROL (RFC 1372). */
export const LFLOW = 0x21;

/** The commands for XON and XOFF that the server can send. */
export type FlowControl = "off" | "on" | "restart-any" | "restart-xon";

const ORDER: readonly FlowControl[] = ["off", "on", "restart-any", "restart-xon"];

/**
 * Reads a TOGGLE-FLOW-CONTROL payload.
 *
 * @param payload The bytes between `IAC SB TOGGLE-FLOW-CONTROL` and `IAC SE`.
 * @returns The command, or `undefined` if it is not a command of RFC 1372.
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
 * @param command How the client must handle XON and XOFF.
 * @returns One byte.
 * @throws {TelnetError} `misuse`: no such command.
 */
export function encodeFlowControl(command: FlowControl): Uint8Array {
  const code = ORDER.indexOf(command);
  if (code === -1) {
    throwUnexpected("the flow control command", ORDER.map(inspect).join(" or "), command);
  }
  return Uint8Array.of(code);
}

/** XON and XOFF of one client: `client.telnet.flowControl`. */
export interface FlowControlHandle {
  /**
   * Tells the client how to handle XON and XOFF.
   *
   * @param command The command.
   * @returns Whether the option is enabled; if not, nothing is sent.
   * @throws {TelnetError} `misuse`: no such command.
   */
  set(command: FlowControl): boolean;
}

/** The server's state of a client's flow control. */
export class FlowControlState implements OptionState<FlowControlHandle>, FlowControlHandle {
  readonly #context: OptionContext;
  #handle: FlowControlHandle | undefined;

  constructor(context: OptionContext) {
    this.#context = context;
  }

  get handle(): FlowControlHandle {
    return this.#handle ??= handleOf<FlowControlHandle>(this, { set: true });
  }

  set(command: FlowControl): boolean {
    const payload = encodeFlowControl(command);
    if (!this.#context.remoteEnabled(LFLOW)) return false;
    this.#context.sendSubnegotiation(LFLOW, payload);
    return true;
  }
}

/** TOGGLE-FLOW-CONTROL as the server uses it. */
export const flowControl: TelnetOption<true, FlowControlState> = {
  code: LFLOW,
  name: "LFLOW",
  offer: "remote",
  attach: (context) => new FlowControlState(context),
};

/** The events that TOGGLE-FLOW-CONTROL reports to a client. */
export interface FlowControlEvents {
  /** The server sets how to handle XON and XOFF. */
  flowControl: FlowControl;
}

/** TOGGLE-FLOW-CONTROL as the client uses it. */
export const flowControlClient: TelnetOption<true, OptionState, FlowControlEvents> = {
  code: LFLOW,
  name: "LFLOW",
  events: ["flowControl"],
  agreeLocal: true,
  attach: (context) => ({
    subnegotiation(payload) {
      const command = decodeFlowControl(payload);
      if (command !== undefined) context.emit("flowControl", command);
    },
  }),
};
