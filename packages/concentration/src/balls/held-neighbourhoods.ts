import type { Engine, Matrix, Neighbourhoods } from '@levy/kernels';
import { gatherRows } from '../rows/row-list.js';

export interface NeighbourhoodsSource {
  readonly engine: Engine;
  readonly matrix: Matrix;
  readonly signal: AbortSignal | undefined;
  find(): Promise<Neighbourhoods>;
}

/** The neighbourhoods that a walk holds for the placements of one job, which differ in T alone. */
export class HeldNeighbourhoods implements Disposable {
  private held:
    | { readonly key: string; readonly found: Neighbourhoods; taken: Uint32Array | undefined }
    | undefined;

  /** Those of `key` with every row in them, found anew if others are held. */
  async get(key: string, { engine, matrix, signal, find }: NeighbourhoodsSource): Promise<Neighbourhoods> {
    const { held } = this;
    if (held?.key === key && held.taken !== undefined) {
      using gone = await engine.load(gatherRows(matrix, held.taken));
      held.taken = undefined;
      await engine.putBack(held.found, gone, { signal });
      return held.found;
    }
    this[Symbol.dispose]();
    const found = await find();
    this.held = { key, found, taken: undefined };
    return found;
  }

  /** To be called once a placement is through; without it they are not lent again. */
  tookOut(rows: Uint32Array): void {
    if (this.held !== undefined) this.held.taken = rows;
  }

  [Symbol.dispose](): void {
    this.held?.found[Symbol.dispose]();
    this.held = undefined;
  }
}
