import { type MeasuredOn, measuredOnFields, UPPER_BOUND } from '../../output/measured-on.js';
import type { MeasuredColumn } from './measured-row.js';
import type { Reproduced, ReproducedRow, Reproduction } from './reproduction.js';

/** Everything that a reproduction says, as it grows row by row. */
export interface Report extends MeasuredOn {
  readonly reproduced: Reproduced;
  readonly reproduction: Reproduction;
  /** Why figures cannot be compared with the published ones; empty where they can. */
  readonly incomparable: readonly string[];
  readonly notes: readonly string[];
  readonly rows: readonly ReportedRow[];
}

export interface ReportedRow {
  readonly row: ReproducedRow;
  readonly measured: readonly MeasuredColumn[];
}

/** The one document of `--json`. */
export function reportDocument(report: Report): object {
  const { reproduced, reproduction, incomparable, notes, rows } = report;
  return {
    reproduced,
    title: reproduction.title,
    source: reproduction.source,
    says: UPPER_BOUND,
    comparable: incomparable.length === 0,
    notes: [...incomparable, ...notes],
    ...measuredOnFields(report),
    rows: rows.map(({ row, measured }) => ({
      names: row.names,
      title: row.title,
      setting: row.setting,
      ...(row.note === undefined ? {} : { note: row.note }),
      published: row.published,
      measured: measured.map(({ column, ...rest }) => ({ column: column.name, ...rest })),
    })),
    ...(reproduction.models === undefined ? {} : { models: reproduction.models }),
  };
}
