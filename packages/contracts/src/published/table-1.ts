import { type Benchmark, PAPER, type PublishedEpsilon, type PublishedSplit, printed } from './published.js';

export const TABLE_1_SOURCE = `${PAPER}, Table 1`;

/** A row of Table 1: ℓ∞, rectangles, test choosing, mean ± standard deviation of ten runs at the q found. */
export interface Table1Row {
  readonly dataset: Benchmark;
  readonly alpha: number;
  /** As printed. */
  readonly epsilon: PublishedEpsilon;
  /**
   * What the authors' runs used: 0.007843 and 0.03137 stand in their repository, and 0.0627 is what their last row
   * comes out with. On bytes a decimal just below k/255 is another ε than k/255 (method §7).
   */
  readonly epsilonUsed: PublishedEpsilon;
  readonly T: number;
  readonly q: number;
  readonly train: Required<PublishedSplit>;
  readonly test: Required<PublishedSplit>;
}

type Figures = readonly [
  risk: readonly [mean: number, std: number],
  advRisk: readonly [mean: number, std: number],
];

export const TABLE_1: readonly Table1Row[] = [
  mnist(
    0.1,
    5,
    0.662,
    [
      [1.22, 0.11],
      [3.65, 0.29],
    ],
    [
      [1.23, 0.12],
      [3.64, 0.3],
    ],
  ),
  mnist(
    0.2,
    10,
    0.66,
    [
      [1.12, 0.13],
      [5.76, 0.38],
    ],
    [
      [1.11, 0.1],
      [5.89, 0.44],
    ],
  ),
  mnist(
    0.3,
    10,
    0.629,
    [
      [1.12, 0.12],
      [7.34, 0.38],
    ],
    [
      [1.15, 0.13],
      [7.24, 0.38],
    ],
  ),
  mnist(
    0.4,
    10,
    0.598,
    [
      [1.15, 0.09],
      [9.89, 0.57],
    ],
    [
      [1.21, 0.09],
      [9.92, 0.6],
    ],
  ),
  cifar(
    '2/255',
    0.007843,
    10,
    0.68,
    [
      [5.32, 0.21],
      [7.29, 0.2],
    ],
    [
      [5.72, 0.25],
      [8.13, 0.26],
    ],
  ),
  cifar(
    '4/255',
    '4/255',
    20,
    0.688,
    [
      [5.59, 0.25],
      [11.43, 0.24],
    ],
    [
      [6.05, 0.4],
      [13.66, 0.33],
    ],
  ),
  cifar(
    '8/255',
    0.03137,
    40,
    0.734,
    [
      [5.55, 0.21],
      [13.69, 0.19],
    ],
    [
      [5.94, 0.34],
      [18.13, 0.3],
    ],
  ),
  cifar(
    '16/255',
    0.0627,
    75,
    0.719,
    [
      [5.16, 0.25],
      [19.77, 0.22],
    ],
    [
      [5.28, 0.23],
      [28.83, 0.46],
    ],
  ),
];

function mnist(epsilon: number, T: number, q: number, train: Figures, test: Figures): Table1Row {
  const used = { epsilon, epsilonUsed: epsilon };
  return { dataset: 'mnist', alpha: 0.01, ...used, T, q, train: split(train), test: split(test) };
}

function cifar(
  epsilon: string,
  epsilonUsed: PublishedEpsilon,
  T: number,
  q: number,
  train: Figures,
  test: Figures,
): Table1Row {
  const used = { epsilon, epsilonUsed };
  return { dataset: 'cifar-10', alpha: 0.05, ...used, T, q, train: split(train), test: split(test) };
}

function split([risk, advRisk]: Figures): Required<PublishedSplit> {
  return { risk: printed(...risk), advRisk: printed(...advRisk) };
}
