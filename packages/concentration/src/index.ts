export type { ArtifactStore } from './artifacts/artifact-store.js';
export { fileArtifacts, memoryArtifacts } from './artifacts/file-artifacts.js';
export { clopperPearson } from './evaluation/intervals.js';
export { measure } from './measure.js';
export {
  type MeasuredFile,
  type Measurement,
  type MeasurementContext,
  MeasurementError,
  type MeasurementProgress,
} from './measurement.js';
export { decodeRegion, encodeRegion, type RegionFile, type RegionShape } from './region/region-file.js';
export { type Verification, verifyRegion } from './region/verify-region.js';
export { Sweep } from './sweep.js';
export { engineClassOf } from './walk/plan-on.js';
