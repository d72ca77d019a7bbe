import type { Result, SplitMeasure } from '@levy/contracts';
import { candidatesTable } from './candidates-table.js';
import { deviceText } from './device-text.js';
import { methodName } from './method-name.js';
import { duration, epsilonText, interval, percent } from './numbers.js';
import type { Style } from './style.js';
import { renderTable } from './table.js';

type Estimate = Omit<Result, 'warnings' | 'searchTrace' | 'epsilonCurve' | 'artifacts'>;

/** A whole result for a person: what was measured, the shares, the bound, the scan, and what computed it. */
export function resultText(dataset: string, result: Result, style: Style): string {
  const parts = [
    `${style.bold(headline(dataset, result))}\n`,
    measuresTable(result),
    `${claim(result)}\n`,
    ...candidatesTable(result),
    ...scanLines(result),
    ...exactLines(result),
    ...result.warnings.map(({ code, detail }) => style.yellow(`warning ${code}: ${detail}\n`)),
    style.dim(`${provenanceLine(result)}\n`),
  ];
  return parts.join('\n');
}

/** What was measured, in one line. */
export function headline(dataset: string, estimate: Estimate): string {
  const { metric, epsilon, epsilonExact, alpha, method, protocol, domain } = estimate;
  const name = methodName(estimate);
  const words = [dataset, metric, `ε ${epsilonText(epsilon, epsilonExact)}`, `α ${alpha}`, name, protocol];
  return [...words, ...(method === 'rectangles' ? [domain] : [])].join(' · ');
}

function measuresTable(result: Result): string {
  const { best, restarts } = result;
  const isSoft = [best.train, best.validation, best.test].some(
    (measure) => measure?.labelUncertainty !== undefined,
  );
  const columns = [
    { title: '' },
    { title: 'rows', align: 'right' },
    { title: 'risk', align: 'right' },
    { title: '' },
    { title: 'advRisk', align: 'right' },
    { title: '' },
    ...(isSoft ? [{ title: 'label uncertainty', align: 'right' } as const] : []),
  ] as const;
  const rows = [
    measureRow('train', best.train),
    ...(best.validation === undefined ? [] : [measureRow('validation', best.validation)]),
    measureRow('test', best.test),
  ];
  if (restarts !== undefined) {
    const { risk, advRisk } = restarts.test;
    rows.push([
      `test, ${restarts.count} restarts`,
      '',
      percent(risk.mean),
      `± ${(100 * risk.std).toFixed(2)}`,
      percent(advRisk.mean),
      `± ${(100 * advRisk.std).toFixed(2)}`,
    ]);
  }
  return renderTable(columns, rows);
}

function measureRow(name: string, measure: SplitMeasure): string[] {
  return [
    name,
    String(measure.n),
    percent(measure.risk),
    interval(measure.riskInterval),
    percent(measure.advRisk),
    interval(measure.advRiskInterval),
    ...(measure.labelUncertainty === undefined ? [] : [measure.labelUncertainty.toFixed(4)]),
  ];
}

/** What the figures say, and no more (method §6). */
function claim(result: Result): string {
  const { best, bound, epsilon, epsilonExact } = result;
  const upper = `advRisk is an upper bound on the concentration function, found by a search: ${percent(best.test.advRisk)} on test.`;
  if (bound === undefined) {
    return `${upper}\nTest took part in the choice (paper protocol), so no interval holds for it.`;
  }
  const level = percent(bound.confidence).replace('.00', '');
  return (
    `${upper}\nWith ${level} confidence h(μ, ${bound.alpha.toFixed(4)}, ${epsilonText(epsilon, epsilonExact)}) ≤ ${percent(bound.advRisk)}: ` +
    'no argument from concentration\nalone can rule out a classifier with risk at least that α and this adversarial risk.'
  );
}

function scanLines({ scan }: Result): string[] {
  const { coordinate, side, threshold, test } = scan;
  const region = `x[${coordinate}] ${side === '>=' ? '≥' : '≤'} ${Number(threshold.toPrecision(6))}`;
  return [
    `Scan of axis-aligned half-spaces: ${region} has test risk ${percent(test.risk)}, advRisk ${percent(test.advRisk)}.\n`,
  ];
}

function exactLines({ exact, alpha }: Result): string[] {
  if (exact === undefined) return [];
  return [`The distribution is known: h(μ, ${alpha}, ε) = ${percent(exact.concentration)} exactly.\n`];
}

/** Where the figures come from: q and seed, time, machine, what was reused, data and version. */
export function provenanceLine({ provenance, timings, best }: Result): string {
  const { workers, reused, version, methodVersion, datasetDigest } = provenance;
  const machines = workers.map(
    ({ engine, threads, host, ...on }) => `${engine} on ${deviceText(on)} (${threads} threads, ${host})`,
  );
  const total = timings['total'] ?? Object.values(timings).reduce((sum, seconds) => sum + seconds, 0);
  const again = reused.map(({ step, artifacts }) => `${step} ${artifacts}`).join(', ');
  return [
    ...(best.q === undefined ? [] : [`q ${Number(best.q.toPrecision(6))}, seed ${best.seed ?? 0}`]),
    ...(best.component === undefined ? [] : [`across ${directionText(best.component, best.exponent)}`]),
    `computed in ${duration(total)} by ${machines.join(' and ')}`,
    `reused: ${again || 'nothing'}`,
    `data ${datasetDigest.slice(0, 12)}, lévy ${version}, method ${methodVersion}`,
  ].join(' · ');
}

/** Which direction a half-space lies across. */
function directionText(component: number, exponent: number | undefined): string {
  const power = exponent === undefined ? '' : `, entries to the power ${exponent}`;
  return `principal component ${component}${power}`;
}
