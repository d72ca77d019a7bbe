import type { Engine, Margins, MatrixHandle, PassOptions, Rectangles } from '../engine.js';
import type { RowRange } from '../matrix.js';
import { createWasmEngine } from '../wasm/wasm-engine.js';
import type { GpuMatrix } from './gpu-matrix.js';

/**
 * Passes on floats that WebGPU cannot be trusted with, by the wasm engine beside, started when it is first needed: products
 * in float64, and margins, whose rounding depends on an order of operations that WGSL lets a driver change. A matrix that it was given stays there as long as its handle lives.
 */
export class ProcessorPasses implements AsyncDisposable {
  private engine: Promise<Engine> | undefined;
  private readonly matrices = new WeakMap<GpuMatrix, Promise<MatrixHandle>>();

  constructor(private readonly threads: number) {}

  async project(points: GpuMatrix, directions: Float64Array, options: PassOptions): Promise<Float64Array> {
    const { engine, handle } = await this.loaded(points);
    return engine.project(handle, directions, options);
  }

  async margins(
    points: GpuMatrix,
    range: RowRange,
    rectangles: Rectangles,
    options: PassOptions,
  ): Promise<Margins> {
    const { engine, handle } = await this.loaded(points);
    return engine.margins(handle, range, rectangles, options);
  }

  async combine(points: GpuMatrix, weights: Float64Array, options: PassOptions): Promise<Float64Array> {
    const { engine, handle } = await this.loaded(points);
    return engine.combine(handle, weights, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const engine = await this.engine?.catch(() => undefined);
    await engine?.[Symbol.asyncDispose]();
  }

  private async loaded(points: GpuMatrix): Promise<{ engine: Engine; handle: MatrixHandle }> {
    this.engine ??= createWasmEngine({ threads: this.threads });
    const engine = await this.engine.catch((error: unknown) => {
      this.engine = undefined;
      throw error;
    });
    let loading = this.matrices.get(points);
    if (loading === undefined) {
      loading = engine.load(points.matrix).then((handle) => {
        points.onGone(() => handle[Symbol.dispose]());
        return handle;
      });
      this.matrices.set(points, loading);
      loading.catch(() => this.matrices.delete(points));
    }
    return { engine, handle: await loading };
  }
}
