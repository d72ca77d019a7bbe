import { isFinal, type JobEvent } from '@levy/contracts';
import { EVENT } from './answers.js';
import { LevyProblem, LevyUnexpectedAnswer, LevyUnreachable } from './errors.js';
import { pause } from './pause.js';
import { type StreamMessage, StreamParser } from './server-sent-events.js';
import type { Transport } from './transport.js';

/** An event with its id, after which to go on. */
export interface ReceivedEvent {
  readonly id: string;
  readonly event: JobEvent;
}

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  /** The id of the last event seen. Without it: a job from its beginning, all jobs from now on. */
  readonly after?: string | undefined;
  /** Seconds that the service may be away before following is given up (default 30): it may be restarting. */
  readonly patienceSeconds?: number | undefined;
}

const DEFAULT_PATIENCE_SECONDS = 30;
/** Three heartbeats: a connection that is silent for so long is dead. */
const SILENCE_MS = 45_000;
const PAUSE_MS = 1000;
const EVENT_STREAM = 'text/event-stream';
const KNOWN_TYPES: readonly string[] = ['status', 'progress', 'log', 'gap'] satisfies JobEvent['type'][];

/**
 * Events in order, each once: a connection that ends or breaks is made anew, after the last event seen. A `gap` says
 * that the service no longer has some.
 * @param endsWithJob of one job: ends when that is final and all is told.
 */
export async function* followEvents(
  transport: Transport,
  path: string,
  options: FollowOptions,
  endsWithJob: boolean,
): AsyncGenerator<ReceivedEvent, void, undefined> {
  const patienceMs = (options.patienceSeconds ?? DEFAULT_PATIENCE_SECONDS) * 1000;
  let after = options.after;
  let heard = performance.now();
  for (;;) {
    try {
      let isOver = false;
      for await (const message of connection(transport, path, after, options.signal)) {
        if (message === 'over') return;
        heard = performance.now();
        if (message.id !== undefined && message.id !== '') after = message.id;
        const event = eventOf(message, transport.baseUrl);
        if (event === undefined) continue;
        if (event.type === 'status') isOver = endsWithJob && isFinal(event.status);
        yield { id: after ?? '', event };
        heard = performance.now();
      }
      if (isOver) return;
    } catch (error) {
      const away = error instanceof LevyUnreachable || (error instanceof LevyProblem && error.status === 503);
      if (!away || performance.now() - heard >= patienceMs) throw error;
    }
    await pause(PAUSE_MS, options.signal);
  }
}

/** The messages of one connection, to its end; 'over' where the service has nothing more to tell. */
async function* connection(
  transport: Transport,
  path: string,
  after: string | undefined,
  outer: AbortSignal | undefined,
): AsyncGenerator<StreamMessage | 'over'> {
  const silence = new AbortController();
  const signal = outer === undefined ? silence.signal : AbortSignal.any([outer, silence.signal]);
  const bounded = async <T>(work: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      return await work;
    } catch (error) {
      if (outer?.aborted) throw outer.reason;
      if (error instanceof LevyProblem || error instanceof LevyUnexpectedAnswer) throw error;
      const why = silence.signal.aborted ? `nothing came for ${SILENCE_MS / 1000} s` : 'the connection broke';
      throw new LevyUnreachable(transport.baseUrl, why, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  };
  const headers = { accept: EVENT_STREAM, ...(after === undefined ? {} : { 'last-event-id': after }) };
  const response = await bounded(transport.open({ method: 'GET', path, headers, signal }));
  if (response.status === 204 || response.body === null) {
    yield 'over';
    return;
  }
  const reader = response.body.getReader();
  const parser = new StreamParser();
  try {
    for (;;) {
      const { done, value } = await bounded(reader.read());
      if (done) return;
      yield* understood(() => parser.take(value), transport.baseUrl);
    }
  } finally {
    // Whoever stops listening ends the connection.
    await reader.cancel().catch(() => {});
  }
}

/** undefined for what is no event, or of a kind that a newer service adds. */
function eventOf({ event: type = '', data }: StreamMessage, address: string): JobEvent | undefined {
  if (data === undefined || !KNOWN_TYPES.includes(type)) return undefined;
  const value = understood((): unknown => JSON.parse(data), address);
  if (EVENT.fits(value)) return value;
  throw new LevyUnexpectedAnswer(address, 200, EVENT.faults(value)[0]?.detail ?? 'this is no event');
}

function understood<T>(read: () => T, address: string): T {
  try {
    return read();
  } catch (error) {
    throw new LevyUnexpectedAnswer(address, 200, error instanceof Error ? error.message : String(error));
  }
}
