import { DatasetStore } from '@levy/datasets';
import {
  ChangeFeed,
  DatasetRecords,
  EventLog,
  JobStore,
  openConnections,
  Reconciler,
  TaskQueue,
  WorkerRegistry,
} from '@levy/queue';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { isLoopback } from './access/loopback.js';
import { buildApp } from './app.js';
import { STREAM_TIMES, type StreamTimes } from './http/event-streams.js';
import type { ApiSettings } from './settings.js';

/** The app with all that it works with. Dispose of it to close everything, in order. */
export interface ApiService extends AsyncDisposable {
  readonly app: FastifyInstance;
  /** Puts lost jobs back; started by whoever starts the service. */
  readonly reconciler: Reconciler;
}

/** Opens connections and stores and builds the app; it does not listen yet, nor wait for Redis. */
export async function openService(
  settings: Omit<ApiSettings, 'port' | 'logLevel'>,
  logger: Logger,
  streamTimes: StreamTimes = STREAM_TIMES,
): Promise<ApiService> {
  const datasets = await DatasetStore.open(settings.dataDir);
  const connections = openConnections({
    url: settings.redisUrl,
    prefix: settings.queuePrefix,
    role: 'producer',
    logger,
  });
  const tasks = new TaskQueue(connections);
  const changes = new ChangeFeed(connections);
  const reconciler = new Reconciler({ connections, tasks, logger });
  const app = await buildApp({
    connections,
    jobs: new JobStore({ connections, tasks, changes }),
    events: new EventLog({ connections, changes }),
    streamTimes,
    registry: new WorkerRegistry({ connections, logger }),
    datasets,
    records: new DatasetRecords(connections),
    uploadBytes: settings.uploadBytes,
    access: { keys: settings.keys, local: isLoopback(settings.host) },
    logger,
  });
  app.addHook('onClose', async () => {
    for (const part of [reconciler, changes, tasks, connections]) await part[Symbol.asyncDispose]();
  });
  return { app, reconciler, [Symbol.asyncDispose]: () => app.close() };
}
