import type { Adapter } from '../engine.js';

/** What a tile should take: long enough that starting it costs nothing beside, short enough to stop and to watch. */
const TARGET_SECONDS = 0.25;
/** What a tile of distances may take on the device at first. */
const MOST_BYTES = 2 ** 30;
const LEAST_BYTES = 2 ** 20;
/** Elementary steps a second that are counted on before anything was measured. */
const FIRST_RATE = { gpu: 2e9, cpu: 2e7 } as const;
/** By how much every tile that went well raises what tiles may take again. */
const RECOVERY = 1.05;
/** By how much a measurement may change what is counted on. */
const MOST_CHANGE = 8;

export interface TileShape {
  /** Elementary steps of a row. */
  readonly stepsPerRow: number;
  /** Bytes that a row takes on the device. */
  readonly bytesPerRow: number;
  /** Rows of a part of the matrix whose rows are cut: a tile lies within one. */
  readonly rowsPerPart: number;
  /** Most rows of a tile whatever the device could do. */
  readonly mostRows?: number;
}

/** Sizes of tiles: by the time that the last ones of a kind took, and by what memory there is. */
export class TilePacer {
  private readonly rates = new Map<string, number>();
  private readonly firstRate: number;
  private readonly mostBytes: number;
  private bytes: number;

  constructor({ type }: Adapter, maxBufferBytes: number) {
    this.firstRate = FIRST_RATE[type];
    this.mostBytes = Math.min(MOST_BYTES, maxBufferBytes, type === 'cpu' ? MOST_BYTES / 16 : MOST_BYTES);
    this.bytes = this.mostBytes;
  }

  /** Rows of the next tile, even and at least two. */
  rows(pass: string, { stepsPerRow, bytesPerRow, rowsPerPart, mostRows = rowsPerPart }: TileShape): number {
    const rate = this.rates.get(pass) ?? this.firstRate;
    const byTime = (TARGET_SECONDS * rate) / Math.max(1, stepsPerRow);
    const byMemory = this.bytes / Math.max(1, bytesPerRow);
    return Math.max(2, 2 * Math.floor(Math.min(byTime, byMemory, mostRows) / 2));
  }

  took(pass: string, steps: number, seconds: number): void {
    const before = this.rates.get(pass) ?? this.firstRate;
    const measured = steps / Math.max(seconds, 1e-6);
    this.rates.set(pass, Math.min(before * MOST_CHANGE, Math.max(before / MOST_CHANGE, measured)));
    // A want of memory may pass.
    this.bytes = Math.min(this.mostBytes, this.bytes * RECOVERY);
  }

  /** After a tile of so many bytes for which there was no memory. */
  shrink(bytes: number): void {
    this.bytes = Math.max(LEAST_BYTES, Math.min(this.bytes, bytes / 2));
  }
}
