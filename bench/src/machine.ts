import { availableParallelism, cpus, totalmem } from 'node:os';
import { VERSION } from '@levy/contracts';

/** Where figures were taken: no figure is shown without it. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly levy: string;
}

export function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    levy: VERSION,
  };
}
