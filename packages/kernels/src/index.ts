export * from './engine.js';
export {
  createGpuEngine,
  findAdapter,
  type GpuEngineOptions,
  gpuDistanceTolerance,
  gpuProductTolerance,
} from './gpu/gpu-engine.js';
export * from './matrix.js';
export { createReferenceEngine } from './reference/reference-engine.js';
export {
  createWasmEngine,
  floatDistanceTolerance,
  productTolerance,
  type WasmEngineOptions,
} from './wasm/wasm-engine.js';
