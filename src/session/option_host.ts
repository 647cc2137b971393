import { throwMisuse } from "../protocol/error.ts";
import { inspect, throwUnexpected } from "../protocol/validate.ts";
import { type ClientFacts, newFacts } from "../options/facts.ts";
import { type FactsSnapshot, factsSnapshot, restoredFacts } from "../options/facts_snapshot.ts";
import type { Json } from "../options/json.ts";
import type { OptionContext, OptionEffects, OptionState, TelnetOption } from "../options/option.ts";
import type { OptionSet } from "../options/option_set.ts";
import type { OptionEvent, Side } from "../protocol/events.ts";
import type { TelnetMachine } from "../protocol/machine.ts";
import type { ForgetOptions } from "../protocol/negotiator.ts";
import { START_TLS } from "../options/start_tls.ts";
import { OfferTracker } from "./offer_tracker.ts";

/** What the options need from their connection. */
export interface OptionHostContext {
  /** Whether the client is still served. */
  readonly active: boolean;
  /** The options that the server knows. */
  readonly known: OptionSet;
  /** The game's declarations, by the option's code. */
  readonly declared: ReadonlyMap<number, unknown>;
  /** Whether the connection is encrypted. */
  readonly encrypted: boolean;
  /** Whether something else frames the bytes, as a WebSocket does. */
  readonly framed: boolean;
  /** Whether the connection outlives the process. Default `false`. */
  readonly durable?: boolean;
  /** The effects that options have on the connection. */
  readonly effects: OptionEffects;
  now(): number;
  utc(): string;
  /** Writes pending output of the editor to the machine, before other output. */
  settle(): void;
  /** Called when there is output to send. */
  changed(): void;
  /** Called after a negotiation was sent, whose answer has a deadline. */
  negotiated(): void;
  /** Calls the game's handler for an event. */
  emitOfOption(name: string, value: unknown): void;
  /** Calls other code of the game. */
  run(call: () => unknown): void;
  /** Calls code that may throw; if it does, this client is dropped. */
  shield(call: () => unknown): void;
}

/** The offers that wait for answers. */
export interface OffersSnapshot {
  readonly open: readonly number[];
  /** Whether more options are offered after the answer to an exclusive one. */
  readonly later: boolean;
}

/** The options of a connection, as plain JSON. */
export interface OptionsSnapshot {
  /** The state of each option, by its code. */
  readonly options: Readonly<Record<string, Json>>;
  /** What the client has reported about itself. */
  readonly facts: FactsSnapshot;
  readonly offers: OffersSnapshot;
}

/** The options of one connection: their state, and their negotiation. */
export class OptionHost implements OptionContext<Record<string, unknown>> {
  #facts: ClientFacts | undefined;
  /** Whether the client agreed to an option that only MUD clients know. */
  mudOptions = false;
  readonly #machine: TelnetMachine;
  readonly #context: OptionHostContext;
  #states: Map<number, OptionState> | undefined;
  #offers: OfferTracker | undefined;
  /** The cached value of `held`; -1: to be computed again. */
  #held = 0;
  /** The options to offer after the answer to an exclusive one. */
  #later: readonly TelnetOption[] | undefined;

  /** `before`: the previous options of the client, if Telnet restarts. */
  constructor(machine: TelnetMachine, context: OptionHostContext, before?: OptionHost) {
    this.#machine = machine;
    this.#context = context;
    if (before !== undefined) this.#takeOver(before);
  }

  /** What the client has reported. Made on first use: most clients report nothing. */
  get facts(): ClientFacts {
    return this.#facts ??= newFacts();
  }

  // Called by the connection.

  /** Offers the declared options; `deadline` ends the wait for answers. */
  offer(deadline: number): void {
    const offered = this.#offered();
    this.#offers ??= new OfferTracker();
    const asked = offered.filter(({ code, offer }) =>
      offer !== undefined &&
      !(offer === "local" ? this.localEnabled(code) : this.remoteEnabled(code))
    );
    this.#offers.start(asked.map(({ code }) => code), deadline);
    const exclusive = asked.filter((option) => option.exclusive);
    this.#later = exclusive.length === 0
      ? undefined
      : offered.filter((option) => !option.exclusive);
    this.#offerAll(exclusive.length === 0 ? offered : exclusive);
    this.checkReady(); // there may be nothing to wait for
  }

  /** Settles when all offers are answered, or the deadline has passed. */
  get ready(): Promise<void> {
    return this.#offers?.settled ?? Promise.resolve();
  }

  /** Whether some offers wait for their answers. */
  get waiting(): boolean {
    return this.#offers?.waiting === true;
  }

  /** When the wait for answers ends. */
  get deadline(): number {
    return this.#offers?.deadline ?? Infinity;
  }

  /** Ends the wait for answers. */
  endWait(): void {
    this.#offers?.end();
  }

  /** Handles a change of an option's negotiation. */
  changed({ option, side, change }: OptionEvent): void {
    if (change === "enabled" && this.optionOf(option)?.mud) this.mudOptions = true;
    this.#context.shield(() => this.#stateByCode(option)?.changed?.(side, change));
    const exclusive = this.optionOf(option)?.exclusive === true;
    // If START-TLS is agreed, the other options are offered after the handshake.
    if (option === START_TLS && change === "enabled") return;
    this.#offers?.answered(option);
    if (exclusive) this.#offerLater();
  }

  /** Returns the option with a code, if the server knows it. */
  optionOf(code: number): TelnetOption | undefined {
    return this.#context.known.byCode(code);
  }

  /** Throws for an option whose payload is a marker in the stream, which only the option may send. */
  checkPayload(code: number): void {
    const option = this.optionOf(code);
    if (option?.changesStream === undefined) return;
    throwMisuse(
      `Cannot send a payload of ${option.name}: it marks where the stream changes, so the option sends it itself after enableOption()`,
    );
  }

  /** Handles a payload; ignores it if its option is not enabled. */
  subnegotiation(option: number, payload: Uint8Array): void {
    const inForce = this.remoteEnabled(option) || this.localEnabled(option);
    if (!inForce && !this.#mayMark(option)) return;
    this.#held = -1;
    this.#context.shield(() => this.#stateByCode(option)?.subnegotiation?.(payload));
  }

  /**
   * Whether a marker of an option that we withdraw may be on its way: what follows it is compressed
   * until the other end has heard of the withdrawal.
   */
  #mayMark(option: number): boolean {
    if (this.optionOf(option)?.changesStream !== "input") return false;
    return this.#machine.stopping("local", option) || this.#machine.stopping("remote", option);
  }

  /** Estimated bytes that the options hold of what the client reported. */
  get held(): number {
    if (this.#held === -1) {
      this.#held = 0;
      this.#context.shield(() => this.#held = 4 * JSON.stringify(this.snapshot()).length);
    }
    return this.#held;
  }

  /** Checks whether the client is ready, after events were handled. */
  checkReady(): void {
    if (this.#offers?.waiting !== true) return;
    this.#offers.check(() => [...this.#states?.values() ?? []].some(({ pending }) => pending));
  }

  /** Turns every option off, including those under negotiation. */
  disableAll(): void {
    this.#negotiate((now) => this.#machine.disableAll({ now }));
    this.endWait();
  }

  /** Returns the state to keep over a restart. */
  snapshot(): OptionsSnapshot {
    const saved: Record<string, Json> = {};
    for (const [code, state] of this.#states ?? []) {
      const value = state.snapshot?.();
      if (value !== undefined) saved[code] = value;
    }
    const open = this.#offers?.open ?? [];
    const offers = { open, later: this.#later !== undefined };
    return { options: saved, facts: factsSnapshot(this.facts), offers };
  }

  /** Restores what `snapshot` returned. */
  restore(
    { options: saved, facts, offers }: OptionsSnapshot,
    deadline: number,
  ): void {
    this.#facts = restoredFacts(facts);
    this.#held = -1;
    const offered = this.#offered();
    for (const option of offered) this.stateOf(option);
    if (offers.later) this.#later = offered.filter((option) => !option.exclusive);
    if (offers.open.length > 0) (this.#offers = new OfferTracker()).start(offers.open, deadline);
    for (const [code, value] of Object.entries(saved)) {
      this.#stateByCode(Number(code))?.restore?.(value);
    }
    const inForce = [...this.inForce("local"), ...this.inForce("remote")];
    this.mudOptions = inForce.some((code) => this.optionOf(code)?.mud === true);
  }

  // OptionContext.

  get effects(): OptionEffects {
    return this.#context.effects;
  }

  now(): number {
    return this.#context.now();
  }

  utc(): string {
    return this.#context.utc();
  }

  localEnabled(option: number): boolean {
    return this.#machine.localEnabled(option);
  }

  remoteEnabled(option: number): boolean {
    return this.#machine.remoteEnabled(option);
  }

  enableLocal(option: number): void {
    this.#negotiate((now) => this.#machine.enableLocal(option, { now }));
  }

  disableLocal(option: number): void {
    const inForce = this.localEnabled(option);
    this.#negotiate((now) => this.#machine.disableLocal(option, { now }));
    if (!inForce || !this.#context.active) return;
    this.#context.shield(() => this.#stateByCode(option)?.withdrawn?.());
  }

  /** Agrees to perform an option if the client asks for it from now on. */
  agreeLocal(option: number): void {
    this.#machine.agree("local", option);
  }

  enableRemote(option: number): void {
    this.#negotiate((now) => this.#machine.enableRemote(option, { now }));
  }

  disableRemote(option: number): void {
    this.#negotiate((now) => this.#machine.disableRemote(option, { now }));
  }

  forget(side: Side, option: number, how: ForgetOptions): void {
    this.#machine.forget(side, option, how);
  }

  inForce(side: Side): number[] {
    return this.#machine.enabledOptions(side);
  }

  sendSubnegotiation(option: number, payload: Uint8Array): void {
    if (!this.#context.active) return;
    this.#context.settle();
    this.#machine.sendSubnegotiation(option, payload);
    this.#context.changed();
  }

  emit(name: string, value: unknown): void {
    if (!this.#context.known.eventNames.has(name)) {
      throwMisuse(`Cannot emit ${inspect(name)}: name it in the option's \`events\``);
    }
    this.#context.emitOfOption(name, value);
  }

  run(call: () => unknown): void {
    this.#context.run(call);
  }

  stateOf<State extends OptionState>(option: TelnetOption<never, State>): State {
    this.#states ??= new Map();
    const known = this.#states.get(option.code) as State | undefined;
    if (known !== undefined) return known;
    const config = this.#context.declared.get(option.code) as never;
    const state = option.attach === undefined
      ? ({} as State)
      : option.attach(this as never, config);
    if (typeof state !== "object" || state === null || "then" in state) {
      throwUnexpected(
        `what attach() of ${option.name} returns`,
        "the option's state, an object",
        state,
      );
    }
    this.#states.set(option.code, state);
    return state;
  }

  /** Takes over the game's settings from the previous option states. */
  #takeOver(before: OptionHost): void {
    this.#offers = before.#offers;
    for (const [code, state] of before.#states ?? []) {
      if (state.takeOver === undefined) continue;
      this.#context.shield(() => this.#stateByCode(code)?.takeOver?.(state));
    }
  }

  #offerAll(offered: readonly TelnetOption[]): void {
    for (const option of offered) {
      this.stateOf(option);
      if (option.offer === "local") this.enableLocal(option.code);
      else if (option.offer === "remote") this.enableRemote(option.code);
    }
  }

  #offerLater(): void {
    const later = this.#later;
    this.#later = undefined;
    if (later !== undefined) this.#offerAll(later);
  }

  /** Returns the declared options that fit this connection. */
  #offered(): TelnetOption[] {
    const { declared, encrypted, framed, durable } = this.#context;
    const declaredHere = this.#context.known.all.filter(({ code, changesStream }) => {
      const fits = changesStream === undefined ||
        !framed && !(durable && changesStream !== "output");
      return declared.has(code) && fits;
    });
    return declaredHere.filter((option) =>
      !encrypted || (option.offerEncrypted?.(declared.get(option.code) as never) ?? true)
    );
  }

  #stateByCode(code: number): OptionState | undefined {
    const option = this.optionOf(code);
    return option?.attach === undefined ? undefined : this.stateOf(option);
  }

  #negotiate(request: (now: number) => void): void {
    if (!this.#context.active) return;
    this.#context.settle();
    request(this.#context.now());
    this.#context.negotiated();
  }
}
