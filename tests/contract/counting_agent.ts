import { LocalAgent } from "../../src/transport/contract/mod.ts";
import { startCounting, type Steps } from "../steps.ts";

/** An agent that counts the steps of its transport. */
export class CountingAgent extends LocalAgent {
  #stopCounting: (() => Steps) | undefined;

  // deno-lint-ignore require-await
  async count(on: boolean): Promise<number> {
    const steps = this.#stopCounting?.().count ?? 0;
    this.#stopCounting = on ? startCounting() : undefined;
    return steps;
  }
}
