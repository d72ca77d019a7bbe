/** A Redis that was found or started. Disposing it stops it where it was started here, its data kept. */
export interface FoundRedis extends AsyncDisposable {
  readonly url: string;
  /** How it was found, for people. */
  readonly how: string;
  /** Only where it is a child of this process: called if it ends by itself. */
  onExit?(listener: () => void): void;
}

/** A Redis that somebody else keeps running. */
export function existingRedis(url: string, how: string): FoundRedis {
  return { url, how, [Symbol.asyncDispose]: async () => {} };
}
