import { gatherPair, gatherSingle } from '../kernels/gather.js';
import { barArguments, countPiece, pairsPerSegment, SEGMENTS } from './counts.js';
import type { Argument, KernelRunner } from './runner.js';
import type { Piece, Tile } from './tile.js';

export interface Lists {
  /** Where each row's entries start, and after them where the last row's end. */
  readonly starts: Int32Array;
  /** Points in their order. */
  readonly ids: Int32Array;
  /** Codes of the distances. */
  readonly codes: Int32Array;
}

/** Entries that one kernel gathers for a row. */
const MOST_AT_ONCE = 8192;

/** Of every row of a tile the points whose distance does not exceed its bar. */
export async function gatherLists(runner: KernelRunner, tile: Tile, codes: Float64Array): Promise<Lists> {
  const { rows, measure } = tile;
  const wide = new Float64Array(4 * rows);
  for (const [row, code] of codes.entries()) wide.fill(code, 4 * row, 4 * row + 4);
  const bars = barArguments(measure, wide, 4);
  const pieces = [];
  for (const piece of tile.pieces) {
    pieces.push({ piece, starts: await segmentStarts(runner, tile, piece, bars) });
  }

  const starts = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    const length = pieces.reduce(
      (sum, { starts: of }) => sum + (of[row * (SEGMENTS + 1) + SEGMENTS] ?? 0),
      0,
    );
    starts[row + 1] = (starts[row] ?? 0) + length;
  }
  const total = starts[rows] ?? 0;
  const lists = { starts, ids: new Int32Array(total), codes: new Int32Array(total) };
  const filled = starts.slice(0, rows);
  for (const { piece, starts: of } of pieces) {
    await gatherPiece(runner, tile, piece, { bars, starts: of }, lists, filled);
  }
  return lists;
}

/** How many entries of every row come before each run of points of a piece, and how many there are: rows × (SEGMENTS + 1). */
async function segmentStarts(
  runner: KernelRunner,
  tile: Tile,
  piece: Piece,
  bars: readonly Argument[],
): Promise<Float32Array> {
  using counted = await countPiece(runner, tile, piece, bars, {
    groups: 1,
    segments: SEGMENTS,
    order: 'runs',
  });
  const counts = await counted.read();
  const starts = new Float32Array(tile.rows * (SEGMENTS + 1));
  for (let row = 0; row < tile.rows; row++) {
    const at = row * (SEGMENTS + 1);
    for (let segment = 0; segment < SEGMENTS; segment++) {
      // The four bars are the same.
      starts[at + segment + 1] = (starts[at + segment] ?? 0) + (counts[4 * (row * SEGMENTS + segment)] ?? 0);
    }
  }
  return starts;
}

async function gatherPiece(
  runner: KernelRunner,
  { rows, measure }: Tile,
  piece: Piece,
  { bars, starts }: { bars: readonly Argument[]; starts: Float32Array },
  lists: Lists,
  filled: Int32Array,
): Promise<void> {
  let most = 0;
  for (let row = 0; row < rows; row++) most = Math.max(most, starts[row * (SEGMENTS + 1) + SEGMENTS] ?? 0);
  const components = measure.layout === 'single' ? 2 : 3;
  for (let first = 0; first < most; first += MOST_AT_ONCE) {
    const width = Math.min(MOST_AT_ONCE, most - first);
    using found = await runner.run({
      kernel: measure.layout === 'single' ? gatherSingle : gatherPair,
      components,
      constants: { segments: SEGMENTS, pairs: pairsPerSegment(piece, SEGMENTS) },
      output: [width, rows],
      args: [
        { array: piece.array, sizes: piece.sizes },
        { values: starts, sizes: [SEGMENTS + 1, rows] },
        ...bars,
        piece.part.rows,
        first,
      ],
      slot: 'entries',
    });
    const numbers = await found.read();
    for (let row = 0; row < rows; row++) {
      let to = filled[row] ?? 0;
      for (let entry = 0; entry < width; entry++) {
        const at = components * (row * width + entry);
        const point = numbers[at] ?? -1;
        if (point < 0) break;
        lists.ids[to] = piece.part.first + point;
        lists.codes[to] =
          measure.layout === 'single'
            ? measure.toCode(numbers[at + 1] ?? 0)
            : (numbers[at + 1] ?? 0) * 4096 + (numbers[at + 2] ?? 0);
        to += 1;
      }
      filled[row] = to;
    }
  }
}
