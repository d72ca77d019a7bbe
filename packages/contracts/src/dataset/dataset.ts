import { type Static, Type } from 'typebox';

export const DATASET_NAME_PATTERN = '^[a-z0-9][a-z0-9._-]{0,63}$';

export const DatasetNameSchema = Type.String({
  pattern: DATASET_NAME_PATTERN,
  title: 'the name of a data set: at most 64 lower-case letters, digits, ".", "_" and "-"',
  description: 'Name of a data set in the store',
});

export const DatasetSplitSchema = Type.Object({
  rows: Type.Integer({ minimum: 0 }),
  bytes: Type.Integer({ minimum: 0 }),
  sha256: Type.String({ description: 'Digest of the rows as stored: row-major, little-endian' }),
});

/**
 * What a distribution is known to be, where the data set was drawn from one (method §4):
 * a Gaussian N(0, diag(variances)), so that h is known in closed form.
 */
export const DistributionSchema = Type.Object({
  kind: Type.Literal('gaussian'),
  variances: Type.Array(Type.Number({ exclusiveMinimum: 0 }), { minItems: 1 }),
  seed: Type.Integer({ minimum: 0, maximum: 4294967295 }),
});

/** A data set as the store describes it. A stored number v stands for the value v / scale. */
export const DatasetSchema = Type.Object(
  {
    id: DatasetNameSchema,
    digest: Type.String({ description: 'SHA-256 over everything that a measurement depends on' }),
    dtype: Type.Enum(['u1', 'f4'], { description: 'u1: bytes, kept as bytes; f4: little-endian float32' }),
    scale: Type.Integer({
      minimum: 1,
      description: 'value = stored / scale (255 for images, 16 for digits, 1 for floats)',
    }),
    shape: Type.Array(Type.Integer({ minimum: 1 }), {
      minItems: 1,
      description: 'Shape of one row, e.g. [28, 28]',
    }),
    columns: Type.Integer({ minimum: 1, description: 'd, the number of coordinates of a row' }),
    valueRange: Type.Optional(
      Type.Object(
        { low: Type.Number(), high: Type.Number() },
        {
          description:
            'The range that the data set declares, in units of its values; never inferred from samples',
        },
      ),
    ),
    splits: Type.Object({ train: DatasetSplitSchema, test: DatasetSplitSchema }),
    labels: Type.Optional(
      Type.Object({
        classes: Type.Integer({ minimum: 1 }),
        train: Type.String({ description: 'SHA-256 of the labels, one byte a row' }),
        test: Type.String(),
      }),
    ),
    softLabels: Type.Optional(
      Type.Object(
        {
          classes: Type.Integer({ minimum: 2 }),
          train: Type.String({
            description: 'SHA-256 of a probability for every row and class: row-major, little-endian float64',
          }),
          test: Type.Optional(Type.String()),
        },
        { description: 'Where they are there, label uncertainty is known (gamma)' },
      ),
    ),
    distribution: Type.Optional(DistributionSchema),
    source: Type.Optional(Type.String({ description: 'Where it came from, with its terms' })),
    createdAt: Type.String({ format: 'date-time' }),
  },
  { $id: 'Dataset', title: 'Dataset', additionalProperties: false },
);
export type Dataset = Static<typeof DatasetSchema>;
export type Distribution = Static<typeof DistributionSchema>;
export type SplitName = keyof Dataset['splits'];
