import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { DATASET_NAME_PATTERN, JOB_STATUSES, METHODS, METRICS } from '@levy/contracts';
import type { JobFilters } from '@levy/queue';
import type { FastifyInstance } from 'fastify';
import type { AppDependencies } from '../app.js';
import { decodeCursor } from '../http/cursor.js';
import { DEFAULT_LIMIT, PAGE_QUERY, pageOf } from '../http/page.js';
import { invalidQuery } from '../http/query.js';
import { jobListItem } from '../job-view.js';
import { answers, listOf } from '../openapi/schemas.js';
import type { JobAnswers } from './job-answers.js';

const RFC_3339 = '^\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?([Zz]|[+-]\\d\\d:\\d\\d)$';
const any = { maxItems: 50, description: 'May repeat: any of them fits' };

const ListQuery = Type.Object(
  {
    status: Type.Optional(Type.Array(Type.Enum([...JOB_STATUSES]), any)),
    dataset: Type.Optional(Type.Array(Type.String({ pattern: DATASET_NAME_PATTERN }), any)),
    metric: Type.Optional(Type.Array(Type.Enum([...METRICS]), any)),
    method: Type.Optional(Type.Array(Type.Enum([...METHODS]), any)),
    sweep: Type.Optional(Type.Array(Type.String({ pattern: '^swp_[0-9A-Z]{26}$' }), any)),
    tag: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), any)),
    createdAfter: Type.Optional(Type.String({ pattern: RFC_3339, description: 'RFC 3339, exclusive' })),
    ...PAGE_QUERY,
  },
  { additionalProperties: false },
);

/** GET /v1/jobs. */
export function listJobsRoute(
  root: FastifyInstance,
  { jobs }: AppDependencies,
  shared: { readonly jobAnswers: JobAnswers },
): void {
  root.withTypeProvider<TypeBoxTypeProvider>().get(
    '/v1/jobs',
    {
      schema: {
        tags: ['jobs'],
        summary: 'Your jobs, newest first',
        querystring: ListQuery,
        response: answers({
          200: { description: 'Of an estimate only best.test', schema: listOf('JobListItem') },
        }),
      },
    },
    async (request, reply) => {
      const { limit = DEFAULT_LIMIT, cursor, createdAfter, ...lists } = request.query;
      const filters: JobFilters = {
        ...lists,
        ...(createdAfter === undefined ? {} : { createdAfter: instant(createdAfter) }),
      };
      const { owner } = request;
      const scope = {
        list: 'jobs',
        owner,
        ...lists,
        ...(createdAfter === undefined ? {} : { createdAfter }),
      };
      const after = cursor === undefined ? undefined : decodeCursor(cursor, scope);
      const page = await jobs.list({ owner, filters, limit, ...(after === undefined ? {} : { after }) });
      const live = await shared.jobAnswers.liveFor(page.jobs);
      const items = page.jobs.map((job) => jobListItem(job, live));
      reply.header('cache-control', 'private, no-cache');
      return pageOf(items, page.next, scope, request, reply);
    },
  );
}

function instant(text: string): Date {
  const date = new Date(text);
  if (!Number.isNaN(date.getTime())) return date;
  throw invalidQuery([
    {
      parameter: 'createdAfter',
      code: 'invalid',
      detail: `"${text}" is no time that there is; use RFC 3339`,
    },
  ]);
}
