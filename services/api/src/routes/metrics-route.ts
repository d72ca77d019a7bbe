import { QueueUnavailableError, type WorkerRegistry } from '@levy/queue';
import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AppDependencies } from '../app.js';

/** /metrics for Prometheus. Labels are routes and engine classes, never ids. */
export function metricsRoutes(app: FastifyInstance, { registry: workers }: AppDependencies): void {
  const registers = [new Registry()];
  const [registry = new Registry()] = registers;
  const answered = new Counter({
    name: 'levy_http_requests_total',
    help: 'Requests answered',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'levy_http_request_seconds',
    help: 'Time to answer; long polls are held on purpose',
    labelNames: ['method', 'route'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    answered.inc({ method: request.method, route, status: reply.statusCode });
    seconds.observe({ method: request.method, route }, reply.elapsedTime / 1000);
  });
  const queue = new QueueGauges(registers);
  app.get('/metrics', { schema: { hide: true }, logLevel: 'warn' }, async (_, reply) => {
    await queue.update(workers);
    reply.type(registry.contentType);
    return registry.metrics();
  });
}

class QueueGauges {
  readonly #up: Gauge;
  readonly #jobs: Gauge<'engine' | 'state'>;
  readonly #workers: Gauge<'engine'>;
  readonly #oldest: Gauge<'engine'>;

  constructor(registers: Registry[]) {
    const labelNames = ['engine'] as const;
    this.#up = new Gauge({ name: 'levy_redis_up', help: 'Whether Redis answers', registers });
    this.#jobs = new Gauge({
      name: 'levy_jobs',
      help: 'Jobs that wait or run',
      labelNames: ['engine', 'state'] as const,
      registers,
    });
    this.#workers = new Gauge({ name: 'levy_workers', help: 'Live workers', labelNames, registers });
    this.#oldest = new Gauge({
      name: 'levy_oldest_wait_seconds',
      help: 'How long the oldest queued job has waited',
      labelNames,
      registers,
    });
  }

  async update(workers: WorkerRegistry): Promise<void> {
    try {
      for (const each of (await workers.queueState()).engines) {
        const { engine } = each;
        this.#jobs.set({ engine, state: 'queued' }, each.waiting);
        this.#jobs.set({ engine, state: 'running' }, each.running);
        this.#workers.set({ engine }, each.workers);
        this.#oldest.set({ engine }, each.oldestWaitSeconds ?? 0);
      }
      this.#up.set(1);
    } catch (error) {
      if (!(error instanceof QueueUnavailableError)) throw error;
      this.#up.set(0);
    }
  }
}
