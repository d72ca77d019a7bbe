import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TaskError } from '../tasks/task-error.js';
import { type PrivateRedis, startPrivateRedis } from '../testing/private-redis.js';
import { accepted, openSide, type Side, until, untilStatus } from '../testing/process.js';
import { sampleOutcome, sampleSpec } from '../testing/samples.js';
import type { ChangeSource } from './change-feed.js';
import type { NumberedEvent } from './event-log.js';

let redis: PrivateRedis;
let side: Side;
let stop: AbortController;
beforeAll(async () => {
  redis = await startPrivateRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  stop = new AbortController();
  side = openSide(redis.url, 'producer');
  await until('Redis', async () => side.connections.ready);
  await side.connections.commands.flushall();
});
afterEach(async () => {
  stop.abort();
  await side[Symbol.asyncDispose]();
});

/** Every event from one on, until the following ends or so many are there. */
async function followed(
  source: ChangeSource,
  after = 0,
  most = Number.POSITIVE_INFINITY,
): Promise<NumberedEvent[]> {
  const events: NumberedEvent[] = [];
  for await (const event of side.events.follow(source, { after, signal: stop.signal, quietMs: 10_000 })) {
    if (event !== 'quiet') events.push(event);
    if (events.length >= most) break;
  }
  return events;
}

const update = (fraction: number, phase: string) => ({
  fraction,
  phase,
  done: fraction,
  total: 1,
  unit: 'rows',
});

/** What is told, in short. */
const brief = (events: readonly NumberedEvent[]): string[] =>
  events.map(({ event }) => {
    if (event.type === 'status') return event.status;
    if (event.type === 'progress') return event.progress.phase;
    return event.type === 'log' ? event.message : event.type;
  });

describe('a job', () => {
  test('tells all that happens to it, live and afterwards alike, and then ends', async () => {
    const job = await accepted(side, sampleSpec());
    const live = followed({ job: job.id });
    side.consume({
      handle: async (_claim, context) => {
        for (const phase of ['neighbours', 'clusters']) {
          context.progress(update(0.5, phase));
          await sleep(400);
        }
        return sampleOutcome();
      },
    });
    const events = await live;
    expect(brief(events)).toEqual([
      ...[
        'queued',
        'attempt 1 started by worker-0',
        'running',
        'neighbours',
        'neighbours',
        'clusters',
        'clusters',
      ],
      ...['attempt 1 succeeded', 'succeeded'],
    ]);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
    const revisions = events.flatMap(({ event }) => ('revision' in event ? [event.revision] : []));
    expect(revisions).toEqual(revisions.map((_, index) => index + 1));
    expect(await followed({ job: job.id })).toEqual(events);
    expect(await followed({ job: job.id }, 7)).toEqual(events.slice(7));
    expect(await followed({ job: job.id }, events.length)).toEqual([]);
    expect((await side.events.lines(job.id)).map(({ level, message }) => `${level} ${message}`)).toEqual([
      'info attempt 1 started by worker-0',
      'info neighbours',
      'info clusters',
      'info attempt 1 succeeded',
    ]);
  });

  test('that fails says why, attempt by attempt', async () => {
    side.consume({
      handle: async () => {
        throw new TaskError('device', 'the device is lost', { retryable: true });
      },
      retryDelayMs: 1,
    });
    const job = await accepted(side, sampleSpec());
    const events = await followed({ job: job.id });
    expect(events.at(-1)?.event).toMatchObject({
      type: 'status',
      status: 'failed',
      error: { kind: 'device', detail: 'the device is lost' },
    });
    const lines = await side.events.lines(job.id);
    expect(lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual(
      [1, 2, 3, 4, 5].map((number) => `attempt ${number} failed: the device is lost`),
    );
    expect(
      events
        .filter(({ event }) => event.type === 'status')
        .slice(0, -1)
        .every(({ event }) => !('error' in event)),
    ).toBe(true);
  });

  test('whose first events are no longer kept begins with a gap; an unknown number is one too', async () => {
    const job = await accepted(side, sampleSpec());
    const { commands, keys } = side.connections;
    await side.jobs.cancel(job.id);
    await commands.xtrim(keys.jobEvents(job.id), 'MAXLEN', 1);
    const late = await followed({ job: job.id });
    expect(brief(late)).toEqual(['gap', 'canceled']);
    expect(late.map(({ id }) => id)).toEqual([1, 2]);
    const foreign = await followed({ job: job.id }, 99);
    expect(brief(foreign)).toEqual(['gap', 'canceled']);

    await commands.del(keys.jobEvents(job.id));
    const afterwards = await followed({ job: job.id });
    expect(brief(afterwards)).toEqual(['gap', 'canceled']);
    expect(await followed({ job: job.id }, afterwards.at(-1)?.id)).toEqual([]);
  });

  test('keeps no more than it should, and nothing once it is deleted', async () => {
    const job = await accepted(side, sampleSpec());
    side.consume({
      handle: async (_claim, context) => {
        for (let i = 0; i < 5; i++) {
          context.progress(update(i / 5, `phase ${i}`));
          await sleep(260);
        }
        return sampleOutcome();
      },
    });
    await untilStatus(side, job.id, 'succeeded');
    const { commands, keys } = side.connections;
    expect(await commands.xlen(keys.jobEvents(job.id))).toBeLessThanOrEqual(64);
    const left = await commands.pttl(keys.jobEvents(job.id));
    expect(left).toBeGreaterThan(3500_000);
    expect(left).toBeLessThanOrEqual(3600_000);
    expect(await commands.pttl(keys.jobLogs(job.id))).toBe(-1);
    await side.jobs.delete(job.id);
    expect(await commands.keys(`*${job.id}*`)).toEqual([]);
    expect(await followed({ job: job.id })).toEqual([]);
  });

  test('deleted while it is followed ends the following', async () => {
    const job = await accepted(side, sampleSpec());
    await side.jobs.cancel(job.id);
    const events = side.events.follow({ job: job.id }, { after: 0, signal: stop.signal, quietMs: 10_000 });
    expect((await events.next()).value).toMatchObject({ id: 1 });
    await side.jobs.delete(job.id);
    expect((await events.next()).value).toMatchObject({ id: 2 });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
});

describe('an owner', () => {
  test('hears of all own jobs, of nobody else’s, from where it left off', async () => {
    expect(await side.events.last({ owner: 'anna' })).toBe(0);
    const live = followed({ owner: 'anna' }, 0, 4);
    const first = await accepted(side, sampleSpec());
    await accepted(side, sampleSpec(), { owner: 'berta' });
    const second = await accepted(side, sampleSpec());
    await side.jobs.cancel(second.id);
    await side.jobs.cancel(first.id);
    const events = await live;
    expect(events.map(({ id, event }) => [id, event.job, event.type === 'status' && event.status])).toEqual([
      [1, first.id, 'queued'],
      [2, second.id, 'queued'],
      [3, second.id, 'canceled'],
      [4, first.id, 'canceled'],
    ]);
    expect(await side.events.last({ owner: 'anna' })).toBe(4);
    expect(await followed({ owner: 'anna' }, 2, 2)).toEqual(events.slice(2));
    const { commands, keys } = side.connections;
    await commands.xtrim(keys.ownerEvents('anna'), 'MAXLEN', 1);
    expect(brief(await followed({ owner: 'anna' }, 1, 2))).toEqual(['gap', 'canceled']);
  });

  test('is told that it is quiet, and hears the rest after Redis was away', async () => {
    const job = await accepted(side, sampleSpec());
    const heard: (number | 'quiet')[] = [];
    const listening = (async () => {
      for await (const event of side.events.follow(
        { owner: 'anna' },
        { after: 0, signal: stop.signal, quietMs: 200 },
      )) {
        heard.push(event === 'quiet' ? event : event.id);
      }
    })();
    await until('quiet', async () => heard.includes('quiet'));
    await redis.kill();
    const before = heard.length;
    await until('quiet while it is away', async () => heard.length > before + 1);
    await redis.restart();
    await until('Redis', async () => side.connections.ready);
    await side.jobs.cancel(job.id);
    await until('the end', async () => heard.includes(2));
    stop.abort();
    await listening;
    expect(heard.filter((each) => each !== 'quiet')).toEqual([1, 2]);
  });
});
