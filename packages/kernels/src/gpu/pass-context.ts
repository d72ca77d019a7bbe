import type { PassOptions } from '../engine.js';
import type { Device } from './device.js';
import type { TilePacer } from './tile-pacer.js';

/** What every pass needs besides its arguments. */
export interface PassContext {
  readonly device: Device;
  readonly pacer: TilePacer;
  readonly options: PassOptions;
}
