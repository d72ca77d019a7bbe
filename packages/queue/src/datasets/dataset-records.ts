import { randomUUID } from 'node:crypto';
import type { Connections } from '../connection/connections.js';
import { stringsOf } from '../connection/script.js';
import { IDEMPOTENCY_MS } from '../keys/keys.js';
import { claimKey } from './scripts/claim-key.js';
import { expireKeys } from './scripts/expire-keys.js';
import { releaseKey } from './scripts/release-key.js';
import { settleKey } from './scripts/settle-key.js';
import { withholdDataset } from './scripts/withhold-dataset.js';

/** How an Idempotency-Key stands when a request comes with it. */
export type KeyStanding =
  | { readonly outcome: 'claimed'; readonly claim: KeyClaim }
  /** The first request with it is still being handled. */
  | { readonly outcome: 'in-flight' }
  /** It made this data set, from a body with this digest. */
  | { readonly outcome: 'made'; readonly dataset: string; readonly bodyDigest: string };

/** Holds an Idempotency-Key while its request is carried out; disposed without having been settled, it is free again. */
export interface KeyClaim extends AsyncDisposable {
  /** Writes down what the request made. */
  settle(dataset: string, bodyDigest: string): Promise<void>;
}

/** A claim whose holder says nothing for so long is void: its process died. */
const LEASE_MS = 30_000;
/** Longer than it takes to remove a data set, and than a submission that still saw it takes to be written down. */
const REMOVAL_MS = 60_000;
const ROUTE = 'datasets';

/**
 * What Redis knows of data sets: which jobs need them, and which Idempotency-Keys made them. Their bytes and
 * manifests are in the store of @levy/datasets. Every method rejects with QueueUnavailableError where Redis cannot answer.
 */
export class DatasetRecords {
  readonly #connections: Connections;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  /**
   * Keeps new jobs off a data set, so that it may be removed; for a minute, or until `offer`.
   * @returns how many jobs that are not final need it: with any, nothing was done.
   */
  async withhold(name: string, digest: string): Promise<number> {
    const { keys } = this.#connections;
    const answer = await this.#connections.script(
      withholdDataset,
      [keys.datasetJobs(name), keys.datasetRemoval(name)],
      [digest, REMOVAL_MS],
    );
    return Number(answer);
  }

  /** Takes jobs on the data set again: it is there. */
  async offer(name: string): Promise<void> {
    const { keys } = this.#connections;
    await this.#connections.call((redis) => redis.del(keys.datasetRemoval(name)));
  }

  /** Tells of a data set that it is gone: its Idempotency-Keys need not stay longer than a day. */
  async forget(name: string): Promise<void> {
    const { keys } = this.#connections;
    await this.#connections.script(expireKeys, [keys.datasetKeys(name)], [IDEMPOTENCY_MS]);
  }

  /** Claims an Idempotency-Key for a request that is about to be carried out, however long that takes. */
  async claim(owner: string, idempotencyKey: string): Promise<KeyStanding> {
    const { keys, logger } = this.#connections;
    const key = keys.idempotency(owner, ROUTE, idempotencyKey);
    const token = randomUUID();
    const hold = () => this.#connections.script(claimKey, [key], [token, LEASE_MS]);
    const [outcome, bodyDigest = '', dataset = ''] = stringsOf(await hold());
    if (outcome === 'made') return { outcome, dataset, bodyDigest };
    if (outcome !== 'claimed') return { outcome: 'in-flight' };
    const renewal = setInterval(() => {
      hold().catch((error: unknown) => logger.debug({ err: error }, 'an Idempotency-Key was not renewed'));
    }, LEASE_MS / 3);
    renewal.unref();
    let settled = false;
    return {
      outcome,
      claim: {
        settle: async (made, digest) => {
          clearInterval(renewal);
          await this.#connections.script(settleKey, [key, keys.datasetKeys(made)], [token, digest, made]);
          settled = true;
        },
        [Symbol.asyncDispose]: async () => {
          clearInterval(renewal);
          if (settled) return;
          // Where Redis is away the lease ends by itself.
          await this.#connections.script(releaseKey, [key], [token]).catch((error: unknown) => {
            logger.debug({ err: error }, 'an Idempotency-Key was not released');
          });
        },
      },
    };
  }
}
