/** How many colours a terminal shows. */
export type ColourDepth = 0 | 16 | 256 | 16_777_216;

/** The usual values of the sixteen colours of ANSI, as xterm shows them. */
const SIXTEEN: readonly (readonly [number, number, number])[] = [
  [0, 0, 0],
  [205, 0, 0],
  [0, 205, 0],
  [205, 205, 0],
  [0, 0, 238],
  [205, 0, 205],
  [0, 205, 205],
  [229, 229, 229],
  [127, 127, 127],
  [255, 0, 0],
  [0, 255, 0],
  [255, 255, 0],
  [92, 92, 255],
  [255, 0, 255],
  [0, 255, 255],
  [255, 255, 255],
];
/** The steps of the colour cube of 256 colours. */
const STEPS = [0, 95, 135, 175, 215, 255];

/** The sequences of colours that were used before, by depth: a game has few colours. */
const known: Map<ColourDepth, Map<string, string>> = new Map();
const MAX_KNOWN = 1_024;

/** The sequence for `#rrggbb` (foreground) or `%rrggbb` (background), reduced to a depth. */
export function colourSequence(code: string, depth: ColourDepth): string {
  let sequences = known.get(depth);
  if (sequences === undefined) known.set(depth, sequences = new Map());
  const again = sequences.get(code);
  if (again !== undefined) return again;
  if (sequences.size >= MAX_KNOWN) sequences.clear();
  const sequence = newSequence(code, depth);
  sequences.set(code, sequence);
  return sequence;
}

function newSequence(code: string, depth: ColourDepth): string {
  const background = code.startsWith("%");
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) =>
    parseInt(code.slice(at, at + 2), 16)
  );
  const kind = background ? 48 : 38;
  if (depth === 16_777_216) return `\x1b[${kind};2;${red};${green};${blue}m`;
  if (depth === 256) return `\x1b[${kind};5;${nearestOf256(red, green, blue)}m`;
  if (depth === 0) return "";
  // The 16 colours have no bright backgrounds.
  if (background) return `\x1b[${40 + nearestOf(8, red, green, blue)}m`;
  const nearest = nearestOf(16, red, green, blue);
  return nearest < 8 ? `\x1b[22;${30 + nearest}m` : `\x1b[1;${22 + nearest}m`;
}

/** The number of the nearest colour of the cube or of the greys. */
function nearestOf256(red: number, green: number, blue: number): number {
  const cube = [red, green, blue].map(nearestStep);
  const [r = 0, g = 0, b = 0] = cube;
  const cubeColour = cube.map((step) => STEPS[step] ?? 0) as [number, number, number];
  const grey = Math.max(0, Math.min(23, Math.round(((red + green + blue) / 3 - 8) / 10)));
  const level = 8 + 10 * grey;
  const wanted = [red, green, blue] as const;
  return distance([level, level, level], wanted) < distance(cubeColour, wanted)
    ? 232 + grey
    : 16 + 36 * r + 6 * g + b;
}

/** The number of the nearest of the first `count` ANSI colours. */
function nearestOf(count: number, red: number, green: number, blue: number): number {
  let best = 0;
  for (const [index, colour] of SIXTEEN.slice(0, count).entries()) {
    const wanted = [red, green, blue] as const;
    if (distance(colour, wanted) < distance(SIXTEEN[best] ?? colour, wanted)) best = index;
  }
  return best;
}

function nearestStep(value: number): number {
  let best = 0;
  for (const [index, step] of STEPS.entries()) {
    if (Math.abs(step - value) < Math.abs((STEPS[best] ?? 0) - value)) best = index;
  }
  return best;
}

function distance(
  [r1, g1, b1]: readonly [number, number, number],
  [r2, g2, b2]: readonly [number, number, number],
): number {
  return (r1 - r2) ** 2 + (g1 - g2) ** 2 + (b1 - b2) ** 2;
}
