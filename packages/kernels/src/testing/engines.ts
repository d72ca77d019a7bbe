import type { Engine } from '../engine.js';
import {
  createGpuEngine,
  type GpuEngineOptions,
  gpuDistanceTolerance,
  gpuProductTolerance,
} from '../gpu/gpu-engine.js';
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

function gpuSubject(name: string, options: GpuEngineOptions): Subject {
  return { name, create: () => createGpuEngine({ ...options, threads: 1 }), tolerances: gpu };
}

/** A part of the name of this machine's own adapter, where the suites are to run on that too. */
const OWN_ADAPTER = process.env['LEVY_TEST_GPU'];

/** Every engine. One joins the suites by being listed here. */
export const ENGINES: readonly Subject[] = [
  { name: 'reference', create: async () => createReferenceEngine(), tolerances: exact },
  { name: 'wasm, 1 thread', create: () => createWasmEngine({ threads: 1 }), tolerances: wasm },
  { name: 'wasm, 3 threads', create: () => createWasmEngine({ threads: 3 }), tolerances: wasm },
  gpuSubject('gpu.js, cpu', { mode: 'cpu' }),
  gpuSubject('gpu.js, webasm', { mode: 'webasm' }),
  ...(SOFTWARE_ADAPTER === undefined
    ? []
    : [gpuSubject('gpu.js, webgpu on a software adapter', SOFTWARE_ADAPTER)]),
  ...(OWN_ADAPTER === undefined
    ? []
    : [gpuSubject(`gpu.js, webgpu on ${OWN_ADAPTER}`, { adapter: OWN_ADAPTER })]),
];

/** Those that are compared with the reference. */
export const COMPARED = ENGINES.filter(({ name }) => name !== 'reference');
