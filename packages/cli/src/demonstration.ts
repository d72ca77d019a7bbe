import type { LevyClient } from '@levy/client';
import type { Job, JobSubmission } from '@levy/contracts';
import { DatasetStore, syntheticGaussian } from '@levy/datasets';
import { type Context, remark } from './context.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { type EstimateLine, estimatesTable } from './output/estimates-table.js';
import { progressView } from './output/progress.js';

/** One direction stands out, so that its principal component is well defined. */
const GAUSSIAN = {
  name: 'gaussian-64',
  dimension: 64,
  samples: 20_000,
  variances: [4, ...Array.from({ length: 63 }, () => 1)],
  seed: 1,
};

/**
 * Small, real and telling: handwritten digits under ℓ∞ at three strengths, and a Gaussian, whose concentration is
 * known exactly, by the two half-space methods.
 */
const JOBS: readonly JobSubmission[] = [
  { dataset: 'digits', metric: 'linf', epsilon: '1/16', alpha: 0.1, T: 4 },
  { dataset: 'digits', metric: 'linf', epsilon: '2/16', alpha: 0.1, T: 4 },
  { dataset: 'digits', metric: 'linf', epsilon: '4/16', alpha: 0.1, T: 4 },
  { dataset: GAUSSIAN.name, metric: 'l2', epsilon: 1, alpha: 0.05, method: 'hyperplane' },
  { dataset: GAUSSIAN.name, metric: 'l2', epsilon: 1, alpha: 0.05, method: 'axis' },
];

/** Submits the demonstration, shows its progress and prints its table. */
export async function runDemonstration(
  context: Context,
  client: LevyClient,
  dataDir: string,
): Promise<ExitCode> {
  const { signal } = context;
  await makeGaussian(dataDir);
  const submitted: Job[] = [];
  for (const job of JOBS)
    submitted.push(await client.submit({ ...job, tags: ['demonstration'] }, { signal }));
  const lines: EstimateLine[] = [];
  for (const [index, job] of submitted.entries()) {
    lines.push(await lineOf(context, client, job, `demonstration ${index + 1}/${submitted.length}`));
  }
  context.stdout.write(`\n${estimatesTable(lines)}\n${EXPLANATION}`);
  const failed = lines.filter((line) => 'error' in line);
  if (failed.length > 0) remark(context, `levy: ${failed.length} of ${lines.length} jobs did not succeed`);
  return failed.length === 0 ? EXIT.ok : EXIT.failed;
}

const EXPLANATION = [
  'advRisk: test share within ε of the region found, an upper bound on the concentration function h(μ, α, ε);',
  'bound: with 95 % confidence h is no larger, at the lower end of the risk’s interval; scan: advRisk of the best single',
  'coordinate; exact h: its known value.',
  '',
].join('\n');

async function makeGaussian(dataDir: string): Promise<void> {
  const store = await DatasetStore.open(dataDir);
  if ((await store.get(GAUSSIAN.name)) === undefined) await syntheticGaussian(store, GAUSSIAN);
}

async function lineOf(
  context: Context,
  client: LevyClient,
  submitted: Job,
  title: string,
): Promise<EstimateLine> {
  const { signal } = context;
  const { id, spec } = submitted;
  using view = progressView(context, title);
  const label = `${spec.dataset}, ${spec.metric}, ε ${spec.epsilonExact}, ${spec.method}`;
  const job = await client.waitFor(id, {
    signal,
    onChange: ({ progress, status }) =>
      view.update({ fraction: progress?.fraction ?? 0, phase: `${label}: ${progress?.phase ?? status}` }),
  });
  if (job.status === 'succeeded')
    return { dataset: spec.dataset, result: await client.result(id, { signal }) };
  return {
    dataset: spec.dataset,
    label: spec.metric,
    error: `${job.status}: ${job.error?.detail ?? 'no reason given'}`,
  };
}
