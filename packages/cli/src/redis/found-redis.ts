/** A Redis that was found or started. Disposing it stops it where it was started here, its data kept. */
export interface FoundRedis extends AsyncDisposable {
  readonly url: string;
  /** How it was found, for people. */
  readonly how: string;
  /** Only where it is kept running here: rejects when that has failed too often. */
  readonly gaveUp?: Promise<never>;
}

/** A Redis that somebody else keeps running. */
export function existingRedis(url: string, how: string): FoundRedis {
  return { url, how, [Symbol.asyncDispose]: async () => {} };
}
