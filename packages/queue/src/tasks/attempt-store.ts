import type {
  EngineClass,
  Estimate,
  JobError,
  JobProgress,
  JobSpec,
  ResultArtifact,
  Warning,
} from '@levy/contracts';
import type { Connections } from '../connection/connections.js';
import { stringsOf } from '../connection/script.js';
import { decodeSpec } from '../jobs/stored-job.js';
import { dropLost } from './scripts/drop-lost.js';
import { endOverdue } from './scripts/end-overdue.js';
import { finishAttempt } from './scripts/finish-attempt.js';
import { giveBack } from './scripts/give-back.js';
import { reportProgress } from './scripts/report-progress.js';
import { startAttempt } from './scripts/start-attempt.js';
import { exhaustedError, LOST_ERROR, TaskError, TIMEOUT_ERROR } from './task-error.js';

/** What a task came to. */
export interface TaskOutcome {
  readonly estimate: Estimate;
  readonly warnings?: readonly Warning[];
  /** The whole result, JSON, in the blob store. */
  readonly result: ResultArtifact;
  /** The files of the result in the blob store. */
  readonly artifacts: readonly ResultArtifact[];
}

/** Who holds which job: what every script but the first compares before it writes. */
export interface AttemptKey {
  readonly jobId: string;
  readonly engine: EngineClass;
  readonly token: string;
}

export type Started =
  | { readonly outcome: 'dropped'; readonly why: string }
  | {
      readonly outcome: 'started';
      readonly attempt: number;
      readonly spec: JobSpec;
      /** When the job is out of time, ms of the server's clock. */
      readonly deadline: number;
      /** ms of the server's clock. */
      readonly startedAt: number;
    };

/**
 * Attempts whose workers died or met a fault that may pass, before the job fails. Attempts that a stopping worker
 * gave back do not count.
 */
export const MAX_FAILURES = 5;

/** The estimate in the record is read with every poll; what is larger belongs into the result's file. */
const MAX_ESTIMATE_BYTES = 256 * 1024;

/** Attempts in the record: every write is a compare-and-set on the attempt's token. */
export class AttemptStore {
  readonly #connections: Connections;
  readonly #maxFailures: number;

  constructor(connections: Connections, maxFailures = MAX_FAILURES) {
    this.#connections = connections;
    this.#maxFailures = maxFailures;
  }

  async start(key: AttemptKey, worker: string): Promise<Started> {
    const { keys } = this.#connections;
    const [outcome = '', ...rest] = stringsOf(
      await this.#connections.script(startAttempt, this.#recordKeys(key), [
        key.jobId,
        key.token,
        worker,
        this.#maxFailures,
        keys.changes,
        JSON.stringify(LOST_ERROR),
        JSON.stringify(TIMEOUT_ERROR),
        JSON.stringify(exhaustedError(this.#maxFailures)),
      ]),
    );
    if (outcome !== 'started') return { outcome: 'dropped', why: rest[0] ?? outcome };
    const [number, spec, firstStart, timeoutMs, startedAt] = rest;
    return {
      outcome,
      attempt: Number(number),
      spec: decodeSpec(spec, key.jobId),
      deadline: Number(firstStart) + Number(timeoutMs),
      startedAt: Number(startedAt),
    };
  }

  /** Writes nothing where the claim is lost. */
  async progress(key: AttemptKey, progress: JobProgress): Promise<'running' | 'canceling' | 'lost'> {
    const { keys } = this.#connections;
    const answer = await this.#connections.script(
      reportProgress,
      [keys.job(key.jobId)],
      [key.token, JSON.stringify(progress), keys.changes],
    );
    return answer === 'running' || answer === 'canceling' ? answer : 'lost';
  }

  /** How the claim stands, without writing. */
  async standing(key: AttemptKey): Promise<'running' | 'canceling' | 'lost'> {
    const job = this.#connections.keys.job(key.jobId);
    const [token, status] = await this.#connections.call((redis) => redis.hmget(job, 'token', 'status'));
    if (token !== key.token) return 'lost';
    return status === 'canceling' ? status : 'running';
  }

  /** Answers the status written, or 'lost' where another attempt or an end came first. */
  async succeed(key: AttemptKey, outcome: TaskOutcome, progress: JobProgress | undefined): Promise<string> {
    const estimate = JSON.stringify(outcome.estimate);
    if (Buffer.byteLength(estimate) > MAX_ESTIMATE_BYTES) {
      throw new TaskError(
        'infrastructure',
        `the estimate is ${Buffer.byteLength(estimate)} bytes of JSON, more than ${MAX_ESTIMATE_BYTES}; long lists belong into the result`,
        { retryable: false },
      );
    }
    return this.#finish(key, 'succeeded', undefined, [
      ...['estimate', estimate, 'result', JSON.stringify(outcome.result)],
      ...['artifacts', JSON.stringify(outcome.artifacts), 'warnings', JSON.stringify(outcome.warnings ?? [])],
      ...(progress === undefined ? [] : ['progress', JSON.stringify(progress)]),
    ]);
  }

  /** Answers the status written, or 'lost'. */
  async end(
    key: AttemptKey,
    status: 'failed' | 'canceled' | 'timed_out',
    error: JobError | undefined,
  ): Promise<string> {
    return this.#finish(key, status, error, []);
  }

  /** Ends the attempt so that another follows. A fault (with `error`) counts against the bound, a release does not. */
  async giveBack(
    key: AttemptKey,
    outcome: 'failed' | 'released',
    error: JobError | undefined,
  ): Promise<{ status: string; failures: number }> {
    const [status = 'lost', failures] = stringsOf(
      await this.#connections.script(giveBack, this.#recordKeys(key), [
        key.token,
        outcome,
        error === undefined ? '' : JSON.stringify(error),
        this.#maxFailures,
        this.#connections.keys.changes,
      ]),
    );
    return { status, failures: Number(failures) };
  }

  /** Ends the job if its time is over. Answers what became of it: 'kept' | 'gone' | 'final' | 'expired' | 'timed_out'. */
  async endOverdue(jobId: string, engine: EngineClass, graceMs: number): Promise<string> {
    const answer = await this.#connections.script(endOverdue, this.#recordKeys({ jobId, engine }), [
      graceMs,
      JSON.stringify(TIMEOUT_ERROR),
      this.#connections.keys.changes,
    ]);
    return String(answer);
  }

  /** Ends an attempt that holds no lock any more. Answers 'kept' where there is none, else the job's new status. */
  async dropLost(jobId: string, engine: EngineClass, lock: string): Promise<string> {
    const answer = await this.#connections.script(
      dropLost,
      [...this.#recordKeys({ jobId, engine }), lock],
      [
        JSON.stringify(LOST_ERROR),
        this.#maxFailures,
        JSON.stringify(exhaustedError(this.#maxFailures)),
        this.#connections.keys.changes,
      ],
    );
    return String(answer);
  }

  async #finish(
    key: AttemptKey,
    status: string,
    error: JobError | undefined,
    fields: readonly string[],
  ): Promise<string> {
    const answer = await this.#connections.script(finishAttempt, this.#recordKeys(key), [
      key.token,
      status,
      error === undefined ? '' : JSON.stringify(error),
      this.#connections.keys.changes,
      ...fields,
    ]);
    return String(answer);
  }

  #recordKeys(key: { jobId: string; engine: EngineClass }): string[] {
    const { keys } = this.#connections;
    return [keys.job(key.jobId), keys.queued(key.engine), keys.running(key.engine)];
  }
}
