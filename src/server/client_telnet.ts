import { flowControl, type FlowControlHandle } from "../options/flow_control.ts";
import { gmcp, type GmcpHandle } from "../options/gmcp.ts";
import { linemode, type LinemodeHandle } from "../options/linemode.ts";
import { msdp, type MsdpHandle } from "../options/msdp.ts";
import type { OptionState, TelnetOption } from "../options/option.ts";
import { timingMark } from "../options/timing_mark.ts";
import { zmp, type ZmpHandle } from "../options/zmp.ts";
import { commandName, isPlainCommand } from "../protocol/codes.ts";
import { throwMisuse } from "../protocol/error.ts";
import type { Side } from "../protocol/events.ts";
import { checkByte, checkBytes, throwUnexpected } from "../protocol/validate.ts";
import type { Session } from "../session/session.ts";
import { addHints, NO_HINTS } from "./hints.ts";

/** Makes the `client.telnet` of a session. */
export let makeClientTelnet: (session: Session) => ClientTelnet;

/**
 * The Telnet options of a client: `client.telnet`. The options that the server offers at the start
 * are set by `telnetOptions` of `TelnetServer.listen()`; use this group for everything else.
 *
 * - **MUD protocols**: {@linkcode gmcp}, {@linkcode msdp}, {@linkcode zmp}
 * - **options**: {@linkcode enableOption}, {@linkcode disableOption}, {@linkcode optionEnabled},
 *   {@linkcode sendSubnegotiation}, and {@linkcode handle} for your own
 * - **all of them**: {@linkcode offerOptions}, {@linkcode reset}
 *
 * @example
 * ```ts
 * import { TelnetServer } from "@miniboa/miniboa";
 * import { SGA } from "@miniboa/miniboa/options";
 * import { MemoryTransport } from "@miniboa/miniboa/transport/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = new MemoryTransport();
 * await using server = await TelnetServer.listen({
 *   transport,
 *   onConnect: (client) => client.telnet.enableOption(SGA, "local"),
 *   onDisconnect: () => {},
 * });
 * const peer = transport.connect(server.port);
 * for (let polls = 0; polls < 3; polls++) await server.poll();
 * assertEquals([...peer.take()], [255, 251, SGA]); // IAC WILL SGA
 * ```
 */
export class ClientTelnet {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static {
    makeClientTelnet = (session) => new ClientTelnet(session);
  }

  /** GMCP with this client: JSON messages. */
  get gmcp(): GmcpHandle {
    return this.#session.options.stateOf(gmcp).handle;
  }

  /** MSDP with this client: variables. */
  get msdp(): MsdpHandle {
    return this.#session.options.stateOf(msdp).handle;
  }

  /** ZMP with this client: commands. */
  get zmp(): ZmpHandle {
    return this.#session.options.stateOf(zmp).handle;
  }

  /** LINEMODE with this client: its editing mode and its special characters. */
  get linemode(): LinemodeHandle {
    return this.#session.options.stateOf(linemode).handle;
  }

  /** Flow control of this client (XON and XOFF). */
  get flowControl(): FlowControlHandle {
    return this.#session.options.stateOf(flowControl).handle;
  }

  /**
   * Returns the handle of one of your own options for this client.
   *
   * @param option One of `customOptions` of `TelnetServer.listen()`.
   * @returns The `handle` of its state.
   * @throws {TelnetError} `misuse`: the server was not given the option, or it has no handle.
   */
  handle<Handle>(option: TelnetOption<never, OptionState<Handle>, never>): Handle {
    if (option === undefined || this.#session.options.optionOf(option?.code) !== option) {
      throwMisuse("Cannot find the option: name it in customOptions of listen()");
    }
    const { handle } = this.#session.options.stateOf(option);
    if (handle === undefined) {
      throwMisuse(
        `Cannot find a handle of ${option.name}: its attach() returns a state without one`,
      );
    }
    return handle;
  }

  /**
   * Whether an option is enabled.
   *
   * @param option Its code.
   * @param side The end that performs it: `local` is the server.
   * @returns Whether both ends have agreed to it.
   * @throws {TelnetError} `misuse`: the option is not a byte, or there is no such side.
   */
  optionEnabled(option: number, side: Side): boolean {
    checkOption(option, side);
    const { options } = this.#session;
    return side === "local" ? options.localEnabled(option) : options.remoteEnabled(option);
  }

  /**
   * Offers or requests an option by its code, including options that this library does not know.
   *
   * @param option Its code, such as `MCCP2` of `./options`.
   * @param side The end that performs it. `local`: the server sends WILL. `remote`: the server
   * sends DO to the client.
   * @throws {TelnetError} `misuse`: the option is not a byte, or there is no such side.
   */
  enableOption(option: number, side: Side): void {
    checkOption(option, side);
    if (side === "local") this.#session.options.enableLocal(option);
    else this.#session.options.enableRemote(option);
  }

  /**
   * Turns an option off. For MCCP2 and MCCP3 this ends the compression.
   *
   * @param option Its code.
   * @param side The end that performs it: `local` is the server.
   * @throws {TelnetError} `misuse`: the option is not a byte, or there is no such side.
   */
  disableOption(option: number, side: Side): void {
    checkOption(option, side);
    if (side === "local") this.#session.act((dialogue) => dialogue.withdraw(option));
    else this.#session.options.disableRemote(option);
  }

  /**
   * Sends a payload of an option; the encoders are in `./options`.
   *
   * @param option The option's code.
   * @param payload The bytes between `IAC SB option` and `IAC SE`; 0xFF is doubled.
   * @returns Whether the option is enabled on either side; if not, nothing is sent.
   * @throws {TelnetError} `misuse`: the option is not a byte or changes the stream, as MCCP2 does, or
   * the payload is not a `Uint8Array`.
   */
  sendSubnegotiation(option: number, payload: Uint8Array): boolean {
    checkByte("option", option);
    checkBytes("payload", payload);
    const { options } = this.#session;
    options.checkPayload(option);
    const inForce = options.localEnabled(option) || options.remoteEnabled(option);
    if (inForce) options.sendSubnegotiation(option, payload);
    return inForce;
  }

  /**
   * Sends a Telnet command without an option or payload, such as NOP to keep the connection alive.
   *
   * @param command The command byte; see `./protocol`.
   * @throws {TelnetError} `misuse`: not such a command.
   */
  sendTelnetCommand(command: number): void {
    checkByte("command", command);
    if (!isPlainCommand(command)) {
      throwMisuse(
        `Cannot send ${commandName(command)} as a command: use enableOption(), disableOption(), ` +
          "sendSubnegotiation() or client.sendBytes()",
      );
    }
    this.#session.act((dialogue) => dialogue.sendTelnetCommand(command));
  }

  /** Measures the round-trip time with TIMING-MARK (RFC 860); see `onPong`. */
  ping(): void {
    this.#session.options.stateOf(timingMark).ping();
  }

  /** Offers the options of `telnetOptions` again; `client.ready` waits for the new answers. */
  offerOptions(): void {
    if (this.#session.active) this.#session.start();
  }

  /**
   * Turns every option off and forgets what the client reported. Call it before a game restarts on
   * the same connection, because a client does not answer an offer of an option that it considers
   * on. Then call {@linkcode offerOptions}.
   */
  reset(): void {
    this.#session.reset();
  }
}

function checkOption(option: number, side: Side): void {
  checkByte("option", option);
  if (side !== "local" && side !== "remote") {
    throwUnexpected(
      "side",
      '"local", where the server performs the option, or "remote", where the client does',
      side,
    );
  }
}

addHints(ClientTelnet.prototype, "client.telnet", NO_HINTS);
