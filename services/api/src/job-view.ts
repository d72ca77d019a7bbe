import { type EngineClass, isFinal, type Job, type JobListItem } from '@levy/contracts';
import type { StoredJob } from '@levy/queue';

/** Engine classes that a live worker offers. */
export type LiveClasses = ReadonlySet<EngineClass>;

/** A job as the API answers it. */
export function jobView(job: StoredJob, live: LiveClasses): Job {
  const { owner, revision, engine, result, artifacts, ...shown } = job;
  const missing = waitingFor(job, live);
  return { ...shown, ...(missing === undefined ? {} : { waitingFor: missing }), links: linksOf(job) };
}

/** A job in a list: of the estimate only `best.test`. */
export function jobListItem(job: StoredJob, live: LiveClasses): JobListItem {
  const { estimate, ...rest } = jobView(job, live);
  return estimate === undefined ? rest : { ...rest, estimate: { best: { test: estimate.best.test } } };
}

/** Names what is shown: the record's revision, and whether a worker is missing, which no revision tells. */
export function jobEtag(job: StoredJob, live: LiveClasses): string {
  const missing = waitingFor(job, live);
  return missing === undefined ? `"${job.revision}"` : `"${job.revision}-${missing}"`;
}

/** Seconds until it is worth asking again, 1…30: a quarter of the time left, or a tenth of the time waited. */
export function retryAfterSeconds(job: StoredJob, now = Date.now()): number {
  const age = (now - Date.parse(job.createdAt)) / 1000;
  const pause = job.progress?.etaSeconds === undefined ? age / 10 : job.progress.etaSeconds / 4;
  return Math.min(30, Math.max(1, Math.ceil(pause)));
}

export function artifactPath(jobId: string, name: string): string {
  return `/v1/jobs/${jobId}/artifacts/${encodeURIComponent(name)}`;
}

function waitingFor(job: StoredJob, live: LiveClasses): string | undefined {
  return job.status === 'queued' && !live.has(job.engine) ? job.engine : undefined;
}

function linksOf(job: StoredJob): Record<string, string> {
  const self = `/v1/jobs/${job.id}`;
  return {
    self,
    dataset: `/v1/datasets/${job.spec.dataset}`,
    events: `${self}/events`,
    logs: `${self}/logs`,
    ...(isFinal(job.status) ? {} : { cancel: `${self}/cancel` }),
    ...(job.status === 'succeeded' ? { result: `${self}/result` } : {}),
    ...Object.fromEntries(job.artifacts.map(({ name }) => [name, artifactPath(job.id, name)])),
  };
}
