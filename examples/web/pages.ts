import { readFile } from "node:fs/promises";
import type { WebPage } from "../../mod.ts";

const TYPES = { "index.html": "text/html", "page.js": "text/javascript", "page.css": "text/css" };

/** Reads the files that build.ts has built, by path, for `pages` of `webSocket`. */
export async function readPages(folder: string): Promise<Record<string, WebPage>> {
  const pages: Record<string, WebPage> = {};
  for (const [name, type] of Object.entries(TYPES)) {
    const path = name === "index.html" ? "/" : `/${name}`;
    const body = await readFile(`${folder}/${name}`).catch((cause) => {
      throw new Error(`There is no page in ${folder}: make it by examples/web/build.ts`, { cause });
    });
    pages[path] = { type: `${type}; charset=utf-8`, body };
  }
  return pages;
}
