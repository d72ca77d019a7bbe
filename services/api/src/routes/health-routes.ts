import { QueueUnavailableError, RedisUnsuitableError } from '@levy/queue';
import type { FastifyInstance } from 'fastify';
import type { AppDependencies } from '../app.js';
import { answers } from '../openapi/schemas.js';
import { ProblemError } from '../problems/problem-error.js';

const okSchema = { type: 'object', properties: { status: { type: 'string' } } };
const readySchema = {
  type: 'object',
  required: ['status', 'durable', 'redis', 'workers'],
  properties: {
    status: { const: 'ready' },
    durable: { type: 'boolean', description: 'Whether accepted jobs outlive Redis: it is append-only' },
    redis: { type: 'object', properties: { version: { type: 'string' } } },
    workers: {
      type: 'object',
      additionalProperties: { type: 'integer' },
      description: 'Live workers by engine class',
    },
  },
};

/** /livez and /readyz. */
export function healthRoutes(app: FastifyInstance, { connections, registry }: AppDependencies): void {
  app.get(
    '/livez',
    {
      schema: {
        tags: ['service'],
        security: [],
        summary: 'The process lives',
        response: answers({ 200: { description: 'It does', schema: okSchema } }),
      },
      logLevel: 'warn',
    },
    async () => ({ status: 'alive' }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        tags: ['service'],
        security: [],
        summary: 'Jobs can be accepted',
        response: answers({ 200: { description: 'They can', schema: readySchema } }),
      },
      logLevel: 'warn',
    },
    async (_, reply) => {
      try {
        const { version, durable } = await connections.facts();
        const { engines } = await registry.queueState();
        const workers = Object.fromEntries(engines.map((each) => [each.engine, each.workers]));
        reply.header('cache-control', 'no-store');
        return { status: 'ready', durable, redis: { version }, workers };
      } catch (error) {
        if (!(error instanceof RedisUnsuitableError || error instanceof QueueUnavailableError)) throw error;
        throw new ProblemError('queue-unavailable', error.message, { headers: { 'retry-after': '2' } });
      }
    },
  );
}
