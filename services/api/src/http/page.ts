import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type CursorScope, decodeCursor, encodeCursor } from './cursor.js';

export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor?: string;
}

export const DEFAULT_LIMIT = 50;

/** The query parameters of every list. */
export const PAGE_QUERY = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 200, default: DEFAULT_LIMIT, description: 'Most items on a page' }),
  ),
  cursor: Type.Optional(
    Type.String({ maxLength: 2048, description: 'nextCursor of the page before, with the same filters' }),
  ),
} as const;

/** A page, with its `Link: rel="next"` where there is another. @param next position after the last item. */
export function pageOf<T>(
  data: readonly T[],
  next: string | undefined,
  scope: CursorScope,
  request: FastifyRequest,
  reply: FastifyReply,
): Page<T> {
  if (next === undefined) return { data };
  const nextCursor = encodeCursor(next, scope);
  const address = new URL(request.url, 'http://localhost');
  address.searchParams.set('cursor', nextCursor);
  reply.header('link', `<${address.pathname}${address.search}>; rel="next"`);
  return { data, nextCursor };
}

/**
 * A page of a list that is wholly at hand, from the greatest position to the least: those of times with ids are
 * newest first, and stay in their order while items come and go.
 */
export function pageOfAll<T>(
  all: readonly T[],
  positionOf: (item: T) => string,
  query: { limit?: number; cursor?: string },
  scope: CursorScope,
  request: FastifyRequest,
  reply: FastifyReply,
): Page<T> {
  const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, scope);
  const items = all.toSorted((a, b) => (positionOf(a) < positionOf(b) ? 1 : -1));
  const rest = after === undefined ? items : items.filter((item) => positionOf(item) < after);
  const data = rest.slice(0, query.limit ?? DEFAULT_LIMIT);
  const last = data.at(-1);
  const next = last !== undefined && data.length < rest.length ? positionOf(last) : undefined;
  return pageOf(data, next, scope, request, reply);
}
