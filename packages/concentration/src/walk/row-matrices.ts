import type { LoadedDataset } from '@levy/datasets';
import type { Engine, Matrix, MatrixHandle } from '@levy/kernels';
import type { RowList } from '@levy/plan';
import { gatherRows, rowIndices, splitOf } from '../rows/row-list.js';

/** Rows that the engine holds. */
export interface LoadedRows {
  /** Index in its split of every position of `points`. */
  readonly rows: Uint32Array;
  readonly points: MatrixHandle;
}

/** The row lists of one walk, gathered once in this process and loaded once on the engine. */
export class RowMatrices implements Disposable {
  private readonly hosts = new Map<string, Matrix>();
  private readonly handles = new Map<string, Promise<LoadedRows>>();
  private readonly orders = new Map<string, Promise<LoadedRows>>();
  private readonly disposables: MatrixHandle[] = [];

  constructor(
    private readonly dataset: LoadedDataset,
    private readonly engine: Engine,
  ) {}

  host(rows: RowList): Matrix {
    const known = this.hosts.get(nameOf(rows));
    if (known !== undefined) return known;
    const split = splitOf(rows, this.dataset);
    const whole = (rows.part === 'test' || rows.part === 'train') && rows.samples === undefined;
    const matrix = whole ? split : gatherRows(split, rowIndices(rows, this.dataset));
    this.hosts.set(nameOf(rows), matrix);
    return matrix;
  }

  loaded(rows: RowList): Promise<LoadedRows> {
    return once(this.handles, nameOf(rows), async () => ({
      rows: rowIndices(rows, this.dataset),
      points: await this.load(this.host(rows)),
    }));
  }

  /** Loads a row list for one pass and frees it after, unless it is held anyway. */
  async whileLoaded<R>(rows: RowList, pass: (points: MatrixHandle) => Promise<R>): Promise<R> {
    const held = await this.handles.get(nameOf(rows));
    if (held !== undefined) return pass(held.points);
    using points = await this.engine.load(this.host(rows));
    return await pass(points);
  }

  ordered(rows: RowList): Promise<LoadedRows> | undefined {
    return this.orders.get(nameOf(rows));
  }

  /** Loads a row list sorted by `radii`, ascending, ties by index. */
  loadOrdered(rows: RowList, radii: Int32Array | Float32Array): Promise<LoadedRows> {
    return once(this.orders, nameOf(rows), async () => {
      const order = Uint32Array.from({ length: radii.length }, (_, index) => index);
      order.sort((a, b) => (radii[a] ?? 0) - (radii[b] ?? 0) || a - b);
      const indices = rowIndices(rows, this.dataset);
      const sorted = order.map((position) => indices[position] ?? 0);
      return { rows: sorted, points: await this.load(gatherRows(splitOf(rows, this.dataset), sorted)) };
    });
  }

  private async load(matrix: Matrix): Promise<MatrixHandle> {
    const handle = await this.engine.load(matrix);
    this.disposables.push(handle);
    return handle;
  }

  [Symbol.dispose](): void {
    for (const handle of this.disposables) handle[Symbol.dispose]();
  }
}

function nameOf(rows: RowList): string {
  return JSON.stringify(rows);
}

function once<V>(cache: Map<string, Promise<V>>, key: string, make: () => Promise<V>): Promise<V> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}
