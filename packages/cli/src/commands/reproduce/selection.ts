import { BENCHMARKS, type Benchmark, type Fault } from '@levy/contracts';
import { figure1 } from './figure-1.js';
import type { ReproduceFlags } from './reproduce.js';
import {
  COLUMNS,
  type ColumnName,
  DEFAULT_COLUMNS,
  REPRODUCED,
  type Reproduced,
  type ReproducedColumn,
  type ReproducedRow,
  type Reproduction,
  takesRestarts,
} from './reproduction.js';
import { table1 } from './table-1.js';
import { table2 } from './table-2.js';
import { table3 } from './table-3.js';

/** What a command line chose to reproduce: one measurement for each column of each row, in the order of the table. */
export interface Selection {
  readonly reproduced: Reproduced;
  readonly reproduction: Reproduction;
  readonly chosen: readonly { readonly row: ReproducedRow; readonly column: ReproducedColumn }[];
}

const BUILDERS: Record<Reproduced, (dataset: Benchmark) => Reproduction> = {
  table1,
  table2,
  table3,
  figure1,
};

/** The selection, as far as the flags make sense, and everything that is wrong with them. */
export function select(
  what: string,
  flags: ReproduceFlags,
): { selection: Selection | undefined; faults: Fault[] } {
  const reproduced = REPRODUCED.find((name) => name === what);
  const dataset = BENCHMARKS.find((name) => name === flags.dataset);
  const columns = listed(flags.columns);
  const names = COLUMNS.filter((name) => columns?.includes(name) ?? isDefault(name));
  const faults = [
    ...(reproduced === undefined ? [fault('<what>', `"${what}" is none of ${REPRODUCED.join(', ')}`)] : []),
    ...datasetFaults(flags.dataset, dataset),
    ...unknown('--columns', columns, COLUMNS),
  ];
  if (reproduced === undefined || dataset === undefined) return { selection: undefined, faults };
  const reproduction = BUILDERS[reproduced](dataset);
  const known = [...new Set(reproduction.rows.flatMap((row) => row.names))];
  const wanted = listed(flags.rows);
  faults.push(...unknown('--rows', wanted, known));
  const rows = reproduction.rows.filter((row) => wanted?.some((name) => row.names.includes(name)) ?? true);
  const chosen = rows.flatMap((row) =>
    row.columns.filter(({ name }) => names.includes(name)).map((column) => ({ row, column })),
  );
  if (faults.length === 0) faults.push(...emptyFaults(reproduction.title, chosen, columns, flags));
  return { selection: { reproduced, reproduction, chosen }, faults };
}

function datasetFaults(given: string | undefined, dataset: Benchmark | undefined): Fault[] {
  if (dataset !== undefined) return [];
  const names = BENCHMARKS.join(' or ');
  const detail =
    given === undefined ? `is required: ${names}` : `the paper has no figures on "${given}"; choose ${names}`;
  return [fault('--dataset', detail)];
}

/** What was asked for but is not there to be measured. */
function emptyFaults(
  title: string,
  chosen: Selection['chosen'],
  columns: readonly string[] | undefined,
  flags: ReproduceFlags,
): Fault[] {
  const missing = (columns ?? []).filter((name) => !chosen.some(({ column }) => column.name === name));
  const hasRestarts = chosen.some(({ column }) => takesRestarts(column.job));
  return [
    ...missing.map((name) => fault('--columns', `the chosen rows of ${title} have no column ${name}`)),
    ...(missing.length === 0 && flags.restarts !== undefined && !hasRestarts
      ? [fault('--restarts', 'nothing that was chosen has restarts; leave it out')]
      : []),
  ];
}

function unknown(flag: string, given: readonly string[] | undefined, known: readonly string[]): Fault[] {
  const strange = (given ?? []).filter((name) => !known.includes(name));
  return strange.map((name) => fault(flag, `"${name}" is none of ${known.join(', ')}`));
}

function listed(text: string | undefined): string[] | undefined {
  return text?.split(',').map((part) => part.trim());
}

function isDefault(name: ColumnName): boolean {
  return DEFAULT_COLUMNS.some((each) => each === name);
}

function fault(parameter: string, detail: string): Fault {
  return { parameter, code: 'selection', detail };
}
