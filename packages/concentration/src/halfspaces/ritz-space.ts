import { combined, dot, type Eigenpairs, eigenpairs, norm, type Vector } from './vectors.js';

/** A space with its images under a symmetric operator, and the operator's eigenpairs within it (Rayleigh–Ritz). */
export class RitzSpace {
  private vectors: Vector[] = [];
  private images: Vector[] = [];
  /** vectorsᵀ · images, symmetric. */
  private within: number[][] = [];
  /** Made when asked for: it is the dear part of a large space. */
  private found: Eigenpairs | undefined;

  /** Orthonormal. */
  get basis(): readonly Vector[] {
    return this.vectors;
  }

  /** The operator's eigenvalues within the space, from the largest down. */
  get values(): readonly number[] {
    return this.pairs.values;
  }

  private get pairs(): Eigenpairs {
    this.found ??= eigenpairs(this.within);
    return this.found;
  }

  /** @param vectors orthonormal to the basis and to each other */
  add(vectors: readonly Vector[], images: readonly Vector[]): void {
    const before = this.vectors.length;
    this.vectors.push(...vectors);
    this.images.push(...images);
    const columns = images.map((image) => this.vectors.map((vector) => dot(vector, image)));
    for (const [i, row] of this.within.entries()) row.push(...columns.map((column) => column[i] ?? 0));
    for (const [k, column] of columns.entries()) {
      // Of two new vectors both products were taken: their mean is symmetric.
      const among = columns.map((other, l) => ((column[before + l] ?? 0) + (other[before + k] ?? 0)) / 2);
      this.within.push([...column.slice(0, before), ...among]);
    }
    this.found = undefined;
  }

  /** Whether ‖Av − λv‖ ≤ tolerance·λ for each of the first pairs. The last, which converges last, is looked at first. */
  hasConverged(count: number, tolerance: number): boolean {
    for (let k = count - 1; k >= 0; k--) {
      const [value, weights] = [this.values[k] ?? 0, this.pairs.vector(k)];
      const vector = combined(this.vectors, weights);
      const residual = combined(this.images, weights).map((entry, j) => entry - value * (vector[j] ?? 0));
      if (!(norm(residual) <= tolerance * value)) return false;
    }
    return true;
  }

  best(count: number): { readonly vectors: Vector[]; readonly values: number[] } {
    return {
      vectors: Array.from({ length: count }, (_, k) => combined(this.vectors, this.pairs.vector(k))),
      values: this.values.slice(0, count),
    };
  }

  /** Keeps the best vectors alone. */
  shrink(count: number): void {
    const { pairs } = this;
    const weights = Array.from({ length: Math.min(count, this.vectors.length) }, (_, k) => pairs.vector(k));
    const vectors = weights.map((of) => combined(this.vectors, of));
    const images = weights.map((of) => combined(this.images, of));
    this.vectors = [];
    this.images = [];
    this.within = [];
    this.add(vectors, images);
  }
}
