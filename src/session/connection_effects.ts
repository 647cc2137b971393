import { MCCP2 } from "../options/mccp.ts";
import type { OptionEffects } from "../options/option.ts";
import { START_TLS, START_TLS_FOLLOWS } from "../options/start_tls.ts";
import { joinBytes } from "../protocol/bytes.ts";
import type { SessionCore } from "./core.ts";

const NO_BYTES = new Uint8Array(0);

/**
 * The effects of options on the connection. Most of them split the stream: everything before is
 * sent or read as it was, and everything after is compressed, encrypted, or plain again.
 */
export class ConnectionEffects implements OptionEffects {
  readonly #core: SessionCore;

  constructor(core: SessionCore) {
    this.#core = core;
  }

  useCharset(name: string): boolean {
    return this.#core.dialogue.changeText((text) => text.useCharset(name));
  }

  suggestCharset(name: string): void {
    if (this.#core.options.facts.charset === undefined) this.useCharset(name);
  }

  needEcho(): void {
    this.#core.dialogue.setEcho({ needed: true });
  }

  leave(): void {
    this.#core.leave("client-closed");
  }

  holdInput(until: number): void {
    this.#core.gate.heldUntil = until;
    this.#core.deadlines.set("hold", until);
  }

  compress(on: boolean): void {
    const { options, stream } = this.#core;
    this.#core.dialogue.showLeftRow(); // before the marker, after which nothing is plain
    if (on) options.sendSubnegotiation(MCCP2, NO_BYTES);
    this.#core.flush();
    if (on) stream.compress();
    else stream.stopCompressing();
  }

  /** Starts to decompress input; ignores a marker that is itself inside a compressed stream. */
  decompress(): void {
    const { stream, gate, life, inflated } = this.#core;
    if (!stream.canCompress || inflated) return;
    const ended = life.on("end retracted");
    stream.decompress(gate.buffer.takeAll(), ended);
  }

  /**
   * Starts TLS, and drops everything agreed or typed before. START-TLS is refused once the game has
   * received input of the client, or no longer waits for the answer: otherwise an attacker in the
   * middle could log in first, and then pass on the person's own connection.
   */
  encrypt(): void {
    const core = this.#core;
    const { stream, deadlines, settings, host: { secureContext } } = core;
    const under = core.encrypted || stream.layered || deadlines.at("secure") !== Infinity;
    if (secureContext === undefined || under) return;
    if (core.heard || !core.options.waiting) return core.options.disableRemote(START_TLS);
    core.dialogue.showLeftRow();
    core.options.sendSubnegotiation(START_TLS, Uint8Array.of(START_TLS_FOLLOWS));
    core.flush();
    const received = joinBytes(core.gate.buffer.takeAll());
    core.dialogue.renew();
    deadlines.set("secure", core.now() + settings.limits.handshakeTimeout);
    stream.replace(secureContext.secure(stream.connection, received, core.secureHandler));
  }
}
