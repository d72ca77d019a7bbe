import { drawDistinct, generatorFor } from '@levy/datasets';
import type { Engine, Matrix, MatrixHandle } from '@levy/kernels';
import type { Stopping } from '@levy/plan';
import type { Clusters } from './clusters.js';
import { centresAtRows, createMembership } from './membership.js';

export interface KMeansOptions {
  readonly engine: Engine;
  /** The rows to cluster, loaded: positions 0 … covered−1 of `points` are rows[0] … rows[covered−1] of `matrix`. */
  readonly points: MatrixHandle;
  readonly matrix: Matrix;
  readonly rows: Uint32Array;
  readonly T: number;
  readonly seed: number;
  readonly iterations: number;
  readonly stopping: Stopping;
  readonly signal?: AbortSignal | undefined;
}

/**
 * k-means with the ℓ1 distance and coordinate-wise means (paper Algorithm 1, method §2.2): T distinct rows to start,
 * assign (ties to the lowest cluster), then update; the clusters are those of the last assignment.
 * An empty cluster restarts at the row farthest from its centre (ties to the lowest position); where every row
 * already sits on its centre it stays empty and is dropped at the end.
 */
export async function kMeans(options: KMeansOptions): Promise<Clusters> {
  const { engine, points, matrix, rows, T, iterations, stopping, signal } = options;
  const range = { start: 0, end: rows.length };
  const members = createMembership(matrix, rows, T);
  const start = drawDistinct(rows.length, T, generatorFor(`k-means ${options.seed}`)).map(
    (i) => rows[i] ?? 0,
  );
  let centres = centresAtRows(matrix, start);
  let lastSum = Number.NaN;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const { labels, distances } = await engine.nearestCentres(points, range, centres, { signal });
    const changed = members.assign(labels);
    const sum = labels.reduce((total, label) => total + label, 0);
    if (stopping === 'labels' ? changed === 0 : sum === lastSum) break;
    lastSum = sum;
    centres = members.centres(centresOfEmpty(members.count, distances));
  }
  return members.clusters();
}

/** For every empty cluster the position of the row that it restarts at. */
function centresOfEmpty(count: Int32Array, distances: Float64Array): Map<number, number> {
  const chosen = new Map<number, number>();
  for (let t = 0; t < count.length; t++) {
    if (count[t] !== 0) continue;
    chosen.set(t, farthest(distances, new Set(chosen.values())) ?? 0);
  }
  return chosen;
}

/** The position with the largest positive distance that is not taken yet. */
function farthest(distances: Float64Array, taken: ReadonlySet<number>): number | undefined {
  let best: number | undefined;
  let most = 0;
  for (let i = 0; i < distances.length; i++) {
    const distance = distances[i] ?? 0;
    if (distance > most && !taken.has(i)) {
      most = distance;
      best = i;
    }
  }
  return best;
}
