import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { isFinal } from '@levy/contracts';
import type { StoredJob } from '@levy/queue';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AppDependencies } from '../app.js';
import { noneMatchNames } from '../http/conditional.js';
import type { LongPolls } from '../http/long-polls.js';
import { MAX_WAIT_SECONDS } from '../http/prefer.js';
import { jobEtag, jobView } from '../job-view.js';
import { answers, reference } from '../openapi/schemas.js';
import { ProblemError } from '../problems/problem-error.js';
import type { JobAnswers } from './job-answers.js';

export const JobParams = Type.Object({ id: Type.String({ description: 'job_ and a ULID' }) });
const JOB_ID = /^job_[0-9A-HJKMNP-TV-Z]{26}$/;

const JobQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_WAIT_SECONDS,
        description: 'Seconds to hold the answer until the job is final, with If-None-Match until it changes',
      }),
    ),
  },
  { additionalProperties: false },
);

/** GET and DELETE /v1/jobs/{id}, POST /v1/jobs/{id}/cancel. */
export function jobRoutes(
  root: FastifyInstance,
  { jobs }: AppDependencies,
  shared: { readonly polls: LongPolls; readonly jobAnswers: JobAnswers },
): void {
  const app = root.withTypeProvider<TypeBoxTypeProvider>();
  const { polls, jobAnswers } = shared;

  app.get(
    '/v1/jobs/:id',
    {
      schema: {
        tags: ['jobs'],
        summary: 'One job, with its estimate once it succeeded',
        params: JobParams,
        querystring: JobQuery,
        response: answers({
          200: { description: 'The job; its ETag is its revision', schema: reference('Job') },
          304: { description: 'Unchanged since the ETag in If-None-Match' },
        }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const seen = request.headers['if-none-match'];
      let job = required(JOB_ID.test(id) ? await jobs.get(id, request.owner) : undefined);
      let live = await jobAnswers.liveFor([job]);
      const known = noneMatchNames(seen, jobEtag(job, live));
      const { wait = 0 } = request.query;
      if (wait > 0 && !isFinal(job.status) && (seen === undefined || known)) {
        const until = seen === undefined ? {} : { revision: job.revision };
        job = required(await polls.wait(id, { seconds: wait, ...until }, reply));
        live = await jobAnswers.liveFor([job]);
      }
      jobAnswers.header(job, live, reply);
      if (noneMatchNames(seen, jobEtag(job, live))) return reply.code(304).send();
      return jobView(job, live);
    },
  );

  app.post(
    '/v1/jobs/:id/cancel',
    {
      schema: {
        tags: ['jobs'],
        summary: 'Cancel a job',
        params: JobParams,
        response: answers({
          200: { description: 'It is final: canceled at once, or unchanged', schema: reference('Job') },
          202: { description: 'It runs and stops within two seconds', schema: reference('Job') },
        }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const canceled = JOB_ID.test(id) ? await jobs.cancel(id, request.owner) : undefined;
      const job = required(canceled?.outcome === 'missing' ? undefined : canceled?.job);
      reply.code(isFinal(job.status) ? 200 : 202);
      return jobAnswers.send(job, reply);
    },
  );

  app.delete(
    '/v1/jobs/:id',
    {
      schema: {
        tags: ['jobs'],
        summary: 'Forget a final job',
        params: JobParams,
        response: answers({ 204: { description: 'It is gone' } }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const { id } = request.params;
      const outcome = JOB_ID.test(id) ? await jobs.delete(id, request.owner) : 'missing';
      if (outcome === 'missing') throw noSuchJob();
      if (outcome === 'not-final') {
        throw new ProblemError('not-final', `${id} is not final; cancel it first, or wait for it`);
      }
      return reply.code(204).send();
    },
  );
}

export function noSuchJob(): ProblemError {
  return new ProblemError('not-found', 'there is no such job, or it belongs to another owner');
}

function required(job: StoredJob | undefined): StoredJob {
  if (job === undefined) throw noSuchJob();
  return job;
}
