import type { Result } from '@levy/contracts';
import { withPieces } from './method-name.js';
import { interval, percent } from './numbers.js';
import { renderTable } from './table.js';

/** The methods of a job over all of them, beside each other; nothing for other jobs. */
export function candidatesTable({ candidates, method }: Result): string[] {
  if (candidates === undefined) return [];
  const validated = candidates.some(({ validation }) => validation !== undefined);
  const columns = [
    { title: 'method' },
    { title: '' },
    ...(validated
      ? [
          { title: 'validation risk', align: 'right' } as const,
          { title: 'validation advRisk', align: 'right' } as const,
        ]
      : []),
    { title: 'test risk', align: 'right' } as const,
    { title: 'test advRisk', align: 'right' } as const,
    { title: '' },
  ];
  const rows = candidates.map((candidate) => {
    const { validation, test, feasible } = candidate;
    return [
      withPieces(candidate.method, candidate.T),
      [...(candidate.method === method ? ['chosen'] : []), ...(feasible ? [] : ['risk too low'])].join(', '),
      ...(validation === undefined ? [] : [percent(validation.risk), percent(validation.advRisk)]),
      percent(test.risk),
      percent(test.advRisk),
      interval(test.advRiskInterval),
    ];
  });
  const split = validated ? 'validation' : 'test';
  const title = `Methods; of those with enough risk, the one with the lowest advRisk on ${split} is chosen:`;
  return [`${title}\n\n${renderTable(columns, rows)}`];
}
