import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import {
  checkCentres,
  checkCount,
  checkDirections,
  checkDistance,
  checkMatrix,
  checkNeighbours,
  checkPair,
  checkRange,
  checkReaches,
  checkRectangles,
  checkWeights,
} from '../checks.js';
import {
  type Assignment,
  type Centres,
  type Distance,
  type Distances,
  type Engine,
  EngineError,
  type EngineInfo,
  type Margins,
  type MatrixHandle,
  type Neighbourhoods,
  type NeighbourhoodsByReach,
  type PassOptions,
  type Reach,
  type Rectangles,
} from '../engine.js';
import type { Matrix, RowRange } from '../matrix.js';
import { distanceRows } from './distance-rows.js';
import { WasmNeighbourhoods } from './held-neighbourhoods.js';
import { margins } from './margins.js';
import { nearestCentres } from './nearest-centres.js';
import { neighbourRadii } from './neighbour-radii.js';
import { findNeighbourhoods, recount } from './neighbourhoods.js';
import type { PassContext } from './pass.js';
import { combine, project } from './products.js';
import { SharedHeap } from './shared-heap.js';
import { WasmMatrix } from './wasm-matrix.js';
import { WorkerPool } from './worker-pool.js';

export interface WasmEngineOptions {
  /** Threads that compute, beside the one that asks; by default as many as this process may use. */
  readonly threads?: number | undefined;
}

/**
 * The engine for processors: SIMD kernels (128-bit vectors) in WebAssembly, run by threads over one shared memory
 * of at most 4 GiB. Matrices and a pass's state share that memory; what does not fit is an EngineError 'memory'.
 *
 * On bytes its answers are exact. On floats distances are summed in float32 in four lanes
 * (see `floatDistanceTolerance`), products and distances to centres in float64 (see `productTolerance`), and
 * margins are evaluated in float32 just as the Engine interface says.
 * Passes asked for at the same time take turns.
 *
 * @throws RangeError for a number of threads that is none; EngineError if threads or memory cannot be had.
 */
export async function createWasmEngine(options: WasmEngineOptions = {}): Promise<Engine> {
  const threads = options.threads ?? availableParallelism();
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
    throw new RangeError(`threads must be a whole number from 1 to 1024, got ${threads}`);
  }
  const heap = new SharedHeap();
  const pool = await WorkerPool.start(threads, { module: await compileKernels(), memory: heap.memory });
  return new WasmEngine(heap, pool);
}

/**
 * By how much a float distance may differ from the true one, relative to it, with d columns: every term is
 * rounded at most three times, and sums of non-negative terms of which d/4 meet in a lane at most d/4 + 2 times.
 */
export function floatDistanceTolerance(columns: number): number {
  return (columns / 4 + 6) * 2 ** -24;
}

/**
 * By how much a float64 sum of n products may differ between engines, relative to the sum of the products'
 * absolute values: either side is off by at most n roundings.
 */
export function productTolerance(terms: number): number {
  return (terms + 2) * 2 ** -52;
}

/** Reads and compiles what the build made of assembly/. */
export async function compileKernels(): Promise<WebAssembly.Module> {
  const file = new URL('./kernels.wasm', import.meta.url);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new EngineError('device', `${file.pathname} is missing: build the kernels package`, { cause });
  });
  return WebAssembly.compile(bytes);
}

export class WasmEngine implements Engine {
  readonly info: EngineInfo;

  constructor(
    private readonly heap: SharedHeap,
    private readonly pool: WorkerPool,
  ) {
    const device = cpus()[0]?.model.trim() ?? 'unknown processor';
    this.info = { engine: 'wasm', device, threads: pool.size };
  }

  async load(matrix: Matrix): Promise<MatrixHandle> {
    checkMatrix(matrix);
    this.pool.checkUsable();
    return new WasmMatrix(this.heap, matrix);
  }

  async neighbourRadii(
    points: MatrixHandle,
    distance: Distance,
    k: number,
    options: PassOptions = {},
  ): Promise<Distances> {
    const held = this.held(points);
    checkDistance(points, distance);
    checkNeighbours(points, k);
    using _ = held.use();
    return await neighbourRadii(held, distance, k, this.context(options));
  }

  async distanceRows(
    queries: MatrixHandle,
    points: MatrixHandle,
    distance: Distance,
    options: PassOptions = {},
  ): Promise<Distances> {
    const heldQueries = this.held(queries);
    const heldPoints = this.held(points);
    checkPair(queries, points);
    checkDistance(points, distance);
    using _ = heldQueries.use();
    using __ = heldPoints.use();
    return await distanceRows(heldQueries, heldPoints, distance, this.context(options));
  }

  async neighbourhoods(
    points: MatrixHandle,
    distance: Distance,
    count: number,
    reaches: readonly Reach[],
    options: PassOptions = {},
  ): Promise<NeighbourhoodsByReach> {
    const held = this.held(points);
    checkDistance(points, distance);
    checkCount(points, count);
    checkReaches(reaches);
    using _ = held.use();
    return await findNeighbourhoods(held, distance, count, reaches, this.context(options));
  }

  takeOut(neighbourhoods: Neighbourhoods, rows: MatrixHandle, options: PassOptions = {}): Promise<void> {
    return this.recount(neighbourhoods, rows, -1, options);
  }

  putBack(neighbourhoods: Neighbourhoods, rows: MatrixHandle, options: PassOptions = {}): Promise<void> {
    return this.recount(neighbourhoods, rows, 1, options);
  }

  async nearestCentres(
    points: MatrixHandle,
    range: RowRange,
    centres: Centres,
    options: PassOptions = {},
  ): Promise<Assignment> {
    const held = this.held(points);
    checkRange(points, range);
    const T = checkCentres(points, centres);
    using _ = held.use();
    return await nearestCentres(held, range, centres, T, this.context(options));
  }

  async margins(
    points: MatrixHandle,
    range: RowRange,
    rectangles: Rectangles,
    options: PassOptions = {},
  ): Promise<Margins> {
    const held = this.held(points);
    checkRange(points, range);
    const T = checkRectangles(points, rectangles);
    using _ = held.use();
    return await margins(held, range, rectangles, T, this.context(options));
  }

  async project(
    points: MatrixHandle,
    directions: Float64Array,
    options: PassOptions = {},
  ): Promise<Float64Array> {
    const held = this.held(points);
    const count = checkDirections(points, directions);
    using _ = held.use();
    return await project(held, directions, count, this.context(options));
  }

  async combine(
    points: MatrixHandle,
    weights: Float64Array,
    options: PassOptions = {},
  ): Promise<Float64Array> {
    const held = this.held(points);
    const count = checkWeights(points, weights);
    using _ = held.use();
    return await combine(held, weights, count, this.context(options));
  }

  /** Ends its threads; passes that still run reject with EngineError. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool[Symbol.asyncDispose]();
  }

  private context(options: PassOptions): PassContext {
    return { heap: this.heap, pool: this.pool, options };
  }

  private async recount(
    neighbourhoods: Neighbourhoods,
    rows: MatrixHandle,
    by: 1 | -1,
    options: PassOptions,
  ): Promise<void> {
    const queries = this.held(rows);
    checkPair(rows, neighbourhoods.points);
    if (!(neighbourhoods instanceof WasmNeighbourhoods) || neighbourhoods.points.heap !== this.heap) {
      throw new RangeError('the neighbourhoods were found by another engine');
    }
    using _ = queries.use();
    using __ = neighbourhoods.found.use();
    await recount(neighbourhoods, queries, by, this.context(options));
  }

  private held(handle: MatrixHandle): WasmMatrix {
    this.pool.checkUsable();
    if (!(handle instanceof WasmMatrix) || handle.heap !== this.heap) {
      throw new RangeError('the matrix handle was loaded by another engine');
    }
    handle.checkUsable();
    return handle;
  }
}
