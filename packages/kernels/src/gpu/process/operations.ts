import type { Answer, Seconds, Work } from '../protocol.js';
import { nearestCentres } from './centres.js';
import { DeviceMatrix } from './device-matrix.js';
import { gatherLists } from './lists.js';
import { margins } from './margins.js';
import { combine, project } from './products.js';
import type { KernelRunner } from './runner.js';
import { kthSmallest } from './select.js';
import { Stopwatch } from './stopwatch.js';
import { computeTile, readTile, type Tile } from './tile.js';
import { countWithin } from './within.js';

type Arrays = Extract<Answer, { type: 'done' }>['arrays'];
type TileWork = Extract<Work, { op: 'radii' | 'distances' | 'lists' | 'within' }>;

/** Does the work that is asked for, one after the other, on the matrices it holds. */
export class Operations {
  private readonly matrices = new Map<number, DeviceMatrix>();
  /** The tile in each slot, by what it was made from. */
  private readonly tiles = new Map<string, { readonly name: string; readonly tile: Tile }>();

  constructor(
    private readonly runner: KernelRunner,
    private readonly maxBufferBytes: number,
  ) {}

  async do(work: Work): Promise<{ arrays: Arrays; seconds: Seconds }> {
    const watch = new Stopwatch(this.runner);
    return { arrays: await this.arraysOf(work, watch), seconds: watch.seconds };
  }

  /** After work that failed: nothing that a kernel holds can be trusted, and its memory may be wanted. */
  forgetTiles(): void {
    this.dropTiles();
    this.runner.forget();
  }

  private async arraysOf(work: Work, watch: Stopwatch): Promise<Arrays> {
    const { runner } = this;
    switch (work.op) {
      case 'load': {
        const { matrix, dtype, rows, columns } = work;
        // One that could not be loaded to its end may be there.
        this.matrices.get(matrix)?.[Symbol.dispose]();
        this.matrices.set(matrix, new DeviceMatrix(runner, dtype, rows, columns, this.maxBufferBytes));
        return [];
      }
      case 'append': {
        const matrix = this.matrix(work.matrix);
        await watch.time('transfer', () => matrix.append(work.data, work.rows));
        return [];
      }
      case 'unload': {
        this.matrices.get(work.matrix)?.[Symbol.dispose]();
        this.matrices.delete(work.matrix);
        this.dropTiles();
        // Tiles are large: an idle device keeps none.
        if (this.matrices.size === 0) runner.forget('tile ');
        return [];
      }
      case 'radii': {
        const tile = await this.tile(work, watch);
        const codes = await watch.time('selection', () => kthSmallest(runner, tile, work.k));
        const { dtype, toFloat } = tile.measure;
        return [dtype === 'u1' ? Int32Array.from(codes) : Float32Array.from(codes, toFloat)];
      }
      case 'distances': {
        const tile = await this.tile(work, watch);
        return [await watch.time('transfer', () => readTile(tile))];
      }
      case 'lists': {
        const tile = await this.tile(work, watch);
        const { starts, ids, codes } = await watch.time('selection', async () =>
          gatherLists(runner, tile, await kthSmallest(runner, tile, work.count)),
        );
        const { dtype, toFloat } = tile.measure;
        return [starts, ids, dtype === 'u1' ? codes : Float32Array.from(codes, toFloat)];
      }
      case 'within': {
        const tile = await this.tile(work, watch);
        return [await watch.time('selection', () => countWithin(runner, tile, work.limits, work.width))];
      }
      case 'centres':
        return nearestCentres(runner, this.matrix(work.points), work, work.centres, watch);
      case 'margins':
        return margins(runner, this.matrix(work.points), work, work.rectangles, watch);
      case 'project':
        return [await project(runner, this.matrix(work.points), work, work.directions, watch)];
      case 'combine':
        return [await combine(runner, this.matrix(work.points), work.weights, work.count, watch)];
    }
  }

  private async tile(work: TileWork, watch: Stopwatch): Promise<Tile> {
    const { points, distance, start, end } = work;
    const queries = work.op === 'distances' ? work.queries : points;
    const name = JSON.stringify([queries, points, distance, start, end]);
    const slot = String(work.slot);
    const held = this.tiles.get(slot);
    if (held?.name === name) return held.tile;
    held?.tile[Symbol.dispose]();
    this.tiles.delete(slot);
    const order = { queries: this.matrix(queries), points: this.matrix(points), distance, start, end, slot };
    const tile = await watch.time('kernels', () => computeTile(this.runner, order));
    this.tiles.set(slot, { name, tile });
    return tile;
  }

  private dropTiles(): void {
    for (const { tile } of this.tiles.values()) tile[Symbol.dispose]();
    this.tiles.clear();
  }

  private matrix(number: number): DeviceMatrix {
    const matrix = this.matrices.get(number);
    if (matrix === undefined) throw new RangeError(`there is no matrix ${number} on the device`);
    return matrix;
  }
}
