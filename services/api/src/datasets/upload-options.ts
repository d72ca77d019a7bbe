import {
  DATASET_FILE_FIELDS,
  type DatasetFileField,
  type DatasetUpload,
  datasetUploadChecker,
  type Fault,
} from '@levy/contracts';
import type { FormFile, ReceivedForm } from '../http/receive-form.js';
import { invalidDataset } from './dataset-problems.js';
import type { DatasetWork } from './import-messages.js';

type ImportOptions = Extract<DatasetWork, { kind: 'import' }>['options'];

const NUMBERS = ['testFraction', 'testLast'] as const;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** What a form asks for. Throws a 422 that names everything that is wrong with its fields; files are not looked into. */
export function uploadOptions(form: ReceivedForm, maxBytes: number): ImportOptions {
  const stated = {
    ...Object.fromEntries([...form.texts].map(([name, text]) => [name, asNumber(name, text)])),
    ...filesByField(form.files),
  };
  const faults = [
    ...form.faults,
    ...textsForFiles(form),
    ...datasetUploadChecker.faults(stated),
    ...tooMany(form),
    ...rangeFaults(form.texts.get('range')),
  ];
  if (faults.length > 0 || !datasetUploadChecker.fits(stated)) throw invalidDataset(atMostOneAPlace(faults));
  return importOptions(stated, form, maxBytes);
}

function importOptions(
  stated: DatasetUpload,
  { files, texts }: ReceivedForm,
  maxBytes: number,
): ImportOptions {
  const pathOf = (field: DatasetFileField) => files.find((file) => file.field === field)?.path;
  const labelColumn = texts.get('labels');
  const range = rangeOf(texts.get('range'));
  return {
    name: stated.name,
    from: files.filter(({ field }) => field === 'from').map(({ path }) => path),
    maxBytes,
    ...given('test', pathOf('test')),
    ...given('testFraction', stated.testFraction),
    ...given('testLast', stated.testLast),
    ...given('labels', pathOf('labels')),
    ...given('labelColumn', labelColumn),
    ...given('softLabels', pathOf('softLabels')),
    ...given('softLabelsTest', pathOf('softLabelsTest')),
    ...given('range', range),
  };
}

function filesByField(files: readonly FormFile[]): Record<string, string | string[]> {
  const named = (field: string) => files.filter((file) => file.field === field).map(({ name }) => name);
  return Object.fromEntries(
    DATASET_FILE_FIELDS.map((field) => [field, named(field)] as const)
      .filter(([, names]) => names.length > 0)
      .map(([field, names]) => [field, field === 'from' ? names : (names[0] ?? '')]),
  );
}

/** Fields of which one is enough. */
function tooMany({ files, texts }: ReceivedForm): Fault[] {
  const faults: Fault[] = [];
  for (const field of DATASET_FILE_FIELDS) {
    const count = files.filter((file) => file.field === field).length;
    if (field !== 'from' && count > 1) {
      faults.push({
        pointer: `#/${field}`,
        code: 'maxItems',
        detail: `${field} is one file; these are ${count}`,
      });
    }
  }
  if (texts.has('labels') && files.some(({ field }) => field === 'labels')) {
    faults.push({
      pointer: '#/labels',
      code: 'duplicate',
      detail: 'labels is the name of a column or a file, not both',
    });
  }
  const rules = ['testFraction', 'testLast'].filter((name) => texts.has(name));
  if (files.some(({ field }) => field === 'test')) rules.unshift('test');
  for (const name of rules.slice(1)) {
    const detail = `there is ${rules[0]} already; give one of test, testFraction and testLast`;
    faults.push({ pointer: `#/${name}`, code: 'conflict', detail });
  }
  return faults;
}

/** All file fields but labels, which may be a column, take files only. */
function textsForFiles({ texts }: ReceivedForm): Fault[] {
  return DATASET_FILE_FIELDS.filter((field) => field !== 'labels' && texts.has(field)).map((field) => ({
    pointer: `#/${field}`,
    code: 'type',
    detail: `${field} is a file: send it as a part with a file name (curl -F ${field}=@PATH)`,
  }));
}

function rangeFaults(text: string | undefined): Fault[] {
  if (text === undefined || !text.includes(',')) return [];
  const range = rangeOf(text);
  if (range !== undefined && range[0] < range[1]) return [];
  const detail = `${text} is no range: two numbers, the lower first, such as 0,1`;
  return [{ pointer: '#/range', code: 'invalid', detail }];
}

function rangeOf(text: string | undefined): [number, number] | undefined {
  const [low = '', high = '', ...more] = text?.split(',').map((part) => part.trim()) ?? [];
  const isRange = [low, high].every((part) => NUMBER.test(part) && Number.isFinite(Number(part)));
  return isRange && more.length === 0 ? [Number(low), Number(high)] : undefined;
}

function asNumber(name: string, text: string): string | number {
  return NUMBERS.some((field) => field === name) && NUMBER.test(text) ? Number(text) : text;
}

function atMostOneAPlace(faults: readonly Fault[]): Fault[] {
  const places = new Map(
    faults.toReversed().map((fault) => ['pointer' in fault ? fault.pointer : '', fault]),
  );
  return [...places.values()].reverse().slice(0, 50);
}

/** A member that is absent rather than undefined. */
function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  const object: { [P in K]?: V } = {};
  if (value !== undefined) object[key] = value;
  return object;
}
