/**
 * T' ≤ T non-empty clusters and their extents, T' × d row-major: the rectangles of Algorithm 1 before expansion.
 * On bytes everything is exact: the centre is sum/count and `reach` is max over the cluster of |count·x − sum|, so
 * the half-edge is reach/count, all in stored units. On floats `sum` is the centre itself, in float32.
 */
export type Clusters =
  | {
      readonly dtype: 'u1';
      readonly columns: number;
      readonly count: Int32Array;
      readonly sum: Int32Array;
      readonly reach: Int32Array;
    }
  | {
      readonly dtype: 'f4';
      readonly columns: number;
      readonly count: Int32Array;
      readonly sum: Float32Array;
      readonly reach: Float32Array;
    };
