import { cpus } from 'node:os';
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
import { distanceRows, neighbourRadii } from './distances.js';
import { margins } from './margins.js';
import { nearestCentres } from './nearest-centres.js';
import { findNeighbourhoods, ReferenceNeighbourhoods, recount } from './neighbourhoods.js';
import { combine, project } from './products.js';
import { ReferenceHandle, type ReferenceMatrix } from './reference-matrix.js';

/**
 * The engine that the others are tested against: plain loops in float64 on this thread, written to be
 * obviously right. On floats its distances are rounded to float32 once, at the end.
 */
export function createReferenceEngine(): Engine {
  return new ReferenceEngine();
}

class ReferenceEngine implements Engine {
  readonly info: EngineInfo = {
    engine: 'reference',
    device: cpus()[0]?.model.trim() ?? 'unknown processor',
    threads: 1,
  };
  private disposed = false;

  async load(matrix: Matrix): Promise<MatrixHandle> {
    checkMatrix(matrix);
    return new ReferenceHandle(matrix);
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
    return neighbourRadii(held, distance, k, options);
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
    return distanceRows(heldQueries, heldPoints, distance, options);
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
    return findNeighbourhoods(points, held, distance, count, reaches, options);
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
    return nearestCentres(held, range, centres, checkCentres(points, centres), options);
  }

  async margins(
    points: MatrixHandle,
    range: RowRange,
    rectangles: Rectangles,
    options: PassOptions = {},
  ): Promise<Margins> {
    const held = this.held(points);
    checkRange(points, range);
    return margins(held, range, rectangles, checkRectangles(points, rectangles), options);
  }

  async project(
    points: MatrixHandle,
    directions: Float64Array,
    options: PassOptions = {},
  ): Promise<Float64Array> {
    return project(this.held(points), directions, checkDirections(points, directions), options);
  }

  async combine(
    points: MatrixHandle,
    weights: Float64Array,
    options: PassOptions = {},
  ): Promise<Float64Array> {
    return combine(this.held(points), weights, checkWeights(points, weights), options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
  }

  private async recount(
    neighbourhoods: Neighbourhoods,
    rows: MatrixHandle,
    by: 1 | -1,
    options: PassOptions,
  ): Promise<void> {
    const held = this.held(rows);
    checkPair(rows, neighbourhoods.points);
    if (!(neighbourhoods instanceof ReferenceNeighbourhoods)) {
      throw new RangeError('the neighbourhoods were found by another engine');
    }
    return recount(neighbourhoods, held, by, options);
  }

  private held(handle: MatrixHandle): ReferenceMatrix {
    if (this.disposed) {
      throw new EngineError('device', 'the engine is disposed');
    }
    if (!(handle instanceof ReferenceHandle)) {
      throw new RangeError('the matrix handle was loaded by another engine');
    }
    return handle.matrix;
  }
}
