import { describe, expect, it } from 'vitest';
import { TilePacer } from './tile-pacer.js';

const DEVICE = { vendor: '', architecture: '', device: '', driver: '', type: 'gpu', mode: 'webgpu' } as const;
const SHAPE = { stepsPerRow: 1, bytesPerRow: 2 ** 20, rowsPerPart: 10_000 };

describe('TilePacer', () => {
  it('makes tiles of what a quarter of a second takes, even and at least two rows', () => {
    const pacer = new TilePacer(DEVICE, 2 ** 30);
    const shape = { ...SHAPE, stepsPerRow: 10 ** 8, bytesPerRow: 1 };
    const before = pacer.rows('a', shape);
    pacer.took('a', 10 ** 9, 0.1);
    expect(pacer.rows('a', shape)).toBe(24);
    expect(pacer.rows('b', shape)).toBe(before);
    expect(pacer.rows('a', { ...shape, stepsPerRow: 10 ** 15 })).toBe(2);
  });

  it('halves what failed, however many tiles failed at once, and comes back when tiles go well', () => {
    const pacer = new TilePacer(DEVICE, 2 ** 30);
    const rows = pacer.rows('a', SHAPE);
    expect(rows).toBe(1024);
    for (let tile = 0; tile < 3; tile++) pacer.shrink(rows * SHAPE.bytesPerRow);
    expect(pacer.rows('a', SHAPE)).toBe(512);
    for (let tile = 0; tile < 30; tile++) pacer.took('a', 10 ** 9, 0.1);
    expect(pacer.rows('a', SHAPE)).toBe(1024);
  });
});
