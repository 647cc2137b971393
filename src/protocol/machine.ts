import { ByteQueue } from "./byte_queue.ts";
import { commandName, isPlainCommand, SB, SE } from "./codes.ts";
import {
  checkDecoderSnapshot,
  type DecoderSnapshot,
  FrameDecoder,
  type FrameSink,
} from "./decoder.ts";
import { throwMisuse } from "./error.ts";
import {
  EventQueue,
  type Side,
  type TelnetEvent,
  type TelnetHandler,
  type ViolationKind,
} from "./events.ts";
import { TELNET_LIMITS, type TelnetLimits, telnetLimits } from "./limits.ts";
import {
  checkNegotiationSnapshots,
  firstSides,
  type ForgetOptions,
  type NegotiationSnapshot,
  Negotiator,
} from "./negotiator.ts";
import {
  areBytes,
  checkByte,
  checkBytes,
  checkList,
  checkOneOf,
  rejectUnknownKeys,
  throwUnexpected,
} from "./validate.ts";

/** How to set up a {@linkcode TelnetMachine}. */
export interface TelnetMachineOptions {
  /** Options that this end performs when the peer asks with DO. Default: none. */
  readonly local?: readonly number[];
  /** Options that the peer may perform when it offers with WILL. Default: none. */
  readonly remote?: readonly number[];
  /**
   * Options whose subnegotiation changes the meaning of the following bytes, such as the marker of
   * MCCP3: {@linkcode TelnetMachine.receive} stops after it. Default: none.
   */
  readonly stopAfter?: readonly number[];
  /** The limits of the machine; each field has its default. */
  readonly limits?: Partial<TelnetLimits>;
}

/** How to ask for a change of an option. */
export interface RequestOptions {
  /**
   * The time, in milliseconds on any monotonic clock. With it, the request waits for
   * `limits.answerTimeout` at most; without it, the request can wait forever.
   */
  readonly now?: number;
}

/** How to ask for an option to be turned on. */
export interface EnableOptions extends RequestOptions {
  /**
   * Whether to ask at once while an earlier WONT or DONT is unanswered, and treat that as answered.
   * A peer must not refuse a WONT or DONT (RFC 854), and TinTin++ never acknowledges them, so there
   * is no need to wait. Default `false`.
   */
  readonly urgent?: boolean;
}

/** The state of a machine, as plain JSON. */
export interface TelnetSnapshot {
  /** The format of this snapshot. */
  readonly version: 1;
  /** The state of the decoder. */
  readonly decoder: DecoderSnapshot;
  /** The sides of options that have something to restore. */
  readonly options: readonly NegotiationSnapshot[];
  /** Output that was not taken yet. */
  readonly output: readonly number[];
  /** Options after whose subnegotiation `receive` stops. */
  readonly stopAfter: readonly number[];
  /** The limits of the machine. */
  readonly limits: TelnetLimits;
}

/**
 * The Telnet protocol without any I/O: bytes in, events and bytes out (RFC 854, 855 and 1143).
 *
 * It works for either end of a connection and has no clock. Its methods:
 *
 * - **feed it**: {@linkcode receive}, {@linkcode step} (event by event) or {@linkcode receiveTo}
 *   (with a handler)
 * - **drain it** after each feeding, in any order: {@linkcode takeEvents}, {@linkcode takeOutput}
 * - **send**: {@linkcode send}, {@linkcode sendTelnetCommand}, {@linkcode sendSubnegotiation}
 * - **negotiate**: {@linkcode enableLocal}, {@linkcode disableLocal}, {@linkcode enableRemote},
 *   {@linkcode disableRemote}; check with {@linkcode localEnabled}, {@linkcode remoteEnabled}
 * - **time out** unanswered requests: {@linkcode nextTimeout}, {@linkcode handleTimeout}
 * - **survive a restart**: {@linkcode snapshot}, {@linkcode TelnetMachine.restore}
 *
 * No bytes of the peer make a method throw: protocol violations are events of the type `violation`.
 * Misuse by the caller throws a `TelnetError` with the code `misuse` at once.
 *
 * @example An echo server's side of a connection
 * ```ts
 * import { TelnetMachine } from "@miniboa/miniboa/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const ECHO = 1, NAWS = 31;
 * const telnet = new TelnetMachine({ local: [ECHO], remote: [NAWS] });
 * telnet.enableRemote(NAWS);
 *
 * // the wire: "hi", IAC WILL NAWS, IAC AYT
 * telnet.receive(Uint8Array.of(0x68, 0x69, 0xff, 0xfb, 31, 0xff, 0xf6));
 * for (const event of telnet.takeEvents()) {
 *   if (event.type === "data") telnet.send(event.bytes);
 * }
 * assertEquals(telnet.remoteEnabled(NAWS), true);
 * // IAC DO NAWS, "hi"
 * assertEquals([...telnet.takeOutput()], [0xff, 0xfd, 31, 0x68, 0x69]);
 * ```
 */
export class TelnetMachine {
  readonly #limits: TelnetLimits;
  readonly #stopAfter: readonly number[];
  readonly #output: ByteQueue = new ByteQueue();
  /** The last snapshot taken between two frames and without output. */
  #idle: TelnetSnapshot | undefined;
  readonly #events: EventQueue = new EventQueue();
  readonly #negotiator: Negotiator;
  readonly #intake: Intake;
  /** Whether a handler is being called. */
  #busy = false;
  readonly #decoder: FrameDecoder;

  /**
   * Makes a machine for a new connection.
   *
   * @param options The options to agree to, and the limits.
   * @throws {TelnetError} `misuse`: an option that is not a byte, a limit that is not a number.
   */
  constructor(options: TelnetMachineOptions = {}) {
    const { limits, stopAfter, sides } = setupOf(options);
    this.#limits = limits;
    this.#stopAfter = stopAfter;
    this.#negotiator = new Negotiator(sides, this.#output, this.#events, limits);
    this.#intake = new Intake(this.#events, this.#negotiator, stopAfter);
    this.#decoder = new FrameDecoder(limits.subnegotiation, this.#intake);
  }

  /**
   * Takes bytes of the peer. Then drain {@linkcode takeEvents} and {@linkcode takeOutput}.
   *
   * Bytes are copied only if necessary: the ranges of events may refer to `chunk` itself, and are
   * valid until you change it. Before you read the next bytes into the same array, use the events,
   * or keep `Uint8Array.from(event.bytes)` (not `slice`, which does not copy a `Buffer` of
   * `node:net`).
   *
   * @param chunk Any number of bytes, cut anywhere.
   * @param now The time in milliseconds, for the timeouts of requests sent in reply.
   * @returns How many bytes were taken: all of them, or those up to and including a subnegotiation
   * of an option in `stopAfter`. Decode the rest as that option requires, then feed it.
   */
  receive(chunk: Uint8Array, now?: number): number {
    checkBytes("chunk", chunk);
    return this.#decode(chunk, now, false);
  }

  /**
   * Takes bytes of the peer up to the end of the first event, for a caller that acts on each event
   * before the next byte is decoded. The reply to an event is then sent before the replies to later
   * bytes, and an option takes effect at its place in the stream, wherever the stream was cut.
   *
   * ```ts ignore
   * for (let rest = chunk; rest.length > 0;) {
   *   rest = rest.subarray(telnet.step(rest, now));
   *   for (const event of telnet.takeEvents()) act(event);
   * }
   * ```
   *
   * @param chunk Any number of bytes, cut anywhere.
   * @param now The time in milliseconds, for the timeouts of requests sent in reply.
   * @returns How many bytes were taken, at least one; all of them if there is no event.
   */
  step(chunk: Uint8Array, now?: number): number {
    checkBytes("chunk", chunk);
    return this.#decode(chunk, now, true);
  }

  /**
   * Takes bytes of the peer and calls a handler for each event at once. This is the fastest way, as
   * no event objects are created. The handler may send on this machine, but must not feed it. Until
   * `receive` or `step` is called, the handler also receives the events of your own requests and of
   * timeouts. If it throws, this method throws the same error, and the rest of the chunk is lost.
   *
   * @param handler Handles the events.
   * @param chunk Any number of bytes, cut anywhere.
   * @param now The time in milliseconds, for the timeouts of requests sent in reply.
   * @returns How many bytes were taken, as {@linkcode receive} does.
   * @throws {TelnetError} `misuse`: events of {@linkcode receive} were not taken, or a handler
   * feeds its own machine.
   *
   * @example
   * ```ts
   * import { type TelnetHandler, TelnetMachine } from "@miniboa/miniboa/protocol";
   * import { assertEquals } from "@std/assert";
   *
   * const decoder = new TextDecoder();
   * let text = "";
   * const handler: TelnetHandler = {
   *   data: (buffer, start, end) => text += decoder.decode(buffer.subarray(start, end)),
   *   command: () => {},
   *   option: () => {},
   *   subnegotiation: () => {},
   *   violation: () => {},
   * };
   * const telnet = new TelnetMachine();
   * telnet.receiveTo(handler, Uint8Array.of(0x68, 0x69, 0xff, 0xf1)); // "hi", IAC NOP
   * assertEquals(text, "hi");
   * ```
   */
  receiveTo(handler: TelnetHandler, chunk: Uint8Array, now?: number): number {
    if (!(chunk instanceof Uint8Array)) checkBytes("chunk", chunk);
    const events = this.#events;
    if (this.#busy || events.length > 0) throwBusy(this.#busy);
    if (events.handler !== handler) this.#handTo(handler);
    this.#busy = true;
    try {
      this.#intake.begin(now, false);
      return this.#decoder.decode(chunk);
    } finally {
      this.#busy = false;
    }
  }

  /**
   * How many commands, negotiations and subnegotiations came so far, including ignored and
   * malformed ones; for rate limits.
   */
  get frameCount(): number {
    return this.#intake.frames;
  }

  /** How many bytes are kept of an unfinished subnegotiation. */
  get unfinishedLength(): number {
    return this.#decoder.unfinishedLength;
  }

  /** Whether the peer has sent a Telnet command, negotiation or subnegotiation. */
  get peerSpeaksTelnet(): boolean {
    return this.#intake.spoken;
  }

  /** How many events {@linkcode takeEvents} would return. */
  get eventCount(): number {
    return this.#events.length;
  }

  /** Returns the events of the bytes received so far, in wire order; each event once. */
  takeEvents(): TelnetEvent[] {
    return this.#events.take();
  }

  /**
   * Returns the bytes to write to the connection, each once: replies and everything sent, in order.
   * Do not change the array: other machines may share it.
   */
  takeOutput(): Uint8Array {
    return this.#output.take();
  }

  /** How many bytes {@linkcode takeOutput} would return. */
  get outputLength(): number {
    return this.#output.length;
  }

  /**
   * Sends application data; each 0xFF in it is doubled (RFC 854).
   *
   * @param data Any bytes.
   */
  send(data: Uint8Array): void {
    checkBytes("data", data);
    this.#output.pushEscaped(data);
  }

  /**
   * Sends ASCII text with `\n` as CR LF, as the network virtual terminal requires (RFC 854). Much
   * faster than encoding the text.
   *
   * @param text Any text.
   * @returns `false` if the text has a non-ASCII character or a CR; then nothing is sent. Encode
   * such text and use {@linkcode send}.
   */
  sendAscii(text: string): boolean {
    return this.#output.pushAscii(text);
  }

  /**
   * Sends text as UTF-8 with `\n` as CR LF, and a lone CR as CR NUL (RFC 854). Faster than encoding
   * the text.
   *
   * @param text Any text.
   * @param binary Whether this end performs TRANSMIT-BINARY: a lone CR then stays as it is
   * (RFC 856).
   * @returns `false` if the text has a CR at its end, which may be half of a CR LF, or a lone
   * surrogate; then nothing is sent. Encode such text and use {@linkcode send}.
   */
  sendUtf8(text: string, binary: boolean = false): boolean {
    return this.#output.pushUtf8(text, binary);
  }

  /**
   * Sends a command without an option, such as GA, EOR, NOP or AYT.
   *
   * @param command The command byte, 0xEC to 0xF9 without SE.
   * @throws {TelnetError} `misuse`: not such a command.
   */
  sendTelnetCommand(command: number): void {
    if (!isPlainCommand(command)) {
      throwMisuse(
        `Cannot send ${commandName(command)} as a command: use send(), sendSubnegotiation() or ` +
          "enableLocal() and its like",
      );
    }
    this.#output.pushCommand(command);
  }

  /**
   * Sends IAC SB option payload IAC SE; each 0xFF in the payload is doubled (RFC 855).
   *
   * @param option The option's code.
   * @param payload The payload, unescaped; it may be empty.
   * @throws {TelnetError} `misuse`: the option is not a byte.
   */
  sendSubnegotiation(option: number, payload: Uint8Array): void {
    checkByte("option", option);
    checkBytes("payload", payload);
    this.#output.pushVerb(SB, option);
    this.#output.pushEscaped(payload);
    this.#output.pushCommand(SE);
  }

  /**
   * Offers to perform an option (WILL), and from now on agrees when the peer asks for it.
   *
   * @param option The option's code.
   * @param request The time, and whether to wait for the answer to an earlier request.
   * @throws {TelnetError} `misuse`: the option is not a byte.
   */
  enableLocal(option: number, request: EnableOptions = NO_REQUEST): void {
    this.#enable("local", option, request);
  }

  /**
   * Stops performing an option (WONT), and refuses it from now on.
   *
   * @param option The option's code.
   * @param request The time.
   * @throws {TelnetError} `misuse`: the option is not a byte.
   */
  disableLocal(option: number, request: RequestOptions = {}): void {
    checkByte("option", option);
    this.#negotiator.disable("local", option, request.now);
  }

  /**
   * Asks the peer to perform an option (DO), and from now on agrees to its offers.
   *
   * @param option The option's code.
   * @param request The time, and whether to wait for the answer to an earlier request.
   * @throws {TelnetError} `misuse`: the option is not a byte.
   */
  enableRemote(option: number, request: EnableOptions = NO_REQUEST): void {
    this.#enable("remote", option, request);
  }

  /**
   * Tells the peer to stop performing an option (DONT), and refuses its offers from now on.
   *
   * @param option The option's code.
   * @param request The time.
   * @throws {TelnetError} `misuse`: the option is not a byte.
   */
  disableRemote(option: number, request: RequestOptions = {}): void {
    checkByte("option", option);
    this.#negotiator.disable("remote", option, request.now);
  }

  /** Whether both ends agree that this end performs the option. */
  localEnabled(option: number): boolean {
    return this.#negotiator.enabled("local", option);
  }

  /** Whether this end performs the option, or has offered it and the answer is still open. */
  localOffered(option: number): boolean {
    return this.#negotiator.offered(option);
  }

  /** Whether both ends agree that the peer performs the option. */
  remoteEnabled(option: number): boolean {
    return this.#negotiator.enabled("remote", option);
  }

  /**
   * The options that are on for a side.
   *
   * @param side Which end performs them.
   * @returns Their codes, the lowest first.
   */
  enabledOptions(side: Side): number[] {
    return this.#negotiator.enabledOptions(side);
  }

  /**
   * Sets a side of an option to off, without a message to the peer. For TIMING-MARK, whose
   * negotiation sets no state (RFC 860).
   *
   * @param side Which end performs it.
   * @param option The option's code.
   * @param how Whether to agree from now on, and whether to reset the request count.
   * @throws {TelnetError} `misuse`: the option is not a byte.
   */
  forget(side: Side, option: number, how: ForgetOptions): void {
    checkByte("option", option);
    checkOneOf("side", side, ["local", "remote"]);
    this.#negotiator.forget(side, option, how);
  }

  /**
   * Whether this end has asked to turn an option off, and the peer has not answered yet.
   *
   * @param side Which end performs it.
   * @param option The option's code.
   * @returns Whether an answer is awaited.
   */
  stopping(side: Side, option: number): boolean {
    return this.#negotiator.state(side, option).startsWith("WANTNO");
  }

  /**
   * Accepts an option from now on if the peer asks for it or offers it. Sends nothing itself.
   *
   * @param side Which end performs it.
   * @param option The option's code.
   * @throws {TelnetError} `misuse`: the option is not a byte.
   */
  agree(side: Side, option: number): void {
    checkByte("option", option);
    checkOneOf("side", side, ["local", "remote"]);
    this.#negotiator.agree(side, option);
  }

  /**
   * Turns off every option that is on or requested, and from now on refuses all options. For a
   * program that restarts on the same connection.
   *
   * @param request The time.
   */
  disableAll({ now }: RequestOptions = {}): void {
    for (const side of ["local", "remote"] as const) {
      for (const option of this.#negotiator.wanted(side)) {
        this.#negotiator.disable(side, option, now);
      }
    }
  }

  /**
   * When {@linkcode handleTimeout} is due, in milliseconds on the clock of the `now` arguments.
   *
   * @returns `undefined` while no request waits.
   */
  nextTimeout(): number | undefined {
    return this.#negotiator.nextTimeout();
  }

  /**
   * Gives up requests that were not answered in time, and reports them as `option` events with the
   * change `unanswered` or `disabled`. May be called early, late or too often.
   *
   * @param now The time in milliseconds.
   */
  handleTimeout(now: number): void {
    this.#negotiator.handleTimeout(now);
  }

  /**
   * The state of the machine as plain JSON, so that a connection can survive a restart of the
   * program.
   *
   * @returns A snapshot for {@linkcode TelnetMachine.restore}; the same object while nothing has
   * changed and no frame or output is pending.
   * @throws {TelnetError} `misuse`: there are events, which a snapshot would lose.
   */
  snapshot(): TelnetSnapshot {
    if (this.#events.length > 0) {
      throwMisuse("Cannot take a snapshot while events wait: call takeEvents() first");
    }
    const options = this.#negotiator.snapshot();
    const idle = this.#decoder.idle && this.#output.length === 0;
    if (idle && this.#idle?.options === options) return this.#idle;
    const snapshot: TelnetSnapshot = {
      version: 1,
      decoder: this.#decoder.snapshot(),
      options,
      output: [...this.#output.peek()],
      stopAfter: this.#stopAfter,
      limits: this.#limits,
    };
    if (idle) this.#idle = snapshot;
    return snapshot;
  }

  /**
   * Makes a machine that continues where another stopped.
   *
   * @param snapshot The result of {@linkcode snapshot}, also after conversion to JSON and back.
   * @param now The time in milliseconds, at which the timeouts of unanswered requests restart.
   * @returns The machine.
   * @throws {TelnetError} `misuse`: a snapshot of another version, or a damaged one.
   *
   * @example
   * ```ts
   * import { TelnetMachine } from "@miniboa/miniboa/protocol";
   * import { assertEquals } from "@std/assert";
   *
   * const before = new TelnetMachine({ remote: [31] });
   * before.receive(Uint8Array.of(0xff, 0xfb, 31, 0xff)); // cut in the middle of a command
   * before.takeEvents();
   *
   * const saved = JSON.stringify(before.snapshot());
   * const after = TelnetMachine.restore(JSON.parse(saved));
   * after.receive(Uint8Array.of(0xf6));
   * assertEquals(after.remoteEnabled(31), true);
   * assertEquals(after.takeEvents()[0]?.type, "command");
   * ```
   */
  static restore(snapshot: TelnetSnapshot, now?: number): TelnetMachine {
    if (snapshot?.version !== 1) {
      throwUnexpected("the snapshot", "one of version 1, from TelnetMachine.snapshot()", snapshot);
    }
    const { limits, stopAfter, output } = snapshot;
    checkDecoderSnapshot(snapshot.decoder, limits?.subnegotiation);
    checkNegotiationSnapshots(snapshot.options);
    if (!areBytes(output) || !areBytes(stopAfter)) {
      throwMisuse(
        "Cannot restore a damaged snapshot: its output or its stops are not bytes, so start a new machine",
      );
    }
    const machine = new TelnetMachine({ limits, stopAfter });
    machine.#decoder.restore(snapshot.decoder);
    machine.#negotiator.restore(snapshot.options, now);
    machine.#output.push(Uint8Array.from(output));
    return machine;
  }

  #decode(chunk: Uint8Array, now: number | undefined, stepping: boolean): number {
    if (this.#busy) throwBusy(true);
    if (this.#events.handler !== undefined) this.#handTo(undefined);
    this.#intake.begin(now, stepping);
    return this.#decoder.decode(chunk);
  }

  /** Sends events to a handler, or to the queue, from now on. */
  #handTo(handler: TelnetHandler | undefined): void {
    this.#events.handler = handler;
    this.#intake.target = handler ?? this.#events;
  }

  #enable(side: Side, option: number, request: EnableOptions): void {
    if (request !== NO_REQUEST) rejectUnknownKeys("request", request, { now: true, urgent: true });
    const { now, urgent = false } = request;
    checkByte("option", option);
    if (urgent && this.stopping(side, option)) this.#negotiator.giveUp(side, option, now);
    this.#negotiator.enable(side, option, now);
  }
}

function throwBusy(busy: boolean): never {
  throwMisuse(
    !busy
      ? "Cannot use receiveTo() while events wait: call takeEvents() first"
      : "Cannot feed a machine within its own handler: keep the bytes, and feed them afterwards",
  );
}

const NO_REQUEST: EnableOptions = {};
const OPTION_NAMES: Readonly<Record<keyof TelnetMachineOptions, true>> = {
  local: true,
  remote: true,
  stopAfter: true,
  limits: true,
};

/** The checked options of a machine. */
interface Setup {
  readonly limits: TelnetLimits;
  readonly stopAfter: readonly number[];
  readonly sides: Uint8Array;
}

/** A server creates all its machines with the same frozen options, which are checked once. */
const setups: WeakMap<TelnetMachineOptions, Setup> = new WeakMap();

function setupOf(options: TelnetMachineOptions): Setup {
  const known = setups.get(options);
  if (known !== undefined) return known;
  rejectUnknownKeys("TelnetMachine", options, OPTION_NAMES);
  const { local = [], remote = [], stopAfter = [] } = options;
  for (const [name, codes] of Object.entries({ local, remote, stopAfter })) checkList(name, codes);
  for (const option of [...local, ...remote, ...stopAfter]) checkByte("option", option);
  const setup = {
    limits: machineLimits(options.limits),
    stopAfter: [...stopAfter],
    sides: firstSides(local, remote),
  };
  if (Object.isFrozen(options)) setups.set(options, setup);
  return setup;
}

function machineLimits(limits: Partial<TelnetLimits> = {}): TelnetLimits {
  rejectUnknownKeys("limits", limits, TELNET_LIMITS);
  return telnetLimits(limits);
}

/** Receives the decoder's frames: answers negotiations, and turns the rest into events. */
class Intake implements FrameSink {
  /** The number of frames other than data. */
  frames = 0;
  /** Whether a valid command, negotiation or subnegotiation came. */
  spoken = false;
  stop = false;
  /** Receives the events: the queue, or a handler. */
  target: TelnetHandler;
  #now: number | undefined = undefined;
  #stepping = false;
  readonly #events: EventQueue;
  readonly #negotiator: Negotiator;
  readonly #stopAfter: readonly number[];

  constructor(events: EventQueue, negotiator: Negotiator, stopAfter: readonly number[]) {
    this.#events = this.target = events;
    this.#negotiator = negotiator;
    this.#stopAfter = stopAfter;
  }

  /** Starts a chunk; `stepping` stops after its first event. */
  begin(now: number | undefined, stepping: boolean): void {
    this.#now = now;
    this.#stepping = stepping;
    this.stop = false;
  }

  data(buffer: Uint8Array, start: number, end: number): void {
    this.target.data(buffer, start, end);
    if (this.#stepping) this.stop = true;
  }

  command(command: number): void {
    this.frames++;
    this.spoken = true;
    this.target.command(command);
    if (this.#stepping) this.stop = true;
  }

  negotiation(verb: number, option: number): void {
    this.frames++;
    this.spoken = true;
    this.#negotiator.receive(verb, option, this.#now);
    // Most negotiations are answered without an event.
    if (this.#stepping && this.#events.length > 0) this.stop = true;
  }

  subnegotiation(option: number, buffer: Uint8Array, start: number, end: number): void {
    this.frames++;
    this.spoken = true;
    this.target.subnegotiation(option, buffer, start, end);
    if (this.#stepping || this.#stopAfter.includes(option)) this.stop = true;
  }

  violation(kind: ViolationKind, option: number): void {
    this.frames++;
    this.target.violation(kind, option);
    if (this.#stepping) this.stop = true;
  }
}
