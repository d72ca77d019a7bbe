import type { JobStatus, Method, Metric } from '@levy/contracts';
import { encodeTime } from 'ulid';

/** What a list is narrowed to: a job passes if, of every field given, one of the values fits. */
export interface JobFilters {
  readonly status?: readonly JobStatus[];
  readonly dataset?: readonly string[];
  readonly metric?: readonly Metric[];
  readonly method?: readonly Method[];
  readonly sweep?: readonly string[];
  readonly tag?: readonly string[];
  /** Jobs accepted after this instant, to the millisecond. */
  readonly createdAfter?: Date;
}

/** The fields of the record that the script compares. */
export function wantedFields(filters: JobFilters): Record<string, readonly string[]> {
  const { createdAfter: _, tag, ...fields } = filters;
  return { ...fields, ...(tag === undefined ? {} : { tags: tag }) };
}

/** Where a walk from the newest job stops, as ZREVRANGEBYLEX takes it: an id begins with its time. */
export function oldestId(filters: JobFilters): string {
  if (filters.createdAfter === undefined) return '-';
  const time = Math.max(0, filters.createdAfter.getTime());
  return `(job_${encodeTime(time, 10)}${'Z'.repeat(16)}`;
}
