import type { Command } from 'commander';
import type { Run } from '../../run.js';

export interface ImportFlags {
  readonly from: string[];
  readonly test?: string;
  readonly testFraction?: string;
  readonly testLast?: string;
  readonly labels?: string;
  readonly softLabels?: string;
  readonly softLabelsTest?: string;
  readonly range?: string;
  readonly json?: true;
}

export interface SyntheticFlags {
  readonly name: string;
  readonly dimension: string;
  readonly samples: string;
  readonly testSamples?: string;
  readonly variances?: string;
  readonly seed: string;
  readonly json?: true;
}

export interface JsonFlag {
  readonly json?: true;
}

/** The data sets in LEVY_DATA_DIR. */
export function addDatasets(root: Command, run: Run): void {
  const datasets = root
    .command('datasets')
    .summary('import, fetch, make, list and remove data sets in LEVY_DATA_DIR');
  addImport(datasets, run);
  addFetch(datasets, run);
  addSynthetic(datasets, run);
  datasets
    .command('list')
    .summary('list the data sets')
    .option('--json', 'print one JSON document: an array of data sets')
    .action(
      run(async (context, flags: JsonFlag) => {
        const { listDatasets } = await import('./run-datasets.js');
        return listDatasets(context, flags);
      }),
    );
  datasets
    .command('remove')
    .summary('remove data sets')
    .argument('<name...>', 'names')
    .action(
      run(async (context, names: string[]) => {
        const { removeDatasets } = await import('./run-datasets.js');
        return removeDatasets(context, names);
      }),
    );
}

function addImport(datasets: Command, run: Run): void {
  datasets
    .command('import')
    .summary('import a data set from files')
    .description(
      'Imports a data set from files: mnist, fashion-mnist and cifar-10 from the folder of their original files (gzip or\n' +
        'not), others from .npy, .npz (x_train, x_test) or .csv files.\n' +
        'Soft labels are class probabilities, a row of them for every row of the data; with them the label uncertainty of\n' +
        'regions is told, and balls may be measured with --gamma. An .npz file has them as soft_train and soft_test.',
    )
    .argument('<name>', 'what to call it: lower-case letters, digits, ".", "_" and "-"')
    .requiredOption('--from <path...>', 'files, or a folder of original files')
    .option('--test <path>', 'a file of test rows')
    .option('--test-fraction <fraction>', 'draw this share of the rows as test rows')
    .option('--test-last <rows>', 'take the last rows as test rows')
    .option(
      '--labels <file or column>',
      'a file of labels; of a CSV file the column, by name or position from 0',
    )
    .option('--soft-labels <path>', 'class probabilities of the rows of --from: a .npy or .csv file')
    .option('--soft-labels-test <path>', 'those of the test rows, where the files set them apart')
    .option('--range <low,high>', 'the range that the data set declares for its values, such as 0,1')
    .option('--json', 'print one JSON document: the data set')
    .action(
      run(async (context, name: string, flags: ImportFlags) => {
        const { importInto } = await import('./run-datasets.js');
        return importInto(context, name, flags);
      }),
    );
}

function addFetch(datasets: Command, run: Run): void {
  datasets
    .command('fetch')
    .summary('download the originals of a well-known data set')
    .description(
      'Downloads the original files of mnist, fashion-mnist or cifar-10, checks their digests and imports them.',
    )
    .argument('<name>', 'mnist, fashion-mnist or cifar-10')
    .option('--json', 'print one JSON document: the data set')
    .action(
      run(async (context, name: string, flags: JsonFlag) => {
        const { fetchInto } = await import('./run-datasets.js');
        return fetchInto(context, name, flags);
      }),
    );
}

function addSynthetic(datasets: Command, run: Run): void {
  datasets
    .command('synthetic')
    .summary('draw a data set from a known distribution')
    .command('gaussian')
    .summary('draw from a Gaussian with independent coordinates, whose concentration is known')
    .requiredOption('--name <id>', 'what to call it')
    .requiredOption('--dimension <n>', 'number of coordinates')
    .requiredOption('--samples <m>', 'training rows')
    .option(
      '--test-samples <k>',
      'test rows, drawn besides (default: a quarter of the samples, at least 1000)',
    )
    .option('--variances <list>', 'a variance for each coordinate, or one for all (default 1)')
    .requiredOption('--seed <s>', '0 to 4294967295')
    .option('--json', 'print one JSON document: the data set')
    .action(
      run(async (context, flags: SyntheticFlags) => {
        const { drawGaussian } = await import('./run-datasets.js');
        return drawGaussian(context, flags);
      }),
    );
}
