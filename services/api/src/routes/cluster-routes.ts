import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import type { AppDependencies } from '../app.js';
import { PAGE_QUERY, pageOfAll } from '../http/page.js';
import { answers, listOf, reference } from '../openapi/schemas.js';

const WorkersQuery = Type.Object(PAGE_QUERY, { additionalProperties: false });

/** /v1/workers and /v1/queue. */
export function clusterRoutes(root: FastifyInstance, { registry }: AppDependencies): void {
  const app = root.withTypeProvider<TypeBoxTypeProvider>();
  app.get(
    '/v1/workers',
    {
      schema: {
        tags: ['cluster'],
        summary: 'Live workers',
        querystring: WorkersQuery,
        response: answers({
          200: { description: 'Those that started last come first', schema: listOf('Worker') },
        }),
      },
    },
    async (request, reply) => {
      const workers = await registry.list();
      const position = (worker: (typeof workers)[number]) => `${worker.since} ${worker.id}`;
      return pageOfAll(workers, position, request.query, { list: 'workers' }, request, reply);
    },
  );

  app.get(
    '/v1/queue',
    {
      schema: {
        tags: ['cluster'],
        summary: 'What waits and runs, by engine class',
        response: answers({
          200: { description: 'Of all owners together', schema: reference('QueueState') },
        }),
      },
    },
    () => registry.queueState(),
  );
}
