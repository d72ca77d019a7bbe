/**
 * The kernels. Each export is one task: some milliseconds of work on one thread, over addresses in the memory
 * that all threads share. Nothing here allocates, keeps state between calls or checks its arguments; the passes
 * in src/wasm own all of that. Rows are padded with zeros to a multiple of 16 bytes (`stride`), so that no loop
 * needs a tail.
 */
export { centresOnBytes, centresOnFloats } from './centres';
export { distanceBlock, neighbourBars, neighbourBlocks } from './neighbours';
export { neighbourhoodBars, neighbourhoodCounts, neighbourhoodEntries, neighbourhoodRecount } from './neighbourhoods';
export { combineBytes, combineFloats, projectBytes, projectFloats } from './products';
export { marginsOnBytes, marginsOnFloats } from './rectangles';
