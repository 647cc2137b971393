/**
 * The page of examples/web in Chromium: players log in, play, talk, resize, lose the connection and
 * come back. Without Chromium it is skipped; with MINIBOA_CLIENTS=required that is a failure. If
 * MINIBOA_SCREENSHOTS names a folder, a screenshot of each state is saved there.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type TelnetClient, TelnetServer } from "../../mod.ts";
import { buildPage } from "../../examples/web/build.ts";
import { readPages } from "../../examples/web/pages.ts";
import { installedClients, required } from "../clients/clients.ts";
import { Screen } from "../clients/screen.ts";
import { until as untilAfter } from "../patience.ts";
import { LineClient } from "../runtimes/line_client.ts";
import { Program } from "../runtimes/process.ts";
import { findRuntimes } from "../runtimes/runtimes.ts";
import { CHROMIUM, hasChromium } from "./chromium.ts";
import { Person } from "./person.ts";

const DIST = new URL("../../examples/web/dist", import.meta.url).pathname;

Deno.test({
  name: "Chromium is installed",
  ignore: hasChromium || !required,
  fn: () => assert(hasChromium, CHROMIUM.executablePath),
});

const tintin = installedClients.find(({ name }) => name === "TinTin++");

/** A TinTin++ player enters the room, talks with the player at the page, and leaves. */
async function meets(person: Person, command: string): Promise<void> {
  await using screen = await Screen.open(command);
  await screen.shows(/Your name\?/);
  await screen.enter("cid");
  await screen.shows(/Your password\?/);
  await screen.enter("a third");
  await screen.shows(/Ann is here/);
  await person.reads("Cid comes in.");
  await screen.enter("say hail from TinTin");
  await person.reads("hail from TinTin");
  await person.type("say hail from the page");
  await screen.shows(/Ann says: hail from the page/);
  await screen.enter("quit");
  await person.reads("Cid fades away.");
}

const until = (condition: () => boolean) =>
  untilAfter(condition, () => new Promise((resolve) => setTimeout(resolve, 5)));

/** Relays bytes to a server, until the test breaks the connections. */
class Relay implements Disposable {
  readonly #listener = Deno.listen({ hostname: "localhost", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly port: number = this.#listener.addr.port;

  constructor(target: number) {
    void this.#serve(target);
  }

  async #serve(target: number): Promise<void> {
    for await (const near of this.#listener) {
      const far = await Deno.connect({ hostname: "localhost", port: target });
      for (const connection of [near, far]) this.#open.add(connection);
      near.readable.pipeTo(far.writable).catch(() => {});
      far.readable.pipeTo(near.writable).catch(() => {});
    }
  }

  breakOff(): void {
    for (const connection of this.#open) {
      try {
        connection.close();
      } catch {
        // Already ended.
      }
    }
    this.#open.clear();
  }

  [Symbol.dispose](): void {
    this.breakOff();
    this.#listener.close();
  }
}

Deno.test({
  name: `Chromium plays${hasChromium ? "" : " (not installed)"}`,
  ignore: !hasChromium,
  // The browser and esbuild are child processes.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(test) {
    await buildPage();
    await using person = await Person.sitDown();
    const { page } = person;

    for (const runtime of await findRuntimes()) {
      await test.step(`${runtime.name}: web_mud.ts with another player on Telnet`, async () => {
        await using mud = Program.start(runtime, "examples/web_mud.ts", ["--port", "0"]);
        const port = Number(/port (\d+)/.exec(await mud.line())?.[1]);
        assertEquals(await mud.line(), `Or open http://localhost:${port}`);
        await page.goto(`http://localhost:${port}/`);
        await person.reads("Your name?");
        await person.type("ann");
        await page.waitForSelector("#line[type=password]");
        await person.draw(`${runtime.name}-password`);
        await person.type("a secret");
        await page.waitForSelector("#gauges:not([hidden])");
        assertEquals(await page.textContent("#hp-text"), "20/20");
        assertEquals(await page.getAttribute("#line", "type"), "text");
        using bob = await LineClient.connect(port);
        await bob.until(/name\? /);
        await bob.write("bob\r\n");
        await bob.until(/password\? /);
        await bob.write("another\r\n");
        const room = await bob.until(/> /);
        assertStringIncludes(room, "Ann");
        await person.reads("Bob comes in.");
        await person.type("say hello");
        assertStringIncludes(await bob.until(/hello/), "Ann says:");
        await bob.write("say hi Ann\r\n");
        await person.reads("hi Ann");
        if (tintin !== undefined) await meets(person, tintin.command(port));
        await person.type("north;;east");
        await person.reads("Kobold Hill");
        await person.draw(`${runtime.name}-playing`);
        await person.type("quit");
        await person.status("closed");
        await person.draw(`${runtime.name}-left`);
        const seen = await page.textContent("body") ?? "";
        assertEquals(seen.includes("a secret"), false);
        await page.goto("about:blank");
      });
    }

    let player: TelnetClient | undefined;
    const keys: string[] = [];
    await using server = await TelnetServer.listen({
      port: 0,
      webSocket: { pages: await readPages(DIST) },
      limits: { helloTimeout: 10_000 }, // a browser on a busy machine may be slow to send
      telnetOptions: { naws: true },
      onConnect: (client) => {
        player = client;
        client.send("Hello\n");
      },
      onDisconnect: () => {},
      onKey: (_client, key) => keys.push(key.text === "" ? key.name : key.text),
    });
    const serving = server.serve();
    const known = () => player as TelnetClient;
    using relay = new Relay(server.port);
    await page.goto(`http://localhost:${relay.port}/`);
    await person.reads("Hello");

    await test.step("the window size is sent, and sent again after a resize", async () => {
      await until(() => known().columns > 80);
      const before = known().columns;
      await page.click("#larger");
      await until(() => known().columns < before);
      await page.setViewportSize({ width: 700, height: 500 });
      await until(() => known().columns < before * 0.8);
    });

    await test.step("the arrow keys recall earlier lines", async () => {
      for (const line of ["one", "two"]) {
        await person.type(line);
        assertEquals(await known().readLine(), line);
      }
      await page.press("#line", "ArrowUp");
      await page.press("#line", "ArrowUp");
      assertEquals(await page.inputValue("#line"), "one");
      await page.press("#line", "ArrowDown");
      assertEquals(await page.inputValue("#line"), "two");
      await page.press("#line", "ArrowDown");
      assertEquals(await page.inputValue("#line"), "");
    });

    await test.step("pasted lines are sent, together with what stands in the line; the last one waits for Enter", async () => {
      await page.fill("#line", "say half ");
      await person.paste("one\r\nsay two\nsay thr");
      assertEquals(await known().readLine(), "say half one");
      assertEquals(await known().readLine(), "say two");
      assertEquals(await page.inputValue("#line"), "say thr");
      await page.fill("#line", "");
      await page.press("#line", "ArrowUp");
      assertEquals(await page.inputValue("#line"), "say two");
      await page.fill("#line", "");
    });

    await test.step("in character mode keys go through the terminal", async () => {
      known().enterCharacterMode();
      await page.waitForSelector("#keys:not([hidden])");
      await person.draw("keys");
      assertEquals(await page.isVisible("#touch-keys"), false);
      await page.keyboard.press("x");
      await page.keyboard.press("ArrowUp");
      await until(() => keys.length === 2);
      assertEquals(keys, ["x", "up"]);
      await page.keyboard.press("F6");
      await page.waitForSelector("#smaller:focus");
      known().enterLineMode();
      await page.waitForSelector("#keys", { state: "hidden" });
    });

    await test.step("the server's line editor works in the page", async () => {
      known().useEditor();
      known().prompt("edit> ");
      await page.waitForSelector("#keys:not([hidden])");
      await page.click("#screen");
      await page.keyboard.type("wrld");
      for (let key = 0; key < 3; key++) await page.keyboard.press("ArrowLeft");
      await page.keyboard.type("o");
      await person.sees("edit> world");
      await person.draw("editor");
      await page.keyboard.press("Enter");
      assertEquals(await known().readLine(), "world");
      // The page and the server agree on the width of emoji.
      known().prompt("edit> ");
      await page.keyboard.insertText("👍x");
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.type("Y");
      await person.sees("edit> 👍Yx");
      await page.keyboard.press("Control+u");
      await page.keyboard.press("Control+k");
      await page.keyboard.insertText("👩‍👩‍👧é🇩🇪z");
      await page.keyboard.press("ArrowLeft");
      for (let key = 0; key < 2; key++) await page.keyboard.press("Backspace");
      await person.sees("edit> 👩‍👩‍👧z");
      await page.keyboard.press("Enter");
      assertEquals(await known().readLine(), "👩‍👩‍👧z");
      known().enterLineMode();
      await page.waitForSelector("#line:not([hidden])");
    });

    await test.step("a broken link reconnects automatically", async () => {
      const before = player;
      relay.breakOff();
      await until(() => player !== before && known().active);
      await person.status("open");
    });

    await test.step("on a phone the input line, the terminal and the gauges fit on one page", async () => {
      await page.setViewportSize({ width: 390, height: 500 });
      known().send("On the phone\n");
      await person.sees("On the phone");
      const box = await page.locator("#line").boundingBox();
      assert(box !== null && box.y + box.height <= 500 && box.x + box.width <= 390);
      await page.click("#theme");
      await person.draw("phone");
    });

    await test.step("a phone scrolls by a swipe, and has the keys that its keyboard lacks", async () => {
      const before = player;
      await using phone = await Person.sitDown(390, 600, true);
      await phone.page.goto(`http://localhost:${server.port}/`);
      await until(() => player !== before && known().active);
      for (let row = 1; row <= 200; row++) known().send(`row ${row} of the story\n`);
      await phone.sees("row 200 of the story");
      for (let times = 0; times < 3; times++) await phone.swipe(150, 400);
      await phone.page.locator(".xterm-rows").filter({ hasNotText: "row 200 of" }).waitFor();
      keys.length = 0;
      known().enterCharacterMode();
      await phone.page.waitForSelector("#touch-keys:not([hidden])");
      await phone.draw("phone-keys");
      await phone.page.tap('[data-key="up"]');
      await phone.page.focus("#line");
      await phone.page.keyboard.insertText("y");
      await until(() => keys.length === 2);
      await phone.page.tap("#send");
      await until(() => keys.length === 3);
      assertEquals(keys, ["up", "y", "enter"]);
      assertEquals(await phone.page.inputValue("#line"), "");
      const box = await phone.page.locator("header").boundingBox();
      assert(box !== null && box.height < 60, "the header is one row");
      assertEquals(phone.console, []);
      await phone.page.goto("about:blank");
    });

    await test.step("a page of another origin is refused", async () => {
      await using foreign = await TelnetServer.listen({
        port: 0,
        webSocket: { pages: { "/": { type: "text/html", body: "<h1>Elsewhere</h1>" } } },
        onConnect: () => {},
        onDisconnect: () => {},
      });
      const other = foreign.serve();
      await using visitor = await Person.sitDown();
      await visitor.page.goto(`http://127.0.0.1:${foreign.port}/`);
      const ended = await visitor.page.evaluate((url) =>
        new Promise((resolve) => {
          const socket = new WebSocket(url);
          socket.onopen = () => resolve("open");
          socket.onclose = ({ code }) => resolve(code);
        }), `ws://localhost:${server.port}/`);
      assertEquals(ended, 1006);
      await foreign.stop();
      await other;
    });

    await page.goto("about:blank");
    await server.stop();
    await serving;
    assertEquals(person.console, []);
  },
});
