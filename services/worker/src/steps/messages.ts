import type { MeasurementProgress } from '@levy/concentration';
import {
  type Adapter,
  AdapterSchema,
  checker,
  type EngineClass,
  type Estimate,
  EstimateSchema,
  type JobError,
  JobErrorSchema,
  type JobSpec,
  JobSpecSchema,
  type ResultArtifact,
  ResultArtifactSchema,
  type Warning,
  WarningSchema,
} from '@levy/contracts';

/** What the steps thread is started with. */
export interface StepsSettings {
  readonly dataDir: string;
  readonly engine: EngineClass;
  /** A part of the name of the graphics adapter that is wanted. */
  readonly gpu: string | undefined;
  readonly threads: number;
  readonly host: string;
}

/** What the main thread tells the steps thread. Tasks are numbered, so that a late word is not taken for a new one. */
export type ToSteps =
  | { readonly type: 'run'; readonly task: number; readonly spec: JobSpec }
  | { readonly type: 'abort'; readonly task: number }
  | { readonly type: 'close' };

/** What the steps thread tells the main thread. */
export type FromSteps =
  | { readonly type: 'ready'; readonly device: string; readonly threads: number; readonly adapter?: Adapter }
  /** It cannot start, and ends. */
  | { readonly type: 'unready'; readonly error: JobError }
  /** How often the device process was started anew since the thread was ready. */
  | { readonly type: 'device'; readonly restarts: number }
  | { readonly type: 'progress'; readonly task: number; readonly progress: MeasurementProgress }
  | { readonly type: 'done'; readonly task: number; readonly outcome: StoredMeasurement }
  | { readonly type: 'failed'; readonly task: number; readonly error: JobError }
  | { readonly type: 'aborted'; readonly task: number };

/** A measurement whose files, and whose whole result, are in the blob store. */
export interface StoredMeasurement {
  readonly estimate: Estimate;
  readonly warnings: readonly Warning[];
  readonly result: ResultArtifact;
  readonly artifacts: readonly ResultArtifact[];
}

const specs = checker(JobSpecSchema);
const estimates = checker(EstimateSchema);
const warnings = checker(WarningSchema);
const artifacts = checker(ResultArtifactSchema);
const errors = checker(JobErrorSchema);
const adapters = checker(AdapterSchema);

/** Throws TypeError for anything that is no message to the steps thread. */
export function parseToSteps(value: unknown): ToSteps {
  const message = membersOf(value);
  const { type } = message;
  if (type === 'close') return { type };
  const task = numberIn(message, 'task');
  if (type === 'abort') return { type, task };
  if (type === 'run' && specs.fits(message['spec'])) return { type, task, spec: message['spec'] };
  throw unknownMessage(value);
}

/** Throws TypeError for anything that is no message from the steps thread. */
export function parseFromSteps(value: unknown): FromSteps {
  const message = membersOf(value);
  const { type } = message;
  if (type === 'ready') {
    const { adapter } = message;
    if (adapter !== undefined && !adapters.fits(adapter)) throw misfit('adapter', adapters.faults(adapter));
    const about = { device: textIn(message, 'device'), threads: numberIn(message, 'threads') };
    return { type, ...about, ...(adapter === undefined ? {} : { adapter }) };
  }
  if (type === 'unready' && errors.fits(message['error'])) return { type, error: message['error'] };
  if (type === 'device') return { type, restarts: numberIn(message, 'restarts') };
  const task = numberIn(message, 'task');
  switch (type) {
    case 'aborted':
      return { type, task };
    case 'progress':
      return { type, task, progress: parseProgress(message['progress']) };
    case 'failed':
      if (errors.fits(message['error'])) return { type, task, error: message['error'] };
      break;
    case 'done':
      return { type, task, outcome: parseOutcome(message['outcome']) };
  }
  throw unknownMessage(value);
}

function parseOutcome(value: unknown): StoredMeasurement {
  const { estimate, warnings: told, result, artifacts: files } = membersOf(value);
  if (!estimates.fits(estimate)) throw misfit('estimate', estimates.faults(estimate));
  if (!artifacts.fits(result)) throw misfit('result', artifacts.faults(result));
  return {
    estimate,
    result,
    warnings: listOf(told, warnings, 'warnings'),
    artifacts: listOf(files, artifacts, 'artifacts'),
  };
}

function parseProgress(value: unknown): MeasurementProgress {
  const progress = membersOf(value);
  return {
    fraction: numberIn(progress, 'fraction'),
    phase: textIn(progress, 'phase'),
    done: numberIn(progress, 'done'),
    total: numberIn(progress, 'total'),
    unit: textIn(progress, 'unit'),
    ...(progress['etaSeconds'] === undefined ? {} : { etaSeconds: numberIn(progress, 'etaSeconds') }),
  };
}

interface Shape<T> {
  fits(value: unknown): value is T;
  faults(value: unknown): readonly { detail: string }[];
}

function listOf<T>(value: unknown, shape: Shape<T>, name: string): T[] {
  if (!Array.isArray(value)) throw misfit(name, [{ detail: 'no list' }]);
  return value.map((item: unknown) => {
    if (!shape.fits(item)) throw misfit(name, shape.faults(item));
    return item;
  });
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw unknownMessage(value);
  return { ...value };
}

function numberIn(message: Readonly<Record<string, unknown>>, name: string): number {
  const value = message[name];
  if (typeof value !== 'number') throw misfit(name, [{ detail: `${String(value)} is no number` }]);
  return value;
}

function textIn(message: Readonly<Record<string, unknown>>, name: string): string {
  const value = message[name];
  if (typeof value !== 'string') throw misfit(name, [{ detail: `${String(value)} is no text` }]);
  return value;
}

function misfit(name: string, faults: readonly { detail: string }[]): TypeError {
  return new TypeError(
    `a message between threads has a wrong ${name}: ${faults.map(({ detail }) => detail).join('; ')}`,
  );
}

function unknownMessage(value: unknown): TypeError {
  return new TypeError(
    `a message between threads is none that is known: ${JSON.stringify(value)?.slice(0, 200)}`,
  );
}
