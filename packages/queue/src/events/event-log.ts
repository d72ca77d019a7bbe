import { setTimeout as sleep } from 'node:timers/promises';
import {
  checker,
  isFinal,
  JOB_STATUSES,
  type JobEvent,
  JobEventSchema,
  type JobLogLine,
  type JobStatus,
} from '@levy/contracts';
import type { Connections } from '../connection/connections.js';
import { QueueUnavailableError } from '../connection/queue-unavailable-error.js';
import type { ChangeFeed, ChangeSource } from './change-feed.js';

/** An event with its number among those of its job or owner: 1, 2, 3 … */
export interface NumberedEvent {
  readonly id: number;
  readonly event: JobEvent;
}

export interface FollowOptions {
  /** The last event already seen; 0 for none. */
  readonly after: number;
  /** Ends the following, without a fault. */
  readonly signal: AbortSignal;
  /** With nothing to tell for so long, 'quiet' is told. */
  readonly quietMs: number;
}

const PAGE = 100;
/** Between two looks, once all that there was is told: what happens meanwhile is read together. */
const PAUSE_MS = 50;
/** Before the next look, where Redis is away. */
const AWAY_MS = 1000;

const events = checker(JobEventSchema);

/**
 * The events of jobs, kept in Redis by the scripts that change the records, so that none is lost or doubled: of a
 * job that is not final the last 256, of a final one the last 64 for an hour, of an owner about the last 10000.
 */
export class EventLog {
  readonly #connections: Connections;
  readonly #changes: ChangeFeed;

  constructor(parts: { connections: Connections; changes: ChangeFeed }) {
    this.#connections = parts.connections;
    this.#changes = parts.changes;
  }

  /** The number of the last event there was; 0 if there was none yet. */
  async last(source: ChangeSource): Promise<number> {
    const { keys } = this.#connections;
    const last = await this.#connections.call((redis) =>
      'job' in source
        ? redis.hget(keys.job(source.job), 'eventSeq')
        : redis.get(keys.ownerEventSeq(source.owner)),
    );
    return Number(last);
  }

  /**
   * The events after the one given, in order, each once, as they happen; a `gap` where some are no longer kept. What
   * nobody asks for is not read, so that a slow reader costs a page of events and no more. While Redis is away
   * it is quiet. Ends when the job is final and all is told, or it is deleted; of an owner only by the signal.
   */
  async *follow(
    source: ChangeSource,
    { after, signal, quietMs }: FollowOptions,
  ): AsyncGenerator<NumberedEvent | 'quiet'> {
    await using watch = await this.#changes.watch(source);
    let last = after;
    let told = Date.now();
    while (!signal.aborted) {
      const page = await this.#patiently(source, last, signal);
      if (page === 'gone') return;
      if (page !== 'away') {
        for (const numbered of page.events) {
          last = numbered.id;
          yield numbered;
          told = Date.now();
          if (signal.aborted) return;
        }
        if (page.isOver) return;
      }
      if (page !== 'away' && page.events.length > 0) {
        if (page.events.length < PAGE) await sleep(PAUSE_MS, undefined, { signal }).catch(ignoreAbort);
        continue;
      }
      const left = told + quietMs - Date.now();
      if (left <= 0) {
        yield 'quiet';
        told = Date.now();
        continue;
      }
      await watch
        .next({ timeoutMs: page === 'away' ? Math.min(left, AWAY_MS) : left, signal })
        .catch(ignoreAbort);
    }
  }

  /** What the log of a job says, at most its last 200 lines. */
  async lines(job: string): Promise<JobLogLine[]> {
    const key = this.#connections.keys.jobLogs(job);
    const entries = await this.#connections.call((redis) => redis.xrange(key, '-', '+'));
    return entries.map(([, fields]) => {
      const { level = '', message = '', time } = membersOf(fields);
      return { level, message, time: timeOf(time) };
    });
  }

  async #patiently(
    source: ChangeSource,
    last: number,
    signal: AbortSignal,
  ): Promise<EventPage | 'gone' | 'away'> {
    try {
      return await this.#read(source, last);
    } catch (error) {
      if (!(error instanceof QueueUnavailableError)) throw error;
      await sleep(PAUSE_MS, undefined, { signal }).catch(ignoreAbort);
      return 'away';
    }
  }

  /** The number of the last event is read first: what it counts is in the stream then, or was and is no longer kept. */
  async #read(source: ChangeSource, last: number): Promise<EventPage | 'gone'> {
    const { keys } = this.#connections;
    if ('owner' in source) {
      const newest = await this.last(source);
      const from = last > newest ? 0 : last;
      const kept = await this.#range(keys.ownerEvents(source.owner), from);
      return { events: withGap(kept, { last, newest }, source), isOver: false };
    }
    const { job } = source;
    const [seq, status, revision, error] = await this.#connections.call((redis) =>
      redis.hmget(keys.job(job), 'eventSeq', 'status', 'revision', 'error'),
    );
    if (status === null || status === undefined) return 'gone';
    const newest = Number(seq);
    const from = last > newest ? 0 : last;
    const kept = await this.#range(keys.jobEvents(job), from);
    const page = withGap(kept, { last, newest }, source);
    const final = isFinal(statusOf(status, job));
    const [gap] = page;
    if (kept.length === 0 && gap !== undefined) {
      // Nothing is kept any more: the record tells how the job stands, in place of its last event.
      const failure = final ? (error ?? '') : '';
      const now = decodeEvent({ type: 'status', job, revision: revision ?? '', status, error: failure });
      return {
        events: [
          { ...gap, id: newest - 1 },
          { id: newest, event: now },
        ],
        isOver: false,
      };
    }
    return { events: page, isOver: final && page.length === 0 };
  }

  async #range(key: string, after: number): Promise<NumberedEvent[]> {
    const entries = await this.#connections.call((redis) =>
      redis.xrange(key, `0-${after + 1}`, '+', 'COUNT', PAGE),
    );
    return entries.map(([id, fields]) => ({
      id: Number(id.split('-')[1]),
      event: decodeEvent(membersOf(fields)),
    }));
  }
}

interface EventPage {
  readonly events: NumberedEvent[];
  /** Nothing will follow. */
  readonly isOver: boolean;
}

/** Puts a gap before the events, if any are missing between the last one seen and them, or the last one there was. */
function withGap(
  kept: readonly NumberedEvent[],
  { last, newest }: { readonly last: number; readonly newest: number },
  source: ChangeSource,
): NumberedEvent[] {
  const next = kept[0]?.id ?? newest + 1;
  const isUnknown = last > newest;
  if (!isUnknown && next === last + 1) return [...kept];
  const what = 'job' in source ? 'read the job anew' : 'read the list of jobs anew';
  const detail = isUnknown
    ? `event ${last} is none of these: the last one is ${newest}; ${what}`
    : `${next - last - 1} events after ${last} are no longer kept; ${what}`;
  const gap: JobEvent = { type: 'gap', ...('job' in source ? { job: source.job } : {}), detail };
  return [{ id: next - 1, event: gap }, ...kept];
}

/** The event in an entry of a stream. Throws if it is not one that Lévy wrote. */
function decodeEvent(fields: Readonly<Record<string, string>>): JobEvent {
  const { type, job, revision, status, error = '', progress, level, message, time } = fields;
  const value: unknown = {
    type,
    job,
    ...(revision === undefined ? {} : { revision: Number(revision) }),
    ...(status === undefined ? {} : { status }),
    ...(error === '' ? {} : { error: JSON.parse(error) }),
    ...(progress === undefined ? {} : { progress: JSON.parse(progress) }),
    ...(level === undefined ? {} : { level, message, time: timeOf(time) }),
  };
  if (events.fits(value)) return value;
  throw new TypeError(`the events of ${job} hold what Lévy did not write: ${JSON.stringify(value)}`);
}

function statusOf(text: string, job: string): JobStatus {
  const status = JOB_STATUSES.find((each) => each === text);
  if (status === undefined)
    throw new TypeError(`the record of ${job} holds the status "${text}", which is none`);
  return status;
}

/** RFC 3339, UTC, milliseconds. */
function timeOf(milliseconds: string | undefined): string {
  return new Date(Number(milliseconds)).toISOString();
}

function membersOf(fields: readonly string[]): Record<string, string> {
  const members: Record<string, string> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) members[fields[i] ?? ''] = fields[i + 1] ?? '';
  return members;
}

/** The loop looks at the signal itself. */
function ignoreAbort(): void {}
