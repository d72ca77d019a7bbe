import type { Estimate, JobSpec, ResultArtifact } from '@levy/contracts';
import { pino } from 'pino';
import type { TaskOutcome } from '../tasks/attempt-store.js';

/** Values for this package's own tests. */
export const silent = pino({ level: process.env['LEVY_LOG_LEVEL'] ?? 'silent' });

export function sampleSpec(changes: Partial<Extract<JobSpec, { method: 'axis' }>> = {}): JobSpec {
  return {
    dataset: 'digits',
    datasetDigest: 'd'.repeat(64),
    metric: 'linf',
    epsilon: 0.3,
    epsilonExact: '3/10',
    alpha: 0.05,
    method: 'axis',
    protocol: 'holdout',
    slack: 0,
    seed: 0,
    confidence: 0.95,
    engine: 'auto',
    priority: 'interactive',
    timeoutSeconds: 86_400,
    ...changes,
  };
}

export function sampleOutcome(advRisk = 0.5): TaskOutcome {
  const split = { n: 100, risk: 0.05, advRisk };
  const estimate: Estimate = {
    metric: 'linf',
    epsilon: 0.3,
    epsilonExact: '3/10',
    alpha: 0.05,
    method: 'axis',
    protocol: 'holdout',
    domain: 'unbounded',
    best: { train: split, test: split },
    intrinsicRobustness: { estimate: 1 - advRisk },
    scan: { coordinate: 3, side: '>=', threshold: 0.5, train: split, test: split },
    provenance: {
      version: '0.1.0',
      methodVersion: 1,
      datasetDigest: 'd'.repeat(64),
      reused: [],
      workers: [],
    },
    timings: {},
  };
  const file = (name: string, mediaType: string): ResultArtifact => ({
    name,
    mediaType,
    bytes: 3,
    sha256: 'a'.repeat(64),
  });
  return {
    estimate,
    result: file('result.json', 'application/json'),
    artifacts: [file('region.npz', 'application/zip')],
  };
}
