import type { Result } from '@levy/contracts';
import { percent } from '../../output/numbers.js';

/** A classifier, as its authors or an attack describe it; shares in (0, 1), advRisk ≥ risk. */
export interface ComparedModel {
  readonly name: string;
  readonly risk: number;
  readonly advRisk: number;
}

/** A classifier beside a region measured at α = its risk. */
export interface Comparison {
  readonly model: ComparedModel;
  /** The model's adversarial risk less that of the region, of the scan, of the bound: shares. */
  readonly gap: { readonly region: number; readonly scan: number; readonly bound?: number };
  /** What the figures mean, and no more (method §6). */
  readonly says: string;
  readonly estimate: Result;
}

export function comparisonOf(model: ComparedModel, estimate: Result): Comparison {
  const { best, scan, bound } = estimate;
  const gap = {
    region: model.advRisk - best.test.advRisk,
    scan: model.advRisk - scan.test.advRisk,
    ...(bound === undefined ? {} : { bound: model.advRisk - bound.advRisk }),
  };
  return { model, gap, says: `${upperBound(estimate)} ${meaning(model, estimate)}`, estimate };
}

function upperBound({ alpha, best }: Result): string {
  return (
    `The estimate is an upper bound on the concentration function at α = ${alpha}: no argument from concentration alone ` +
    `can rule out a classifier with this risk and an adversarial risk of ${percent(best.test.advRisk)}.`
  );
}

function meaning({ name, advRisk }: ComparedModel, { best }: Result): string {
  const points = `${Math.abs(100 * (advRisk - best.test.advRisk)).toFixed(2)} points`;
  if (advRisk > best.test.advRisk) {
    return `The adversarial risk of ${name}, ${percent(advRisk)}, is ${points} above that: concentration, as far as it was measured, does not account for the gap.`;
  }
  if (advRisk === best.test.advRisk) {
    return `The adversarial risk of ${name} is just that: there is no gap.`;
  }
  return (
    `The adversarial risk of ${name}, ${percent(advRisk)}, is ${points} below that, which contradicts nothing: the search found no ` +
    'better region. If the figure is certified, the errors of the classifier are themselves such a region, and h is no ' +
    'larger than it; a figure from an attack may understate the true one, and shows less. Another method, another T or ' +
    'more restarts may find a better region.'
  );
}
