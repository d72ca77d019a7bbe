import { type Benchmark, TABLE_1, TABLE_1_SOURCE, type Table1Row } from '@levy/contracts';
import { epsilonNote, type ReproducedRow, type Reproduction } from './reproduction.js';

/** Table 1 (ℓ∞, rectangles): at the table's own T and q, at the q that our search finds, and by our defaults. */
export function table1(dataset: Benchmark): Reproduction {
  const rows = TABLE_1.filter((row) => row.dataset === dataset);
  return { dataset, title: `Table 1 on ${dataset}`, source: TABLE_1_SOURCE, rows: rows.map(rowOf) };
}

function rowOf({ alpha, epsilon, epsilonUsed, T, q, train, test }: Table1Row): ReproducedRow {
  const paper = { metric: 'linf', epsilon: epsilonUsed, alpha, T, protocol: 'paper' } as const;
  const ours = { metric: 'linf', epsilon, alpha, T } as const;
  return {
    names: [String(epsilon)],
    title: `linf · ε ${epsilon} · α ${alpha} · rectangles T ${T}`,
    setting: { method: 'rectangles', ...ours },
    published: { q, train, test },
    columns: [
      { name: 'paper', job: { ...paper, q }, figures: 'restarts', difference: 'deviations' },
      { name: 'searched', job: paper, figures: 'restarts', difference: 'deviations' },
      { name: 'defaults', job: ours, figures: 'best', difference: 'points' },
      { name: 'all', job: { ...ours, method: 'all' }, figures: 'best', difference: 'points' },
    ],
    ...epsilonNote(epsilon, epsilonUsed),
  };
}
