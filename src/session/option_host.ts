import { type ClientFacts, newFacts } from "../options/facts.ts";
import { type FactsSnapshot, factsSnapshot, restoredFacts } from "../options/facts_snapshot.ts";
import type { Json } from "../options/json.ts";
import type { OptionContext, OptionEvents, OptionState, TelnetOption } from "../options/option.ts";
import { optionByCode, OPTIONS } from "../options/registry.ts";
import type { OptionEvent, Side } from "../protocol/events.ts";
import type { ForgetOptions } from "../protocol/negotiator.ts";
import type { TelnetMachine } from "../protocol/machine.ts";
import { OfferTracker } from "./offer_tracker.ts";

const agreeing = (side: "agreeLocal" | "agreeRemote") =>
  OPTIONS.filter((option) => option[side]).map((option) => option.code);

/** What a machine of the server agrees to when a client asks. */
export const AGREED: { readonly local: readonly number[]; readonly remote: readonly number[] } = {
  local: agreeing("agreeLocal"),
  remote: agreeing("agreeRemote"),
};

/** What the options of a connection ask of it. */
export interface OptionPort {
  /** Whether the client is still served. */
  readonly active: boolean;
  /** What the game declares, by the option's code. */
  readonly declared: ReadonlyMap<number, unknown>;
  /** Whether the connection is encrypted. */
  readonly encrypted: boolean;
  now(): number;
  utc(): string;
  /** Something was written to the machine. */
  written(): void;
  tell<Name extends keyof OptionEvents>(name: Name, value: OptionEvents[Name]): void;
  run(call: () => unknown): void;
  useCharset(name: string): boolean;
  suggestCharset(name: string): void;
  compress(on: boolean): void;
  decompress(): void;
  encrypt(): void;
  needEcho(): void;
  leave(): void;
}

/** The options of one connection: what they keep, and whether they are agreed on. */
export class OptionHost implements OptionContext {
  facts: ClientFacts = newFacts();
  /** Whether the client agreed to an option that only MUD clients know. */
  mudOptions = false;
  readonly #machine: TelnetMachine;
  readonly #port: OptionPort;
  #handlers: Map<number, OptionState> | undefined;
  #readiness: OfferTracker | undefined;
  /** What is offered when the option that is offered alone is answered. */
  #later: readonly TelnetOption[] | undefined;

  /** `before`: those of the same client, when Telnet begins anew. */
  constructor(machine: TelnetMachine, port: OptionPort, before?: OptionHost) {
    this.#machine = machine;
    this.#port = port;
    if (before !== undefined) this.#readiness = before.#readiness;
  }

  // What the connection has to tell.

  /** Offers what the game declares; `deadline` ends the wait for answers. */
  offer(deadline: number): void {
    const offered = this.#offered();
    this.#readiness ??= new OfferTracker();
    this.#readiness.start(offered.map(({ code }) => code), deadline);
    const alone = offered.filter((option) => option.alone);
    this.#later = alone.length === 0 ? undefined : offered.filter((option) => !option.alone);
    this.#offerAll(alone.length === 0 ? offered : alone);
    this.checkReady(); // maybe there is nothing to wait for
  }

  #offerAll(offered: readonly TelnetOption[]): void {
    for (const option of offered) {
      this.handlerOf(option);
      if (option.offer === "local") this.enableLocal(option.code);
      else if (option.offer === "remote") this.enableRemote(option.code);
    }
  }

  /** What of the declared fits this connection. */
  #offered(): TelnetOption[] {
    const { declared, encrypted } = this.#port;
    return OPTIONS.filter(({ code }) => declared.has(code)).filter((option) =>
      !encrypted || (option.offerEncrypted?.(declared.get(option.code) as never) ?? true)
    );
  }

  /** Settles when the offers are answered, or the wait is over. */
  get ready(): Promise<void> {
    return this.#readiness?.settled ?? Promise.resolve();
  }

  /** When the wait for answers ends. */
  get deadline(): number {
    return this.#readiness?.deadline ?? Infinity;
  }

  /** Ends the wait for answers. */
  endWait(): void {
    this.#readiness?.end();
  }

  /** A negotiation went on. */
  changed({ option, side, change }: OptionEvent): void {
    if (change === "enabled" && optionByCode(option)?.mud) this.mudOptions = true;
    this.#port.run(() => this.#handler(option)?.changed?.(side, change));
    const alone = optionByCode(option)?.alone === true;
    // Who agrees to go on encrypted is offered the rest, and greeted, when that is so.
    if (alone && change === "enabled") return;
    this.#readiness?.answered(option);
    if (alone) this.#offerLater();
  }

  #offerLater(): void {
    const later = this.#later;
    this.#later = undefined;
    if (later !== undefined) this.#offerAll(later);
  }

  /** A payload came. What was never agreed on is not believed. */
  subnegotiation(option: number, payload: Uint8Array): void {
    if (!this.remoteEnabled(option) && !this.localEnabled(option)) return;
    this.#port.run(() => this.#handler(option)?.subnegotiation?.(payload));
  }

  /** Looks whether the client is ready, after events were taken. */
  checkReady(): void {
    if (this.#readiness?.waiting !== true) return;
    this.#readiness.check(() => [...this.#handlers?.values() ?? []].some(({ pending }) => pending));
  }

  /** Turns every option off, those under way too. */
  disableAll(): void {
    this.#negotiate((now) => this.#machine.disableAll({ now }));
    this.#handlers = undefined;
    this.facts = newFacts();
    this.mudOptions = false;
    this.endWait();
  }

  /** What is carried over a restart. */
  snapshot(): { facts: FactsSnapshot; saved: Record<string, Json> } {
    const saved: Record<string, Json> = {};
    for (const [code, handler] of this.#handlers ?? []) {
      const value = handler.snapshot?.();
      if (value !== undefined) saved[code] = value;
    }
    return { facts: factsSnapshot(this.facts), saved };
  }

  /** Takes what was carried over. */
  restore(saved: Readonly<Record<string, Json>>, facts: FactsSnapshot): void {
    this.facts = restoredFacts(facts);
    for (const option of this.#offered()) this.handlerOf(option);
    for (const [code, value] of Object.entries(saved)) {
      this.#handler(Number(code))?.restore?.(value);
    }
    const inForce = [...this.inForce("local"), ...this.inForce("remote")];
    this.mudOptions = inForce.some((code) => optionByCode(code)?.mud === true);
  }

  // What the options ask for.

  now(): number {
    return this.#port.now();
  }

  utc(): string {
    return this.#port.utc();
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
    this.#negotiate((now) => this.#machine.disableLocal(option, { now }));
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
    if (!this.#port.active) return;
    this.#machine.sendSubnegotiation(option, payload);
    this.#port.written();
  }

  tell<Name extends keyof OptionEvents>(name: Name, value: OptionEvents[Name]): void {
    this.#port.tell(name, value);
  }

  run(call: () => unknown): void {
    this.#port.run(call);
  }

  useCharset(name: string): boolean {
    return this.#port.useCharset(name);
  }

  suggestCharset(name: string): void {
    this.#port.suggestCharset(name);
  }

  compress(on: boolean): void {
    this.#port.compress(on);
  }

  decompress(): void {
    this.#port.decompress();
  }

  encrypt(): void {
    this.#port.encrypt();
  }

  needEcho(): void {
    this.#port.needEcho();
  }

  leave(): void {
    this.#port.leave();
  }

  handlerOf<Handler extends OptionState>(option: TelnetOption<never, Handler>): Handler {
    this.#handlers ??= new Map();
    const known = this.#handlers.get(option.code) as Handler | undefined;
    if (known !== undefined) return known;
    const config = this.#port.declared.get(option.code) as never;
    const handler = option.attach?.(this, config) ?? ({} as Handler);
    this.#handlers.set(option.code, handler);
    return handler;
  }

  #handler(code: number): OptionState | undefined {
    const option = optionByCode(code);
    return option?.attach === undefined ? undefined : this.handlerOf(option);
  }

  #negotiate(request: (now: number) => void): void {
    if (!this.#port.active) return;
    request(this.#port.now());
    this.#port.written();
  }
}
