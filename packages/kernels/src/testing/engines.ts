import type { Engine } from '../engine.js';
import { createReferenceEngine } from '../reference/reference-engine.js';
import { createWasmEngine } from '../wasm/wasm-engine.js';

/** Every engine, by a name for tests and how to make one. An engine joins the suites by being listed here. */
export const ENGINES: readonly (readonly [string, () => Promise<Engine>])[] = [
  ['reference', async () => createReferenceEngine()],
  ['wasm, 1 thread', () => createWasmEngine({ threads: 1 })],
  ['wasm, 3 threads', () => createWasmEngine({ threads: 3 })],
];

/** Those that are compared with the reference. */
export const COMPARED = ENGINES.filter(([name]) => name !== 'reference');
