import type { CurvePoint, SearchTraceEntry } from '@levy/contracts';

/** RFC 4180, one row a point of the ε curve. */
export function curveCsv(curve: readonly CurvePoint[]): string {
  return csv(
    ['epsilon', 'risk', 'advRisk'],
    curve.map(({ epsilon, risk, advRisk }) => [epsilon, risk, advRisk]),
  );
}

/** RFC 4180, one row a clustering that the search or the restarts tried. */
export function traceCsv(trace: readonly SearchTraceEntry[]): string {
  const header = [
    'seed',
    'q',
    'T',
    'train.risk',
    'train.advRisk',
    'validation.risk',
    'validation.advRisk',
    'test.risk',
    'test.advRisk',
  ];
  return csv(
    header,
    trace.map(({ seed, q, T, train, validation, test }) => [
      seed,
      q,
      T,
      train.risk,
      train.advRisk,
      validation?.risk ?? '',
      validation?.advRisk ?? '',
      test?.risk ?? '',
      test?.advRisk ?? '',
    ]),
  );
}

function csv(header: readonly string[], rows: readonly (readonly (number | string)[])[]): string {
  return `${[header, ...rows].map((row) => row.join(',')).join('\r\n')}\r\n`;
}
