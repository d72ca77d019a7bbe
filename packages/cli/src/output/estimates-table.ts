import type { Result } from '@levy/contracts';
import { methodName } from './method-name.js';
import { epsilonText, interval, percent } from './numbers.js';
import { type Column, renderTable } from './table.js';

/** One line of a table of estimates; what could not be measured says why. */
export type EstimateLine =
  | { readonly dataset: string; readonly result: Result }
  | { readonly dataset: string; readonly label: string; readonly error: string };

const COLUMNS: readonly Column[] = [
  { title: 'data set' },
  { title: 'metric' },
  { title: 'ε', align: 'right' },
  { title: 'α', align: 'right' },
  { title: 'method' },
  { title: 'test risk', align: 'right' },
  { title: 'test advRisk', align: 'right' },
  { title: '' },
  { title: 'bound', align: 'right' },
  { title: 'scan', align: 'right' },
];

/** Estimates beside each other: advRisk is an upper bound on h, and so is the scan's; exact h where it is known. */
export function estimatesTable(lines: readonly EstimateLine[]): string {
  const known = lines.some((line) => 'result' in line && line.result.exact !== undefined);
  const columns = known ? [...COLUMNS, { title: 'exact h', align: 'right' } as const] : COLUMNS;
  return renderTable(columns, lines.map(cellsOf));
}

function cellsOf(line: EstimateLine): string[] {
  if ('error' in line) return [line.dataset, line.label, '', '', line.error];
  const { result, dataset } = line;
  const { metric, epsilon, epsilonExact, alpha, best, bound, scan, exact } = result;
  return [
    dataset,
    metric,
    epsilonText(epsilon, epsilonExact),
    String(alpha),
    methodName(result),
    percent(best.test.risk),
    percent(best.test.advRisk),
    interval(best.test.advRiskInterval),
    bound === undefined ? '' : `≤ ${percent(bound.advRisk)}`,
    percent(scan.test.advRisk),
    exact === undefined ? '' : percent(exact.concentration),
  ];
}
