import { describe, expect, test } from 'vitest';
import { jobSubmissionChecker } from './job/job-submission.js';

const sound = { dataset: 'digits', metric: 'linf', epsilon: '1/16', alpha: 0.05, T: 5 };

function pointersOf(submission: unknown): string[] {
  return jobSubmissionChecker.faults(submission).map((fault) => ('pointer' in fault ? fault.pointer : '?'));
}

describe('faults of a submission', () => {
  test('none for a sound one', () => {
    expect(jobSubmissionChecker.faults(sound)).toEqual([]);
  });

  test('every fault is found at once', () => {
    const wrong = { ...sound, metric: 'l3', epsilon: -1, alpha: 1, T: 1.5, seed: -1, colour: 'red' };
    expect(pointersOf(wrong).sort()).toEqual([
      '#/T',
      '#/alpha',
      '#/colour',
      '#/epsilon',
      '#/metric',
      '#/seed',
    ]);
  });

  test('a missing field is named', () => {
    expect(jobSubmissionChecker.faults({ ...sound, alpha: undefined })).toHaveLength(1);
    const { alpha: _, ...without } = sound;
    expect(jobSubmissionChecker.faults(without)).toEqual([
      { pointer: '#/alpha', code: 'required', detail: 'alpha is required' },
    ]);
  });

  test.each([
    ['epsilon', -1],
    ['epsilon', '8/0'],
    ['epsilon', Number.POSITIVE_INFINITY],
    ['epsilon', 'NaN'],
    ['alpha', 0],
    ['alpha', 1],
    ['T', 0],
    ['T', 1.5],
    ['T', '5'],
    ['T', 1e9],
    ['T', []],
    ['T', [5, 5]],
    ['metric', 'l3'],
    ['seed', -1],
    ['dataset', '../../etc/passwd'],
    ['tags', Array.from({ length: 17 }, (_, i) => `t${i}`)],
  ])('%s = %j is refused, alone', (field, value) => {
    expect(new Set(pointersOf({ ...sound, [field]: value }))).toEqual(new Set([`#/${field}`]));
  });

  test('a pattern is told in words', () => {
    const [fault] = jobSubmissionChecker.faults({ ...sound, epsilon: '8/0' });
    expect(fault?.detail).toBe('"8/0" must be a number, or a fraction p/q such as 8/255');
  });

  test.each([null, 3, 'job', [], undefined])('%j is no submission', (value) => {
    expect(jobSubmissionChecker.faults(value).length).toBeGreaterThan(0);
  });

  test('at most 50 are told', () => {
    const many = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`f${i}`, i]));
    expect(jobSubmissionChecker.faults(many)).toHaveLength(50);
  });
});
