import { LevyProblem, LevyUnexpectedAnswer, LevyUnreachable } from '@levy/client';
import { type Fault, SettingsError } from '@levy/contracts';
import { CommanderError } from 'commander';
import { Interrupted } from './context.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { flagOf } from './flags/job-flags.js';

/** A fault that a command tells in its own words. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A job that cannot be measured, with every fault found in it. */
export class RefusedJob extends Error {
  override readonly name = 'RefusedJob';
  constructor(
    readonly faults: readonly Fault[],
    message = 'the job cannot be measured as it stands',
  ) {
    super(message);
  }
}

export interface Failure {
  readonly exitCode: ExitCode;
  /** Undefined where the message has been given already. */
  readonly message: string | undefined;
}

/** What a person is told of an error, and the exit status that it means. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) {
    return { exitCode: error.exitCode === 0 ? EXIT.ok : EXIT.refused, message: undefined };
  }
  if (error instanceof Interrupted) return { exitCode: EXIT.interrupted, message: error.message };
  if (error instanceof CommandError) return { exitCode: error.exitCode, message: error.message };
  if (error instanceof RefusedJob) {
    return { exitCode: EXIT.refused, message: withFaults(error.message, error.faults) };
  }
  if (error instanceof SettingsError) return { exitCode: EXIT.refused, message: error.message };
  if (error instanceof LevyProblem) return problemFailure(error);
  if (error instanceof LevyUnreachable || error instanceof LevyUnexpectedAnswer) {
    const advice = 'start it with npm start or levy serve, or set LEVY_URL';
    return { exitCode: EXIT.unreachable, message: `${error.message}; ${advice}` };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { exitCode: isRefusedInput(error) ? EXIT.refused : EXIT.failed, message };
}

function problemFailure(error: LevyProblem): Failure {
  const { detail, errors = [], requestId } = error.problem;
  if (error.status === 503 || error.status === 429) return { exitCode: EXIT.unreachable, message: detail };
  const request = error.status >= 500 && requestId !== undefined ? ` (request ${requestId})` : '';
  const advice = error.status === 401 ? '; set LEVY_API_KEY to a key that this service knows' : '';
  return {
    exitCode: error.status >= 500 ? EXIT.failed : EXIT.refused,
    message: withFaults(`${detail}${request}${advice}`, errors),
  };
}

function withFaults(
  message: string,
  faults: readonly { pointer?: string; parameter?: string; header?: string; detail: string }[],
): string {
  const places = faults.map(({ pointer, parameter, header }) =>
    pointer === undefined ? (parameter ?? header ?? '') : flagOf(pointer),
  );
  const width = Math.max(0, ...places.map((place) => place.length));
  const lines = faults.map(({ detail }, index) => `  ${(places[index] ?? '').padEnd(width)}  ${detail}`);
  return [message, ...lines].join('\n');
}

/** Faults of data sets, files and measurements say themselves that the input is at fault. */
function isRefusedInput(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'DatasetError') return true;
  return error.name === 'MeasurementError' && Reflect.get(error, 'kind') === 'input';
}
