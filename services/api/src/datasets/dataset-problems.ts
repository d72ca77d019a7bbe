import type { Fault } from '@levy/contracts';
import type { FormFile } from '../http/receive-form.js';
import { ProblemError } from '../problems/problem-error.js';
import type { Refusal } from './import-messages.js';

/** Why the store or a reader refuses a data set, as an answer. Paths of this machine become the names of the files sent. */
export function refusalProblem(refusal: Refusal, files: readonly FormFile[] = []): ProblemError {
  const { code } = refusal;
  const detail = code === 'no-test-rows' ? NO_TEST_ROWS : told(refusal.detail, files);
  const errors: Fault[] = [{ pointer: pointerOf(refusal, files), code, detail }];
  if (code === 'name-taken' || code === 'built-in') return new ProblemError('name-taken', detail, { errors });
  return invalidDataset(errors);
}

export function invalidDataset(errors: readonly Fault[]): ProblemError {
  const count = errors.length === 1 ? 'one thing is' : `${errors.length} things are`;
  return new ProblemError('invalid-dataset', `${count} wrong with this data set; nothing was stored`, {
    errors,
  });
}

export function storageFull(): ProblemError {
  return new ProblemError('storage-full', 'there is no room left in the data folder; nothing was stored', {
    headers: { 'retry-after': '60' },
  });
}

const NO_TEST_ROWS =
  'nothing says which rows are test rows: give a file of them (test), a share (testFraction) or a number of last rows (testLast)';

function told(detail: string, files: readonly FormFile[]): string {
  return files.reduce((text, { path, field, name }) => text.replaceAll(path, `${name} (${field})`), detail);
}

/** The first file that the message names, else the option that is at fault, else the whole. */
function pointerOf({ code, detail, option }: Refusal, files: readonly FormFile[]): string {
  if (code === 'name-taken') return '#/name';
  if (option !== undefined) return `#/${option === 'labelColumn' ? 'labels' : option}`;
  const [named] = files
    .map((file) => ({ file, at: detail.indexOf(file.path) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at || b.file.path.length - a.file.path.length);
  if (named === undefined) return '#';
  const { field } = named.file;
  if (field !== 'from') return `#/${field}`;
  return `#/from/${files.filter((file) => file.field === 'from').indexOf(named.file)}`;
}
