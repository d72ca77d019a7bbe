import { type Benchmark, PAPER, type PublishedEpsilon, type PublishedShare, printed } from './published.js';

export const FIGURE_1_SOURCE = `${PAPER}, Figure 1`;

/** Figure 1(a): CIFAR-10 under ℓ∞, test risk and advRisk as q grows. */
export const FIGURE_1A = {
  dataset: 'cifar-10',
  alpha: 0.05,
  epsilon: '8/255',
  /** What the authors' runs used (as in Table 1). */
  epsilonUsed: 0.03137,
  T: 30,
  points: [
    { q: 0.5, risk: printed(21.01), advRisk: printed(36.54) },
    { q: 0.6, risk: printed(10.72), advRisk: printed(25.51) },
    { q: 0.7, risk: printed(5.33), advRisk: printed(17.52) },
    { q: 0.8, risk: printed(1.86), advRisk: printed(10.29) },
  ],
} as const;

/** Figure 1(b): the best test advRisk that the search found with T rectangles. */
export interface Figure1bSeries {
  readonly dataset: Benchmark;
  readonly alpha: number;
  readonly epsilon: PublishedEpsilon;
  readonly epsilonUsed: PublishedEpsilon;
  readonly points: readonly { readonly T: number; readonly advRisk: PublishedShare }[];
}

export const FIGURE_1B: readonly Figure1bSeries[] = [
  {
    dataset: 'mnist',
    alpha: 0.01,
    epsilon: 0.3,
    epsilonUsed: 0.3,
    points: [
      { T: 5, advRisk: printed(7.44) },
      { T: 10, advRisk: printed(7.22) },
      { T: 20, advRisk: printed(9.78) },
      { T: 40, advRisk: printed(8.6) },
      { T: 80, advRisk: printed(10.99) },
    ],
  },
  {
    dataset: 'cifar-10',
    alpha: 0.05,
    epsilon: '8/255',
    epsilonUsed: 0.03137,
    points: [
      { T: 5, advRisk: printed(20.04) },
      { T: 10, advRisk: printed(18.74) },
      { T: 20, advRisk: printed(18.2) },
      { T: 40, advRisk: printed(17.25) },
      { T: 80, advRisk: printed(18.44) },
    ],
  },
];
