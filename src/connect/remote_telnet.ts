import { gmcpClient, type GmcpHandle } from "../options/gmcp.ts";
import { linemodeClient, type LinemodeHandle } from "../options/linemode.ts";
import { msdpClient, type MsdpClientHandle } from "../options/msdp.ts";
import { newEnvironClient } from "../options/new_environ.ts";
import type { OptionState, TelnetOption } from "../options/option.ts";
import { timingMark } from "../options/timing_mark.ts";
import { zmpClient, type ZmpHandle } from "../options/zmp.ts";
import { throwMisuse } from "../protocol/error.ts";
import type { Side } from "../protocol/events.ts";
import { checkByte, checkBytes, checkOneOf, checkText } from "../protocol/validate.ts";
import type { ClientSession } from "./session.ts";

/** Creates the `RemoteTelnet` of a session; its constructor is private. */
export let makeRemoteTelnet: (session: ClientSession) => RemoteTelnet;

/**
 * The Telnet options of a connection: `server.telnet`. Declare which options to agree to as
 * `telnetOptions` of `connect()`.
 */
export class RemoteTelnet {
  readonly #session: ClientSession;

  private constructor(session: ClientSession) {
    this.#session = session;
  }

  static {
    makeRemoteTelnet = (session) => new RemoteTelnet(session);
  }

  /** GMCP: messages with JSON. `supports` lists the packages that the server supports. */
  get gmcp(): GmcpHandle {
    return this.#session.options.stateOf(gmcpClient).handle;
  }

  /** MSDP: variables of the server. */
  get msdp(): MsdpClientHandle {
    return this.#session.options.stateOf(msdpClient).handle as MsdpClientHandle;
  }

  /** ZMP: commands. */
  get zmp(): ZmpHandle {
    return this.#session.options.stateOf(zmpClient).handle;
  }

  /** LINEMODE: the mode that the server set, and the keys. */
  get linemode(): LinemodeHandle {
    return this.#session.options.stateOf(linemodeClient).handle;
  }

  /**
   * Returns the handle of one of your own options.
   *
   * @param option One of `customOptions` of `connect()`.
   * @returns The `handle` of its state.
   * @throws {TelnetError} `misuse`: the option is not in `customOptions`, or it has no handle.
   */
  handle<Handle>(option: TelnetOption<never, OptionState<Handle>, never>): Handle {
    if (option === undefined || this.#session.options.optionOf(option?.code) !== option) {
      throwMisuse("Cannot find the option: name it in customOptions of connect()");
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
   * @param side The end that performs it: `local` is this one, `remote` the server.
   * @returns Whether both ends agree to it.
   * @throws {TelnetError} `misuse`: the option is not a byte, or there is no such side.
   */
  optionEnabled(option: number, side: Side): boolean {
    checkOption(option, side);
    const { options } = this.#session;
    return side === "local" ? options.localEnabled(option) : options.remoteEnabled(option);
  }

  /**
   * Asks for an option, or offers it.
   *
   * @param option Its code.
   * @param side The end that performs it. `local`: this end sends WILL. `remote`: it sends DO.
   * @throws {TelnetError} `misuse`: the option is not a byte, or there is no such side.
   */
  enableOption(option: number, side: Side): void {
    checkOption(option, side);
    this.#session.act("negotiate", () => {
      if (side === "local") this.#session.options.enableLocal(option);
      else this.#session.options.enableRemote(option);
    });
  }

  /**
   * Stops an option.
   *
   * @param option Its code.
   * @param side The end that performs it.
   * @throws {TelnetError} `misuse`: the option is not a byte, or there is no such side.
   */
  disableOption(option: number, side: Side): void {
    checkOption(option, side);
    this.#session.act("negotiate", () => {
      if (side === "local") this.#session.options.disableLocal(option);
      else this.#session.options.disableRemote(option);
    });
  }

  /**
   * Sends a subnegotiation. `./options` has encoders for payloads.
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
    if (inForce) this.#session.act("send", () => options.sendSubnegotiation(option, payload));
    return inForce;
  }

  /**
   * Sends a Telnet command that has no option code, such as AYT, IP or NOP.
   *
   * @param command The command byte; see `./protocol`.
   * @throws {TelnetError} `misuse`: `command` is no such command.
   */
  sendTelnetCommand(command: number): void {
    this.#session.act("send", () => this.#session.machine.sendTelnetCommand(command));
  }

  /** Measures the round trip by TIMING-MARK (RFC 860); see `onPong`. */
  ping(): void {
    this.#session.act("ping", () => this.#session.options.stateOf(timingMark).ping());
  }

  /**
   * Sets a variable of NEW-ENVIRON, and sends it to the server if NEW-ENVIRON is enabled.
   *
   * @param name Its name.
   * @param value Its value; `undefined` removes it.
   * @throws {TelnetError} `misuse`: a name or a value that is not text.
   */
  setVariable(name: string, value: string | undefined): void {
    checkText("the name of a variable", name);
    if (value !== undefined) checkText("the value of a variable", value);
    const { options } = this.#session;
    if (value === undefined) options.facts.environment.delete(name);
    else options.facts.environment.set(name, value);
    this.#session.act("send", () => options.stateOf(newEnvironClient).update(name));
  }
}

function checkOption(option: number, side: Side): void {
  checkByte("option", option);
  checkOneOf("side", side, ["local", "remote"]);
}
