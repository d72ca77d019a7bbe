import {
  floorRational,
  type Metric,
  multiplyRational,
  type Rational,
  rational,
  rationalToNumber,
} from '@levy/contracts';
import type { LoadedDataset, Matrix } from '@levy/datasets';
import type { RowList } from '@levy/plan';
import type { Counts } from '../counts.js';
import { gatherRows, rowIndices, splitOf } from '../rows/row-list.js';
import type { RegionFile, RegionShape } from './region-file.js';

/** What a recount found, beside what the file claims. */
export interface Verification {
  readonly splits: readonly {
    readonly split: 'train' | 'validation' | 'test';
    readonly claimed: Counts;
    readonly recounted: Counts;
  }[];
  readonly agrees: boolean;
}

/**
 * Recounts risk and adversarial risk of a region file on the data set that it names: plain loops straight from the
 * definitions (method §2.4–2.5, §4), sharing no code with search, kernels or evaluation.
 * Throws RangeError if the region does not belong to the data set.
 */
export function verifyRegion(region: RegionFile, dataset: LoadedDataset): Verification {
  const { digest, columns } = dataset.dataset;
  if (region.datasetDigest !== digest) {
    throw new RangeError(
      `the region was found on the data set ${region.datasetDigest}, but ${dataset.dataset.id} is ${digest}`,
    );
  }
  const width = region.shape.kind === 'halfspace' ? region.shape.w.length : region.shape.columns;
  if (width !== columns)
    throw new RangeError(`the region has ${width} coordinates, ${dataset.dataset.id} has ${columns}`);
  const holdout = region.protocol === 'holdout';
  const samples = region.samples === undefined ? {} : { samples: region.samples };
  const lists = {
    train: { dataset: digest, part: holdout ? 'fit' : 'train', ...samples },
    validation: { dataset: digest, part: 'validation' },
    test: { dataset: digest, part: 'test' },
  } as const satisfies Record<string, RowList>;
  const judge = judgeOf(region, dataset);
  const splits = (['train', 'validation', 'test'] as const).flatMap((split) => {
    const claimed = region.claims[split];
    if (claimed === undefined) return [];
    const rows = lists[split];
    const matrix = gatherRows(splitOf(rows, dataset), rowIndices(rows, dataset));
    return [{ split, claimed, recounted: recount(matrix, judge) }];
  });
  const agrees = splits.every(
    ({ claimed, recounted }) =>
      claimed.n === recounted.n && claimed.risk === recounted.risk && claimed.advRisk === recounted.advRisk,
  );
  return { splits, agrees };
}

/** Whether a row (stored values) lies in E and in E_ε. */
type Judge = (row: Uint8Array | Float32Array) => { inside: boolean; within: boolean };

function recount(matrix: Matrix, judge: Judge): Counts {
  const counts = { n: matrix.rows, risk: 0, advRisk: 0 };
  for (let i = 0; i < matrix.rows; i++) {
    const { inside, within } = judge(matrix.data.subarray(i * matrix.columns, (i + 1) * matrix.columns));
    if (inside) counts.risk++;
    if (within) counts.advRisk++;
  }
  return counts;
}

function judgeOf(region: RegionFile, { dataset }: LoadedDataset): Judge {
  const { shape, epsilon } = region;
  if (shape.kind === 'halfspace')
    return judgeHalfSpace(shape, region.metric, epsilon, dataset.scale, dataset.dtype);
  if (shape.kind === 'balls') {
    return dataset.dtype === 'u1'
      ? judgeByteBalls(shape, region.metric, epsilon, dataset.scale)
      : judgeFloatBalls(shape, region.metric, rationalToNumber(epsilon));
  }
  const range = region.domain === 'box' ? dataset.valueRange : undefined;
  if (region.domain === 'box' && range === undefined) {
    throw new RangeError(`the region is of domain box, but ${dataset.id} declares no value range`);
  }
  if (dataset.dtype === 'f4') return judgeFloatRectangles(shape, epsilon, range);
  if (shape.denominator === undefined) {
    throw new RangeError(
      'a region of rectangles on byte data needs its "denominator" array to be counted exactly',
    );
  }
  return judgeByteRectangles(shape, shape.denominator, epsilon, dataset.scale, range);
}

type RectanglesShape = Extract<RegionShape, { kind: 'rectangles' }>;
type Range = { readonly low: number; readonly high: number } | undefined;

/**
 * On bytes, times the denominator D = count·scale, everything is a whole number: a face is crossed by more than ε if
 * |D·u − count·x| − D·r exceeds floor(D·ε); a face of the box counts if the room behind it exceeds that too.
 */
function judgeByteRectangles(
  shape: RectanglesShape,
  denominator: BigInt64Array,
  epsilon: Rational,
  scale: number,
  range: Range,
): Judge {
  const { T, columns: d } = shape;
  const rectangles = Array.from({ length: T }, (_, t) => {
    const D = Number(denominator[t] ?? 1n);
    const whole = (values: Float32Array | Float64Array) =>
      Array.from(values.subarray(t * d, (t + 1) * d), (value) => Math.round(value * D));
    return {
      count: D / scale,
      center: whole(shape.center),
      halfEdge: whole(shape.halfEdge),
      limit: Number(floorRational(multiplyRational(epsilon, rational(D)))),
      low: range === undefined ? Number.NEGATIVE_INFINITY : range.low * D,
      high: range === undefined ? Number.POSITIVE_INFINITY : range.high * D,
    };
  });
  return (row) => {
    let [inside, within] = [true, true];
    for (const { count, center, halfEdge, limit, low, high } of rectangles) {
      let [farOut, out] = [false, false];
      for (let j = 0; j < d; j++) {
        const offset = count * (row[j] ?? 0) - (center[j] ?? 0);
        const r = halfEdge[j] ?? 0;
        const beyond = Math.abs(offset) - r;
        if (beyond > limit) farOut = true;
        const room = offset > 0 ? high - (center[j] ?? 0) - r : (center[j] ?? 0) - r - low;
        if (beyond > 0 && room > limit) out = true;
      }
      if (!farOut) inside = false;
      if (!out) within = false;
    }
    return { inside, within };
  };
}

/** On floats |x − u| − r is taken in float32, in which r was the maximum of |x − u|. */
function judgeFloatRectangles(shape: RectanglesShape, epsilon: Rational, range: Range): Judge {
  const { T, columns: d, center, halfEdge } = shape;
  const limit = rationalToNumber(epsilon);
  return (row) => {
    let [inside, within] = [true, true];
    for (let t = 0; t < T; t++) {
      let [farOut, out] = [false, false];
      for (let j = 0; j < d; j++) {
        const u = center[t * d + j] ?? 0;
        const r = halfEdge[t * d + j] ?? 0;
        const offset = Math.fround((row[j] ?? 0) - u);
        const beyond = Math.fround(Math.abs(offset) - r);
        if (beyond > limit) farOut = true;
        const room =
          range === undefined
            ? Number.POSITIVE_INFINITY
            : offset > 0
              ? Math.fround(Math.fround(range.high - u) - r)
              : Math.fround(Math.fround(u - r) - range.low);
        if (beyond > 0 && room > limit) out = true;
      }
      if (!farOut) inside = false;
      if (!out) within = false;
    }
    return { inside, within };
  };
}

type BallsShape = Extract<RegionShape, { kind: 'balls' }>;

/**
 * On bytes a ball holds what is at most its stored radius away, and reaches what is at most the largest whole distance
 * that r + ε allows, looked for by halving: with squares D and R, and a = D − R − ε², a ≤ 0 or a² ≤ 4ε²R.
 */
function judgeByteBalls(shape: BallsShape, metric: Metric, epsilon: Rational, scale: number): Judge {
  const { T, columns: d, storedRadius } = shape;
  if (storedRadius === undefined) {
    throw new RangeError(
      'a region of balls on byte data needs its "stored_radius" array to be counted exactly',
    );
  }
  const { num, den } = multiplyRational(epsilon, rational(scale));
  const allows = (D: number, R: bigint): boolean => {
    if (metric === 'linf') return BigInt(D) * den <= R * den + num;
    const a = (BigInt(D) - R) * den * den - num * num;
    return a <= 0n || a * a <= 4n * num * num * den * den * R;
  };
  const balls = Array.from({ length: T }, (_, t) => {
    const R = storedRadius[t] ?? 0n;
    let [low, high] = [Number(R), 2 ** 32];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (allows(middle, R)) low = middle;
      else high = middle;
    }
    const center = Array.from(shape.center.subarray(t * d, (t + 1) * d), (value) =>
      Math.round(value * scale),
    );
    return { center, holds: Number(R), reaches: low };
  });
  return (row) => {
    let [inside, within] = [false, false];
    for (const { center, holds, reaches } of balls) {
      let [square, most] = [0, 0];
      for (let j = 0; j < d; j++) {
        const offset = (row[j] ?? 0) - (center[j] ?? 0);
        square += offset ** 2;
        most = Math.max(most, Math.abs(offset));
      }
      const distance = metric === 'l2' ? square : most;
      inside ||= distance <= holds;
      within ||= distance <= reaches;
    }
    return { inside, within };
  };
}

/** On floats distances are summed in float64, in which the radii were found. */
function judgeFloatBalls(
  { T, columns: d, center, radius }: BallsShape,
  metric: Metric,
  epsilon: number,
): Judge {
  return (row) => {
    let [inside, within] = [false, false];
    for (let t = 0; t < T; t++) {
      let [square, most] = [0, 0];
      for (let j = 0; j < d; j++) {
        const offset = Math.abs((row[j] ?? 0) - (center[t * d + j] ?? 0));
        square += offset * offset;
        most = Math.max(most, offset);
      }
      const distance = metric === 'l2' ? Math.sqrt(square) : most;
      inside ||= distance <= (radius[t] ?? 0);
      within ||= distance <= (radius[t] ?? 0) + epsilon;
    }
    return { inside, within };
  };
}

/**
 * w·x + b ≤ 0 and, within ε, w·x + b ≤ ε‖w‖ in the dual norm: ‖w‖₂ for l2, ‖w‖₁ for linf. A half-space along one
 * coordinate of byte data is decided on whole numbers.
 */
function judgeHalfSpace(
  { w, b }: Extract<RegionShape, { kind: 'halfspace' }>,
  metric: Metric,
  epsilon: Rational,
  scale: number,
  dtype: Matrix['dtype'],
): Judge {
  const used = [...w.keys()].filter((j) => w[j] !== 0);
  const [only] = used;
  const alongAxis = used.length === 1 && only !== undefined && Math.abs(w[only] ?? 0) === 1;
  if (alongAxis && (dtype === 'f4' || isWhole(b * scale))) {
    return judgeAxis(only, w[only] === 1 ? 1 : -1, b, epsilon, scale, dtype);
  }
  const norm = metric === 'l2' ? Math.hypot(...w) : w.reduce((sum, entry) => sum + Math.abs(entry), 0);
  const reach = rationalToNumber(epsilon) * norm;
  return (row) => {
    let value = 0;
    for (let j = 0; j < w.length; j++) value += (w[j] ?? 0) * (row[j] ?? 0);
    const signed = value / scale + b;
    return { inside: signed <= 0, within: signed <= reach };
  };
}

/** Whether a float64 is a whole number but for the rounding of one division and one multiplication. */
function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) <= 1e-12 * Math.max(1, Math.abs(value));
}

function judgeAxis(
  coordinate: number,
  sign: 1 | -1,
  b: number,
  epsilon: Rational,
  scale: number,
  dtype: Matrix['dtype'],
): Judge {
  const reach =
    dtype === 'u1'
      ? Number(floorRational(multiplyRational(epsilon, rational(scale))))
      : rationalToNumber(epsilon);
  const threshold = dtype === 'u1' ? Math.round(b * scale) : b;
  return (row) => {
    const signed = sign * (row[coordinate] ?? 0) + threshold;
    return { inside: signed <= 0, within: signed <= reach };
  };
}
