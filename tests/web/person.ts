import { type BrowserContext, chromium, type Page } from "playwright-core";
import { PATIENCE_MS } from "../patience.ts";
import { CHROMIUM } from "./chromium.ts";

/** The folder for screenshots. */
const shots = Deno.env.get("MINIBOA_SCREENSHOTS");

/** A player with their own browser. */
export class Person implements AsyncDisposable {
  readonly #context: BrowserContext;
  readonly #profile: string;
  readonly page: Page;
  /** The messages of the browser's console. */
  readonly console: string[] = [];

  private constructor(context: BrowserContext, page: Page, profile: string) {
    this.#context = context;
    this.#profile = profile;
    this.page = page;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("console", (message) => this.console.push(message.text()));
    page.on("pageerror", (error) => this.console.push(String(error)));
  }

  static async sitDown(width = 1000, height = 640, hasTouch = false): Promise<Person> {
    const profile = await Deno.makeTempDir({ prefix: "miniboa-chromium-" });
    const context = await chromium.launchPersistentContext(profile, {
      ...CHROMIUM,
      viewport: { width, height },
      hasTouch,
      isMobile: hasTouch,
      timeout: PATIENCE_MS,
    });
    return new Person(context, context.pages()[0] ?? await context.newPage(), profile);
  }

  /** Types a line into a field of the page. */
  async type(text: string, field = "#line"): Promise<void> {
    await this.page.fill(field, text);
    await this.page.press(field, "Enter");
  }

  /** Pastes a text into the line. */
  async paste(text: string): Promise<void> {
    await this.page.locator("#line").evaluate((line, text) => {
      // deno-lint-ignore no-explicit-any -- the page has these, and this program has not
      const { DataTransfer, ClipboardEvent } = globalThis as any;
      const clipboardData = new DataTransfer();
      clipboardData.setData("text", text);
      const init = { clipboardData, bubbles: true, cancelable: true };
      (line as EventTarget).dispatchEvent(new ClipboardEvent("paste", init));
    }, text);
  }

  /** Moves a finger over the terminal. */
  async swipe(fromY: number, toY: number): Promise<void> {
    const session = await this.#context.newCDPSession(this.page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", y: number) =>
      session.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: type === "touchEnd" ? [] : [{ x: 100, y }],
      });
    await touch("touchStart", fromY);
    for (let step = 1; step <= 10; step++) {
      await touch("touchMove", fromY + (toY - fromY) * step / 10);
    }
    await touch("touchEnd", toY);
  }

  /** Waits until a text is in the log for screen readers. */
  async reads(text: string): Promise<void> {
    await this.#contains("#log", text);
  }

  /** Waits until a text is on the terminal. */
  async sees(text: string): Promise<void> {
    await this.#contains(".xterm-rows", text);
  }

  async #contains(selector: string, text: string): Promise<void> {
    // The test cannot run functions in the page: its CSP forbids eval().
    await this.page.locator(selector).filter({ hasText: text }).waitFor({ state: "attached" });
  }

  async status(state: string): Promise<void> {
    await this.page.waitForSelector(`#status[data-state="${state}"]`);
  }

  async draw(name: string): Promise<void> {
    if (shots !== undefined) await this.page.screenshot({ path: `${shots}/${name}.png` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
    await Deno.remove(this.#profile, { recursive: true });
  }
}
