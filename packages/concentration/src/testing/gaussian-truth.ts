import { rationalToNumber } from '@levy/contracts';
import { generatorFor } from '@levy/datasets';
import { compiled, ndtr, ndtri } from 'cephes';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import type { RegionFile, RegionShape } from '../region/region-file.js';

await compiled;

/** n draws of N(0, diag(variances)), rounded to float32 as data sets hold them. */
export function gaussianRows(variances: readonly number[], n: number, purpose: string): number[][] {
  const random = generatorFor(purpose);
  const draw = (variance: number) =>
    Math.fround(Math.sqrt(variance) * ndtri(Math.max(uniformFloat64(random), 2 ** -53)));
  return Array.from({ length: n }, () => variances.map(draw));
}

/** What is true of a region under the distribution, to whose samples it owes nothing any more. */
export interface Truth {
  readonly risk: number;
  readonly advRisk: number;
}

/**
 * Risk and advRisk (of rectangles: P[m > 0], what is counted) under N(0, diag(variances)). Closed forms: half-spaces
 * by Φ, unions of boxes by inclusion and exclusion over products of Φ. Balls in ℓ2 by counting `sample`.
 */
export function gaussianTruth(
  { shape, metric, epsilon }: RegionFile,
  variances: readonly number[],
  sample: readonly (readonly number[])[],
): Truth {
  const reach = rationalToNumber(epsilon);
  if (shape.kind === 'halfspace') {
    const { w, b } = shape;
    const deviation = Math.sqrt(w.reduce((sum, entry, j) => sum + entry ** 2 * (variances[j] ?? 0), 0));
    const norm = metric === 'l2' ? Math.hypot(...w) : w.reduce((sum, entry) => sum + Math.abs(entry), 0);
    return { risk: ndtr(-b / deviation), advRisk: ndtr((reach * norm - b) / deviation) };
  }
  if (shape.kind === 'rectangles') {
    const inside = (more: number) => unionOfBoxes(boxesOf(shape, more), variances);
    return { risk: 1 - inside(reach), advRisk: 1 - inside(0) };
  }
  if (metric === 'linf') {
    const inside = (more: number) => unionOfBoxes(boxesOf(shape, more), variances);
    return { risk: inside(0), advRisk: inside(reach) };
  }
  const counts = { risk: 0, advRisk: 0 };
  for (const x of sample) {
    const beyond = distanceBeyond(shape, x);
    if (beyond <= 0) counts.risk++;
    if (beyond <= reach) counts.advRisk++;
  }
  return { risk: counts.risk / sample.length, advRisk: counts.advRisk / sample.length };
}

type Box = readonly { readonly low: number; readonly high: number }[];

/** Rectangles, or balls in ℓ∞, with every face moved outwards. */
function boxesOf(shape: Exclude<RegionShape, { kind: 'halfspace' }>, outwards: number): Box[] {
  const { T, columns: d, center } = shape;
  const half = (t: number, j: number) =>
    (shape.kind === 'balls' ? shape.radius[t] : shape.halfEdge[t * d + j]) ?? 0;
  return Array.from({ length: T }, (_, t) =>
    Array.from({ length: d }, (_, j) => {
      const [u, r] = [center[t * d + j] ?? 0, half(t, j) + outwards];
      return { low: u - r, high: u + r };
    }),
  );
}

function unionOfBoxes(boxes: readonly Box[], variances: readonly number[]): number {
  let probability = 0;
  for (let chosen = 1; chosen < 2 ** boxes.length; chosen++) {
    const some = boxes.filter((_, t) => (chosen & (1 << t)) !== 0);
    let product = some.length % 2 === 1 ? 1 : -1;
    for (const [j, variance] of variances.entries()) {
      const low = Math.max(...some.map((box) => box[j]?.low ?? 0)) / Math.sqrt(variance);
      const high = Math.min(...some.map((box) => box[j]?.high ?? 0)) / Math.sqrt(variance);
      product *= Math.max(0, ndtr(high) - ndtr(low));
    }
    probability += product;
  }
  return probability;
}

/** How far a point is beyond the nearest ball: min over balls of ‖x − u‖₂ − r. */
function distanceBeyond(
  { T, columns: d, center, radius }: Extract<RegionShape, { kind: 'balls' }>,
  x: readonly number[],
) {
  let least = Number.POSITIVE_INFINITY;
  for (let t = 0; t < T; t++) {
    let square = 0;
    for (let j = 0; j < d; j++) square += ((x[j] ?? 0) - (center[t * d + j] ?? 0)) ** 2;
    least = Math.min(least, Math.sqrt(square) - (radius[t] ?? 0));
  }
  return least;
}
