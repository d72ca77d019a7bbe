import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { DATASET_PARTS, type Dataset, type DatasetPart, type SplitName } from '@levy/contracts';
import type { FastifyInstance } from 'fastify';
import type { AppDependencies } from '../app.js';
import { invalidQuery } from '../http/query.js';
import { IMMUTABLE, sendBlob } from '../http/send-blob.js';
import { answers } from '../openapi/schemas.js';
import { ProblemError } from '../problems/problem-error.js';
import { DatasetParams, findDataset } from './dataset-routes.js';

const ContentQuery = Type.Object(
  {
    digest: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{64}$',
        title: 'a SHA-256 digest in lower-case hexadecimal',
        description:
          'SHA-256 of the bytes, from the description of the data set; such an address never changes',
      }),
    ),
    part: Type.Optional(
      Type.Enum([...DATASET_PARTS], { description: 'Or what they are, whatever their digest is now' }),
    ),
  },
  { additionalProperties: false },
);

const BYTES = { schema: { type: 'string', format: 'binary' }, mediaType: 'application/octet-stream' };

/** GET /v1/datasets/{id}/content. */
export function datasetContentRoute(root: FastifyInstance, { datasets }: AppDependencies): void {
  root.withTypeProvider<TypeBoxTypeProvider>().get(
    '/v1/datasets/:id/content',
    {
      schema: {
        tags: ['datasets'],
        summary: 'Bytes of a data set: rows, labels or soft labels of a split',
        description:
          'As they are stored: rows row-major, bytes or little-endian float32 (dtype), labels one byte a row, soft labels little-endian float64.',
        params: DatasetParams,
        querystring: ContentQuery,
        response: answers({
          200: { description: 'The whole part', ...BYTES },
          206: { description: 'The range asked for', ...BYTES },
          304: { description: 'You have it' },
        }),
      },
    },
    async (request, reply) => {
      const dataset = await findDataset(datasets, request.params.id);
      const { digest, part } = request.query;
      if ((digest === undefined) === (part === undefined)) throw askedWrongly(dataset);
      const parts = partsOf(dataset);
      const found = parts.find((each) => each.part === part || each.sha256 === digest);
      if (found === undefined) {
        const there = parts.map((each) => `${each.part} (${each.sha256})`).join(', ');
        throw new ProblemError(
          'not-found',
          `${dataset.id} has no ${part ?? `bytes ${digest}`}; it has ${there}`,
        );
      }
      const file = { ...found, name: `${dataset.id}-${found.part}.bin`, mediaType: BYTES.mediaType };
      reply.header('content-location', contentPath(dataset.id, found.sha256));
      return sendBlob(
        datasets.blobs,
        file,
        request,
        reply,
        digest === undefined ? 'private, no-cache' : IMMUTABLE,
      );
    },
  );
}

interface Part {
  readonly part: DatasetPart;
  readonly sha256: string;
  readonly bytes: number;
}

/** Everything of a data set that is in the blob store. */
function partsOf({ splits, labels, softLabels }: Dataset): Part[] {
  const parts: Part[] = [];
  for (const split of ['train', 'test'] as const satisfies readonly SplitName[]) {
    const { rows, bytes, sha256 } = splits[split];
    parts.push({ part: split, sha256, bytes });
    if (labels !== undefined) parts.push({ part: `${split}Labels`, sha256: labels[split], bytes: rows });
    const soft = softLabels?.[split];
    if (softLabels !== undefined && soft !== undefined) {
      const softBytes = rows * softLabels.classes * Float64Array.BYTES_PER_ELEMENT;
      parts.push({ part: `${split}SoftLabels`, sha256: soft, bytes: softBytes });
    }
  }
  return parts;
}

function contentPath(id: string, sha256: string): string {
  return `/v1/datasets/${id}/content?digest=${sha256}`;
}

function askedWrongly(dataset: Dataset): ProblemError {
  const names = partsOf(dataset).map(({ part }) => part);
  const detail = `give either the digest of the bytes or a part: ${names.join(', ')}`;
  return invalidQuery(['digest', 'part'].map((parameter) => ({ parameter, code: 'one-of', detail })));
}
