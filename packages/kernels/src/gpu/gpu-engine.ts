import { availableParallelism } from 'node:os';
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
  type Adapter,
  type Assignment,
  type Centres,
  type Distance,
  type Distances,
  type Engine,
  EngineError,
  type EngineInfo,
  type EngineWork,
  type GpuMode,
  type Margins,
  type MatrixHandle,
  type Neighbourhoods,
  type NeighbourhoodsByReach,
  type PassOptions,
  type Reach,
  type Rectangles,
} from '../engine.js';
import type { Matrix, RowRange } from '../matrix.js';
import { asMemoryError, Device } from './device.js';
import { DeviceProcess } from './device-process.js';
import { distanceRows, neighbourRadii } from './distances.js';
import { GpuMatrix } from './gpu-matrix.js';
import { margins } from './margins.js';
import { nearestCentres } from './nearest-centres.js';
import { findNeighbourhoods, GpuNeighbourhoods, recount } from './neighbourhoods.js';
import type { PassContext } from './pass-context.js';
import { ProcessorPasses } from './processor-passes.js';
import { combine, project } from './products.js';
import { TilePacer } from './tile-pacer.js';

export interface GpuEngineOptions {
  /**
   * A part of the adapter's name, in any case (LEVY_GPU); by default the first that answers and is no software adapter.
   * An adapter of type `cpu` is only taken when it is named.
   */
  readonly adapter?: string | undefined;
  /** `webgpu` unless a test asks for gpu.js's own backends on the processor. */
  readonly mode?: GpuMode | undefined;
  /** Threads for what runs on the processor beside (margins and products on floats). */
  readonly threads?: number | undefined;
  /** Variables for the device process beside those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/**
 * The engine for graphics adapters: gpu.js kernels on WebGPU, in a device process of its own, so that whatever a driver
 * does ends there and the event loop here never waits for it. A process that dies, loses its device or hangs is
 * replaced, given its matrices again, and what it was asked is asked once more; a second loss over the same work is an
 * EngineError 'device'. Tiles for which the device has no memory are made smaller; what cannot be smaller is an
 * EngineError 'memory'.
 *
 * On bytes its answers are exact, products included (see `gpuProductTolerance`). On floats distances are summed in
 * float32 (see `gpuDistanceTolerance`), those to centres too, so that a row within that tolerance of two centres may go
 * to either; margins, whose order of operations WGSL does not promise to keep, and products, which need float64, are
 * computed by the wasm engine on this machine's processor. Passes asked for at the same time share the device tile by tile.
 *
 * Rows are limited to 2²⁴ and columns to 524272.
 *
 * @throws EngineError 'device' that says why and what to do where no such adapter answers.
 */
export async function createGpuEngine(options: GpuEngineOptions = {}): Promise<Engine> {
  const { mode = 'webgpu', adapter, env, threads = availableParallelism() } = options;
  return new GpuEngine(await Device.open({ mode, adapter, env }), threads);
}

/** The adapter that createGpuEngine would take; undefined where there is none. Starts a process for a moment. */
export async function findAdapter({
  adapter,
  env,
}: Pick<GpuEngineOptions, 'adapter' | 'env'> = {}): Promise<Adapter | undefined> {
  try {
    const process = await DeviceProcess.start({ mode: 'webgpu', adapter, env });
    await process.stop();
    return process.adapter;
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

/**
 * By how much a distance on floats may differ from the true one, relative to it, with d columns: every term is rounded
 * at most three times, and added in a chunk of 16, of which d/16 are added up.
 */
export function gpuDistanceTolerance(columns: number): number {
  return (Math.min(columns, 16) + columns / 16 + 5) * 2 ** -24;
}

/**
 * By how much a product on bytes may differ between engines, relative to the sum of the products' absolute values:
 * entries are cut 2⁻⁶⁰ below the largest, sums of what is left are exact, and few roundings add them up; the other
 * side may be off by n roundings.
 */
export function gpuProductTolerance(terms: number): number {
  return (terms + 8) * 2 ** -52;
}

/** Row numbers are float32 on the device. */
const MOST_ROWS = 2 ** 24;

export class GpuEngine implements Engine {
  readonly info: EngineInfo;
  private readonly pacer: TilePacer;
  private readonly processor: ProcessorPasses;

  constructor(
    readonly device: Device,
    threads: number,
  ) {
    const { adapter } = device;
    this.info = { engine: 'gpu', device: adapter.device || adapter.driver, threads, adapter };
    this.pacer = new TilePacer(adapter, device.maxBufferBytes);
    this.processor = new ProcessorPasses(threads);
  }

  work(): EngineWork {
    return this.device.work;
  }

  async load(matrix: Matrix): Promise<MatrixHandle> {
    checkMatrix(matrix);
    this.device.checkUsable();
    if (matrix.rows > MOST_ROWS) {
      throw new RangeError(`the gpu engine takes at most ${MOST_ROWS} rows, got ${matrix.rows}`);
    }
    const handle = new GpuMatrix(this.device, matrix);
    try {
      await this.device.load(handle);
    } catch (error) {
      handle[Symbol.dispose]();
      throw asMemoryError(error, 'the device has no room for the matrix');
    }
    return handle;
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
    if (rectangles.dtype === 'f4') return await this.processor.margins(held, range, rectangles, options);
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
    options.signal?.throwIfAborted();
    if (held.dtype === 'f4') return await this.processor.project(held, directions, options);
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
    options.signal?.throwIfAborted();
    if (held.dtype === 'f4') return await this.processor.combine(held, weights, options);
    return await combine(held, weights, count, this.context(options));
  }

  /** Ends the device process; passes that still run reject with EngineError. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.device[Symbol.asyncDispose](), this.processor[Symbol.asyncDispose]()]);
  }

  private context(options: PassOptions): PassContext {
    return { device: this.device, pacer: this.pacer, options };
  }

  private async recount(
    neighbourhoods: Neighbourhoods,
    rows: MatrixHandle,
    by: 1 | -1,
    options: PassOptions,
  ): Promise<void> {
    const queries = this.held(rows);
    checkPair(rows, neighbourhoods.points);
    if (!(neighbourhoods instanceof GpuNeighbourhoods) || neighbourhoods.points.device !== this.device) {
      throw new RangeError('the neighbourhoods were found by another engine');
    }
    using _ = queries.use();
    await recount(neighbourhoods, queries, by, this.context(options));
  }

  private held(handle: MatrixHandle): GpuMatrix {
    this.device.checkUsable();
    if (!(handle instanceof GpuMatrix) || handle.device !== this.device) {
      throw new RangeError('the matrix handle was loaded by another engine');
    }
    handle.checkUsable();
    return handle;
  }
}
