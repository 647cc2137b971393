/**
 * Fails if the parser has become much slower. Compares it with a control row of the same run, as a
 * noisy machine slows both. Part of `deno task ok`.
 */
import { byteLoop, type Contender, miniboa } from "./contenders.ts";
import { CORPORA, cut } from "./corpora.ts";
import { spreadOf } from "./statistics.ts";

/** The minimum ratio of the parser's speed to the byte loop's: a third of the measured ratio. */
const FLOORS: Readonly<Record<string, number>> = {
  "plain": 0.6,
  "typed lines": 0.4,
  "GMCP-like": 0.25,
  "10 % escaped": 0.4,
  "negotiations": 0.04,
};
const LENGTH = 1_048_576;
const ROUNDS = 25;

let slow = false;
for (const corpus of CORPORA) {
  const connections = cut(corpus, LENGTH, 4096);
  const time = (work: Contender) => {
    const start = performance.now();
    work(connections);
    return performance.now() - start;
  };
  for (let round = 0; round < 25; round++) [miniboa, byteLoop].forEach(time);
  const ratios = Array.from({ length: ROUNDS }, () => time(byteLoop) / time(miniboa));
  const { median } = spreadOf(ratios);
  const floor = FLOORS[corpus.name] ?? 0;
  const verdict = median < floor ? "TOO SLOW" : "ok";
  slow ||= median < floor;
  console.log(
    `${corpus.name}: ${median.toFixed(2)} × the byte loop, at least ${floor}: ${verdict}`,
  );
}
if (slow) Deno.exit(1);
