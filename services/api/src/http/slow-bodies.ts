import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerBrokenRequest } from '../problems/broken-requests.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body may take as long as it keeps coming; whoever reads it sees to that. */
    readonly longBody?: boolean;
  }
}

export const BODY_MS = 30_000;
const HEARING_BYTES = 32 * 1024 * 1024;
const HEARING_MS = 2000;

/**
 * Ends requests whose body is not there in time with a 408. Node.js has one such bound for all of a server, which
 * uploads need wider.
 */
export function refuseSlowBodies(app: FastifyInstance, milliseconds = BODY_MS): void {
  app.server.headersTimeout = milliseconds;
  app.addHook('onRequest', async ({ raw, routeOptions }) => {
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = raw.headers;
    if (routeOptions.config.longBody === true || (length === '0' && encoding === undefined)) return;
    const timer = setTimeout(() => {
      if (!raw.complete) answerBrokenRequest(requestTimeout(), raw.socket);
    }, milliseconds);
    timer.unref();
    raw.once('close', () => clearTimeout(timer));
  });
}

/**
 * Before a request is refused whose body is still coming: reads on for a moment, so that the client gets to hear
 * the answer instead of a connection that breaks, and ends the connection after it.
 */
export async function hearOut({ raw }: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (raw.complete || raw.destroyed) return;
  reply.header('connection', 'close');
  await new Promise<void>((resolve) => {
    let bytes = 0;
    const done = (): void => {
      clearTimeout(timer);
      raw.off('data', onData).off('end', done).off('close', done).pause();
      resolve();
    };
    const timer = setTimeout(done, HEARING_MS);
    const onData = (chunk: Uint8Array): void => {
      bytes += chunk.byteLength;
      if (bytes > HEARING_BYTES) done();
    };
    raw.on('data', onData).on('end', done).on('close', done);
    raw.on('error', () => {});
    raw.resume();
  });
}

function requestTimeout(): Error & { code: string } {
  return Object.assign(new Error('the body did not come in time'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
}
