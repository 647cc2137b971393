import { FOREIGN_PROTOCOLS, foreignAnswer, ProtocolSniffer } from "../guard/protocol_sniffer.ts";
import type { SessionCore } from "./core.ts";

const NO_BYTES = new Uint8Array(0);

/** Checks the first bytes of a client: a non-Telnet client gets a final reply and is dropped. */
export class ForeignProtocol {
  /** The final reply, which replaces the queued output. */
  answer: Uint8Array | undefined;
  readonly #sniffer: ProtocolSniffer = new ProtocolSniffer();

  /**
   * Checks the next bytes.
   *
   * @returns `looking`: more bytes are needed; `foreign`: the client is dropped.
   */
  push(chunk: Uint8Array, core: SessionCore): "looking" | "passed" | "foreign" {
    const protocol = this.#sniffer.push(chunk);
    if (protocol === undefined) return "looking";
    if (protocol === "telnet") return "passed";
    const { wrongProtocol } = core.settings.messages;
    this.answer = wrongProtocol === "" ? NO_BYTES : foreignAnswer(protocol, wrongProtocol);
    core.leave("wrong-protocol", new Error(FOREIGN_PROTOCOLS[protocol]));
    return "foreign";
  }
}
