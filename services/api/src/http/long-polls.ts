import type { JobStore, StoredJob } from '@levy/queue';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Requests that are held until a job changes. They end, answered, when the service stops. */
export class LongPolls {
  readonly #jobs: JobStore;
  readonly #stopping = new AbortController();

  constructor(app: FastifyInstance, jobs: JobStore) {
    this.#jobs = jobs;
    app.addHook('preClose', async () => this.#stopping.abort());
  }

  /**
   * The job at its first change from `revision` (or, without one, once it is final), or as it is after `seconds`,
   * when the client has gone, or when the service stops. undefined if there is none.
   */
  async wait(
    id: string,
    request: { readonly seconds: number; readonly revision?: number },
    reply: FastifyReply,
  ): Promise<StoredJob | undefined> {
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    reply.raw.once('close', onClose);
    const signal = AbortSignal.any([gone.signal, this.#stopping.signal]);
    try {
      return await this.#jobs.waitForChange(id, {
        timeoutMs: request.seconds * 1000,
        ...(request.revision === undefined ? {} : { revision: request.revision }),
        signal,
      });
    } catch (error) {
      if (!signal.aborted) throw error;
      return this.#jobs.get(id);
    } finally {
      reply.raw.off('close', onClose);
    }
  }
}
