import { type Static, Type } from 'typebox';
import { checker } from '../schema-faults.js';
import { DatasetNameSchema } from './dataset.js';

const file = (description: string) =>
  Type.String({ format: 'binary', contentMediaType: 'application/octet-stream', description });

/**
 * The form of `POST /v1/datasets` (multipart/form-data): fields are the options of `levy datasets import`, files are
 * parts with a file name, and stand here as that name.
 */
export const DatasetUploadSchema = Type.Object(
  {
    name: DatasetNameSchema,
    from: Type.Array(file('.npy, .npz, .csv, .idx or CIFAR-10 .bin, gzip or not'), {
      minItems: 1,
      maxItems: 64,
      description:
        'Files, rows in this order; mnist, fashion-mnist and cifar-10 from their original files under their own names',
    }),
    test: Type.Optional(file('A file of test rows')),
    testFraction: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        description: 'Draws this share of the rows as test rows',
      }),
    ),
    testLast: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 2 ** 27, description: 'Takes the last rows as test rows' }),
    ),
    labels: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description:
          'As text: the column of the CSV files that holds the labels, by name or position from 0 (from the end: -1). As a file: a label for every row, .idx, .npy or text, one a line',
      }),
    ),
    softLabels: Type.Optional(file('Class probabilities for every row: .npy or .csv')),
    softLabelsTest: Type.Optional(file('Those of the test rows, where the files set them apart')),
    range: Type.Optional(
      Type.String({
        pattern: '^[^,]+,[^,]+$',
        maxLength: 64,
        title: 'two numbers with a comma between them, such as 0,1',
        description: 'The range that the data set declares for its values: LO,HI',
      }),
    ),
  },
  { $id: 'DatasetUpload', title: 'DatasetUpload', additionalProperties: false },
);
export type DatasetUpload = Static<typeof DatasetUploadSchema>;
export const datasetUploadChecker = checker(DatasetUploadSchema);

/** The parts of a `DatasetUpload` that are files. */
export const DATASET_FILE_FIELDS = ['from', 'test', 'labels', 'softLabels', 'softLabelsTest'] as const;
export type DatasetFileField = (typeof DATASET_FILE_FIELDS)[number];

const MAX_DIMENSION = 2 ** 18;
const rows = (description: string) => Type.Integer({ minimum: 1, maximum: 2 ** 27, description });

/** The body of `POST /v1/datasets/synthetic`, as `levy datasets synthetic gaussian` has it. */
export const SyntheticDatasetSchema = Type.Object(
  {
    kind: Type.Literal('gaussian', { description: 'N(0, diag(variances)), whose concentration is known' }),
    name: DatasetNameSchema,
    dimension: Type.Integer({
      minimum: 1,
      maximum: MAX_DIMENSION,
      description: 'd, the number of coordinates',
    }),
    samples: rows('Training rows'),
    testSamples: Type.Optional(rows('Test rows, drawn besides; by default max(1000, samples/4)')),
    variances: Type.Optional(
      Type.Array(Type.Number({ minimum: 1e-28, maximum: 1e28 }), {
        minItems: 1,
        maxItems: MAX_DIMENSION,
        description: 'One for each coordinate, or one for all; 1 by default',
      }),
    ),
    seed: Type.Integer({ minimum: 0, maximum: 4294967295 }),
  },
  {
    $id: 'SyntheticDataset',
    title: 'SyntheticDataset',
    additionalProperties: false,
    examples: [{ kind: 'gaussian', name: 'gauss-16', dimension: 16, samples: 10000, seed: 1 }],
  },
);
export type SyntheticDataset = Static<typeof SyntheticDatasetSchema>;
export const syntheticDatasetChecker = checker(SyntheticDatasetSchema);

/** Whose bytes `GET /v1/datasets/{id}/content` answers. */
export const DATASET_PARTS = [
  'train',
  'test',
  'trainLabels',
  'testLabels',
  'trainSoftLabels',
  'testSoftLabels',
] as const;
export type DatasetPart = (typeof DATASET_PARTS)[number];
