import type { JobSpec, Result } from '@levy/contracts';
import type { DatasetStore } from '@levy/datasets';
import type { TaskOutcome } from '@levy/queue';

/** What a worker would leave behind: the result and one file of it in the blob store. */
export async function storeSampleResult(datasets: DatasetStore, spec: JobSpec): Promise<TaskOutcome> {
  const file = await datasets.blobs.put(new TextEncoder().encode('0123456789'));
  const artifacts = [{ name: 'region.npz', mediaType: 'application/zip', ...file }];
  const split = { n: 100, risk: 0.05, advRisk: 0.25 };
  const estimate = {
    metric: spec.metric,
    epsilon: spec.epsilon,
    epsilonExact: spec.epsilonExact,
    alpha: spec.alpha,
    method: spec.method,
    protocol: spec.protocol,
    domain: 'unbounded' as const,
    best: { train: split, test: split },
    intrinsicRobustness: { estimate: 0.75 },
    scan: { coordinate: 3, side: '>=' as const, threshold: 0.5, train: split, test: split },
    provenance: {
      version: '0.1.0',
      methodVersion: 1,
      datasetDigest: spec.datasetDigest,
      reused: [],
      workers: [],
    },
    timings: {},
  };
  const result: Result = { ...estimate, warnings: [], epsilonCurve: [], artifacts };
  const stored = await datasets.blobs.put(new TextEncoder().encode(JSON.stringify(result)));
  return {
    estimate,
    result: { name: 'result.json', mediaType: 'application/json', ...stored },
    artifacts,
  };
}

/** A job on the built-in digits that is quick to describe. */
export const JOB = {
  dataset: 'digits',
  metric: 'linf',
  epsilon: '1/8',
  alpha: 0.05,
  method: 'axis',
} as const;
