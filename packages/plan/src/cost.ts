import type { Dataset, EngineClass } from '@levy/contracts';
import {
  ballsBytes,
  bisectionSteps,
  coveredCount,
  directionsAtOnce,
  faceLevels,
  fitRowCount,
  validationRowCount,
} from './counts.js';
import { requiredLevel } from './level.js';
import type { PlannedStep } from './plan-job.js';
import type { BallsStep, NeighboursStep, RegionStep, RowList, Step } from './step.js';

/** Where a plan is to run. */
export interface Machine {
  readonly engine: EngineClass;
  /** Of the processor; with a gpu those beside it. */
  readonly threads: number;
}

export interface Cost {
  readonly seconds: number;
  /** Bytes of the artifact. */
  readonly bytes: number;
}

/**
 * Elementary steps answered per second (method §9: one |a−b| added is one step): they size progress bars and plans and
 * choose between engines, they do not touch results. `wasm` is per thread, rounded down from bench/. `gpu` is of the
 * whole device, and estimated from what data-centre devices are said to do, not measured.
 */
const RATES = {
  wasm: {
    l1Bytes: 1.5e10,
    l1Floats: 5e9,
    ballBytes: 1e10,
    ballFloats: 3e9,
    centres: 1e9,
    faces: 1.5e9,
    products: 1e9,
  },
  gpu: {
    l1Bytes: 1e12,
    l1Floats: 1e12,
    ballBytes: 1e12,
    ballFloats: 1e12,
    centres: 2e11,
    faces: 2e11,
    products: 2e11,
  },
} as const;

/** Iterations that a block power iteration typically takes. */
const COMPONENT_ITERATIONS = 15;
const COMPONENT_BLOCK = 8;
/** Products with the covariance that each of several components typically takes. */
const PRODUCTS_PER_COMPONENT = 4;
/** Exponents that a component is typically taken to. */
const TYPICAL_EXPONENTS = 6;
/** Sorting and counting a projection. */
const SECONDS_PER_PROJECTION = 2e-7;
/** Share of its cap of iterations that k-means typically uses. */
const TYPICAL_ITERATIONS = 0.8;
/** Looking at an entry of a list while a ball is placed. */
const SECONDS_PER_ENTRY = 3e-9;
/** Passes over the rows, and scans of the levels for each rectangle, that one shape of the face search typically takes. */
const FACES_PASSES = 1.5;
const FACES_SCANS = 60;
/** Entries tallied or levels scanned per second, on one thread whatever the engine. */
const FACES_RATE = 5e8;
/** Tallies of all levels that it keeps. */
const FACES_TALLIES = 5;
/** Share of the rows that the balls typically take out, each met by every row once more. */
const UPDATED_SHARE = 0.05;
const FIXED_SECONDS = 0.005;

export function costOf(step: Step, dataset: Dataset, machine: Machine): Cost {
  const rate = ratesOf(machine, dataset);
  const d = dataset.columns;
  const seconds = (work: number, perSecond: number) => FIXED_SECONDS + work / perSecond;
  switch (step.name) {
    case 'neighbours': {
      const n = rowCount(step.rows, dataset);
      return {
        seconds: seconds(n * n * d, dataset.dtype === 'u1' ? rate.l1Bytes : rate.l1Floats),
        bytes: 4 * n,
      };
    }
    case 'clusters': {
      const work = step.covered * d * step.T * step.iterations * TYPICAL_ITERATIONS;
      return { seconds: seconds(work, rate.centres), bytes: step.T * (8 * d + 4) };
    }
    case 'margins': {
      const n =
        step.rows === 'uncovered'
          ? uncovered(step.clusters.neighbours, step.clusters.covered, dataset)
          : rowCount(step.rows, dataset);
      return { seconds: seconds(n * d * step.clusters.T, rate.faces), bytes: 16 * n };
    }
    case 'search': {
      const runs = bisectionSteps(step.qTolerance);
      return { seconds: runs * rectanglesSeconds(step.setting, dataset, machine), bytes: 4096 };
    }
    case 'restarts':
      return { seconds: step.count * rectanglesSeconds(step.setting, dataset, machine), bytes: 8192 };
    case 'faces': {
      const n = rowCount(step.rows, dataset);
      const shapes = step.rectangles === 1 ? 3 : 6;
      const tallying = n * d * FACES_PASSES;
      const scanning = 2 * faceLevels(dataset.dtype) * d * FACES_SCANS * step.rectangles;
      return { seconds: FIXED_SECONDS + (shapes * (tallying + scanning)) / FACES_RATE, bytes: 4096 };
    }
    case 'balls': {
      const n = rowCount(step.rows, dataset);
      const perSecond = dataset.dtype === 'u1' ? rate.ballBytes : rate.ballFloats;
      const placing = n * nearCount(step, dataset) * step.T * SECONDS_PER_ENTRY;
      return { seconds: seconds(n * n * d * (1 + UPDATED_SHARE), perSecond) + placing, bytes: 64 * step.T };
    }
    case 'component': {
      const work = rowCount(step.rows, dataset) * d * COMPONENT_ITERATIONS * COMPONENT_BLOCK * 2;
      return { seconds: seconds(work, rate.products), bytes: 8 * d };
    }
    case 'components': {
      const work = rowCount(step.rows, dataset) * d * step.count * PRODUCTS_PER_COMPONENT * 2;
      return { seconds: seconds(work, rate.products), bytes: 8 * (d + 1) * Math.min(step.count, d) };
    }
    case 'scan':
      return { seconds: FIXED_SECONDS + (rowCount(step.rows, dataset) * d) / 3e8, bytes: 1024 };
    case 'region':
      return { seconds: FIXED_SECONDS + regionSeconds(step, dataset, machine), bytes: 24 * d };
    case 'evaluation':
      return {
        seconds: FIXED_SECONDS + ((dataset.splits.train.rows + dataset.splits.test.rows) * d) / 1e9,
        bytes: 16_384,
      };
  }
}

/** Steps per second of the whole machine. */
function ratesOf({ engine, threads }: Machine, { dtype }: Dataset): Rates {
  if (engine === 'wasm') return timesThreads(RATES.wasm, threads);
  if (dtype === 'u1') return RATES.gpu;
  // Products and margins of floats need what devices do not promise: they stay on the processor.
  const { products, faces } = timesThreads(RATES.wasm, threads);
  return { ...RATES.gpu, products, faces };
}

type Rates = Readonly<Record<keyof typeof RATES.wasm, number>>;

function timesThreads(rates: Rates, threads: number): Rates {
  return {
    l1Bytes: rates.l1Bytes * threads,
    l1Floats: rates.l1Floats * threads,
    ballBytes: rates.ballBytes * threads,
    ballFloats: rates.ballFloats * threads,
    centres: rates.centres * threads,
    faces: rates.faces * threads,
    products: rates.products * threads,
  };
}

/** Choosing: among half-spaces, by projecting them; among methods, by counting each of them. */
function regionSeconds(step: RegionStep, dataset: Dataset, machine: Machine): number {
  if (step.kind === 'halfspace') return halfspaceSeconds(step, dataset, machine);
  if (step.kind !== 'all') return 0;
  const counted = rowCount(step.fit, dataset) + rowCount(step.choosing, dataset);
  return (counted * step.candidates.length * dataset.columns) / 1e9;
}

/**
 * The data set, its fitted rows twice (in this process and with the engine, which holds them a second time, sorted by
 * density, where rectangles are one method of all), lists, and the largest artifact.
 */
export function peakBytes(dataset: Dataset, steps: readonly PlannedStep[]): number {
  const { train, test } = dataset.splits;
  const artifacts = Math.max(0, ...steps.map((step) => step.estimatedBytes));
  const sortedBeside =
    steps.some(({ step }) => step.name === 'neighbours') &&
    steps.some(({ step }) => step.name === 'region' && step.kind === 'all');
  return (
    (sortedBeside ? 5 : 4) * train.bytes +
    2 * test.bytes +
    Math.max(
      neighbourState(steps, dataset),
      facesState(steps, dataset),
      ballsState(steps, dataset),
      projectionState(steps, dataset),
    ) +
    artifacts
  );
}

/** How many rows a list has. */
export function rowCount(rows: RowList, dataset: Dataset): number {
  const { train, test } = dataset.splits;
  switch (rows.part) {
    case 'test':
      return test.rows;
    case 'validation':
      return validationRowCount(train.rows);
    case 'train':
      return rows.samples?.count ?? train.rows;
    case 'fit':
      return rows.samples?.count ?? fitRowCount(train.rows, 'holdout');
  }
}

function neighbourState(steps: readonly PlannedStep[], dataset: Dataset): number {
  const sizes = steps.map(({ step }) =>
    step.name === 'neighbours' ? 4 * step.k * rowCount(step.rows, dataset) : 0,
  );
  return Math.max(0, ...sizes);
}

/** Tallies of every level of every coordinate, as many as a face search keeps, and on floats the rows as levels. */
function facesState(steps: readonly PlannedStep[], dataset: Dataset): number {
  const { dtype, columns } = dataset;
  const sizes = steps.map(({ step }) => {
    if (step.name !== 'faces') return 0;
    const levelled =
      dtype === 'u1' ? 0 : 2 * (rowCount(step.rows, dataset) + rowCount(step.choosing, dataset));
    return columns * (4 * FACES_TALLIES * faceLevels(dtype) + levelled);
  });
  return Math.max(0, ...sizes);
}

/** Lists are held once for all T of a job. */
function ballsState(steps: readonly PlannedStep[], dataset: Dataset): number {
  const sizes = steps.map(({ step }) =>
    step.name === 'balls' ? ballsBytes(rowCount(step.rows, dataset), nearCount(step, dataset)) : 0,
  );
  return Math.max(0, ...sizes);
}

/** The products of one pass, in the engine and here. */
function projectionState(steps: readonly PlannedStep[], dataset: Dataset): number {
  const sizes = steps.map(({ step }) => {
    if (step.name !== 'components') return 0;
    const n = rowCount(step.rows, dataset);
    return 16 * n * Math.min(step.count, directionsAtOnce(n));
  });
  return Math.max(0, ...sizes);
}

function nearCount({ rows, alpha, slack }: BallsStep, dataset: Dataset): number {
  return coveredCount(requiredLevel(alpha, slack), rowCount(rows, dataset), 'ceil');
}

function uncovered(neighbours: NeighboursStep, covered: number, dataset: Dataset): number {
  return rowCount(neighbours.rows, dataset) - covered;
}

/** Every component at its exponents, on the fitted rows and on the choosing split. */
function halfspaceSeconds(
  { components, choosing, metric }: Extract<RegionStep, { kind: 'halfspace' }>,
  dataset: Dataset,
  machine: Machine,
): number {
  const rows = rowCount(components.rows, dataset) + rowCount(choosing, dataset);
  const judged = rows * components.count * (metric === 'linf' ? TYPICAL_EXPONENTS : 1);
  const projecting = (judged * dataset.columns) / ratesOf(machine, dataset).products;
  return FIXED_SECONDS + projecting + judged * SECONDS_PER_PROJECTION;
}

/** One clustering at a middling q with its margins. */
function rectanglesSeconds(
  setting: { neighbours: NeighboursStep; T: number; iterations: number; choosing: RowList },
  dataset: Dataset,
  machine: Machine,
): number {
  const n = rowCount(setting.neighbours.rows, dataset);
  const judged = 0.4 * n + rowCount(setting.choosing, dataset) + dataset.splits.test.rows;
  const rate = ratesOf(machine, dataset);
  const assigning =
    (0.6 * n * dataset.columns * setting.T * setting.iterations * TYPICAL_ITERATIONS) / rate.centres;
  const judging = (judged * dataset.columns * setting.T) / rate.faces;
  return FIXED_SECONDS + assigning + judging;
}
