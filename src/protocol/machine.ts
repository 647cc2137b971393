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
   * Options whose subnegotiation changes what the following bytes mean, as the marker of MCCP3
   * does: {@linkcode TelnetMachine.receive} stops behind it. Default: none.
   */
  readonly stopAfter?: readonly number[];
  /** What bounds the machine; each field has its default. */
  readonly limits?: Partial<TelnetLimits>;
}

/** How to ask for a change of an option. */
export interface RequestOptions {
  /**
   * The time, in milliseconds on any clock that never goes back. With it the wait for the answer
   * is bounded by `limits.answerTimeout`; without it the request may wait for ever.
   */
  readonly now?: number;
}

/** How to ask for an option to be turned on. */
export interface EnableOptions extends RequestOptions {
  /**
   * Where an earlier WONT or DONT still waits for its answer: take it as answered and ask at once.
   * RFC 854 lets no peer refuse it, and TinTin++ never acknowledges one. Default `false`.
   */
  readonly urgent?: boolean;
}

/** All that a machine knows, as plain JSON. */
export interface TelnetSnapshot {
  /** The format of this snapshot. */
  readonly version: 1;
  /** The decoder between two chunks. */
  readonly decoder: DecoderSnapshot;
  /** Every side of an option that is not in its first state. */
  readonly options: readonly NegotiationSnapshot[];
  /** Output that was not taken. */
  readonly output: readonly number[];
  /** Options behind whose subnegotiation `receive` stops. */
  readonly stopAfter: readonly number[];
  /** What bounds the machine. */
  readonly limits: TelnetLimits;
}

/**
 * The Telnet protocol without any I/O: bytes in, events and bytes out (RFC 854, 855 and 1143).
 *
 * It works for either end of a connection, has no clock and calls nobody back. Its methods:
 *
 * - **feed it**: {@linkcode receive}, or {@linkcode step} by step
 * - **drain it** after each feeding, in any order: {@linkcode takeEvents}, {@linkcode takeOutput}
 * - **talk**: {@linkcode send}, {@linkcode sendTelnetCommand}, {@linkcode sendSubnegotiation}
 * - **negotiate**: {@linkcode enableLocal}, {@linkcode disableLocal}, {@linkcode enableRemote},
 *   {@linkcode disableRemote}; ask with {@linkcode localEnabled}, {@linkcode remoteEnabled}
 * - **time**, where requests shall not wait for ever: {@linkcode nextTimeout},
 *   {@linkcode handleTimeout}
 * - **survive a restart**: {@linkcode snapshot}, {@linkcode TelnetMachine.restore}
 *
 * Whatever the peer sends, no method throws: its faults are events of the type `violation`. Misuse
 * by the caller throws a `TelnetError` with the code `misuse` at once.
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
  /** The last snapshot that was taken between two frames, with nothing to send. */
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
   * @param options What to agree to, and the limits.
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
   * Nothing is copied where it can be helped: the ranges of events may lie in `chunk` itself.
   * They hold for as long as you leave `chunk` unchanged; whoever reads the next bytes into the
   * same array must first have used the events, or kept `Uint8Array.from(event.bytes)` (not `slice`,
   * which does not copy what `node:net` gives: a `Buffer`).
   *
   * @param chunk Any number of bytes, cut anywhere.
   * @param now The time in milliseconds, for the requests that the answers may set off.
   * @returns How many bytes were taken: all of them, or those up to a subnegotiation of an option
   * in `stopAfter`. The rest is for the caller to decode and to feed.
   */
  receive(chunk: Uint8Array, now?: number): number {
    checkBytes("chunk", chunk);
    return this.#decode(chunk, now, false);
  }

  /**
   * Takes bytes of the peer up to the first that bring an event, for a caller that acts on each event
   * before the next byte is looked at: an answer to it then leaves before the answers to what follows,
   * and an option is in force from its place in the stream, however the stream was cut.
   *
   * ```ts ignore
   * for (let rest = chunk; rest.length > 0;) {
   *   rest = rest.subarray(telnet.step(rest, now));
   *   for (const event of telnet.takeEvents()) act(event);
   * }
   * ```
   *
   * @param chunk Any number of bytes, cut anywhere.
   * @param now The time in milliseconds, for the requests that the answers may set off.
   * @returns How many bytes were taken, one at least; all of them where none brings an event.
   */
  step(chunk: Uint8Array, now?: number): number {
    checkBytes("chunk", chunk);
    return this.#decode(chunk, now, true);
  }

  /**
   * Takes bytes of the peer, and hands each event to a handler at once. The fastest way: no object is
   * made for an event. The handler may send on this machine, and must not feed it. Until `receive` or
   * `step` is called, it also gets what comes of your own requests. What it throws comes
   * out here, and the rest of the chunk is lost.
   *
   * @param handler Takes the events.
   * @param chunk Any number of bytes, cut anywhere.
   * @param now The time in milliseconds, for the requests that the answers may set off.
   * @returns How many bytes were taken, as {@linkcode receive} does.
   * @throws {TelnetError} `misuse`: events of {@linkcode receive} wait, or a handler feeds its machine.
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
   * How many commands, negotiations and subnegotiations came so far, also those that came to nothing:
   * for who wants to bound them.
   */
  get frameCount(): number {
    return this.#intake.frames;
  }

  /** How many bytes of a subnegotiation are kept whose end has not come. */
  get unfinishedLength(): number {
    return this.#decoder.unfinishedLength;
  }

  /** Whether the peer has sent anything that only Telnet has: a command, negotiation or subnegotiation. */
  get peerSpeaksTelnet(): boolean {
    return this.#intake.spoken;
  }

  /** How many events {@linkcode takeEvents} would hand over. */
  get eventCount(): number {
    return this.#events.length;
  }

  /** What came of the bytes received so far, in wire order; each event is handed over once. */
  takeEvents(): TelnetEvent[] {
    return this.#events.take();
  }

  /**
   * Bytes for the wire: answers and all that was sent, in order; handed over once. Do not change the
   * array: another machine may have sent the same.
   */
  takeOutput(): Uint8Array {
    return this.#output.take();
  }

  /** How many bytes {@linkcode takeOutput} would hand over. */
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
   * Sends text of the network virtual terminal: ASCII, `\n` as CR LF (RFC 854). Much faster than
   * to encode it.
   *
   * @param text Any text.
   * @returns `false`, and nothing is sent, where the text has another character than ASCII, or a CR:
   * encode it and use {@linkcode send}.
   */
  sendAscii(text: string): boolean {
    return this.#output.pushAscii(text);
  }

  /**
   * Sends a command that stands alone, such as GA, EOR, NOP or AYT.
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
   * @param payload The bytes between. It may be empty.
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
   * Offers to perform an option (WILL), and agrees to it when the peer asks from now on.
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
   * Asks the peer to perform an option (DO), and agrees to its offers from now on.
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

  /** Whether both ends agree that the peer performs the option. */
  remoteEnabled(option: number): boolean {
    return this.#negotiator.enabled("remote", option);
  }

  /**
   * The options in force on a side.
   *
   * @param side Which end performs them.
   * @returns Their codes, the lowest first.
   */
  enabledOptions(side: Side): number[] {
    return this.#negotiator.enabledOptions(side);
  }

  /**
   * Forgets where a side of an option stands, without a word to the peer: it is off. For
   * TIMING-MARK, which is no state (RFC 860).
   *
   * @param side Which end performs it.
   * @param option The option's code.
   * @param how Whether to agree from now on, and to go on counting.
   * @throws {TelnetError} `misuse`: the option is not a byte.
   */
  forget(side: Side, option: number, how: ForgetOptions): void {
    checkByte("option", option);
    checkOneOf("side", side, ["local", "remote"]);
    this.#negotiator.forget(side, option, how);
  }

  /**
   * Turns every option off, those in force and those that were asked for, and agrees to none more.
   * For a program that starts anew behind the same connection.
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
   * @returns `undefined` while nothing waits.
   */
  nextTimeout(): number | undefined {
    return this.#negotiator.nextTimeout();
  }

  /**
   * Gives up on requests that no answer came to in time; see the events `option` with the change
   * `unanswered` or `disabled`. May be called early, late or too often.
   *
   * @param now The time in milliseconds.
   */
  handleTimeout(now: number): void {
    this.#negotiator.handleTimeout(now);
  }

  /**
   * All that the machine knows, as plain JSON, so that a connection survives a restart of the
   * program around it.
   *
   * @returns A snapshot for {@linkcode TelnetMachine.restore}; the same object as long as nothing has
   * changed.
   * @throws {TelnetError} `misuse`: events wait, which a snapshot would lose.
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
   * A machine that goes on where another stopped.
   *
   * @param snapshot What {@linkcode snapshot} gave, also after a trip through JSON.
   * @param now The time in milliseconds, from which unanswered requests wait anew.
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

  /** Has a handler, or the queue, take what comes from here on. */
  #handTo(handler: TelnetHandler | undefined): void {
    this.#events.handler = handler;
    this.#intake.target = handler ?? this.#events;
  }

  #enable(side: Side, option: number, request: EnableOptions): void {
    if (request !== NO_REQUEST) rejectUnknownKeys("request", request, { now: true, urgent: true });
    const { now, urgent = false } = request;
    checkByte("option", option);
    const stopping = this.#negotiator.state(side, option).startsWith("WANTNO");
    if (urgent && stopping) this.#negotiator.giveUp(side, option, now);
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

/** What the options of a machine amount to. */
interface Setup {
  readonly limits: TelnetLimits;
  readonly stopAfter: readonly number[];
  readonly sides: Uint8Array;
}

/** A server makes all its machines of the same frozen options: they are looked at once. */
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

/** Hands the decoder's frames on: negotiations are answered, the rest becomes events. */
class Intake implements FrameSink {
  /** Everything but data. */
  frames = 0;
  /** Whether a frame came that is well formed. */
  spoken = false;
  stop = false;
  /** Who takes what is found: the queue, or a handler. */
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

  /** A chunk follows; `stepping` stops at its first event. */
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
    // Mostly there is an answer and nothing to report.
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
