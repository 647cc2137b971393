/** The pages of the documentation, in the order of docs/README.md. */
import { filesIn } from "../npm/files.ts";

/** A heading of a page. */
export interface Heading {
  readonly level: number;
  readonly title: string;
  readonly anchor: string;
}

/** A page. */
export interface Page {
  /** Its file, from the root of the repository. */
  readonly source: string;
  /** Its place on the site. */
  readonly url: string;
  /** The part of the site that it belongs to. */
  readonly section: string;
  readonly title: string;
  readonly text: string;
  readonly headings: readonly Heading[];
}

/** Pages that docs/README.md does not list. */
const OTHERS: Readonly<Record<string, string>> = {
  "README.md": "Start",
  "docs/README.md": "Start",
  "examples/README.md": "Project",
  "bench/README.md": "Project",
  "SECURITY.md": "Project",
  "CHANGELOG.md": "Project",
  "CONTRIBUTING.md": "Project",
};

/**
 * Reads the pages.
 *
 * @param root The root of the repository.
 * @returns The pages, in their order on the site.
 * @throws {Error} If a page of docs is not listed in docs/README.md.
 */
export async function readPages(root: URL): Promise<Page[]> {
  const contents = await Deno.readTextFile(new URL("docs/README.md", root));
  const listed = new Map<string, string>();
  let section = "";
  for (const line of contents.split("\n")) {
    section = /^## (.*)/.exec(line)?.[1] ?? section;
    for (const [, path = ""] of line.matchAll(/\]\(([^)#]+\.md)\)/g)) {
      listed.set(`docs/${path}`, section);
    }
  }
  for await (const path of filesIn(root, "docs/")) {
    if (!path.endsWith(".md")) continue;
    if (!listed.has(path) && OTHERS[path] === undefined) {
      throw new Error(`docs/README.md does not list ${path}: add it`);
    }
  }
  const others = Object.entries(OTHERS);
  const order = [
    ...others.filter(([, section]) => section === "Start"),
    ...listed,
    ...others.filter(([, section]) => section !== "Start"),
  ];
  return await Promise.all(
    order.map(([source, section]) => readPage(root, source, section)),
  );
}

/**
 * The anchor that a heading has on GitHub, npm and JSR.
 *
 * @param heading The heading, in Markdown.
 */
export function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[`*_]/g, "").replaceAll(/[^\p{L}\p{N}\s-]/gu, "").trim()
    .replaceAll(" ", "-");
}

async function readPage(root: URL, source: string, section: string): Promise<Page> {
  const text = await Deno.readTextFile(new URL(source, root));
  const prose = text.replaceAll(/^```.*?^```/gms, "");
  const headings = Array.from(prose.matchAll(/^(#+) (.*)$/gm), ([, marks = "", title = ""]) => ({
    level: marks.length,
    title: title.replaceAll("`", ""),
    anchor: anchorOf(title),
  }));
  const url = source === "README.md"
    ? "index.html"
    : source.replace(/^docs\//, "").replace("README.md", "index.html").replace(/\.md$/, ".html")
      .replace(/^index\.html$/, "contents.html").toLowerCase();
  return { source, url, section, title: headings[0]?.title ?? source, text, headings };
}
