import { describe, expect, test } from 'vitest';
import { FIGURE_1A, FIGURE_1B } from './figure-1.js';
import { printed } from './published.js';
import { ROBUST_MODELS } from './robust-models.js';
import { TABLE_1 } from './table-1.js';
import { TABLE_2 } from './table-2.js';
import { TABLE_3 } from './table-3.js';

/** A share as the paper prints it. */
function percent(share: { mean: number; std?: number } | undefined): string {
  if (share === undefined) return '';
  const std = share.std === undefined ? '' : `±${(100 * share.std).toFixed(2)}`;
  return `${(100 * share.mean).toFixed(2)}${std}`;
}

// The rows as a reader of the paper sees them, in one string each.
describe('published figures', () => {
  test('are the fractions nearest to the percentages in print', () => {
    expect(printed(7.24, 0.38)).toEqual({ mean: 0.0724, std: 0.0038 });
    expect(printed(1.1)).toEqual({ mean: 0.011 });
  });

  test('Table 1', () => {
    const rows = TABLE_1.map(({ dataset, alpha, epsilon, epsilonUsed, T, q, train, test }) =>
      [
        ...[dataset, alpha, epsilon, epsilonUsed, T, q.toFixed(3), percent(train.risk), percent(test.risk)],
        ...[percent(train.advRisk), percent(test.advRisk)],
      ].join(' '),
    );
    expect(rows).toEqual([
      'mnist 0.01 0.1 0.1 5 0.662 1.22±0.11 1.23±0.12 3.65±0.29 3.64±0.30',
      'mnist 0.01 0.2 0.2 10 0.660 1.12±0.13 1.11±0.10 5.76±0.38 5.89±0.44',
      'mnist 0.01 0.3 0.3 10 0.629 1.12±0.12 1.15±0.13 7.34±0.38 7.24±0.38',
      'mnist 0.01 0.4 0.4 10 0.598 1.15±0.09 1.21±0.09 9.89±0.57 9.92±0.60',
      'cifar-10 0.05 2/255 0.007843 10 0.680 5.32±0.21 5.72±0.25 7.29±0.20 8.13±0.26',
      'cifar-10 0.05 4/255 4/255 20 0.688 5.59±0.25 6.05±0.40 11.43±0.24 13.66±0.33',
      'cifar-10 0.05 8/255 0.03137 40 0.734 5.55±0.21 5.94±0.34 13.69±0.19 18.13±0.30',
      'cifar-10 0.05 16/255 0.0627 75 0.719 5.16±0.25 5.28±0.23 19.77±0.22 28.83±0.46',
    ]);
  });

  test('Table 2, with the models beside it', () => {
    const rows = TABLE_2.map(
      ({ dataset, metric, epsilon, T, alpha, test }) =>
        `${dataset} ${metric} ${epsilon} ${T} ${alpha} ${percent(test.risk)} / ${percent(test.advRisk)}`,
    );
    expect(rows).toEqual([
      'mnist linf 0.3 10 0.012 1.35±0.08 / 8.28±0.22',
      'mnist l2 1.5 20 0.01 1.08 / 2.12',
      'cifar-10 linf 8/255 40 0.127 14.22±0.46 / 29.21±0.35',
    ]);
    const models = ROBUST_MODELS.map(
      ({ name, dataset, metric, epsilon, risk, advRisk, evidence }) =>
        `${name} ${dataset} ${metric} ${epsilon} ${percent(risk)} / ${percent(advRisk)} ${evidence}`,
    );
    expect(models).toEqual([
      'Madry 2018 mnist linf 0.3 1.20 / 10.70 attack',
      'Gowal 2020 mnist linf 0.3 0.74 / 3.66 attack',
      'CROWN-IBP mnist linf 0.3 1.62 / 6.04 attack',
      'ℓ∞-distance net mnist linf 0.3  / 6.91 certified',
      'Schott 2019 mnist l2 1.5 1.00 / 20.00 attack',
      'Madry 2018 cifar-10 linf 8/255 12.70 / 52.96 attack',
      'Bartoldson 2024 cifar-10 linf 8/255 6.32 / 26.29 attack',
      'Wang 2023 cifar-10 l2 0.5 4.46 / 15.03 attack',
    ]);
  });

  test('Table 3', () => {
    const rows = TABLE_3.map((row) => {
      const train = row.method === 'balls' ? row.train : undefined;
      const setting = row.method === 'balls' ? `T ${row.T} slack ${row.slack}` : '';
      return [
        ...[row.dataset, row.alpha, row.epsilon, row.method, setting],
        ...[train?.risk, row.test.risk, train?.advRisk, row.test.advRisk].map(percent),
      ].join(' ');
    });
    expect(rows).toEqual([
      'mnist 0.01 1.58 hyperplane   1.18  3.92',
      'mnist 0.01 3.16 hyperplane   1.18  9.73',
      'mnist 0.01 4.74 hyperplane   1.18  23.40',
      'mnist 0.01 1.58 balls T 20 slack 0.25 1.25 1.07 2.23 2.19',
      'mnist 0.01 3.16 balls T 20 slack 0.25 1.25 1.02 4.35 4.15',
      'mnist 0.01 4.74 balls T 20 slack 0.25 1.25 1.07 10.71 10.09',
      'cifar-10 0.05 0.2453 hyperplane   5.27  5.58',
      'cifar-10 0.05 0.4905 hyperplane   5.27  5.93',
      'cifar-10 0.05 0.981 hyperplane   5.27  6.47',
      'cifar-10 0.05 0.2453 balls T 5 slack 0 5.00 5.16 5.22 5.53',
      'cifar-10 0.05 0.4905 balls T 5 slack 0 5.00 5.14 5.61 5.83',
      'cifar-10 0.05 0.981 balls T 5 slack 0 5.00 5.12 6.38 6.56',
    ]);
  });

  test('Figure 1', () => {
    const a = FIGURE_1A.points.map(({ q, risk, advRisk }) => `${q}: ${percent(risk)} / ${percent(advRisk)}`);
    expect(a).toEqual(['0.5: 21.01 / 36.54', '0.6: 10.72 / 25.51', '0.7: 5.33 / 17.52', '0.8: 1.86 / 10.29']);
    const b = FIGURE_1B.map(({ points }) => points.map(({ T, advRisk }) => `${T}: ${percent(advRisk)}`));
    expect(b).toEqual([
      ['5: 7.44', '10: 7.22', '20: 9.78', '40: 8.60', '80: 10.99'],
      ['5: 20.04', '10: 18.74', '20: 18.20', '40: 17.25', '80: 18.44'],
    ]);
  });
});
