import type { ErrorKind, JobError } from '@levy/contracts';

/** Thrown by a task's handler to say what went wrong. Anything else that it throws counts as infrastructure. */
export class TaskError extends Error {
  override readonly name = 'TaskError';
  readonly kind: ErrorKind;
  /** Whether trying again may help; by default it does for infrastructure and device faults. */
  readonly retryable: boolean;

  constructor(kind: ErrorKind, detail: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(detail, { cause: options.cause });
    this.kind = kind;
    this.retryable = options.retryable ?? MAY_PASS.includes(kind);
  }
}

const MAY_PASS: readonly ErrorKind[] = ['infrastructure', 'device'];

/** Why a handler's signal aborted; it is the signal's reason. */
export class TaskAborted extends Error {
  override readonly name = 'TaskAborted';
  readonly why: 'canceled' | 'timed-out' | 'lost' | 'shutdown';

  constructor(why: TaskAborted['why']) {
    super(REASONS[why]);
    this.why = why;
  }
}

const REASONS = {
  canceled: 'the job was canceled',
  'timed-out': 'the job ran out of time',
  lost: 'this worker lost its claim on the job; what it computed is dropped',
  shutdown: 'this worker stops; the job goes back to the queue',
} as const;

/** The error as the record keeps it. */
export function jobErrorOf(error: unknown): JobError {
  if (error instanceof TaskError) {
    return { kind: error.kind, detail: bounded(error.message), retryable: error.retryable };
  }
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: 'infrastructure', detail: bounded(detail), retryable: true };
}

export const LOST_ERROR: JobError = {
  kind: 'infrastructure',
  detail: 'the worker died or lost its claim',
  retryable: true,
};

export const TIMEOUT_ERROR: JobError = {
  kind: 'timeout',
  detail: 'the job did not finish within timeoutSeconds from its start',
  retryable: true,
};

export function exhaustedError(failures: number): JobError {
  return {
    kind: 'infrastructure',
    detail: `${failures} attempts ended without a result: their workers died or lost their claim`,
    retryable: true,
  };
}

function bounded(text: string): string {
  return text.length > 2000 ? `${text.slice(0, 1999)}…` : text;
}
