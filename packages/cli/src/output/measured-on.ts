import type { Dataset } from '@levy/contracts';
import type { EngineInfo } from '@levy/kernels';
import { deviceText } from './device-text.js';

/** What every table of ours says of its advRisk (method §6). */
export const UPPER_BOUND =
  'Every advRisk of ours is an upper bound on the concentration function at its α and ε, found by a search: no argument ' +
  'from concentration alone can rule out a classifier with that risk and that adversarial risk.';

/** What many measurements have in common. */
export interface MeasuredOn {
  readonly dataset: Dataset;
  readonly engine: EngineInfo;
  readonly seeds: readonly number[];
}

/** The data, the engine and the seeds in one line. */
export function measuredOnLine({ dataset, engine, seeds }: MeasuredOn): string {
  const { id, splits, columns, digest } = dataset;
  const [first, last] = [seeds[0], seeds.at(-1)];
  return [
    `${id}: ${splits.train.rows} training and ${splits.test.rows} test rows × ${columns}, digest ${digest.slice(0, 12)}`,
    `engine ${engine.engine} on ${deviceText(engine)} (${engine.threads} threads)`,
    first === last ? `seed ${first}` : `seeds ${first}…${last}`,
  ].join(' · ');
}

/** The same in a document. */
export function measuredOnFields({ dataset, engine, seeds }: MeasuredOn): object {
  const { id, digest, splits, columns } = dataset;
  return {
    dataset: { id, digest, train: splits.train.rows, test: splits.test.rows, columns },
    engine,
    seeds,
  };
}

/** `count` seeds from `first` on, modulo 2³² as everywhere. */
export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (first + index) % 2 ** 32);
}
