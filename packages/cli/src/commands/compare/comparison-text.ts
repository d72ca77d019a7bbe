import type { JobSpec, SplitMeasure } from '@levy/contracts';
import { interval, percent } from '../../output/numbers.js';
import { headline, provenanceLine } from '../../output/result-text.js';
import type { Style } from '../../output/style.js';
import { renderTable } from '../../output/table.js';
import { wrapped } from '../../output/wrapped.js';
import type { Comparison } from './comparison.js';

const COLUMNS = [
  { title: '' },
  { title: 'risk', align: 'right' },
  { title: '' },
  { title: 'advRisk', align: 'right' },
  { title: '' },
  { title: 'gap', align: 'right' },
] as const;

/** The model, the region, the scan and the bound in one table, then what they mean. */
export function comparisonText({ dataset, seed }: JobSpec, comparison: Comparison, style: Style): string {
  const { model, estimate, says } = comparison;
  const parts = [
    `${style.bold(headline(dataset, estimate))}\n`,
    renderTable(COLUMNS, [
      [model.name, percent(model.risk), '', percent(model.advRisk)],
      ...regionRows(comparison),
    ]),
    wrapped(says),
    ...estimate.warnings.map(({ code, detail }) => style.yellow(`warning ${code}: ${detail}\n`)),
    style.dim(`${estimate.best.seed === undefined ? `seed ${seed} · ` : ''}${provenanceLine(estimate)}\n`),
  ];
  return parts.join('\n');
}

function regionRows({ gap, estimate }: Comparison): string[][] {
  const { best, scan, bound, exact, alpha } = estimate;
  return [
    measureRow('region found, test', best.test, gap.region),
    measureRow('scan, test', scan.test, gap.scan),
    ...(bound === undefined || gap.bound === undefined
      ? []
      : [
          [
            `bound, ${percent(bound.confidence).replace('.00', '')}`,
            `≥ ${percent(bound.alpha)}`,
            '',
            `≤ ${percent(bound.advRisk)}`,
            '',
            points(gap.bound),
          ],
        ]),
    ...(exact === undefined ? [] : [['exact h', percent(alpha), '', percent(exact.concentration)]]),
  ];
}

function measureRow(name: string, measure: SplitMeasure, gap: number): string[] {
  const { risk, riskInterval, advRisk, advRiskInterval } = measure;
  return [
    name,
    percent(risk),
    interval(riskInterval),
    percent(advRisk),
    interval(advRiskInterval),
    points(gap),
  ];
}

function points(gap: number): string {
  return `${gap < 0 ? '−' : '+'}${Math.abs(100 * gap).toFixed(2)} pt`;
}
