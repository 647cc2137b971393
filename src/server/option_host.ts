import { type ClientFacts, newFacts } from "../options/facts.ts";
import type {
  OptionHandler,
  OptionNotices,
  OptionSession,
  TelnetOption,
} from "../options/option.ts";
import { optionByCode, OPTIONS } from "../options/registry.ts";
import type { OptionEvent, Side } from "../protocol/events.ts";
import type { TelnetMachine } from "../protocol/machine.ts";
import { Readiness } from "./readiness.ts";

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
  now(): number;
  /** Something was written to the machine. */
  written(): void;
  tell<Name extends keyof OptionNotices>(name: Name, value: OptionNotices[Name]): void;
  run(call: () => unknown): void;
  useCharset(name: string): boolean;
  compress(on: boolean): void;
  decompress(): void;
  leave(): void;
}

/** The options of one connection: what they keep, and whether they are agreed on. */
export class OptionHost implements OptionSession {
  readonly facts: ClientFacts = newFacts();
  /** Whether the client agreed to an option that only MUD clients know. */
  mudOptions = false;
  readonly #machine: TelnetMachine;
  readonly #port: OptionPort;
  readonly #handlers: Map<number, OptionHandler> = new Map();
  readonly #readiness = new Readiness();

  constructor(machine: TelnetMachine, port: OptionPort) {
    this.#machine = machine;
    this.#port = port;
  }

  // What the connection has to tell.

  /** Offers what the game declares; `deadline` ends the wait for answers. */
  offer(deadline: number): void {
    const { declared } = this.#port;
    this.#readiness.start(declared.keys(), deadline);
    for (const code of declared.keys()) {
      const option = optionByCode(code);
      if (option?.offer === "local") this.enableLocal(code);
      else if (option?.offer === "remote") this.enableRemote(code);
    }
  }

  /** Settles when the offers are answered, or the wait is over. */
  get ready(): Promise<void> {
    return this.#readiness.settled;
  }

  /** When the wait for answers ends. */
  get deadline(): number {
    return this.#readiness.deadline;
  }

  /** Ends the wait for answers. */
  endWait(): void {
    this.#readiness.end();
  }

  /** A negotiation went on. */
  changed({ option, side, change }: OptionEvent): void {
    if (change === "enabled" && optionByCode(option)?.mud) this.mudOptions = true;
    this.#port.run(() => this.#handler(option)?.changed?.(side, change));
    this.#readiness.answered(option);
  }

  /** A payload came. What was never agreed on is not believed. */
  subnegotiation(option: number, payload: Uint8Array): void {
    if (!this.remoteEnabled(option) && !this.localEnabled(option)) return;
    this.#port.run(() => this.#handler(option)?.subnegotiation?.(payload));
  }

  /** Looks whether the client is ready, after events were taken. */
  checkReady(): void {
    if (!this.#readiness.waiting) return;
    this.#readiness.check(() => [...this.#handlers.values()].some(({ pending }) => pending));
  }

  /** Turns every option off. */
  disableAll(): void {
    for (const code of this.inForce("local")) this.disableLocal(code);
    for (const code of this.inForce("remote")) {
      this.#negotiate((now) => this.#machine.disableRemote(code, { now }));
    }
  }

  // What the options ask for.

  now(): number {
    return this.#port.now();
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

  forget(option: number): void {
    this.#machine.forget(option);
  }

  inForce(side: Side): number[] {
    return this.#machine.enabledOptions(side);
  }

  sendSubnegotiation(option: number, payload: Uint8Array): void {
    if (!this.#port.active) return;
    this.#machine.sendSubnegotiation(option, payload);
    this.#port.written();
  }

  tell<Name extends keyof OptionNotices>(name: Name, value: OptionNotices[Name]): void {
    this.#port.tell(name, value);
  }

  run(call: () => unknown): void {
    this.#port.run(call);
  }

  useCharset(name: string): boolean {
    return this.#port.useCharset(name);
  }

  compress(on: boolean): void {
    this.#port.compress(on);
  }

  decompress(): void {
    this.#port.decompress();
  }

  leave(): void {
    this.#port.leave();
  }

  handlerOf<Handler extends OptionHandler>(option: TelnetOption<never, Handler>): Handler {
    const known = this.#handlers.get(option.code) as Handler | undefined;
    if (known !== undefined) return known;
    const config = this.#port.declared.get(option.code) as never;
    const handler = option.attach?.(this, config) ?? ({} as Handler);
    this.#handlers.set(option.code, handler);
    return handler;
  }

  #handler(code: number): OptionHandler | undefined {
    const option = optionByCode(code);
    return option?.attach === undefined ? undefined : this.handlerOf(option);
  }

  #negotiate(request: (now: number) => void): void {
    if (!this.#port.active) return;
    request(this.#port.now());
    this.#port.written();
  }
}
