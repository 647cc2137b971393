import type { ClientFacts } from "../options/facts.ts";
import {
  checkFunction,
  checkText,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";
import { type ClientProfile, profileOf } from "../session/profile.ts";
import type { RecordingSink } from "../session/recorder.ts";
import type { Session } from "../session/session.ts";
import type { AmbiguousWidth } from "../text/width.ts";
import { addHints, NO_HINTS } from "./hints.ts";

/** Options of `record()`. */
export interface RecordOptions {
  /** The title of the recording. Default: none. */
  readonly title?: string | undefined;
}

/** Makes the `client.terminal` of a session. */
export let makeClientTerminal: (session: Session) => ClientTerminal;

/**
 * The terminal of a client, and what it shows: `client.terminal`. Its size and name are
 * `client.columns`, `client.rows` and `client.terminalType`.
 *
 * @example
 * ```ts
 * import { TelnetServer } from "@miniboa/miniboa";
 * import { MemoryTransport } from "@miniboa/miniboa/transport/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = new MemoryTransport();
 * const recording: string[] = [];
 * await using server = await TelnetServer.listen({
 *   transport,
 *   onConnect: (client) => {
 *     client.terminal.record((line) => recording.push(line), { title: client.addrport() });
 *     client.send("Hello!\n");
 *   },
 *   onDisconnect: () => {},
 * });
 * transport.connect(server.port);
 * await server.poll();
 * assertEquals(recording.length, 2); // a header, and the text
 * ```
 */
export class ClientTerminal {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static {
    makeClientTerminal = (session) => new ClientTerminal(session);
  }

  /** The client's name, version, colours and other capabilities, as far as it reported them. */
  get profile(): ClientProfile {
    return profileOf(this.#session.options.facts, this.#session.options.mudOptions);
  }

  /** Everything that the client has reported about itself, by option. */
  get facts(): Readonly<ClientFacts> {
    return this.#session.options.facts;
  }

  /**
   * The number of columns of characters with ambiguous East Asian width, such as `“`, `…` and `■`,
   * in wrapped text, in the editor and in the server's echo. Default: 2 for the Chinese, Japanese
   * and Korean character sets other than UTF-8, else 1. Set it if a player reports that lines do
   * not fit.
   *
   * @throws {TelnetError} `misuse`: neither 1 nor 2.
   */
  get ambiguousWidth(): AmbiguousWidth {
    return this.#session.dialogue.text.ambiguousWidth;
  }

  set ambiguousWidth(width: AmbiguousWidth) {
    if (width !== 1 && width !== 2) throwUnexpected("ambiguousWidth", "1 or 2", width);
    this.#session.dialogue.changeText((text) => text.ambiguousWidth = width);
  }

  /** Whether the client sends each key; see `client.enterCharacterMode()`. */
  get inCharacterMode(): boolean {
    return this.#session.dialogue.input.byKeys;
  }

  /** Whether the server's line editor is in use; see `client.useEditor()`. */
  get editing(): boolean {
    return this.#session.dialogue.input.editor !== undefined;
  }

  /**
   * Starts a recording of what the person sees and sends, as asciicast version 2, which asciinema
   * plays. Input in password mode is never recorded, nor is the rest of a line that was started in
   * password mode. A line is recorded when your code takes it, so a password that was typed before
   * the question is not recorded either. Exception: the editor and character mode show typed-ahead
   * text before your code asks, and the recording contains it as shown.
   *
   * @param sink Receives each line of the recording, including its line end; append it to a file.
   * If the sink throws or its promise is rejected, the recording ends, the client stays connected,
   * and `onError` is called. `undefined` ends the recording.
   * @param options Every field has a default.
   * @throws {TelnetError} `misuse`: a sink that is not a function, or an unknown option.
   */
  record(sink: RecordingSink | undefined, options: RecordOptions = {}): void {
    rejectUnknownKeys("record", options, { title: true });
    if (options.title !== undefined) checkText("record.title", options.title);
    if (sink !== undefined) checkFunction("the sink of a recording", sink);
    this.#session.record(sink, options.title);
  }

  /**
   * Adds a marker to the recording, if there is one.
   *
   * @param label The text of the marker.
   * @throws {TelnetError} `misuse`: a label that is not text.
   */
  addRecordingMarker(label: string): void {
    checkText("the label", label);
    this.#session.addRecordingMarker(label);
  }
}

addHints(ClientTerminal.prototype, "client.terminal", NO_HINTS);
