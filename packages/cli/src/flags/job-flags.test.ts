import { JOB_FIELDS } from '@levy/contracts';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addJobFlags, flagOf, jobFromFlags, jobsFromFlags } from './job-flags.js';

function flags(...argv: string[]): Record<string, unknown> {
  return addJobFlags(new Command().exitOverride()).parse(argv, { from: 'user' }).opts();
}

describe('the flags of a job', () => {
  it('are its fields in kebab-case, T as it is', () => {
    const names = addJobFlags(new Command()).options.map(({ long }) => long);
    expect(names).toHaveLength(Object.keys(JOB_FIELDS).length);
    for (const name of ['--dataset', '--T', '--q', '--q-tolerance', '--timeout-seconds'])
      expect(names).toContain(name);
  });

  it('become numbers, fractions and lists', () => {
    expect(
      jobFromFlags(
        flags(
          '--dataset',
          'digits',
          '--epsilon',
          '8/255',
          '--alpha',
          '5e-2',
          '--T',
          '5,10',
          '--tags',
          'a,b',
          '--q',
          '.5',
        ),
      ),
    ).toEqual({ dataset: 'digits', epsilon: '8/255', alpha: 0.05, T: [5, 10], tags: ['a', 'b'], q: 0.5 });
    expect(jobFromFlags(flags('--epsilon', '0.3'))).toEqual({ epsilon: 0.3 });
  });

  it.each(['NaN', '1e400', '-', '0x10', 'Infinity', ''])('leave "%s" for the checks to refuse', (text) => {
    expect(jobFromFlags({ alpha: text })).toEqual({ alpha: text });
  });

  it('take negative numbers', () => {
    expect(jobFromFlags(flags('--seed', '-1', '--epsilon', '-0.5'))).toEqual({ seed: -1, epsilon: -0.5 });
  });

  it('with comma lists are every combination, the last field fastest, each value once', () => {
    const jobs = jobsFromFlags(flags('--T', '5,10,5', '--epsilon', '0.1,1/5', '--tags', 'a,b'));
    expect(jobs).toEqual([
      { epsilon: 0.1, T: 5, tags: ['a', 'b'] },
      { epsilon: 0.1, T: 10, tags: ['a', 'b'] },
      { epsilon: '1/5', T: 5, tags: ['a', 'b'] },
      { epsilon: '1/5', T: 10, tags: ['a', 'b'] },
    ]);
  });

  it('are what a fault points at', () => {
    expect(flagOf('#/qTolerance')).toBe('--q-tolerance');
    expect(flagOf('#/T/0')).toBe('--T');
    expect(flagOf('#/novelty')).toBe('#/novelty');
  });
});
