import { expect, test } from 'vitest';
import { type Candidate, chooseCandidate } from './candidate.js';

function candidate(seed: number, risk: number, advRisk: number, feasible = true): Candidate {
  const counts = { n: 100, risk, advRisk };
  return { T: 5, seed, q: 0.5, covered: 50, feasible, train: counts, choosing: counts };
}

test('the feasible candidate with the lowest advRisk on the choosing split', () => {
  const candidates = [candidate(0, 9, 30), candidate(1, 6, 20), candidate(2, 2, 10, false)];
  expect(chooseCandidate(candidates, 'first')?.seed).toBe(1);
});

test('of equal ones the first, or the last as in the authors’ code', () => {
  const candidates = [candidate(0, 6, 20), candidate(1, 9, 20), candidate(2, 6, 21)];
  expect(chooseCandidate(candidates, 'first')?.seed).toBe(0);
  expect(chooseCandidate(candidates, 'last')?.seed).toBe(1);
});

test('without a feasible one, the one with the highest risk there', () => {
  const candidates = [candidate(0, 3, 10, false), candidate(1, 4, 20, false), candidate(2, 4, 15, false)];
  expect(chooseCandidate(candidates, 'first')?.seed).toBe(1);
  expect(chooseCandidate(candidates, 'last')?.seed).toBe(2);
  expect(chooseCandidate([], 'first')).toBeUndefined();
});
