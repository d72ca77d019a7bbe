import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../engine.js';
import { type Block, SharedHeap } from './shared-heap.js';

describe('SharedHeap', () => {
  it('never hands out bytes twice, and is one gap again once everything is given back', () => {
    const steps = fc.array(fc.record({ bytes: fc.nat(300_000), drop: fc.nat(9) }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (list) => {
        const heap = new SharedHeap();
        const held: { block: Block; bytes: number }[] = [];
        for (const { bytes, drop } of list) {
          const block = heap.allocate(bytes, 'a test');
          for (const other of held) {
            const apart =
              block.start + bytes <= other.block.start || other.block.start + other.bytes <= block.start;
            expect(apart).toBe(true);
          }
          expect(block.start % 64).toBe(0);
          expect(block.start + bytes).toBeLessThanOrEqual(heap.totalBytes);
          held.push({ block, bytes });
          const [dropped] = drop < 6 ? held.splice(drop, 1) : [];
          dropped?.block[Symbol.dispose]();
        }
        for (const { block } of held) {
          block[Symbol.dispose]();
        }
        expect(heap.usedBytes).toBe(0);
        const before = heap.totalBytes;
        heap.allocate(before - 64, 'all that there is');
        expect(heap.totalBytes).toBe(before);
      }),
      { numRuns: 50 },
    );
  });

  it('takes a block back once only', () => {
    const heap = new SharedHeap();
    const first = heap.allocate(64, 'a test');
    first[Symbol.dispose]();
    const second = heap.allocate(64, 'a test');
    first[Symbol.dispose]();
    expect(heap.allocate(64, 'a test').start).not.toBe(second.start);
  });

  it('names the bytes that do not fit', () => {
    const heap = new SharedHeap();
    expect(() => heap.allocate(5_000_000_000, 'lists of neighbours')).toThrow(EngineError);
    expect(() => heap.allocate(5_000_000_000, 'lists of neighbours')).toThrow(
      /lists of neighbours need 5000000000 bytes/,
    );
    expect(heap.usedBytes).toBe(0);
  });
});
