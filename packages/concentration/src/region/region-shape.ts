import type { Metric } from '@levy/contracts';
import type { LoadedDataset } from '@levy/datasets';
import type { Balls } from '../balls/balls.js';
import type { Clusters } from '../rectangles/clusters.js';
import { gatherRows } from '../rows/row-list.js';
import type { MethodRegion } from './region.js';
import type { RegionShape } from './region-file.js';

/** Rectangles in units of the values: centre sum/(count·scale), half-edge reach/(count·scale). */
export function rectanglesShape(clusters: Clusters, scale: number): RegionShape {
  const { columns } = clusters;
  const T = clusters.count.length;
  if (clusters.dtype === 'f4')
    return { kind: 'rectangles', T, columns, center: clusters.sum, halfEdge: clusters.reach };
  const denominators = Array.from(clusters.count, (count) => count * scale);
  const divided = (numerators: Int32Array) =>
    Float64Array.from(
      numerators,
      (numerator, index) => numerator / (denominators[Math.floor(index / columns)] ?? 1),
    );
  return {
    kind: 'rectangles',
    T,
    columns,
    center: divided(clusters.sum),
    halfEdge: divided(clusters.reach),
    denominator: BigInt64Array.from(denominators, BigInt),
  };
}

/** Balls in units of the values; on bytes with their radii as whole numbers besides. */
export function ballsShape(balls: Balls, metric: Metric, { dataset, train }: LoadedDataset): RegionShape {
  const { columns, scale } = dataset;
  const centres = gatherRows(
    train,
    Uint32Array.from(balls, ({ row }) => row),
  );
  const radii = balls.map(({ radius }) => radius);
  const shape = { kind: 'balls', T: balls.length, columns } as const;
  if (centres.dtype === 'f4') return { ...shape, center: centres.data, radius: Float64Array.from(radii) };
  return {
    ...shape,
    center: Float64Array.from(centres.data, (value) => value / scale),
    radius: Float64Array.from(radii, (radius) => (metric === 'l2' ? Math.sqrt(radius) : radius) / scale),
    storedRadius: BigInt64Array.from(radii, BigInt),
  };
}

/** E = {x : w·x + b ≤ 0}, in units of the values. */
export function halfSpaceShape(
  region: Extract<MethodRegion, { kind: 'hyperplane' | 'halfspace' | 'axis' }>,
  columns: number,
  scale: number,
): RegionShape {
  if (region.kind !== 'axis') {
    return {
      kind: 'halfspace',
      w: Float64Array.from(region.w, (entry) => -entry),
      b: region.threshold / scale,
    };
  }
  const { coordinate, side, threshold } = region.halfSpace;
  const sign = side === '>=' ? -1 : 1;
  const w = new Float64Array(columns);
  w[coordinate] = sign;
  return { kind: 'halfspace', w, b: (-sign * threshold) / scale };
}
