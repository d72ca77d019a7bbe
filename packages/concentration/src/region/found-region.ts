import type { Domain } from '@levy/contracts';
import type { MethodRegionStep, RectanglesSetting, RegionStep } from '@levy/plan';
import type { MethodRegion, Region } from './region.js';

/** The region of one method, beside the step that found it. */
export interface FoundRegion {
  readonly step: MethodRegionStep;
  readonly region: MethodRegion;
}

/** The region that a job answers with: of a job over all methods, the winner's. */
export function foundRegion(step: RegionStep, region: Region): FoundRegion {
  if (step.kind !== 'all' && region.kind !== 'all') return { step, region };
  const winner =
    step.kind === 'all' && region.kind === 'all' ? step.candidates[region.winner.candidate] : undefined;
  if (winner === undefined || region.kind !== 'all') {
    throw new RangeError('the region of a job over all methods comes from a step over all methods');
  }
  return { step: winner, region: region.winner.region };
}

/** What the rectangles of a region were judged by. */
export function settingOf(step: MethodRegionStep, list: number): RectanglesSetting {
  const setting = step.kind === 'rectangles' ? step.candidates[list]?.setting : undefined;
  if (setting === undefined) throw new RangeError('a rectangles region comes from a rectangles step');
  return setting;
}

/** The domain in which a region is counted: only rectangles know a box (method §2.5). */
export function domainOf({ step, region }: FoundRegion): Domain {
  if (region.kind === 'faces') return settingOf(step, 0).domain;
  return region.kind === 'rectangles' ? settingOf(step, region.list).domain : 'unbounded';
}

/** How many rectangles or balls were asked for; undefined for half-spaces. */
export function piecesOf(region: MethodRegion): number | undefined {
  if (region.kind === 'rectangles') return region.candidate.T;
  return region.kind === 'balls' || region.kind === 'faces' ? region.T : undefined;
}
