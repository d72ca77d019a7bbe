import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../problems/problem-error.js';
import { type ApiKey, ownerOf } from './api-keys.js';
import { isLoopback } from './loopback.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose jobs this request sees. */
    owner: string;
  }
}

export interface AccessPolicy {
  /** Empty: nobody needs a key, and everybody is one owner. */
  readonly keys: readonly ApiKey[];
  /** Whether the service listens where only this machine reaches it. */
  readonly local: boolean;
}

/** No key's id holds an underscore. */
const ANONYMOUS = '_anonymous';
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Who asks. Throws a 401 before anything of the request is looked at, a 403 for a page that has no business here. */
export function requireOwner(request: FastifyRequest, policy: AccessPolicy): void {
  if (policy.keys.length === 0) {
    refuseForeignPages(request, policy);
    request.owner = ANONYMOUS;
    return;
  }
  const { authorization } = request.headers;
  const owner = ownerOf(authorization, policy.keys);
  if (owner === undefined) {
    throw new ProblemError(
      'unauthorized',
      authorization === undefined
        ? 'this service needs a key in the Authorization header'
        : 'the Authorization header holds no key that this service knows',
      { headers: { 'www-authenticate': 'Bearer' } },
    );
  }
  request.owner = owner;
}

/**
 * Without keys the browser of this machine's user is the danger: a page elsewhere may send requests here (Origin),
 * or have its own name point here (Host).
 */
function refuseForeignPages(request: FastifyRequest, policy: AccessPolicy): void {
  const host = hostnameOf(`http://${request.headers.host ?? ''}`);
  if (policy.local && host !== undefined && !isLoopback(host)) {
    throw new ProblemError('forbidden', `this service answers this machine only, not as "${host}"`);
  }
  const { origin } = request.headers;
  if (origin === undefined || SAFE.has(request.method)) return;
  if (!URL.canParse(origin) || new URL(origin).host !== request.headers.host) {
    throw new ProblemError('forbidden', `pages of ${origin} may not change anything here`);
  }
}

function hostnameOf(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).hostname : undefined;
}
