import { createHash } from 'node:crypto';
import { canonicalJson } from '@levy/contracts';
import { ProblemError } from '../problems/problem-error.js';

/** The list that a cursor belongs to: its name, its owner and its filters. */
export type CursorScope = Readonly<Record<string, unknown>>;

/** Where the next page of a list begins, as clients carry it: good for this very list and no other. */
export function encodeCursor(position: string, scope: CursorScope): string {
  return Buffer.from(`${digestOf(scope, position)}:${position}`).toString('base64url');
}

/** Throws a 400 for anything but a cursor that `encodeCursor` made for this list. */
export function decodeCursor(cursor: string, scope: CursorScope): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  const colon = text.indexOf(':');
  const position = text.slice(colon + 1);
  const sound = colon > 0 && text.slice(0, colon) === digestOf(scope, position);
  if (sound && Buffer.from(text).toString('base64url') === cursor) return position;
  throw new ProblemError('invalid-cursor', 'this cursor was not given for this list with these filters', {
    errors: [
      {
        parameter: 'cursor',
        code: 'invalid',
        detail: 'take it unchanged from nextCursor of the page before, and leave the filters as they were',
      },
    ],
  });
}

function digestOf(scope: CursorScope, position: string): string {
  return createHash('sha256').update(canonicalJson({ scope, position })).digest('base64url').slice(0, 16);
}
