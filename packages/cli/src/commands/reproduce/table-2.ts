import { type Benchmark, ROBUST_MODELS, TABLE_2, TABLE_2_SOURCE, type Table2Row } from '@levy/contracts';
import { epsilonNote, type ReproducedRow, type Reproduction } from './reproduction.js';

/** Table 2: regions at about the risk of published robust classifiers, which are printed beside them. */
export function table2(dataset: Benchmark): Reproduction {
  const rows = TABLE_2.filter((row) => row.dataset === dataset);
  return {
    dataset,
    title: `Table 2 on ${dataset}`,
    source: TABLE_2_SOURCE,
    rows: rows.map(rowOf),
    models: ROBUST_MODELS.filter((model) => model.dataset === dataset),
  };
}

/** The table prints no q: under the paper protocol it is searched, as the authors did. */
function rowOf({ metric, alpha, epsilon, epsilonUsed, T, slack, test }: Table2Row): ReproducedRow {
  const slackField = slack === undefined ? {} : { slack };
  const paper = { metric, epsilon: epsilonUsed, alpha, T, protocol: 'paper', ...slackField } as const;
  const ours = { metric, epsilon, alpha, T } as const;
  const method = metric === 'linf' ? 'rectangles' : 'balls';
  return {
    names: [String(epsilon), metric],
    title: `${metric} · ε ${epsilon} · α ${alpha} · ${method} T ${T}`,
    setting: { method, ...ours },
    published: { test },
    columns: [
      {
        name: 'paper',
        job: paper,
        figures: metric === 'linf' ? 'restarts' : 'best',
        difference: 'deviations',
      },
      { name: 'defaults', job: ours, figures: 'best', difference: 'points' },
      { name: 'all', job: { ...ours, method: 'all' }, figures: 'best', difference: 'points' },
    ],
    ...epsilonNote(epsilon, epsilonUsed),
  };
}
