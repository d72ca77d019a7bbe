import { type Benchmark, FIGURE_1_SOURCE, FIGURE_1A, FIGURE_1B, type Figure1bSeries } from '@levy/contracts';
import { epsilonNote, type ReproducedRow, type Reproduction } from './reproduction.js';

/** Figure 1: (a) test risk and advRisk as q grows, on CIFAR-10; (b) the best test advRisk by T. */
export function figure1(dataset: Benchmark): Reproduction {
  const series = FIGURE_1B.filter((each) => each.dataset === dataset);
  const rows = [...(dataset === FIGURE_1A.dataset ? pointsOfA() : []), ...series.flatMap(pointsOfB)];
  return { dataset, title: `Figure 1 on ${dataset}`, source: FIGURE_1_SOURCE, rows };
}

function pointsOfA(): ReproducedRow[] {
  const { alpha, epsilon, epsilonUsed, T, points } = FIGURE_1A;
  return points.map(({ q, risk, advRisk }) => ({
    names: ['a', `q${Math.round(100 * q)}`],
    title: `(a) linf · ε ${epsilon} · rectangles T ${T} · q ${Math.round(100 * q)} %`,
    setting: { method: 'rectangles', metric: 'linf', epsilon, alpha, T },
    published: { q, test: { risk, advRisk } },
    columns: [
      {
        name: 'paper',
        job: { metric: 'linf', epsilon: epsilonUsed, alpha, T, q, protocol: 'paper' },
        figures: 'restarts',
        difference: 'points',
      },
    ],
    ...epsilonNote(epsilon, epsilonUsed),
  }));
}

function pointsOfB({ alpha, epsilon, epsilonUsed, points }: Figure1bSeries): ReproducedRow[] {
  return points.map(({ T, advRisk }) => {
    const paper = { metric: 'linf', epsilon: epsilonUsed, alpha, T, protocol: 'paper' } as const;
    const ours = { metric: 'linf', epsilon, alpha, T } as const;
    return {
      names: ['b', `T${T}`],
      title: `(b) linf · ε ${epsilon} · α ${alpha} · rectangles T ${T}`,
      setting: { method: 'rectangles', ...ours },
      published: { test: { advRisk } },
      columns: [
        { name: 'paper', job: paper, figures: 'best', difference: 'points' },
        { name: 'defaults', job: ours, figures: 'best', difference: 'points' },
        { name: 'all', job: { ...ours, method: 'all' }, figures: 'best', difference: 'points' },
      ],
      ...epsilonNote(epsilon, epsilonUsed),
    };
  });
}
