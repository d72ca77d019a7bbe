import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { DatasetStore } from '@levy/datasets';
import type { Connections, DatasetRecords, EventLog, JobStore, WorkerRegistry } from '@levy/queue';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { type AccessPolicy, requireOwner } from './access/require-owner.js';
import type { StreamTimes } from './http/event-streams.js';
import { acceptJson, BODY_LIMIT } from './http/json-body.js';
import { LongPolls } from './http/long-polls.js';
import { queryValidator } from './http/query.js';
import { refuseSlowBodies } from './http/slow-bodies.js';
import { describeApi } from './openapi/openapi.js';
import { addSharedSchemas } from './openapi/schemas.js';
import { answerProblems, pathOf, sendProblem } from './problems/answer-problems.js';
import { answerBrokenRequest } from './problems/broken-requests.js';
import { ProblemError } from './problems/problem-error.js';
import { clusterRoutes } from './routes/cluster-routes.js';
import { createDatasetRoutes } from './routes/create-dataset-routes.js';
import { createJobRoute } from './routes/create-job-route.js';
import { datasetContentRoute } from './routes/dataset-content-route.js';
import { datasetRoutes } from './routes/dataset-routes.js';
import { eventRoutes } from './routes/event-routes.js';
import { healthRoutes } from './routes/health-routes.js';
import { JobAnswers } from './routes/job-answers.js';
import { jobRoutes } from './routes/job-routes.js';
import { listJobsRoute } from './routes/list-jobs-route.js';
import { metricsRoutes } from './routes/metrics-route.js';
import { problemPages } from './routes/problem-pages.js';
import { resultRoutes } from './routes/result-routes.js';

/** What the app works with; whoever made it disposes of it, after the app is closed. */
export interface AppDependencies {
  readonly connections: Connections;
  readonly jobs: JobStore;
  readonly events: EventLog;
  readonly streamTimes: StreamTimes;
  readonly registry: WorkerRegistry;
  /** Results lie in its blobs. */
  readonly datasets: DatasetStore;
  readonly records: DatasetRecords;
  /** Most bytes of an uploaded data set, as it comes and unpacked. */
  readonly uploadBytes: number;
  readonly access: AccessPolicy;
  readonly logger: FastifyBaseLogger;
}

/** Uploads may take long; other bodies are bounded more tightly. */
const LONGEST_REQUEST_MS = 3600_000;
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The API, not listening yet. */
export async function buildApp(dependencies: AppDependencies): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    loggerInstance: dependencies.logger,
    bodyLimit: BODY_LIMIT,
    requestTimeout: LONGEST_REQUEST_MS,
    requestIdHeader: false,
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    // A stopping service answers with a problem document, below.
    return503OnClosing: false,
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id);
      void sendProblem(new ProblemError('not-found', error.message), request, reply);
    },
  });
  app.setValidatorCompiler(validatorOf);
  // Tests hold answers against the contract's schemas; nothing is stripped or coerced on the way out.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.decorateRequest('owner', '');
  acceptJson(app);
  refuseSlowBodies(app);
  refuseWhenStopping(app);
  answerProblems(app, {
    beforeNotFound: (request) => {
      if (isVersioned(request)) requireOwner(request, dependencies.access);
    },
  });
  addSharedSchemas(app);
  await describeApi(app, { keys: dependencies.access.keys.length > 0 });
  healthRoutes(app, dependencies);
  metricsRoutes(app, dependencies);
  problemPages(app);
  await app.register(async (versioned) => v1(versioned, dependencies));
  return app;
}

/** Everything under /v1: nothing of a request is looked at before its key. */
function v1(app: FastifyInstance, dependencies: AppDependencies): void {
  app.addHook('onRequest', async (request) => requireOwner(request, dependencies.access));
  const polls = new LongPolls(app, dependencies.jobs);
  const jobAnswers = new JobAnswers(dependencies.registry);
  createJobRoute(app, dependencies, { polls, jobAnswers });
  listJobsRoute(app, dependencies, { jobAnswers });
  jobRoutes(app, dependencies, { polls, jobAnswers });
  eventRoutes(app, dependencies);
  resultRoutes(app, dependencies);
  datasetRoutes(app, dependencies);
  datasetContentRoute(app, dependencies);
  createDatasetRoutes(app, dependencies);
  clusterRoutes(app, dependencies);
}

function refuseWhenStopping(app: FastifyInstance): void {
  let stopping = false;
  app.addHook('preClose', async () => {
    stopping = true;
  });
  closeUnused(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
    if (!stopping) return;
    throw new ProblemError('shutting-down', 'this service is about to stop', {
      headers: { 'retry-after': '5' },
    });
  });
  // A connection that was busy when the service stopped would be kept open for another request.
  app.addHook('onSend', async (_request, reply) => {
    if (stopping) reply.header('connection', 'close');
  });
}

/**
 * Clients connect ahead of their requests. Node.js takes such a connection for one whose request is on its way, and
 * would wait for it when the service stops.
 */
function closeUnused(app: FastifyInstance): void {
  const unused = new Set<Socket>();
  app.server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  app.server.on('request', ({ socket }) => unused.delete(socket));
  app.addHook('preClose', async () => {
    for (const socket of unused) if (socket.bytesRead === 0) socket.destroy();
  });
}

/**
 * Query strings are checked here. Bodies are checked by what they mean, where shape and meaning can be told
 * together; parameters of paths by looking for what they name.
 */
const validatorOf: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) =>
  httpPart === 'querystring' ? queryValidator(schema) : () => true;

function isVersioned(request: { url: string }): boolean {
  const path = pathOf(request);
  return path === '/v1' || path.startsWith('/v1/');
}
