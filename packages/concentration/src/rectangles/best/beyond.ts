import type { Face, LevelGrid, LevelledRows } from './level-grid.js';

/** A rectangle as the faces that it has: x is outside if it lies beyond one of them. */
export type Faces = readonly Face[];

/** For every row, whether it lies beyond some face by more than ε (`strictly`), and beyond some face at all. */
export interface Marks {
  readonly strictly: Uint8Array;
  readonly beyond: Uint8Array;
}

export function marksOf({ columns, gaps }: LevelGrid, { rows, codes }: LevelledRows, faces: Faces): Marks {
  const strictly = new Uint8Array(rows);
  const beyond = new Uint8Array(rows);
  for (const { coordinate, side, level } of faces) {
    const gap = gaps[coordinate] ?? 0;
    const upper = side === '>=';
    const reach = upper ? level - gap : level + gap;
    for (let row = 0, at = coordinate; row < rows; row++, at += columns) {
      const x = codes[at] ?? 0;
      if (upper ? x < reach : x > reach) continue;
      beyond[row] = 1;
      if (upper ? x >= level : x <= level) strictly[row] = 1;
    }
  }
  return { strictly, beyond };
}

/** The rows of E and of E_ε: those outside every rectangle. */
export function countOutside(rows: number, marks: readonly Marks[]): { risk: number; advRisk: number } {
  let [risk, advRisk] = [0, 0];
  for (let row = 0; row < rows; row++) {
    let [strictly, beyond] = [1, 1];
    for (const of of marks) {
      strictly &= of.strictly[row] ?? 0;
      beyond &= of.beyond[row] ?? 0;
    }
    risk += strictly;
    advRisk += beyond;
  }
  return { risk, advRisk };
}
