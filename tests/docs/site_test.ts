/** The site of the documentation: no dead link, and what a reader does in Chromium. */
import { assert, assertEquals } from "@std/assert";
import { chromium } from "playwright-core";
import { filesIn, fileUrl } from "../../npm/files.ts";
import { buildSite } from "../../site/build.ts";
import { LONG } from "../patience.ts";
import { Folder } from "../npm/project.ts";
import { CHROMIUM, hasChromium } from "../web/chromium.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css",
  js: "text/javascript",
  json: "application/json",
  svg: "image/svg+xml",
};

Deno.test({
  name: "the site has no dead link, and a reader finds what they look for",
  ignore: !LONG,
  fn: checkSite,
});

async function checkSite(t: Deno.TestContext): Promise<void> {
  await using folder = await Folder.make();
  const count = await buildSite(folder.url);
  const pages = await readHtml(folder.url);

  await t.step("no link is dead, those of the API reference included", () => {
    assert(count > 35 && pages.size > 500, `${count} and ${pages.size} pages`);
    const anchors = new Map(
      Array.from(pages, ([path, html]) => [
        path,
        new Set(Array.from(html.matchAll(/\bid="([^"]+)"/g), ([, id = ""]) => unescape(id))),
      ]),
    );
    let links = 0;
    for (const [path, html] of pages) {
      for (const [, target = ""] of html.matchAll(/\b(?:href|src)="([^"]+)"/g)) {
        if (/^(https?|mailto|data|javascript):/.test(target)) continue;
        const { pathname, hash } = new URL(unescape(target), new URL(path, "file:///"));
        const file = decodeURIComponent(pathname).slice(1);
        const found = pages.has(file) || exists(new URL(pathname.slice(1), folder.url));
        assert(found, `${path} links to ${target}`);
        links++;
        const isOurs = !file.startsWith("api/");
        if (hash === "" || !isOurs) continue;
        const known = anchors.get(file)?.has(decodeURIComponent(hash.slice(1)));
        assert(known, `${path} links to ${target}, which has no such heading`);
      }
    }
    assert(links > 5_000, `${links} links`);
  });

  await t.step({
    name: "search, dark and light, a phone's menu",
    ignore: !hasChromium,
    fn: async () => {
      const entered = Promise.withResolvers<void>();
      let searches = 0;
      const server = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen() {} },
        async (request) => {
          const { pathname } = new URL(request.url);
          if (pathname === "/search.json" && ++searches === 1) await entered.promise;
          const body = await Deno.readFile(new URL(`.${pathname}`, folder.url)).catch(() =>
            undefined
          );
          if (body === undefined) return new Response("", { status: 404 });
          const type = TYPES[pathname.split(".").at(-1) ?? ""] ?? "application/octet-stream";
          return new Response(body, { headers: { "Content-Type": type } });
        },
      );
      const { port } = server.addr as Deno.NetAddr;
      const profile = await Deno.makeTempDir();
      const browser = await chromium.launchPersistentContext(profile, {
        ...CHROMIUM,
        colorScheme: "light",
        viewport: { width: 1200, height: 800 },
      });
      const page = await browser.newPage();
      const faults: string[] = [];
      page.on("console", (message: { text(): string }) => faults.push(message.text()));
      page.on("pageerror", (error: Error) => faults.push(String(error)));
      await page.goto(`http://127.0.0.1:${port}/index.html`);
      await page.keyboard.press("/");
      await page.keyboard.type("connectionsPerPrefix");
      await page.keyboard.press("Enter");
      entered.resolve();
      await page.waitForURL(/limits\.html/);
      assertEquals(searches, 1, "the index was asked for more than once");
      const paper = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
      assertEquals(await paper(), "rgb(253, 253, 251)");
      await page.locator("#theme").click();
      assertEquals(await page.locator("html").getAttribute("data-theme"), "dark");
      assertEquals(await paper(), "rgb(21, 24, 28)");
      await page.setViewportSize({ width: 390, height: 800 });
      await page.locator("#menu").click();
      await page.locator("#pages a", { hasText: "Caret codes" }).click();
      await page.waitForURL(/caret-codes\.html/);
      assertEquals(await page.locator("html").getAttribute("data-theme"), "dark");
      const [wide = 0, window = 0] = await page.evaluate(
        "[document.documentElement.scrollWidth, innerWidth]",
      ) as number[];
      assert(wide <= window, "the page is wider than the phone");
      assertEquals(faults, []);
      await browser.close();
      await server.shutdown();
      await Deno.remove(profile, { recursive: true });
    },
  });
}

async function readHtml(folder: URL): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const path of filesIn(folder)) {
    if (path.endsWith(".html")) found.set(path, await Deno.readTextFile(fileUrl(folder, path)));
  }
  return found;
}

function exists(file: URL): boolean {
  try {
    return Deno.statSync(file) !== undefined;
  } catch {
    return false;
  }
}

function unescape(text: string): string {
  return text.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll(
    /&#x?([0-9A-Fa-f]+);/g,
    (entity, digits) => String.fromCodePoint(parseInt(digits, entity.includes("x") ? 16 : 10)),
  );
}
