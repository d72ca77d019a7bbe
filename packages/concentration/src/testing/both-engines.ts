import { createReferenceEngine, createWasmEngine, type Engine } from '@levy/kernels';
import { afterAll, beforeAll, vi } from 'vitest';
import { SLOW } from './benchmark-data.js';

export const ENGINE_NAMES = ['wasm', 'reference'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** One engine of each kind for the tests of a file, disposed after them; under LEVY_SLOW=1 these take their time. */
export function bothEngines(): (name: EngineName) => Engine {
  const engines = new Map<EngineName, Engine>();
  if (SLOW) vi.setConfig({ testTimeout: 900_000 });
  beforeAll(async () => {
    engines.set('wasm', await createWasmEngine({ threads: 1 }));
    engines.set('reference', createReferenceEngine());
  });
  afterAll(async () => {
    for (const engine of engines.values()) await engine[Symbol.asyncDispose]();
  });
  return (name) => {
    const engine = engines.get(name);
    if (engine === undefined) throw new Error(`the ${name} engine exists only while tests run`);
    return engine;
  };
}
