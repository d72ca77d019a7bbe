import { Readable } from 'node:stream';
import type { ChangeSource, EventLog, NumberedEvent } from '@levy/queue';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../problems/problem-error.js';

export interface StreamTimes {
  /** A comment is sent where nothing else was for so long, so that both ends and all between know of each other. */
  readonly heartbeatMs: number;
  /** A client that takes nothing for so long is cut off; it may come back with Last-Event-ID. */
  readonly slowMs: number;
}

export const STREAM_TIMES: StreamTimes = { heartbeatMs: 15_000, slowMs: 60_000 };

export const EVENT_STREAM = 'text/event-stream';
const RETRY_MS = 2000;

/** Server-sent events (WHATWG HTML §9.2). They end, to be taken up again elsewhere, when the service stops. */
export class EventStreams {
  readonly #log: EventLog;
  readonly #times: StreamTimes;
  readonly #stopping = new AbortController();

  constructor(app: FastifyInstance, log: EventLog, times: StreamTimes) {
    this.#log = log;
    this.#times = times;
    app.addHook('preClose', async () => this.#stopping.abort());
  }

  /** Answers the events after one, as they happen. A client that reads slowly costs one page of them. */
  send(source: ChangeSource, after: number, reply: FastifyReply): FastifyReply {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#stopping.signal]);
    const stream = Readable.from(this.#messages(source, after, signal, reply), { objectMode: false });
    // Proxies that gather answers before they pass them on know this header.
    reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no');
    return reply.type(EVENT_STREAM).send(stream);
  }

  async *#messages(
    source: ChangeSource,
    after: number,
    signal: AbortSignal,
    reply: FastifyReply,
  ): AsyncGenerator<string> {
    // An id without data is no event, but is what the client will come back with.
    yield `retry: ${RETRY_MS}\nid: ${after}\n\n`;
    const { heartbeatMs, slowMs } = this.#times;
    for await (const item of this.#log.follow(source, { after, signal, quietMs: heartbeatMs })) {
      // The next one is asked for once there is room for it.
      const stuck = setTimeout(() => reply.raw.destroy(), slowMs);
      try {
        yield item === 'quiet' ? ': still here\n\n' : messageOf(item);
      } finally {
        clearTimeout(stuck);
      }
    }
  }
}

/** The number in Last-Event-ID; undefined without one. Throws a 400 for anything that was not sent from here. */
export function lastEventId(request: FastifyRequest): number | undefined {
  const text = request.headers['last-event-id'];
  if (text === undefined || text === '') return undefined;
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  throw new ProblemError('invalid-header', 'the Last-Event-ID is not one of ours', {
    errors: [
      {
        header: 'Last-Event-ID',
        code: 'invalid',
        detail: 'take it unchanged from the id of an event, or leave it out',
      },
    ],
  });
}

/** JSON has no line ends of its own. */
function messageOf({ id, event }: NumberedEvent): string {
  return `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
