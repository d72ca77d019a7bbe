import type { Centres, Matrix } from '@levy/kernels';
import type { Clusters } from './clusters.js';

/**
 * Who belongs to which cluster, and what k-means needs to know of it: sizes, sums and extents over `rows` of a
 * matrix. Sums of bytes are kept up to date exactly, moving only the rows whose label changed.
 */
export interface Membership {
  /** Sets the labels, one a row. Returns how many changed. */
  assign(labels: Int32Array): number;
  /** Number of rows in every cluster. */
  readonly count: Int32Array;
  /** The means, for the next assignment; an empty cluster takes the row that `centreOfEmpty` names for it. */
  centres(centreOfEmpty: ReadonlyMap<number, number>): Centres;
  /** The clusters that are not empty, with their extents. */
  clusters(): Clusters;
}

/** @param rows indices into `matrix`: position i of the labels speaks of row rows[i]. */
export function createMembership(matrix: Matrix, rows: Uint32Array, T: number): Membership {
  return matrix.dtype === 'u1'
    ? new ByteMembership(matrix.data, matrix.columns, rows, T)
    : new FloatMembership(matrix.data, matrix.columns, rows, T);
}

/** Centres at single rows: where k-means starts. */
export function centresAtRows(matrix: Matrix, rows: Uint32Array): Centres {
  const d = matrix.columns;
  if (matrix.dtype === 'u1') {
    const sum = new Int32Array(rows.length * d);
    rows.forEach((row, t) => {
      sum.set(matrix.data.subarray(row * d, (row + 1) * d), t * d);
    });
    return { dtype: 'u1', count: new Int32Array(rows.length).fill(1), sum };
  }
  const sum = new Float32Array(rows.length * d);
  rows.forEach((row, t) => {
    sum.set(matrix.data.subarray(row * d, (row + 1) * d), t * d);
  });
  return { dtype: 'f4', sum };
}

class ByteMembership implements Membership {
  readonly count: Int32Array;
  private readonly labels: Int32Array;
  private readonly sum: Int32Array;

  constructor(
    private readonly data: Uint8Array,
    private readonly d: number,
    private readonly rows: Uint32Array,
    private readonly T: number,
  ) {
    this.labels = new Int32Array(rows.length).fill(-1);
    this.count = new Int32Array(T);
    this.sum = new Int32Array(T * d);
  }

  assign(labels: Int32Array): number {
    let changed = 0;
    for (let i = 0; i < labels.length; i++) {
      const from = this.labels[i] ?? -1;
      const to = labels[i] ?? 0;
      if (from === to) continue;
      changed++;
      if (from >= 0) this.move(i, from, -1);
      this.move(i, to, 1);
      this.labels[i] = to;
    }
    return changed;
  }

  private move(i: number, cluster: number, sign: 1 | -1): void {
    const { data, d, sum } = this;
    const source = (this.rows[i] ?? 0) * d;
    const target = cluster * d;
    for (let j = 0; j < d; j++) sum[target + j] = (sum[target + j] ?? 0) + sign * (data[source + j] ?? 0);
    this.count[cluster] = (this.count[cluster] ?? 0) + sign;
  }

  centres(centreOfEmpty: ReadonlyMap<number, number>): Centres {
    const { data, d } = this;
    const count = this.count.slice();
    const sum = this.sum.slice();
    for (const [cluster, i] of centreOfEmpty) {
      const row = this.rows[i] ?? 0;
      count[cluster] = 1;
      sum.set(data.subarray(row * d, (row + 1) * d), cluster * d);
    }
    return { dtype: 'u1', count, sum };
  }

  /** max |c·x − s| over a cluster is attained at its largest or smallest x, so the extremes suffice. */
  clusters(): Clusters {
    const { data, d, labels, rows, T } = this;
    const least = new Uint8Array(T * d).fill(255);
    const most = new Uint8Array(T * d);
    for (let i = 0; i < labels.length; i++) {
      const source = (rows[i] ?? 0) * d;
      const target = (labels[i] ?? 0) * d;
      for (let j = 0; j < d; j++) {
        const x = data[source + j] ?? 0;
        if (x < (least[target + j] ?? 0)) least[target + j] = x;
        if (x > (most[target + j] ?? 0)) most[target + j] = x;
      }
    }
    const kept = nonEmpty(this.count);
    const count = Int32Array.from(kept, (t) => this.count[t] ?? 0);
    const sum = new Int32Array(kept.length * d);
    const reach = new Int32Array(kept.length * d);
    kept.forEach((t, k) => {
      const c = count[k] ?? 0;
      for (let j = 0; j < d; j++) {
        const s = this.sum[t * d + j] ?? 0;
        sum[k * d + j] = s;
        reach[k * d + j] = Math.max(c * (most[t * d + j] ?? 0) - s, s - c * (least[t * d + j] ?? 0));
      }
    });
    return { dtype: 'u1', columns: d, count, sum, reach };
  }
}

class FloatMembership implements Membership {
  readonly count: Int32Array;
  private labels: Int32Array;

  constructor(
    private readonly data: Float32Array,
    private readonly d: number,
    private readonly rows: Uint32Array,
    private readonly T: number,
  ) {
    this.labels = new Int32Array(rows.length).fill(-1);
    this.count = new Int32Array(T);
  }

  assign(labels: Int32Array): number {
    let changed = 0;
    this.count.fill(0);
    for (let i = 0; i < labels.length; i++) {
      const to = labels[i] ?? 0;
      if (this.labels[i] !== to) changed++;
      this.count[to] = (this.count[to] ?? 0) + 1;
    }
    this.labels = labels.slice();
    return changed;
  }

  centres(centreOfEmpty: ReadonlyMap<number, number>): Centres {
    const { data, d } = this;
    const sum = this.means();
    for (const [cluster, i] of centreOfEmpty) {
      const row = this.rows[i] ?? 0;
      sum.set(data.subarray(row * d, (row + 1) * d), cluster * d);
    }
    return { dtype: 'f4', sum };
  }

  /** Summed in float64 in the order of the rows, rounded once: a moving sum would drift. */
  private means(): Float32Array {
    const { data, d, labels, rows, T } = this;
    const sums = new Float64Array(T * d);
    for (let i = 0; i < labels.length; i++) {
      const source = (rows[i] ?? 0) * d;
      const target = (labels[i] ?? 0) * d;
      for (let j = 0; j < d; j++) sums[target + j] = (sums[target + j] ?? 0) + (data[source + j] ?? 0);
    }
    return Float32Array.from(sums, (sum, index) => sum / (this.count[Math.floor(index / d)] || 1));
  }

  /** The half-edge is the maximum of the very float32 expression |x − u| that margins use (method §2.4). */
  clusters(): Clusters {
    const { data, d, labels, rows, T } = this;
    const means = this.means();
    const reaches = new Float32Array(T * d);
    for (let i = 0; i < labels.length; i++) {
      const source = (rows[i] ?? 0) * d;
      const target = (labels[i] ?? 0) * d;
      for (let j = 0; j < d; j++) {
        const distance = Math.abs(Math.fround((data[source + j] ?? 0) - (means[target + j] ?? 0)));
        if (distance > (reaches[target + j] ?? 0)) reaches[target + j] = distance;
      }
    }
    const kept = nonEmpty(this.count);
    const sum = new Float32Array(kept.length * d);
    const reach = new Float32Array(kept.length * d);
    kept.forEach((t, k) => {
      sum.set(means.subarray(t * d, (t + 1) * d), k * d);
      reach.set(reaches.subarray(t * d, (t + 1) * d), k * d);
    });
    return { dtype: 'f4', columns: d, count: Int32Array.from(kept, (t) => this.count[t] ?? 0), sum, reach };
  }
}

function nonEmpty(count: Int32Array): number[] {
  return [...count.keys()].filter((t) => (count[t] ?? 0) > 0);
}
