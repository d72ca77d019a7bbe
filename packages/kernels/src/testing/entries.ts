import type { Neighbourhoods } from '../engine.js';
import { at } from '../reference/at.js';

/** Every row's entries, wherever its block begins. */
export function entriesOf({ blocks }: Neighbourhoods) {
  return blocks.flatMap(({ first, starts, ids, reached }) =>
    Array.from({ length: starts.length - 1 }, (_, line) => {
      const piece = (values: Int32Array) => [...values.subarray(at(starts, line), at(starts, line + 1))];
      return { row: first + line, ids: piece(ids), reached: piece(reached) };
    }),
  );
}
