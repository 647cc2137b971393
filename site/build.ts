/**
 * Makes the site of the documentation: every page of docs with search, and the API reference.
 *
 *     deno task docs [folder]
 *
 * The folder is `site/dist` unless another is named. Any web server can serve it.
 */
import hljs from "highlight.js";
import MarkdownIt from "markdown-it";
import { filesIn, fileUrl } from "../npm/files.ts";
import { anchorOf, type Heading, type Page, readPages } from "./pages.ts";

const root = new URL("../", import.meta.url);
const COPIED = ["docs/players.svg", "bench/parser.svg", "bench/server.svg", "bench/text.svg"];
/** What a page loads, besides itself. */
const ASSETS = ["site.css", "site.js"];

type Token = ReturnType<InstanceType<typeof MarkdownIt>["parse"]>[number];

/** A part of a page, as the search finds it. */
interface Found {
  readonly url: string;
  readonly title: string;
  readonly text: string;
}

if (import.meta.main) {
  const folder = new URL(`${Deno.args[0] ?? "site/dist"}/`, `file://${Deno.cwd()}/`);
  const count = await buildSite(folder);
  console.log(`${count} pages and the API reference in ${decodeURIComponent(folder.pathname)}`);
}

/**
 * Writes the site.
 *
 * @param folder Where to. What is there is deleted first.
 * @returns The number of pages, without the API reference.
 */
export async function buildSite(folder: URL): Promise<number> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  await writeApi(folder, config);
  const pages = await readPages(root);
  const known = new Map(pages.map((page) => [page.source, page]));
  const index: Found[] = [];
  for (const page of pages) {
    const { html, found } = render(page, known);
    index.push(...found);
    await write(folder, page.url, layout(page, pages, html, config.version));
  }
  await write(folder, "search.json", JSON.stringify(index));
  for (const name of ASSETS) {
    await write(folder, name, await Deno.readTextFile(new URL(`site/${name}`, root)));
  }
  for (const path of COPIED) {
    await write(folder, path.replace(/.*\//, ""), await Deno.readTextFile(new URL(path, root)));
  }
  return pages.length;
}

async function write(folder: URL, path: string, text: string): Promise<void> {
  const file = new URL(path, folder);
  await Deno.mkdir(new URL("./", file), { recursive: true });
  await Deno.writeTextFile(file, text);
}

/** `deno doc` writes the reference of every entrypoint. */
async function writeApi(
  folder: URL,
  { name, version, exports }: {
    readonly name: string;
    readonly version: string;
    readonly exports: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const output = decodeURIComponent(new URL("api/", folder).pathname);
  const command = new Deno.Command(Deno.execPath(), {
    args: ["doc", "--html", `--name=${name}`, `--output=${output}`, ...Object.values(exports)],
    cwd: root,
    stdin: "null",
  });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  // It links each symbol to its source on this machine.
  const [local, published] = [root.href, `https://jsr.io/${name}/${version}/`].map(encodeSlashes);
  for await (const path of filesIn(folder, "api/")) {
    if (!path.endsWith(".html")) continue;
    const html = await Deno.readTextFile(fileUrl(folder, path));
    await Deno.writeTextFile(fileUrl(folder, path), html.replaceAll(local ?? "", published ?? ""));
  }
}

function encodeSlashes(url: string): string {
  return url.replaceAll("/", "&#x2F;");
}

/** A page as HTML, and its parts for the search. */
function render(
  page: Page,
  known: ReadonlyMap<string, Page>,
): { readonly html: string; readonly found: readonly Found[] } {
  const markdown = new MarkdownIt({
    html: true,
    highlight: (code, language) =>
      hljs.getLanguage(language) === undefined
        ? ""
        : hljs.highlight(code, { language, ignoreIllegals: true }).value,
  });
  const link = (target: string) => linkTo(target, page, known);
  const tokens = markdown.parse(page.text, {});
  const found: { url: string; title: string; text: string }[] = [];
  for (const [at, token] of tokens.entries()) {
    const inline = tokens[at + 1];
    if (token.type === "heading_open" && inline !== undefined) {
      const title = plainText(inline);
      token.attrSet("id", anchorOf(inline.content));
      const first = found.length === 0;
      const url = first ? page.url : `${page.url}#${anchorOf(inline.content)}`;
      found.push({ url, title: first ? title : `${page.title}: ${title}`, text: "" });
    } else if (token.type === "table_open") token.attrSet("tabindex", "0"); // it may scroll
    const part = found.at(-1);
    if (part !== undefined && (token.type === "inline" || token.type === "fence")) {
      part.text += ` ${token.type === "inline" ? plainText(token) : token.content}`;
    }
    for (const child of token.children ?? []) {
      for (const name of ["href", "src"]) {
        const target = child.attrGet(name);
        if (target !== null) child.attrSet(name, link(String(target)));
      }
    }
  }
  const html = markdown.renderer.render(tokens, markdown.options, {})
    .replaceAll("<table", '<div class="table"><table').replaceAll("</table>", "</table></div>");
  return { html, found };
}

function plainText({ children, content }: Token): string {
  if (children === null) return content;
  return children.map(({ type, content }) => /break$/.test(type) ? " " : content).join("");
}

/** Where a link of a page leads on the site. */
function linkTo(target: string, page: Page, known: ReadonlyMap<string, Page>): string {
  if (/^(https?:|mailto:|#)/.test(target)) return target;
  const base = "file:///";
  const { pathname, hash } = new URL(target, new URL(page.source, base));
  const source = pathname.slice(1);
  const other = known.get(source) ?? known.get(`${source.replace(/\/$/, "")}/README.md`);
  const up = "../".repeat(page.url.split("/").length - 1);
  if (other !== undefined) return up + other.url + hash;
  if (COPIED.includes(source)) return up + source.replace(/.*\//, "");
  // A file of the repository: shown by JSR, where the package is.
  return `https://jsr.io/@miniboa/miniboa/${source}`;
}

function layout(page: Page, pages: readonly Page[], html: string, version: string): string {
  const up = "../".repeat(page.url.split("/").length - 1);
  const sections = Map.groupBy(pages, ({ section }) => section);
  const navigation = Array.from(sections, ([section, members]) => {
    const items = members.map(({ url, title }) => {
      const current = url === page.url ? ' aria-current="page"' : "";
      return `<li><a href="${up}${url}"${current}>${escapeHtml(title)}</a></li>`;
    });
    return `<h2>${section}</h2><ul>${items.join("")}</ul>`;
  });
  const parts = page.headings.filter(({ level }) => level === 2).map((heading: Heading) =>
    `<li><a href="#${heading.anchor}">${escapeHtml(heading.title)}</a></li>`
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)} – miniboa</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${up}site.css">
<script>document.documentElement.dataset.theme = localStorage.getItem("theme") ?? ""</script>
<script type="module" src="${up}site.js" data-up="${up}"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header>
<a class="name" href="${up}index.html">miniboa <small>${version}</small></a>
<form id="search" role="search"><input type="search" placeholder="Search (press /)" aria-label="Search" autocomplete="off"><ol id="found" hidden></ol></form>
<button id="theme" type="button">Dark</button>
<button id="menu" type="button" aria-expanded="false" aria-controls="pages">Pages</button>
</header>
<div class="columns">
<nav id="pages" aria-label="Pages">${navigation.join("")}
<h2>API</h2><ul><li><a href="${up}api/index.html">API reference</a></li></ul></nav>
<main id="main">${html}</main>
<aside>${
    parts.length > 1
      ? `<nav aria-label="On this page"><h2>On this page</h2><ul>${parts.join("")}</ul></nav>`
      : ""
  }</aside>
</div>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
