import { checker, ResultSchema } from '@levy/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workbench } from '../../testing/command.js';

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.open();
});
afterAll(() => bench[Symbol.asyncDispose]());

const SETTING = 'compare --dataset digits --metric linf --epsilon 1/8 --restarts 1';

async function document(line: string) {
  const { exitCode, stdout, stderr } = await bench.run(`${line} --json`);
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout);
}

describe('levy compare', () => {
  it('measures at α = the risk and tells the gaps', async () => {
    const { model, gap, estimate, says } = await document(
      `${SETTING} --T 3 --risk 0.05 --adv-risk 0.9 --name ours`,
    );
    expect(model).toEqual({ name: 'ours', risk: 0.05, advRisk: 0.9 });
    expect(checker(ResultSchema).faults(estimate)).toEqual([]);
    const flags = '--dataset digits --metric linf --epsilon 1/8 --restarts 1 --T 3 --alpha 0.05';
    const measured = JSON.parse((await bench.run(`measure ${flags} --json`)).stdout);
    expect(estimate.best).toEqual(measured.best);
    const { best, scan, bound } = measured;
    expect(gap.region).toBeCloseTo(0.9 - best.test.advRisk, 12);
    expect(gap.scan).toBeCloseTo(0.9 - scan.test.advRisk, 12);
    expect(gap.bound).toBeCloseTo(0.9 - bound.advRisk, 12);
    expect(says).toContain(
      'upper bound on the concentration function at α = 0.05: no argument from concentration alone',
    );
    expect(says).toContain('above that');
  });

  it('chooses T from 5, 10 and 20 where none is given, and asks for none where none is used', async () => {
    const { estimate } = await document(`${SETTING} --risk 0.05 --adv-risk 0.5 --samples 300`);
    expect([5, 10, 20]).toContain(estimate.T);
    const axis = await document(
      'compare --dataset digits --metric l2 --epsilon 1/8 --method axis --risk 0.05 --adv-risk 0.5',
    );
    expect(axis.estimate).toMatchObject({ method: 'axis', alpha: 0.05 });
    expect(axis.estimate.T).toBeUndefined();
  });

  it('tells a person the model, the bound, the scan and what it means', async () => {
    const { stdout } = await bench.run(`${SETTING} --T 3 --risk 0.05 --adv-risk 0.9`);
    const words = [
      'the model',
      '5.00 %',
      '90.00 %',
      'region found',
      'bound, 95 %',
      'scan, test',
      'gap',
      'wasm',
      'data ',
    ];
    for (const each of words) expect(stdout).toContain(each);
    expect(stdout).not.toMatch(/lower bound/);
  });

  it('says what a model below the region means', async () => {
    const { gap, says } = await document(`${SETTING} --T 3 --risk 0.05 --adv-risk 0.0501`);
    expect(gap.region).toBeLessThan(0);
    expect(says).toContain('contradicts nothing');
    expect(says).toContain('certified');
    expect(says).not.toContain('above that');
  });

  it.each([
    ['--risk 1.2 --adv-risk 0.5', '--risk', 'did you mean 0.012?'],
    ['--risk 0 --adv-risk 0.5', '--risk', 'strictly between 0 and 1'],
    ['--risk 0.1 --adv-risk 1', '--adv-risk', 'strictly between 0 and 1'],
    ['--risk 0.1 --adv-risk 0.05', '--adv-risk', '0.05 is below the risk, 0.1'],
    ['--risk x --adv-risk 0.05', '--risk', '"x"'],
    ['--adv-risk 0.05', '--risk', 'is required'],
    ['--risk 0.1 --adv-risk 0.2 --T 5.5', '--T', '5.5'],
    ['--risk 0.9995 --adv-risk 0.9999', '--risk', 'would hold all'],
    ['--risk 0.1 --adv-risk 0.2 --alpha 0.1', '--alpha', 'unknown option'],
    ['--risk 0.1 --adv-risk 0.2 --epsilon 1/8,1/4', '--epsilon', '1/8,1/4'],
  ])('refuses "%s"', async (flags, flag, said) => {
    const { exitCode, stdout, stderr } = await bench.run(`${SETTING} ${flags}`);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(flag);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('    at ');
  });

  it('names every fault at once', async () => {
    const { stderr } = await bench.run('compare --dataset none --metric l1 --risk 7 --T 0');
    for (const flag of ['--dataset', '--metric', '--epsilon', '--risk', '--adv-risk', '--T']) {
      expect(stderr.match(new RegExp(`${flag} `, 'g')), flag).toHaveLength(1);
    }
    expect(stderr).not.toContain('--alpha');
  });
});
