import type { Engine } from '../engine.js';
import { createGpuEngine, gpuDistanceTolerance, gpuProductTolerance } from '../gpu/gpu-engine.js';
import { createReferenceEngine } from '../reference/reference-engine.js';
import { createWasmEngine, floatDistanceTolerance, productTolerance } from '../wasm/wasm-engine.js';
import { SOFTWARE_ADAPTER } from './software-adapter.js';

/** What an engine says of its floats: relative differences, with d columns or n terms. */
export interface Tolerances {
  distances(columns: number): number;
  /** Of distances to centres. */
  centres(columns: number): number;
  products(terms: number): number;
}

/** An engine by a name for tests, how to make one, and what it promises. */
export interface Subject {
  readonly name: string;
  readonly create: () => Promise<Engine>;
  readonly tolerances: Tolerances;
}

const exact: Tolerances = { distances: () => 0, centres: productTolerance, products: productTolerance };
const wasm: Tolerances = { ...exact, distances: floatDistanceTolerance };
const gpu: Tolerances = {
  distances: gpuDistanceTolerance,
  centres: gpuDistanceTolerance,
  products: gpuProductTolerance,
};

/** Every engine. One joins the suites by being listed here. */
export const ENGINES: readonly Subject[] = [
  { name: 'reference', create: async () => createReferenceEngine(), tolerances: exact },
  { name: 'wasm, 1 thread', create: () => createWasmEngine({ threads: 1 }), tolerances: wasm },
  { name: 'wasm, 3 threads', create: () => createWasmEngine({ threads: 3 }), tolerances: wasm },
  { name: 'gpu.js, cpu', create: () => createGpuEngine({ mode: 'cpu', threads: 1 }), tolerances: gpu },
  {
    name: 'gpu.js, webasm',
    create: () => createGpuEngine({ mode: 'webasm', threads: 1 }),
    tolerances: gpu,
  },
  ...(SOFTWARE_ADAPTER === undefined
    ? []
    : [
        {
          name: 'gpu.js, webgpu on a software adapter',
          create: () => createGpuEngine({ ...SOFTWARE_ADAPTER, threads: 1 }),
          tolerances: gpu,
        } as const,
      ]),
];

/** Those that are compared with the reference. */
export const COMPARED = ENGINES.filter(({ name }) => name !== 'reference');
