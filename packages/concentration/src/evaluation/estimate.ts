import {
  type CandidateEstimate,
  type CurvePoint,
  type Estimate,
  parseRational,
  rationalToNumber,
  type Scan,
  type SearchTraceEntry,
  type SplitMeasure,
  type Warning,
} from '@levy/contracts';
import { gaussianConcentration } from '@levy/datasets';
import { coveredCount, listOf, type MethodRegionStep, type Plan, requiredLevel } from '@levy/plan';
import type { Counts } from '../counts.js';
import type { ScanOutcome } from '../halfspaces/scan.js';
import type { FacesCandidate } from '../rectangles/best/faces-step.js';
import type { Candidate } from '../rectangles/candidate.js';
import type { RestartsOutcome } from '../rectangles/search.js';
import { domainOf, piecesOf } from '../region/found-region.js';
import type { AllRegion, MethodRegion } from '../region/region.js';
import { curveEpsilon, type Evaluation } from './evaluation.js';
import { clopperPearson } from './intervals.js';
import { singleCoordinateWarning } from './single-coordinate.js';

/** What a walk found, ready to be told. */
export interface Findings {
  readonly plan: Plan;
  /** The step of the method that found the region: of a job over all methods, the winner's. */
  readonly step: MethodRegionStep;
  readonly region: MethodRegion;
  /** Of a job over all methods. */
  readonly contest?: AllRegion;
  readonly scan: ScanOutcome;
  readonly evaluation: Evaluation;
  /** Of the winner's T; absent for other methods. */
  readonly restarts?: RestartsOutcome;
}

export type Told = Omit<Estimate, 'provenance' | 'timings'>;

/** The estimate in the words of the contract. */
export function estimateOf(findings: Findings): Told {
  const { plan, region, step, evaluation, restarts } = findings;
  const { spec, dataset } = plan;
  const uncertainty = (split: 'train' | 'validation' | 'test') => {
    const mean = evaluation.labelUncertainty?.[split];
    return mean === undefined ? {} : { labelUncertainty: mean };
  };
  const test = {
    ...withIntervals(evaluation.test, spec.confidence, testIsUntouched(plan)),
    ...uncertainty('test'),
  };
  const bound = boundOf(test, spec.confidence);
  const T = piecesOf(region);
  const candidates = candidatesOf(findings);
  const distribution = dataset.distribution;
  return {
    metric: spec.metric,
    epsilon: spec.epsilon,
    epsilonExact: spec.epsilonExact,
    alpha: spec.alpha,
    ...(T === undefined ? {} : { T }),
    ...(spec.method === 'balls' && spec.gamma !== undefined ? { gamma: spec.gamma } : {}),
    method: step.kind,
    protocol: spec.protocol,
    domain: domainOf(findings),
    best: {
      ...(region.kind === 'rectangles' ? { seed: region.candidate.seed, q: region.candidate.q } : {}),
      ...(region.kind === 'faces' ? sizesOf(region.candidate) : {}),
      ...(region.kind === 'halfspace' ? { component: region.component + 1 } : {}),
      ...(region.kind === 'halfspace' && spec.metric === 'linf' ? { exponent: region.exponent } : {}),
      train: { ...fractions(evaluation.train), ...uncertainty('train') },
      ...(evaluation.validation === undefined
        ? {}
        : { validation: { ...fractions(evaluation.validation), ...uncertainty('validation') } }),
      test,
    },
    ...(restarts === undefined || restarts.restarts.length === 0
      ? {}
      : { restarts: restartStatistics(restarts, plan) }),
    intrinsicRobustness: {
      estimate: 1 - test.advRisk,
      ...(bound === undefined ? {} : { atLeast: 1 - bound.advRisk }),
    },
    ...(bound === undefined ? {} : { bound }),
    scan: scanOf(findings),
    ...(distribution === undefined
      ? {}
      : {
          exact: {
            concentration: gaussianConcentration(distribution, spec.metric, spec.alpha, spec.epsilon),
          },
        }),
    ...(T === undefined ? {} : { convergence: convergenceOf(evaluation.train.n, T) }),
    ...(candidates === undefined ? {} : { candidates }),
  };
}

function sizesOf({ rectangles }: FacesCandidate): { rectangles: number; faces: number } {
  return { rectangles: rectangles.length, faces: rectangles.reduce((sum, faces) => sum + faces.length, 0) };
}

/** Every method's region in a job over all methods, in the order of the plan. */
function candidatesOf({ plan, contest, evaluation }: Findings): CandidateEstimate[] | undefined {
  const { region } = plan.evaluation;
  return contest?.candidates.map(({ candidate, T, feasible, train, choosing }, index) => {
    const method = region.kind === 'all' ? region.candidates[candidate]?.kind : undefined;
    const test = evaluation.candidatesTest?.[index];
    if (method === undefined || test === undefined)
      throw new RangeError('every candidate is counted on test');
    return {
      method,
      ...(T === undefined ? {} : { T }),
      feasible,
      train: fractions(train),
      ...(plan.rows.validation === undefined ? {} : { validation: fractions(choosing) }),
      test: withIntervals(test, plan.spec.confidence, testIsUntouched(plan)),
    };
  });
}

/** What deserves a word beside the figures. */
export function warningsOf(findings: Findings): Warning[] {
  const { plan, region, evaluation } = findings;
  const { test, scanTest } = evaluation;
  const { alpha, slack } = plan.spec;
  const fallsShort = ({ n, risk }: Counts) => risk < coveredCount(parseRational(alpha), n, 'ceil');
  const warnings: Warning[] = [];
  if (!isFeasible(findings)) {
    const level = rationalToNumber(requiredLevel(alpha, slack));
    // Rectangles alone are searched until they reach the level on both; method all judges them as it does the others.
    const asked =
      plan.evaluation.region.kind === 'rectangles'
        ? `risk ${level} on the fitted rows and on the choosing split`
        : `risk ${level} on the fitted rows and, less one standard error, ${alpha} on the choosing split`;
    warnings.push({
      code: 'infeasible',
      detail: `no candidate reached ${asked}; this is the one with the highest risk there`,
    });
  }
  for (const { candidate, reason } of findings.contest?.leftOut ?? []) {
    const method = plan.evaluation.region.kind === 'all' && plan.evaluation.region.candidates[candidate];
    warnings.push({
      code: 'method-left-out',
      detail: `${method ? method.kind : 'a method'} found no region: ${reason}`,
    });
  }
  const unattainable = region.kind === 'balls' ? (region.unattainable ?? []) : [];
  if (unattainable.length > 0) {
    const each = unattainable.map(({ T, attainable }) => `T = ${T} (at most ${attainable})`).join(', ');
    warnings.push({
      code: 'gamma-unattainable',
      detail: `the mean label uncertainty that gamma demands of every ball cannot be had with ${each}; another T of the list is told`,
    });
  }
  if (fallsShort(test)) {
    const advice = testIsUntouched(plan) ? '; bound says what holds at the lower end of its interval' : '';
    warnings.push({
      code: 'risk-below-alpha',
      detail: `the region's test risk ${percent(test)} is below alpha = ${alpha}${advice}`,
    });
  }
  if (test.advRisk * scanTest.n > scanTest.advRisk * test.n) {
    const advRisks = `${percent({ ...scanTest, risk: scanTest.advRisk })} against ${percent({ ...test, risk: test.advRisk })}`;
    const caution = fallsShort(scanTest) ? `, though its test risk ${percent(scanTest)} is below alpha` : '';
    warnings.push({
      code: 'looser-than-scan',
      detail: `the axis-aligned half-space of scan has a lower adversarial risk on test, ${advRisks}${caution}`,
    });
  }
  const single = singleCoordinateWarning(findings);
  if (single !== undefined) warnings.push(single);
  return warnings;
}

function isFeasible({ region, contest }: Findings): boolean {
  if (contest !== undefined) {
    const winner = contest.candidates.find(({ candidate }) => candidate === contest.winner.candidate);
    return winner?.feasible === true;
  }
  if (region.kind === 'rectangles' || region.kind === 'faces') return region.candidate.feasible;
  return !('feasible' in region) || region.feasible;
}

/** The ε curve in the words of the contract. */
export function curveOf({ plan, evaluation }: Findings): CurvePoint[] {
  const epsilon = parseRational(plan.spec.epsilonExact);
  const { n, risk } = evaluation.test;
  return evaluation.curve.map((advRisk, index) => ({
    epsilon: rationalToNumber(curveEpsilon(epsilon, index)),
    risk: risk / n,
    advRisk: advRisk / n,
  }));
}

/** Every clustering that was tried, in order. */
export function traceOf(outcomes: readonly RestartsOutcome[], plan: Plan): SearchTraceEntry[] {
  const entry = (candidate: Candidate, test: Counts | undefined): SearchTraceEntry => ({
    seed: candidate.seed,
    q: candidate.q,
    T: candidate.T,
    train: fractions(candidate.train),
    ...(plan.spec.protocol === 'holdout'
      ? { validation: fractions(candidate.choosing) }
      : { test: fractions(candidate.choosing) }),
    ...(test === undefined ? {} : { test: fractions(test) }),
  });
  return outcomes.flatMap(({ trace, restarts }) => [
    ...trace.map((candidate) => entry(candidate, undefined)),
    ...restarts.map((candidate) => entry(candidate, candidate.test)),
  ]);
}

function fractions({ n, risk, advRisk }: Counts): SplitMeasure {
  return { n, risk: risk / n, advRisk: advRisk / n };
}

/** Intervals hold only for a region that was fixed before test was looked at (method §6). */
function withIntervals(counts: Counts, confidence: number, untouched: boolean): SplitMeasure {
  const measure = fractions(counts);
  if (!untouched) return measure;
  return {
    ...measure,
    riskInterval: clopperPearson(counts.risk, counts.n, confidence),
    advRiskInterval: clopperPearson(counts.advRisk, counts.n, confidence),
  };
}

/**
 * Under the paper protocol test chooses among rectangles, among half-spaces across components, among several T of balls
 * and among methods; everything else is fitted on the training rows alone.
 */
function testIsUntouched({ spec }: Plan): boolean {
  if (spec.protocol === 'holdout') return true;
  if (spec.method === 'balls') return listOf(spec.T).length === 1;
  return spec.method === 'hyperplane' || spec.method === 'axis';
}

function boundOf(test: SplitMeasure, confidence: number): Estimate['bound'] | undefined {
  const alpha = test.riskInterval?.[0];
  const advRisk = test.advRiskInterval?.[1];
  return alpha === undefined || advRisk === undefined ? undefined : { alpha, advRisk, confidence };
}

function scanOf({ plan, scan, evaluation }: Findings): Scan {
  const { coordinate, side, threshold } = scan.halfSpace;
  return {
    coordinate,
    side,
    threshold: threshold / plan.dataset.scale,
    train: fractions(scan.train),
    test: withIntervals(evaluation.scanTest, plan.spec.confidence, true),
  };
}

function restartStatistics({ restarts }: RestartsOutcome, plan: Plan): NonNullable<Estimate['restarts']> {
  const over = (pick: (entry: RestartsOutcome['restarts'][number]) => Counts) => ({
    risk: meanAndStd(restarts.map((entry) => pick(entry).risk / pick(entry).n)),
    advRisk: meanAndStd(restarts.map((entry) => pick(entry).advRisk / pick(entry).n)),
  });
  return {
    count: restarts.length,
    train: over((entry) => entry.train),
    ...(plan.spec.protocol === 'holdout' ? { validation: over((entry) => entry.choosing) } : {}),
    test: over((entry) => entry.test),
  };
}

/** Mean and population standard deviation. */
function meanAndStd(values: readonly number[]): { mean: number; std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) };
}

/** Whether the sample is as large as Theorem 3.8 and the remark below it ask: a note, no claim of quality (method §5). */
function convergenceOf(samples: number, T: number): NonNullable<Estimate['convergence']> {
  return { samples, atLeastT2: samples >= T ** 2, atLeastT4: samples >= T ** 4 };
}

function percent({ n, risk }: Pick<Counts, 'n' | 'risk'>): string {
  return `${((100 * risk) / n).toFixed(2)} %`;
}
