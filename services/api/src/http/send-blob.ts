import type { BlobStore } from '@levy/datasets';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../problems/problem-error.js';
import { noneMatchNames } from './conditional.js';
import { parseRange } from './range.js';

/** Of an address whose bytes never change. */
export const IMMUTABLE = 'private, max-age=31536000, immutable';

export interface SentBlob {
  /** What to call it where it is saved. */
  readonly name: string;
  readonly mediaType: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Answers a blob, or the range of it that is asked for; its ETag is its digest. Throws a 416 for a range beyond it. */
export async function sendBlob(
  blobs: BlobStore,
  file: SentBlob,
  request: FastifyRequest,
  reply: FastifyReply,
  cacheControl = IMMUTABLE,
): Promise<FastifyReply> {
  const etag = `"${file.sha256}"`;
  reply.header('etag', etag).header('cache-control', cacheControl).header('accept-ranges', 'bytes');
  const { range, 'if-none-match': seen, 'if-range': whole } = request.headers;
  if (noneMatchNames(seen, etag)) return reply.code(304).send();
  const asked = whole === undefined || whole === etag ? parseRange(range, file.bytes) : undefined;
  if (asked === 'unsatisfiable') {
    throw new ProblemError('range-not-satisfiable', `${file.name} has ${file.bytes} bytes`, {
      errors: [{ header: 'Range', code: 'unsatisfiable', detail: `bytes 0 to ${file.bytes - 1} are there` }],
      headers: { 'content-range': `bytes */${file.bytes}` },
    });
  }
  const { start, end } = asked ?? { start: 0, end: file.bytes };
  const opened = await blobs.open(file.sha256, { start, end });
  if (opened === undefined) throw lostBlob(file);
  if (asked !== undefined) {
    reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${file.bytes}`);
  }
  return reply
    .header('content-length', String(end - start))
    .header('content-disposition', `attachment; filename="${file.name.replaceAll(/[^\w.-]/g, '_')}"`)
    .type(file.mediaType)
    .send(opened.stream);
}

export function lostBlob(file: Pick<SentBlob, 'name' | 'sha256'>): Error {
  return new Error(
    `the blob ${file.sha256} (${file.name}) is not in the store of this service; is LEVY_DATA_DIR the workers'?`,
  );
}
