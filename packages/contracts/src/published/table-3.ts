import { type Benchmark, PAPER, type PublishedSplit, printed } from './published.js';

export const TABLE_3_SOURCE = `${PAPER}, Table 3 and its appendix`;

/** A row of Table 3: ℓ2. Both methods are deterministic, so there are no deviations. */
export type Table3Row = {
  readonly dataset: Benchmark;
  readonly alpha: number;
  readonly epsilon: number;
  readonly test: Required<PublishedSplit>;
} & (
  | { readonly method: 'hyperplane' }
  | {
      readonly method: 'balls';
      readonly T: number;
      readonly slack: number;
      readonly train: Required<PublishedSplit>;
    }
);

export const TABLE_3: readonly Table3Row[] = [
  hyperplane('mnist', 0.01, 1.58, [1.18, 3.92]),
  hyperplane('mnist', 0.01, 3.16, [1.18, 9.73]),
  hyperplane('mnist', 0.01, 4.74, [1.18, 23.4]),
  balls('mnist', 0.01, 1.58, 20, 0.25, [1.25, 2.23], [1.07, 2.19]),
  balls('mnist', 0.01, 3.16, 20, 0.25, [1.25, 4.35], [1.02, 4.15]),
  balls('mnist', 0.01, 4.74, 20, 0.25, [1.25, 10.71], [1.07, 10.09]),
  hyperplane('cifar-10', 0.05, 0.2453, [5.27, 5.58]),
  hyperplane('cifar-10', 0.05, 0.4905, [5.27, 5.93]),
  hyperplane('cifar-10', 0.05, 0.981, [5.27, 6.47]),
  balls('cifar-10', 0.05, 0.2453, 5, 0, [5, 5.22], [5.16, 5.53]),
  balls('cifar-10', 0.05, 0.4905, 5, 0, [5, 5.61], [5.14, 5.83]),
  balls('cifar-10', 0.05, 0.981, 5, 0, [5, 6.38], [5.12, 6.56]),
];

type Figures = readonly [risk: number, advRisk: number];

function hyperplane(dataset: Benchmark, alpha: number, epsilon: number, test: Figures): Table3Row {
  return { dataset, alpha, epsilon, method: 'hyperplane', test: split(test) };
}

function balls(
  dataset: Benchmark,
  alpha: number,
  epsilon: number,
  T: number,
  slack: number,
  train: Figures,
  test: Figures,
): Table3Row {
  return { dataset, alpha, epsilon, method: 'balls', T, slack, train: split(train), test: split(test) };
}

function split([risk, advRisk]: Figures): Required<PublishedSplit> {
  return { risk: printed(risk), advRisk: printed(advRisk) };
}
