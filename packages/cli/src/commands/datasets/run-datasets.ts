import type { Dataset } from '@levy/contracts';
import {
  type AddedDataset,
  DatasetStore,
  fetchDataset,
  importDataset,
  syntheticGaussian,
} from '@levy/datasets';
import { type Context, printJson, remark } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { CommandError } from '../../failure.js';
import { byteSize } from '../../output/numbers.js';
import { progressView } from '../../output/progress.js';
import { renderTable } from '../../output/table.js';
import { commandSettings } from '../../settings.js';
import type { ImportFlags, JsonFlag, SyntheticFlags } from './datasets.js';

export async function importInto(context: Context, name: string, flags: ImportFlags): Promise<ExitCode> {
  const store = await openStore(context);
  using view = progressView(context, name);
  const added = await importDataset(store, {
    name,
    from: flags.from,
    test: flags.test,
    labels: flags.labels,
    softLabels: flags.softLabels,
    softLabelsTest: flags.softLabelsTest,
    testFraction: optionalNumber('--test-fraction', flags.testFraction),
    testLast: optionalNumber('--test-last', flags.testLast),
    range: flags.range === undefined ? undefined : rangeOf(flags.range),
    onProgress: (done, total) => view.update({ fraction: share(done, total), phase: 'importing' }),
    signal: context.signal,
  });
  return tellAdded(context, added, flags);
}

export async function fetchInto(context: Context, name: string, flags: JsonFlag): Promise<ExitCode> {
  const store = await openStore(context);
  using view = progressView(context, name);
  const phases = { download: 'downloading', import: 'importing' } as const;
  const added = await fetchDataset(store, name, {
    onProgress: (done, total, phase) => view.update({ fraction: share(done, total), phase: phases[phase] }),
    signal: context.signal,
  });
  return tellAdded(context, added, flags);
}

export async function drawGaussian(context: Context, flags: SyntheticFlags): Promise<ExitCode> {
  const store = await openStore(context);
  using view = progressView(context, flags.name);
  const added = await syntheticGaussian(
    store,
    {
      name: flags.name,
      dimension: numberOf('--dimension', flags.dimension),
      samples: numberOf('--samples', flags.samples),
      testSamples: optionalNumber('--test-samples', flags.testSamples),
      variances: flags.variances?.split(',').map((text) => numberOf('--variances', text)),
      seed: numberOf('--seed', flags.seed),
    },
    {
      onProgress: (done, total) => view.update({ fraction: share(done, total), phase: 'drawing' }),
      signal: context.signal,
    },
  );
  return tellAdded(context, added, flags);
}

export async function listDatasets(context: Context, flags: JsonFlag): Promise<ExitCode> {
  const datasets = await (await openStore(context)).list();
  if (flags.json) printJson(context, datasets);
  else context.stdout.write(datasetsTable(datasets));
  return EXIT.ok;
}

export async function removeDatasets(context: Context, names: readonly string[]): Promise<ExitCode> {
  const store = await openStore(context);
  const missing: string[] = [];
  for (const name of names) {
    if (await store.remove(name)) remark(context, `levy: removed ${name}`);
    else missing.push(name);
  }
  if (missing.length === 0) return EXIT.ok;
  throw new CommandError(
    EXIT.refused,
    `there is no data set ${missing.join(', ')}; levy datasets list names them`,
  );
}

async function openStore(context: Context): Promise<DatasetStore> {
  return DatasetStore.open(commandSettings(context).dataDir);
}

function tellAdded(context: Context, { dataset, created }: AddedDataset, flags: JsonFlag): ExitCode {
  if (flags.json) printJson(context, dataset);
  else context.stdout.write(datasetsTable([dataset]));
  if (!created) remark(context, `levy: ${dataset.id} was there already, with just this content`);
  return EXIT.ok;
}

function datasetsTable(datasets: readonly Dataset[]): string {
  const isSoft = datasets.some(({ softLabels }) => softLabels !== undefined);
  const columns = [
    { title: 'data set' },
    { title: 'train', align: 'right' },
    { title: 'test', align: 'right' },
    { title: 'row' },
    { title: 'values' },
    { title: 'range' },
    { title: 'size', align: 'right' },
    { title: 'digest' },
    ...(isSoft ? [{ title: 'soft labels' }] : []),
  ] as const;
  const rows = datasets.map(({ id, splits, shape, dtype, scale, valueRange, digest, softLabels }) => [
    id,
    String(splits.train.rows),
    String(splits.test.rows),
    shape.join('×'),
    dtype === 'u1' ? `bytes / ${scale}` : 'float32',
    valueRange === undefined ? '' : `${valueRange.low}…${valueRange.high}`,
    byteSize(splits.train.bytes + splits.test.bytes),
    digest.slice(0, 12),
    ...(isSoft ? [softLabelsText(softLabels)] : []),
  ]);
  return renderTable(columns, rows);
}

function softLabelsText(softLabels: Dataset['softLabels']): string {
  if (softLabels === undefined) return '';
  return `${softLabels.classes} classes${softLabels.test === undefined ? ', train alone' : ''}`;
}

function rangeOf(text: string): [number, number] {
  const [low, high, ...more] = text.split(',').map((part) => numberOf('--range', part));
  if (low === undefined || high === undefined || more.length > 0) {
    throw new CommandError(EXIT.refused, `--range is "${text}"; it takes two numbers, such as 0,1`);
  }
  return [low, high];
}

function optionalNumber(flag: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : numberOf(flag, text);
}

function numberOf(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new CommandError(EXIT.refused, `${flag} is "${text}", which is no number`);
}

function share(done: number, total: number): number {
  return total === 0 ? 0 : done / total;
}
