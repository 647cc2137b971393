import { FOREIGN_PROTOCOLS, foreignAnswer, ProtocolSniffer } from "../guard/protocol_sniffer.ts";
import type { SessionCore } from "./core.ts";

const NO_BYTES = new Uint8Array(0);

/** Looks at the first bytes of a client: one that speaks another protocol is answered in that, and dropped. */
export class ForeignProtocol {
  /** The final reply, in place of what was meant for a person. */
  answer: Uint8Array | undefined;
  readonly #sniffer: ProtocolSniffer = new ProtocolSniffer();

  /**
   * Looks at the next bytes.
   *
   * @returns Whether to look on; `foreign`: the client is dropped.
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
