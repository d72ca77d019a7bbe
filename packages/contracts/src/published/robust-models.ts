import type { Metric } from '../job/fields.js';
import { type Benchmark, type PublishedEpsilon, type PublishedShare, printed } from './published.js';

/** A robust classifier as its authors or a benchmark report it. */
export interface RobustModel {
  readonly name: string;
  readonly dataset: Benchmark;
  readonly metric: Metric;
  readonly epsilon: PublishedEpsilon;
  /** Error on unperturbed test images, where it is reported. */
  readonly risk?: PublishedShare;
  readonly advRisk: PublishedShare;
  /** An attack's figure is a lower bound of the model's adversarial risk, a certified one an upper bound. */
  readonly evidence: 'attack' | 'certified';
  readonly source: string;
}

const TABLE_2 = 'as Table 2 of the paper quotes it';
const ROBUSTBENCH = 'RobustBench, AutoAttack, 2025-03-31';
const AUTOATTACK = "AutoAttack's own table";

/** Beside Table 2: the models that the paper names, then the best since. */
export const ROBUST_MODELS: readonly RobustModel[] = [
  attacked('Madry 2018', 'mnist', 'linf', 0.3, 1.2, 10.7, TABLE_2),
  attacked('Gowal 2020', 'mnist', 'linf', 0.3, 0.74, 3.66, AUTOATTACK),
  attacked('CROWN-IBP', 'mnist', 'linf', 0.3, 1.62, 6.04, AUTOATTACK),
  {
    name: 'ℓ∞-distance net',
    dataset: 'mnist',
    metric: 'linf',
    epsilon: 0.3,
    advRisk: printed(6.91),
    evidence: 'certified',
    source: 'its certificate',
  },
  attacked('Schott 2019', 'mnist', 'l2', 1.5, 1, 20, TABLE_2),
  attacked('Madry 2018', 'cifar-10', 'linf', '8/255', 12.7, 52.96, TABLE_2),
  attacked('Bartoldson 2024', 'cifar-10', 'linf', '8/255', 6.32, 26.29, ROBUSTBENCH),
  attacked('Wang 2023', 'cifar-10', 'l2', 0.5, 4.46, 15.03, ROBUSTBENCH),
];

/** Risk and adversarial risk in percent, as printed. */
function attacked(
  name: string,
  dataset: Benchmark,
  metric: Metric,
  epsilon: PublishedEpsilon,
  risk: number,
  advRisk: number,
  source: string,
): RobustModel {
  const shares = { risk: printed(risk), advRisk: printed(advRisk) };
  return { name, dataset, metric, epsilon, ...shares, evidence: 'attack', source };
}
