import type { PassOptions } from '../engine.js';
import { asMemoryError, TooLargeError } from './device.js';
import type { PassContext } from './pass-context.js';
import type { TileShape } from './tile-pacer.js';

/** Rows of a pass that are worked on at a time. */
export interface TileRows {
  readonly start: number;
  readonly end: number;
  readonly slot: Slot;
}

export type Slot = 0 | 1;

export interface TiledPass<Answer> extends TileShape {
  /** Its kind, by which tiles are sized. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Does the work for some rows; `took` is the seconds that the device needed. */
  run(rows: TileRows): Promise<{ readonly answer: Answer; readonly took: number }>;
  /** Takes what came of it, in the order of the rows. */
  take(rows: TileRows, answer: Answer): void | Promise<void>;
}

/** So many tiles are under way: the device works on one while the host reads and prepares another. */
const UNDER_WAY = 2;

/**
 * Runs a pass tile by tile. Rejects with the signal's reason at once when it is aborted (what the device has begun goes
 * on to its end unheard), with EngineError 'memory' if even the smallest tile is too large.
 */
export async function runTiles<Answer>(
  pass: TiledPass<Answer>,
  { pacer, device, options }: PassContext,
): Promise<void> {
  const { name, start, end, stepsPerRow } = pass;
  const total = (end - start) * stepsPerRow;
  options.signal?.throwIfAborted();

  /** A tile that is too large is done in two halves, one after the other. */
  async function done(rows: TileRows): Promise<(readonly [TileRows, Answer])[]> {
    try {
      const { answer, took } = await pass.run(rows);
      pacer.took(name, (rows.end - rows.start) * stepsPerRow, took);
      device.noteTile(name, rows.end - rows.start);
      return [[rows, answer]];
    } catch (error) {
      if (!(error instanceof TooLargeError)) throw error;
      const half = 2 * Math.ceil((rows.end - rows.start) / 4);
      if (rows.start + half >= rows.end) {
        throw asMemoryError(error, 'the device has too little memory');
      }
      pacer.shrink((rows.end - rows.start) * pass.bytesPerRow);
      const middle = rows.start + half;
      return [...(await done({ ...rows, end: middle })), ...(await done({ ...rows, start: middle }))];
    }
  }

  const underWay: Promise<(readonly [TileRows, Answer])[]>[] = [];
  let next = start;
  let slot: Slot = 0;
  const launch = (): void => {
    const size = pacer.rows(name, pass);
    // A tile lies within one part of the matrix.
    const partEnd = (Math.floor(next / pass.rowsPerPart) + 1) * pass.rowsPerPart;
    const rows = { start: next, end: Math.min(next + size, partEnd, end), slot };
    const tile = done(rows);
    // It is awaited in its turn; until then a failure is nobody's.
    tile.catch(() => {});
    underWay.push(tile);
    next = rows.end;
    slot = slot === 0 ? 1 : 0;
  };
  while (next < end || underWay.length > 0) {
    while (next < end && underWay.length < UNDER_WAY) launch();
    const first = underWay.shift();
    if (first === undefined) break;
    for (const [rows, answer] of await unlessAborted(first, options)) {
      await pass.take(rows, answer);
      options.signal?.throwIfAborted();
      options.onProgress?.((rows.end - start) * stepsPerRow, total);
    }
  }
}

/** Settles as the work does, or rejects with the signal's reason as soon as it is aborted. */
export async function unlessAborted<R>(work: Promise<R>, { signal }: PassOptions): Promise<R> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  let stop: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
