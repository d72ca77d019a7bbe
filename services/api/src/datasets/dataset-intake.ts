import { join } from 'node:path';
import type { AddedDataset, DatasetStore } from '@levy/datasets';
import type { FastifyBaseLogger } from 'fastify';
import type { FormFile } from '../http/receive-form.js';
import { ProblemError } from '../problems/problem-error.js';
import { refusalProblem, storageFull } from './dataset-problems.js';
import { carryOutInChild } from './import-child.js';
import type { DatasetWork } from './import-messages.js';

/** Data sets that are received and made at once. Each takes a processor, and room in the data folder. */
const MAX_AT_ONCE = 2;

/** Makes data sets that come over HTTP, a few at a time, each in a scratch folder that goes whatever happens. */
export class DatasetIntake {
  #running = 0;

  constructor(
    private readonly parts: { readonly datasets: DatasetStore; readonly logger: FastifyBaseLogger },
  ) {}

  /** Runs `work` with a scratch folder. Throws a 429 where too many others do. */
  async withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    if (this.#running >= MAX_AT_ONCE) {
      throw new ProblemError(
        'too-many-uploads',
        `${this.#running} data sets are being taken in now; at most ${MAX_AT_ONCE} are at once`,
        { headers: { 'retry-after': '5' } },
      );
    }
    this.#running += 1;
    try {
      await using scratch = await this.parts.datasets.blobs.scratch();
      return await work(scratch.path);
    } catch (error) {
      if (isOutOfRoom(error instanceof Error ? Reflect.get(error, 'code') : undefined)) throw storageFull();
      throw error;
    } finally {
      this.#running -= 1;
    }
  }

  /**
   * Makes a data set in a process of its own.
   * @param folder from `withFolder`. @param files what the work reads, for what is said of them.
   * @param signal stops it. Throws its reason, or ProblemError where the data set is refused.
   */
  async add(
    work: DatasetWork,
    folder: string,
    { signal, files }: { readonly signal: AbortSignal; readonly files?: readonly FormFile[] },
  ): Promise<AddedDataset> {
    const { datasets, logger } = this.parts;
    const order = { dataDir: datasets.dataDir, tempFolder: join(folder, 'store'), work };
    const outcome = await carryOutInChild(order, { signal, logger });
    switch (outcome.type) {
      case 'added':
        return outcome;
      case 'refused':
        throw refusalProblem(outcome, files);
      case 'failed':
        if (isOutOfRoom(outcome.system)) throw storageFull();
        throw new Error(`a data set could not be made: ${outcome.detail}`);
    }
  }
}

function isOutOfRoom(code: unknown): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT';
}
