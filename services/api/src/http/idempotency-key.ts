import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../problems/problem-error.js';

/** The header's schema, for routes that create something. @param made what it makes. */
export function idempotencyHeader(made: string): Record<string, unknown> {
  return {
    type: 'string',
    minLength: 1,
    maxLength: 255,
    description: `Makes a repetition safe: the same key and body answer the same ${made}`,
  };
}

/** The request's Idempotency-Key. Throws a 400 for one that cannot be used. */
export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(key)) return key;
  throw new ProblemError('invalid-header', 'the Idempotency-Key cannot be used', {
    errors: [
      {
        header: 'Idempotency-Key',
        code: 'invalid',
        detail: 'it takes 1 to 255 printable ASCII characters',
      },
    ],
  });
}

/** The key came with another body before. @param made what that one made. */
export function idempotencyMismatch(made: string): ProblemError {
  return new ProblemError('idempotency-mismatch', 'this Idempotency-Key came with another body before', {
    errors: [{ header: 'Idempotency-Key', code: 'mismatch', detail: `it made ${made}` }],
  });
}
