import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { Worker } from '@levy/contracts';
import type { Connections } from '@levy/queue';
import type { Logger } from 'pino';
import type { TaskCounts } from './task-counts.js';

export interface HealthParts {
  readonly about: Omit<Worker, 'current'>;
  readonly connections: Connections;
  readonly counts: TaskCounts;
  readonly steps: { readonly deviceRestarts: number };
  readonly logger: Logger;
}

/** Serves /livez, /readyz and /metrics where an address is given. Rejects if nothing can listen there. */
export async function listenForHealth(
  address: { readonly host: string; readonly port: number } | undefined,
  parts: HealthParts,
): Promise<AsyncDisposable> {
  if (address === undefined) return { [Symbol.asyncDispose]: async () => {} };
  const server = createServer((request, response) => answer(request.url ?? '/', response, parts));
  server.listen(address);
  await once(server, 'listening').catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`nothing can listen at LEVY_WORKER_PORT ${address.port} of ${address.host}: ${reason}`);
  });
  parts.logger.info(address, 'health and metrics are served');
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(url: string, response: ServerResponse, parts: HealthParts): void {
  const send = (status: number, type: string, body: string): void => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };
  const path = url.split('?')[0];
  if (path === '/livez') send(200, 'application/json', JSON.stringify({ status: 'ok' }));
  else if (path === '/readyz') {
    const redis = parts.connections.ready;
    const { engine, device, threads, adapter } = parts.about;
    const told = { status: redis ? 'ok' : 'unavailable', redis, engine, device, threads, adapter };
    send(redis ? 200 : 503, 'application/json', JSON.stringify(told));
  } else if (path === '/metrics') send(200, 'text/plain; version=0.0.4; charset=utf-8', metrics(parts));
  else send(404, 'text/plain; charset=utf-8', 'there are /livez, /readyz and /metrics\n');
}

/** Prometheus text format, version 0.0.4. */
function metrics({ about, counts: { running, ended }, steps }: HealthParts): string {
  const device =
    about.engine === 'gpu'
      ? [
          '# HELP levy_worker_device_restarts_total How often the device process was started anew.',
          '# TYPE levy_worker_device_restarts_total counter',
          `levy_worker_device_restarts_total ${steps.deviceRestarts}`,
        ]
      : [];
  return [
    '# HELP levy_worker_tasks_running Tasks under way.',
    '# TYPE levy_worker_tasks_running gauge',
    `levy_worker_tasks_running ${running}`,
    '# HELP levy_worker_tasks_total Tasks that ended, by how.',
    '# TYPE levy_worker_tasks_total counter',
    ...Object.entries(ended).map(([end, count]) => `levy_worker_tasks_total{outcome="${end}"} ${count}`),
    ...device,
    '# HELP process_resident_memory_bytes Resident memory of the process.',
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
    '',
  ].join('\n');
}
