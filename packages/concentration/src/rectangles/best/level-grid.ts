import {
  type Dataset,
  floorRational,
  multiplyRational,
  type Rational,
  rational,
  rationalToNumber,
} from '@levy/contracts';
import type { Matrix } from '@levy/kernels';
import { faceLevels } from '@levy/plan';
import { storedRange } from '../faces.js';

/** Rows whose every coordinate is a level of a grid, row-major. */
export interface LevelledRows {
  readonly rows: number;
  readonly codes: Uint8Array | Uint16Array;
}

/**
 * A face of a rectangle as the search sees it, by what lies beyond it. `>=`: E holds the levels from `level` on, E_ε
 * those from `level − gap` on. `<=`: E holds the levels up to `level`, E_ε those up to `level + gap`.
 */
export interface Face {
  readonly coordinate: number;
  readonly side: '>=' | '<=';
  readonly level: number;
}

/** Two stored values. */
export interface Extent {
  readonly low: number;
  readonly high: number;
}

/**
 * The levels that faces may stand at. A byte is its own level, and the gap is floor(ε·scale): nothing is lost. The
 * range of a float coordinate is cut into levels of equal width, of which ε spans a whole number wherever it spans one
 * at all; what a face holds is counted again on the values themselves once it is chosen.
 */
export interface LevelGrid {
  readonly columns: number;
  readonly levels: number;
  /** ε in levels, a coordinate each. */
  readonly gaps: Int32Array;
  levelled(matrix: Matrix): LevelledRows;
  /** The innermost level of a face on either side of a coordinate. */
  innermost(coordinate: number): { readonly upper: number; readonly lower: number };
  /** Where the face stands, in stored units: E_ε lies strictly beyond it, E by more than ε. */
  position(face: Face): number;
}

export function levelGridOf(matrix: Matrix, dataset: Dataset, epsilon: Rational): LevelGrid {
  return matrix.dtype === 'u1'
    ? byteGrid(matrix.columns, dataset, epsilon)
    : floatGrid(matrix, rationalToNumber(epsilon));
}

function byteGrid(columns: number, dataset: Dataset, epsilon: Rational): LevelGrid {
  const gap = Number(floorRational(multiplyRational(epsilon, rational(dataset.scale))));
  const extent = storedRange(dataset) ?? BYTES;
  return {
    columns,
    levels: faceLevels('u1'),
    gaps: new Int32Array(columns).fill(Math.min(gap, 256)),
    levelled(matrix) {
      if (matrix.dtype !== 'u1') throw new RangeError('a grid of bytes levels bytes');
      return { rows: matrix.rows, codes: matrix.data };
    },
    innermost: () => ({ upper: extent.low + gap + 1, lower: extent.high - gap - 1 }),
    position: ({ side, level }) => (side === '>=' ? level - gap - 1 : level + gap + 1),
  };
}

const FLOAT_LEVELS = faceLevels('f4');

function floatGrid(matrix: Matrix, epsilon: number): LevelGrid {
  const { columns } = matrix;
  const measured = columnExtents(matrix);
  const gaps = new Int32Array(columns);
  const across = widthsOf(measured);
  const widths = Float64Array.from(measured, ({ low, high }, j) => {
    const least = (high - low) / (FLOAT_LEVELS - 1);
    if (least === 0) return across[j] ?? 1;
    // ε above the whole range leaves no room for a face; ε below a level counts as one.
    const gap = Math.min(FLOAT_LEVELS, Math.floor(epsilon / least));
    gaps[j] = epsilon > 0 ? Math.max(1, gap) : 0;
    return gap === 0 ? least : Math.max(least, epsilon / gap);
  });
  const origin = (j: number) => measured[j]?.low ?? 0;
  const levelOf = (x: number, j: number) => Math.round((x - origin(j)) / (widths[j] ?? 1));
  return {
    columns,
    levels: FLOAT_LEVELS,
    gaps,
    levelled({ rows, data }) {
      const codes = new Uint16Array(rows * columns);
      for (let at = 0; at < codes.length; at += columns) {
        for (let j = 0; j < columns; j++) {
          codes[at + j] = Math.max(0, Math.min(FLOAT_LEVELS - 1, levelOf(data[at + j] ?? 0, j)));
        }
      }
      return { rows, codes };
    },
    innermost(j) {
      const gap = gaps[j] ?? 0;
      return { upper: gap + 1, lower: FLOAT_LEVELS - 2 - gap };
    },
    position({ coordinate: j, side, level }) {
      const width = widths[j] ?? 1;
      return side === '>='
        ? origin(j) + (level - 0.5) * width - epsilon
        : origin(j) + (level + 0.5) * width + epsilon;
    },
  };
}

const BYTES: Extent = { low: 0, high: 255 };

/**
 * How far a rectangle reaches along every coordinate where it has no face of its own: farther out than any sample is
 * near, so that E and its expansions, up to that by 2ε, are what the faces make them.
 */
export function extentsOf(fitted: Matrix, dataset: Dataset): Extent[] {
  const range = storedRange(dataset) ?? (fitted.dtype === 'u1' ? BYTES : undefined);
  const known =
    range === undefined ? columnExtents(fitted) : Array.from({ length: fitted.columns }, () => range);
  const across = widthsOf(known);
  return known.map(({ low, high }, j) => {
    const away = AWAY * (across[j] ?? 1);
    return { low: low - away, high: high + away };
  });
}

/** Of the width of a coordinate. ε is less. */
const AWAY = 4;

/**
 * How wide the coordinates are. A constant one is given the width of the widest, or where all are constant the largest
 * value for a width: nothing may depend on the unit of the data.
 */
function widthsOf(extents: readonly Extent[]): Float64Array {
  let [widest, largest] = [0, 0];
  for (const { low, high } of extents) {
    widest = Math.max(widest, high - low);
    largest = Math.max(largest, Math.abs(low), Math.abs(high));
  }
  return Float64Array.from(extents, ({ low, high }) => high - low || widest || largest || 1);
}

function columnExtents({ rows, columns, data }: Matrix): Extent[] {
  const low = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(columns).fill(Number.NEGATIVE_INFINITY);
  for (let at = 0; at < rows * columns; at += columns) {
    for (let j = 0; j < columns; j++) {
      const x = data[at + j] ?? 0;
      if (x < (low[j] ?? 0)) low[j] = x;
      if (x > (high[j] ?? 0)) high[j] = x;
    }
  }
  return Array.from({ length: columns }, (_, j) => ({ low: low[j] ?? 0, high: high[j] ?? 0 }));
}
