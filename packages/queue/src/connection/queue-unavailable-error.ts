/** Redis cannot be reached or cannot answer now; nothing is known to have been written. Try again later. */
export class QueueUnavailableError extends Error {
  override readonly name = 'QueueUnavailableError';

  constructor(cause: unknown) {
    super(`Redis does not answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Answers of a server that is there but cannot serve: loading, out of memory, a read-only replica, wrong password … */
const UNABLE =
  /^(LOADING|MISCONF|OOM|READONLY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|BUSY|NOAUTH|WRONGPASS|NOPERM|NOREPLICAS)/;

/** A script's own fault stays what it is; everything that the connection throws means that Redis is not there. */
export function asQueueError(error: unknown): unknown {
  if (error instanceof QueueUnavailableError) return error;
  if (!(error instanceof Error)) return error;
  if (error.name === 'ReplyError') {
    return UNABLE.test(error.message) ? new QueueUnavailableError(error) : error;
  }
  if (isConnectionError(error)) return new QueueUnavailableError(error);
  return error;
}

function isConnectionError(error: Error): boolean {
  if (error.name === 'MaxRetriesPerRequestError' || error.name === 'AbortError') return true;
  if ('code' in error && typeof error.code === 'string' && /^(E[A-Z]+)$/.test(error.code)) return true;
  return /Connection is closed|Stream isn't writeable|Command timed out|connect ETIMEDOUT/i.test(
    error.message,
  );
}
