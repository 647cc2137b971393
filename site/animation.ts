/** An animated SVG of terminals, without scripts: each row of text is shown for its time. */

/** A character of a terminal. */
export interface Cell {
  readonly text: string;
  /** The palette index of its colour; `undefined`: the default. */
  readonly colour: number | undefined;
  readonly bold: boolean;
}

/** What a terminal showed from a moment on. */
export interface Frame {
  /** Milliseconds from the start. */
  readonly time: number;
  readonly rows: readonly (readonly Cell[])[];
  readonly cursor: { readonly x: number; readonly y: number };
}

/** A terminal with its title. */
export interface Panel {
  readonly title: string;
  readonly frames: Frame[];
}

/** The size of the terminals, and the length of the animation in milliseconds. */
export interface AnimationSize {
  readonly columns: number;
  readonly rows: number;
  readonly duration: number;
}

const CELL = { width: 7.25, height: 16 };
const GAP = 14;
const TITLE = 24;
const PALETTE = [
  "#5c6370",
  "#e06c75",
  "#98c379",
  "#e5c07b",
  "#61afef",
  "#c678dd",
  "#56b6c2",
  "#dcdfe4",
];
const BRIGHT = [
  "#7f8894",
  "#ff7b86",
  "#b5e890",
  "#ffd68a",
  "#7cc4ff",
  "#e08cf5",
  "#6fd6e3",
  "#ffffff",
];

/** Something that is shown for some time. */
interface Shown {
  readonly svg: string;
  readonly from: number;
  readonly to: number;
}

/** Draws the terminals side by side. */
export function drawAnimation(
  panels: readonly Panel[],
  { columns, rows, duration }: AnimationSize,
): string {
  const width = columns * CELL.width + 2 * GAP;
  const height = TITLE + rows * CELL.height + 2 * GAP;
  const total = { width: panels.length * (width + GAP) + GAP, height: height + 2 * GAP };
  const styles = new Map<string, string>();
  const classOf = (from: number, to: number) => {
    const key = `${percent(from, duration)} ${percent(to, duration)}`;
    const known = styles.get(key) ?? `k${styles.size}`;
    styles.set(key, known);
    return known;
  };
  const drawn = panels.map((panel, index) => {
    const x = GAP + index * (width + GAP);
    const rowsOf = shownRows(panel, rows, duration).concat(shownCursors(panel, duration));
    const parts = rowsOf.map(({ svg, from, to }) =>
      from <= 0 && to >= duration
        ? svg
        : `<g class="t ${classOf(from, to)}${to >= duration ? " last" : ""}">${svg}</g>`
    );
    return `<g transform="translate(${x} ${GAP})">` +
      `<rect width="${width}" height="${height}" rx="8" fill="#1e2127"/>` +
      `<text class="h" x="${GAP}" y="18">${escapeXml(panel.title)}</text>` +
      `<g transform="translate(${GAP} ${TITLE + GAP})">${parts.join("")}</g></g>`;
  });
  const rules = Array.from(styles, ([key, name]) => {
    const [from, to] = key.split(" ");
    return `.${name}{animation-name:${name}}@keyframes ${name}` +
      `{0%{visibility:hidden}${from}%{visibility:visible}${to}%,100%{visibility:hidden}}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total.width} ${total.height}" ` +
    `width="${total.width}" height="${total.height}" role="img" ` +
    `aria-label="Three terminals: Ada, Ben and Cleo log in to a MUD, talk, and walk.">` +
    `<style>text{font:12px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;` +
    `fill:#abb2bf;white-space:pre}.h{font-size:11px;fill:#7f8894}` +
    `.t{visibility:hidden;animation:${duration}ms step-end infinite}${rules.join("")}` +
    `@media(prefers-reduced-motion:reduce){.t{animation:none}.last{visibility:visible}}</style>` +
    `${drawn.join("")}</svg>\n`;
}

/** Each row of a panel, for as long as it stays the same. */
function shownRows({ frames }: Panel, rows: number, duration: number): Shown[] {
  const shown: Shown[] = [];
  for (let y = 0; y < rows; y++) {
    let [svg, from] = ["", 0];
    const end = (to: number) => {
      if (svg !== "" && to > from) shown.push({ svg, from, to });
    };
    for (const { time, rows } of frames) {
      const next = drawRow(rows[y] ?? [], y);
      if (next === svg) continue;
      end(time);
      [svg, from] = [next, time];
    }
    end(duration);
  }
  return shown;
}

/** The cursor, for as long as it stays where it is. */
function shownCursors({ frames }: Panel, duration: number): Shown[] {
  return frames.map(({ time, cursor }, index) => ({
    from: time,
    to: frames[index + 1]?.time ?? duration,
    svg: `<rect x="${round(cursor.x * CELL.width)}" y="${cursor.y * CELL.height + 2}" ` +
      `width="${CELL.width}" height="14" fill="#528bff" opacity=".8"/>`,
  })).filter(({ from, to }) => to > from);
}

function drawRow(cells: readonly Cell[], y: number): string {
  const spans: string[] = [];
  for (let at = 0; at < cells.length;) {
    const { colour, bold } = cells[at] as Cell;
    let text = "";
    const start = at;
    while (at < cells.length && cells[at]?.colour === colour && cells[at]?.bold === bold) {
      text += cells[at++]?.text ?? "";
    }
    if (text.trim() === "") continue;
    const palette = bold || (colour ?? 0) > 7 ? BRIGHT : PALETTE;
    const fill = colour === undefined
      ? bold ? ' fill="#fff"' : ""
      : ` style="fill:${palette[colour % 8]}"`;
    const weight = bold ? ' font-weight="bold"' : "";
    const x = round(start * CELL.width);
    spans.push(`<tspan x="${x}"${fill}${weight}>${escapeXml(text.trimEnd())}</tspan>`);
  }
  if (spans.length === 0) return "";
  return `<text y="${y * CELL.height + 13}">${spans.join("")}</text>`;
}

function percent(time: number, duration: number): string {
  return (100 * time / duration).toFixed(2);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
