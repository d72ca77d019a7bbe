import type { IKernelFunctionThis } from 'gpu.js';

/**
 * What a kernel of this folder is called on. gpu.js reads kernels from their text and translates them, so they are
 * plain: numbers, loops with a constant bound (others are cut at 1000 rounds), and no division, which WGSL may round
 * wrongly; a factor that is a power of two is exact. Numbers are float32: whole numbers are exact up to 2²⁴.
 * Matrices are held transposed, `points[column][row]`, so that neighbouring threads read neighbouring numbers.
 */
export type KernelThis<Constants> = IKernelFunctionThis<Constants>;

/** Columns that a kernel sums before it adds them to the rest; matrices are padded with zeros to a multiple of it. */
export const CHUNK = 16;
