/** Draws charts as SVG, without a library: bars in groups, or lines over points. */

/** The content of a chart. */
export interface Chart {
  readonly title: string;
  readonly note: string;
  /** Names along the horizontal axis. */
  readonly groups: readonly string[];
  /** One value for each group; the axis is logarithmic. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly kind: "bars" | "lines";
}

const WIDTH = 900;
const HEIGHT = 420;
const AREA = { left: 60, top: 50, right: 890, bottom: 300 };
const COLOURS = [
  "#1f77b4",
  "#ff7f0e",
  "#2ca02c",
  "#d62728",
  "#9467bd",
  "#8c564b",
  "#e377c2",
  "#7f7f7f",
];

/** Draws a chart; returns its SVG. */
export function chart({ title, note, groups, series, kind }: Chart): string {
  const values = series.flatMap(({ values }) => values).filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.ceil(Math.log10(Math.max(...values)));
  const y = (value: number) => {
    const part = (Math.log10(value) - low) / Math.max(1, high - low);
    return AREA.bottom - part * (AREA.bottom - AREA.top);
  };
  const step = (AREA.right - AREA.left) / groups.length;
  const centre = (group: number) => AREA.left + (group + 0.5) * step;
  const marks: string[] = [];
  for (let power = low; power <= high; power++) {
    const at = y(10 ** power).toFixed(1);
    marks.push(`<line x1="${AREA.left}" x2="${AREA.right}" y1="${at}" y2="${at}" stroke="#ddd"/>`);
    marks.push(text(AREA.left - 6, Number(at) + 4, String(10 ** power), "end"));
  }
  groups.forEach((name, group) => marks.push(text(centre(group), AREA.bottom + 18, name)));
  series.forEach(({ name, values }, index) => {
    const colour = COLOURS[index % COLOURS.length] ?? "#000";
    marks.push(
      kind === "bars"
        ? bars(values, index, series.length, step, y, colour)
        : line(values, centre, y, colour),
    );
    marks.push(legend(name, index, colour));
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" ` +
    `font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="#fff"/>\n` +
    `${text(WIDTH / 2, 24, title, "middle", 16)}\n${marks.join("\n")}\n` +
    `${text(WIDTH / 2, HEIGHT - 10, note, "middle", 11)}\n</svg>\n`;
}

function bars(
  values: readonly number[],
  index: number,
  count: number,
  step: number,
  y: (value: number) => number,
  colour: string,
): string {
  const width = step * 0.8 / count;
  return values.map((value, group) => {
    if (!(value > 0)) return "";
    const x = AREA.left + group * step + step * 0.1 + index * width;
    const top = y(value);
    return `<rect x="${x.toFixed(1)}" y="${top.toFixed(1)}" width="${(width - 1).toFixed(1)}" ` +
      `height="${(AREA.bottom - top).toFixed(1)}" fill="${colour}"/>`;
  }).join("");
}

function line(
  values: readonly number[],
  centre: (group: number) => number,
  y: (value: number) => number,
  colour: string,
): string {
  const points = values.map((value, group) => `${centre(group).toFixed(1)},${y(value).toFixed(1)}`);
  return `<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" ` +
    'stroke-width="2"/>';
}

function legend(name: string, index: number, colour: string): string {
  const x = AREA.left + (index % 4) * 210;
  const y = AREA.bottom + 45 + Math.floor(index / 4) * 20;
  return `<rect x="${x}" y="${y - 10}" width="12" height="12" fill="${colour}"/>` +
    text(x + 18, y, name, "start");
}

function text(x: number, y: number, words: string, anchor = "middle", size = 12): string {
  const safe = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" ` +
    `font-size="${size}">${safe}</text>`;
}
