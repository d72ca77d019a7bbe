import { isFinal, type Job } from '@levy/contracts';
import type { StoredJob, WorkerRegistry } from '@levy/queue';
import type { FastifyReply } from 'fastify';
import { jobEtag, jobView, type LiveClasses, retryAfterSeconds } from '../job-view.js';

const NOBODY: LiveClasses = new Set();

/** Jobs as answers, with their ETag and Retry-After. */
export class JobAnswers {
  readonly #registry: WorkerRegistry;

  constructor(registry: WorkerRegistry) {
    this.#registry = registry;
  }

  async send(job: StoredJob, reply: FastifyReply): Promise<Job> {
    const live = await this.liveFor([job]);
    this.header(job, live, reply);
    return jobView(job, live);
  }

  header(job: StoredJob, live: LiveClasses, reply: FastifyReply): void {
    reply.header('etag', jobEtag(job, live)).header('cache-control', 'private, no-cache');
    if (!isFinal(job.status)) reply.header('retry-after', String(retryAfterSeconds(job)));
  }

  /** Engine classes with a live worker; asked for only where a job waits. */
  async liveFor(jobs: readonly StoredJob[]): Promise<LiveClasses> {
    return jobs.some((job) => job.status === 'queued') ? this.#registry.liveClasses() : NOBODY;
  }
}
