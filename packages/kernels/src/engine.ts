import type { Adapter, DeviceWork } from '@levy/contracts';
import type { Matrix, RowRange } from './matrix.js';

export type { Adapter, GpuMode } from '@levy/contracts';

/**
 * What computes the n²·d and n·T·d passes of a measurement.
 *
 * An engine is: a way to hold matrices near its arithmetic and to run whole passes over them. It owns tiling,
 * threads and memory; a pass is asked for once and answers once. On bytes every engine gives the same integers;
 * on floats each states its tolerance, and gives the same bits for the same input whatever its threads.
 *
 * An engine is not: a matrix library, a scheduler, or a place for the method. It knows no α, no ε, no job.
 *
 * Passes reject with the signal's reason soon (well under 2 s) after it is aborted, with RangeError for input
 * that does not fit, and with EngineError for faults of the engine itself.
 */
export interface Engine extends AsyncDisposable {
  readonly info: EngineInfo;

  /**
   * Copies the matrix to where the engine computes. Dispose the handle to give its memory back.
   * Floats must be finite.
   */
  load(matrix: Matrix): Promise<MatrixHandle>;

  /**
   * For every row the distance to its k-th nearest row, the row itself counted as the first (k = 1 gives 0).
   * Requires 1 ≤ k ≤ rows.
   * @returns rows values: Int32Array on bytes (stored units, squared for `squared-l2`), Float32Array on floats.
   */
  neighbourRadii(
    points: MatrixHandle,
    distance: Distance,
    k: number,
    options?: PassOptions,
  ): Promise<Distances>;

  /**
   * Distances from every row of `queries` to every row of `points`, both loaded here, with equal columns and dtype.
   * @returns queries.rows × points.rows, row-major.
   */
  distanceRows(
    queries: MatrixHandle,
    points: MatrixHandle,
    distance: Distance,
    options?: PassOptions,
  ): Promise<Distances>;

  /**
   * For every row its `count` nearest rows, the row itself counted among them, with all that tie with the last of
   * them, and for each how many rows each reach holds there: one pass, however many reaches are asked for.
   * Requires 1 ≤ count ≤ rows and at least one reach.
   */
  neighbourhoods(
    points: MatrixHandle,
    distance: Distance,
    count: number,
    reaches: readonly Reach[],
    options?: PassOptions,
  ): Promise<NeighbourhoodsByReach>;

  /**
   * Takes some rows out of what is `reached`: each lowers the one entry of every neighbourhood that counts it. What
   * other reaches count stays. Of neighbourhoods found together one may be changed at a time.
   * If it rejects, only a part may be taken out: these neighbourhoods are then good for nothing.
   * @param rows copies of rows of the points, loaded here, none of them taken out before
   */
  takeOut(neighbourhoods: Neighbourhoods, rows: MatrixHandle, options?: PassOptions): Promise<void>;

  /** Undoes `takeOut` for rows that were taken out. */
  putBack(neighbourhoods: Neighbourhoods, rows: MatrixHandle, options?: PassOptions): Promise<void>;

  /**
   * For the rows of `range` the nearest centre in ℓ1, ties to the lowest centre.
   * On bytes the comparison is exact: the centre is the rational sums/count and the distance is
   * Σ_j |count·x_j − sum_j| / count, compared without rounding. A count of 0 is refused: an empty cluster has no centre.
   */
  nearestCentres(
    points: MatrixHandle,
    range: RowRange,
    centres: Centres,
    options?: PassOptions,
  ): Promise<Assignment>;

  /**
   * For the rows of `range` the two numbers of method §2.4 that serve every ε:
   * the margin m(x) = min_t max_j of what x exceeds its faces by, and
   * the room c(x) = min_t max over the faces that x violates of the room behind them.
   */
  margins(
    points: MatrixHandle,
    range: RowRange,
    rectangles: Rectangles,
    options?: PassOptions,
  ): Promise<Margins>;

  /**
   * Inner products w·x of every row with every direction, in float64, on stored values.
   * @param directions count × columns, row-major; count follows from its length.
   * @returns rows × count, row-major. The order of summation is fixed, so that results do not depend on threads.
   */
  project(points: MatrixHandle, directions: Float64Array, options?: PassOptions): Promise<Float64Array>;

  /**
   * Σ_i weights_i · x_i in float64, on stored values: the transpose of `project`.
   * @param weights rows × count, row-major; count follows from its length.
   * @returns count × columns, row-major. The order of summation is fixed.
   */
  combine(points: MatrixHandle, weights: Float64Array, options?: PassOptions): Promise<Float64Array>;

  /** What the engine has done since it was made, where it keeps account of it. */
  work?(): EngineWork;
}

export interface EngineInfo {
  readonly engine: 'reference' | 'wasm' | 'gpu';
  /** What computes: the processor's or the adapter's name. */
  readonly device: string;
  /** Of the processor; of a gpu engine those that do what the device cannot. */
  readonly threads: number;
  /** What the gpu engine runs on. */
  readonly adapter?: Adapter;
}

/** Sums since the engine was made: take the difference of two. */
export type EngineWork = Readonly<DeviceWork>;

/** A matrix that an engine holds. Disposing it twice is harmless; using it afterwards is a RangeError. */
export interface MatrixHandle extends Disposable {
  readonly dtype: Matrix['dtype'];
  readonly rows: number;
  readonly columns: number;
}

/** ℓ1 = Σ|a−b|; squared ℓ2 = Σ(a−b)², ℓ∞ = max |a−b|. Squares stay squares: on bytes they are integers. */
export type Distance = 'l1' | 'squared-l2' | 'linf';

/**
 * The largest distance that counts as within reach of a ball of this radius, both as a pass answers them (stored
 * units, squared for `squared-l2`). Must not fall as the radius grows. What it decides with is the caller's business.
 */
export type Reach = (radius: number) => number;

/**
 * What one pass found. Lies in the engine's memory, 12 bytes an entry for one reach and 12 + 4 for each of several:
 * dispose it, and keep no array of it afterwards.
 */
export interface NeighbourhoodsByReach extends Disposable {
  /** One for each reach, in the order asked for. Their lists are the same memory. */
  readonly byReach: readonly Neighbourhoods[];
}

/** The rows nearest to every row, and how many rows each of the balls that end there reaches (method §3). */
export interface Neighbourhoods {
  readonly points: MatrixHandle;
  /** Consecutive rows, all of them together. */
  readonly blocks: readonly NeighbourhoodBlock[];
}

/** The neighbourhoods of the rows first … first + starts.length − 2. */
export interface NeighbourhoodBlock {
  readonly first: number;
  /** Where in the arrays below each row's entries start, and after them where the last row's end. */
  readonly starts: Int32Array;
  /** Rows in the order of distance, then index. The last one of a group of equal distance has its highest bit set. */
  readonly ids: Int32Array;
  /**
   * How many rows (that were not taken out) are first within reach at this entry: summed from a row's start to the
   * end of a group, the rows within reach of the ball that ends there.
   */
  readonly reached: Int32Array;
}

/** Marks the last entry of a group in `ids`. */
export const GROUP_END = -(2 ** 31);

export type Distances = Int32Array | Float32Array;

export interface PassOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called now and then with elementary steps done and in all (|a−b| added is one step). */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * T centres. On bytes: cluster sizes and coordinate sums, the centre being sum/count.
 * On floats: count is 1 for each and `sum` is the centre itself.
 */
export type Centres =
  | { readonly dtype: 'u1'; readonly count: Int32Array; readonly sum: Int32Array }
  | { readonly dtype: 'f4'; readonly sum: Float32Array };

export interface Assignment {
  /** Index of the nearest centre, one a row of the range. */
  readonly labels: Int32Array;
  /** ℓ1 distance to it in stored units, one a row of the range; on bytes the exact numerator divided once in float64. */
  readonly distances: Float64Array;
}

/**
 * T axis-aligned rectangles, each as a centre and how far it reaches above and below, T × columns row-major.
 * On bytes everything is multiplied by the rectangle's `count` c: the excess of x over its upper face is
 * (c·x_j − sum_j) − above_j and below its lower face (sum_j − c·x_j) − below_j, integers under 2²⁴ in size.
 * On floats c is 1 and the same expressions are evaluated in float32 in just this order, so that a point that
 * attains its rectangle's half-edge lies exactly on the face.
 * A face that cannot be violated has reach NO_FACE (bytes) or Infinity (floats) and never counts.
 * `low` and `high` are the declared value range in stored units, if any: the room behind an upper face is
 * c·high − sum_j − above_j, behind a lower face sum_j − below_j − c·low.
 */
export type Rectangles = { readonly range?: { readonly low: number; readonly high: number } } & (
  | {
      readonly dtype: 'u1';
      readonly count: Int32Array;
      readonly sum: Int32Array;
      readonly above: Int32Array;
      readonly below: Int32Array;
    }
  | {
      readonly dtype: 'f4';
      readonly sum: Float32Array;
      readonly above: Float32Array;
      readonly below: Float32Array;
    }
);

/** The reach of a face that no point can violate, on bytes: larger than any c·x − sum, c being under 2²⁹/255. */
export const NO_FACE = 2 ** 29;

/**
 * One entry a row of the range. On bytes a value is numerator / count of the rectangle that attains the minimum
 * (ties to the lowest rectangle), still in stored units; minima over rectangles are taken exactly.
 * Where some rectangle has no violated face the room is the numerator −1 over rectangle 0 ("none"); without a
 * `range` no room is answered. The margin against a rectangle without any face is −NO_FACE (bytes) or −Infinity.
 */
export interface Margins {
  readonly margin: Int32Array | Float32Array;
  readonly marginOf: Int32Array;
  readonly room?: Int32Array | Float32Array;
  readonly roomOf?: Int32Array;
}

/** A fault of the engine itself: retrying elsewhere may help. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  constructor(
    readonly kind: 'memory' | 'device',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
