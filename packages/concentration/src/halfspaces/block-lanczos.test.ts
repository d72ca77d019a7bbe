import { expect, test } from 'vitest';
import { leadingEigenvectors, type Operator } from './block-lanczos.js';

const options = { count: 5, block: 3, tolerance: 1e-8, lookEvery: 3, mostHeld: 24, mostIterations: 400 };

test('vectors given up on the way lose nothing', async () => {
  const eigenvalues = Array.from({ length: 80 }, (_, j) => 100 - j);
  let products = 0;
  const found = await leadingEigenvectors(
    diagonal(eigenvalues, (count) => (products += count)),
    options,
  );
  expect(found.converged).toBe(true);
  expect(products).toBeGreaterThan(3 * options.mostHeld);
  for (const [k, value] of found.values.entries()) {
    expect(value).toBeCloseTo(100 - k, 10);
    expect(Math.abs(found.vectors[k]?.[k] ?? 0)).toBeCloseTo(1, 10);
  }
});

test('an eigenvalue more often than the block is found as often as it is there', async () => {
  const eigenvalues = Array.from({ length: 30 }, (_, j) => (j % 6 === 0 ? 9 : 0));
  const { values, vectors, converged } = await leadingEigenvectors(diagonal(eigenvalues), {
    ...options,
    count: 8,
  });
  expect(converged).toBe(true);
  expect(values).toHaveLength(5);
  for (const value of values) expect(value).toBeCloseTo(9, 10);
  const inTheSpace = vectors.map((vector) => Math.hypot(...vector.filter((_, j) => j % 6 === 0)));
  for (const share of inTheSpace) expect(share).toBeCloseTo(1, 10);
});

test('too few iterations are told, with what they brought', async () => {
  const eigenvalues = Array.from({ length: 80 }, (_, j) => 100 - j);
  const short = await leadingEigenvectors(diagonal(eigenvalues), { ...options, mostIterations: 4 });
  expect(short.converged).toBe(false);
  expect(short.vectors).toHaveLength(5);
  for (const vector of short.vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 12);
});

function diagonal(eigenvalues: readonly number[], onApply: (count: number) => void = () => {}): Operator {
  return {
    dimension: eigenvalues.length,
    async apply(block) {
      onApply(block.length);
      const images = block.map((vector) => vector.map((entry, j) => entry * (eigenvalues[j] ?? 0)));
      return { images, power: Math.max(...eigenvalues) };
    },
  };
}
