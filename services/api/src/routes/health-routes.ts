import { ENGINE_CLASSES, type EngineClass, type Worker } from '@levy/contracts';
import { QueueUnavailableError, RedisUnsuitableError } from '@levy/queue';
import type { FastifyInstance } from 'fastify';
import type { AppDependencies } from '../app.js';
import { answers, reference } from '../openapi/schemas.js';
import { ProblemError } from '../problems/problem-error.js';

const okSchema = { type: 'object', properties: { status: { type: 'string' } } };
const readySchema = {
  type: 'object',
  required: ['status', 'durable', 'redis', 'workers', 'devices'],
  properties: {
    status: { const: 'ready' },
    durable: { type: 'boolean', description: 'Whether accepted jobs outlive Redis: it is append-only' },
    redis: { type: 'object', properties: { version: { type: 'string' } } },
    workers: {
      type: 'object',
      additionalProperties: { type: 'integer' },
      description: 'Live workers by engine class',
    },
    devices: {
      type: 'array',
      description: 'What live workers compute on',
      items: {
        type: 'object',
        required: ['engine', 'device', 'workers'],
        properties: {
          engine: { enum: [...ENGINE_CLASSES] },
          device: { type: 'string' },
          workers: { type: 'integer', minimum: 1, description: 'How many compute on one like it' },
          adapter: reference('Adapter'),
        },
      },
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
        const live = await registry.list();
        const count = (engine: EngineClass) => live.filter((worker) => worker.engine === engine).length;
        const workers = Object.fromEntries(ENGINE_CLASSES.map((engine) => [engine, count(engine)]));
        reply.header('cache-control', 'no-store');
        return { status: 'ready', durable, redis: { version }, workers, devices: devicesOf(live) };
      } catch (error) {
        if (!(error instanceof RedisUnsuitableError || error instanceof QueueUnavailableError)) throw error;
        throw new ProblemError('queue-unavailable', error.message, { headers: { 'retry-after': '2' } });
      }
    },
  );
}

interface Device extends Pick<Worker, 'engine' | 'device' | 'adapter'> {
  readonly workers: number;
}

/** The devices of live workers, each kind once. */
function devicesOf(live: readonly Worker[]): Device[] {
  const devices = new Map<string, Device>();
  for (const { engine, device, adapter } of live) {
    const key = JSON.stringify([engine, device, adapter]);
    const workers = (devices.get(key)?.workers ?? 0) + 1;
    devices.set(key, { engine, device, workers, ...(adapter === undefined ? {} : { adapter }) });
  }
  return [...devices.values()];
}
