import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { isFinal } from '@levy/contracts';
import type { StoredJob } from '@levy/queue';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AppDependencies } from '../app.js';
import { EVENT_STREAM, EventStreams, lastEventId } from '../http/event-streams.js';
import { answers, reference } from '../openapi/schemas.js';
import { JobParams, noSuchJob } from './job-routes.js';

const NDJSON = 'application/x-ndjson';
const headers = {
  type: 'object',
  properties: {
    'last-event-id': { type: 'string', description: 'The id of the last event seen: goes on after it' },
  },
};

/** GET /v1/jobs/{id}/events, /v1/jobs/{id}/logs and /v1/events. */
export function eventRoutes(root: FastifyInstance, { jobs, events, streamTimes }: AppDependencies): void {
  const app = root.withTypeProvider<TypeBoxTypeProvider>();
  const streams = new EventStreams(root, events, streamTimes);

  app.get(
    '/v1/jobs/:id/events',
    {
      // A HEAD would wait for the end of the stream.
      exposeHeadRoute: false,
      schema: {
        tags: ['jobs'],
        summary: 'What happens to a job, as server-sent events',
        description:
          'From the first event kept, or after Last-Event-ID. `data` is a JobEvent: status, progress, log, or a gap where events are no longer kept. Ends once the job is final and all is told; coming back then is answered with 204.',
        params: JobParams,
        headers,
        response: answers({
          200: { description: 'The events', schema: reference('JobEvent'), mediaType: EVENT_STREAM },
          204: { description: 'The job is final, and you have seen all' },
        }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const after = lastEventId(request);
      const { id, status } = required(await jobs.get(request.params.id, request.owner));
      const isSeen = after !== undefined && isFinal(status) && after === (await events.last({ job: id }));
      return isSeen ? reply.code(204).send() : streams.send({ job: id }, after ?? 0, reply);
    },
  );

  app.get(
    '/v1/events',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['jobs'],
        summary: 'What happens to all your jobs, as server-sent events',
        description:
          'From now on, or after Last-Event-ID: connect first, then read the list of jobs. Ids are not those of the events of single jobs.',
        headers,
        response: answers({
          200: { description: 'The events', schema: reference('JobEvent'), mediaType: EVENT_STREAM },
        }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const source = { owner: request.owner };
      return streams.send(source, lastEventId(request) ?? (await events.last(source)), reply);
    },
  );

  app.get(
    '/v1/jobs/:id/logs',
    {
      schema: {
        tags: ['jobs'],
        summary: 'What the log of a job says, a JSON document a line',
        description: 'Attempts, phases and faults: at most the last 200 lines, kept as long as the job.',
        params: JobParams,
        response: answers({
          200: { description: 'Oldest first', schema: reference('JobLogLine'), mediaType: NDJSON },
        }),
      },
    },
    async (request, reply): Promise<string> => {
      const { id } = required(await jobs.get(request.params.id, request.owner));
      const lines = await events.lines(id);
      reply.type(NDJSON).header('cache-control', 'private, no-cache');
      return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    },
  );
}

function required(job: StoredJob | undefined): StoredJob {
  if (job === undefined) throw noSuchJob();
  return job;
}
