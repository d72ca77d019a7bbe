import { QueueUnavailableError } from '@levy/queue';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from './problem-error.js';
import { RouteTable } from './route-table.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Media type of the body, where it is not JSON. */
    readonly takes?: string;
  }
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';
/** Seconds after which a client may try again when Redis is away; it reconnects within about one. */
const RETRY_SECONDS = '2';

/** Everything that goes wrong in this app is answered as a problem document. Call it before any route is added. */
export function answerProblems(
  app: FastifyInstance,
  options: { readonly beforeNotFound: (request: FastifyRequest) => void },
): void {
  const routes = new RouteTable();
  app.addHook('onRoute', (route) => routes.add(route.method, route.url));
  app.setErrorHandler((error, request, reply) => sendProblem(problemOf(error, request), request, reply));
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    options.beforeNotFound(request);
    const methods = routes.methodsOf(path);
    if (methods === undefined) throw new ProblemError('not-found', `there is nothing at ${path}`);
    reply.header('allow', methods.join(', '));
    if (request.method === 'OPTIONS') return reply.code(204).send();
    throw new ProblemError(
      'method-not-allowed',
      `${request.method} is not for ${path}; use ${methods.join(', ')}`,
    );
  });
}

export function sendProblem(
  problem: ProblemError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const document = problem.document({ instance: pathOf(request), requestId: request.id });
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .header('cache-control', 'no-store')
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(document));
}

export function pathOf(request: { readonly url: string }): string {
  return request.url.split('?', 1)[0] ?? '/';
}

function problemOf(error: unknown, request: FastifyRequest): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof QueueUnavailableError) {
    request.log.warn({ err: error }, 'the queue does not answer');
    return new ProblemError(
      'queue-unavailable',
      'Redis does not answer now; nothing was changed for certain',
      {
        headers: { 'retry-after': RETRY_SECONDS },
      },
    );
  }
  const known = fastifyProblem(error, request);
  if (known !== undefined) return known;
  request.log.error({ err: error }, 'request failed');
  return new ProblemError('internal', `the fault is ours; its requestId is ${request.id}`);
}

/** The body is of another type than the route takes. */
export function unsupportedMediaType(request: FastifyRequest): ProblemError {
  const { takes = 'application/json' } = request.routeOptions.config;
  return new ProblemError(
    'unsupported-media-type',
    `the body must be of another type: Content-Type: ${takes}`,
    {
      errors: [{ header: 'Content-Type', code: 'unsupported', detail: `send ${takes}` }],
      headers: { 'accept-post': takes },
    },
  );
}

/** What Fastify itself refuses while it reads a request. */
function fastifyProblem(error: unknown, request: FastifyRequest): ProblemError | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return unsupportedMediaType(request);
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ProblemError('payload-too-large', 'the body is larger than 1 MiB');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new ProblemError('invalid-header', 'the body is not as long as Content-Length says', {
        errors: [{ header: 'Content-Length', code: 'mismatch', detail: 'does not fit the body' }],
      });
    case 'FST_ERR_BAD_URL':
      return new ProblemError('not-found', 'the address is not well-formed: check its %-escapes');
    default:
      return undefined;
  }
}
