import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ProblemError } from '../problems/problem-error.js';

/** product: "jobs: 1 MiB". */
export const BODY_LIMIT = 1024 * 1024;

/** JSON in UTF-8 and nothing else. An empty body is undefined, so that a request that needs none may still name its type. */
export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BODY_LIMIT },
    async (_: FastifyRequest, body: Buffer) => parseJson(body),
  );
}

function parseJson(body: Buffer): unknown {
  const text = decode(body);
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw notJson(`the body is not JSON: ${reason.slice(0, 200)}`);
  }
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw notJson('the body is not UTF-8');
  }
}

export function notJson(detail: string): ProblemError {
  return new ProblemError('invalid-json', detail);
}
