import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { DATASET_NAME_PATTERN, type Dataset } from '@levy/contracts';
import type { FastifyInstance } from 'fastify';
import type { AppDependencies } from '../app.js';
import { PAGE_QUERY, pageOfAll } from '../http/page.js';
import { answers, listOf, reference } from '../openapi/schemas.js';
import { ProblemError } from '../problems/problem-error.js';

const DatasetsQuery = Type.Object(PAGE_QUERY, { additionalProperties: false });
const DatasetParams = Type.Object({ id: Type.String({ description: 'Name of the data set' }) });
const NAME = new RegExp(DATASET_NAME_PATTERN);

/** /v1/datasets and /v1/datasets/{id}. */
export function datasetRoutes(root: FastifyInstance, { datasets }: AppDependencies): void {
  const app = root.withTypeProvider<TypeBoxTypeProvider>();
  app.get(
    '/v1/datasets',
    {
      schema: {
        tags: ['datasets'],
        summary: 'Data sets in the store',
        querystring: DatasetsQuery,
        response: answers({ 200: { description: 'Newest first', schema: listOf('Dataset') } }),
      },
    },
    async (request, reply) => {
      const all = await datasets.list();
      const position = (dataset: Dataset) => `${dataset.createdAt} ${dataset.id}`;
      return pageOfAll(all, position, request.query, { list: 'datasets' }, request, reply);
    },
  );

  app.get(
    '/v1/datasets/:id',
    {
      schema: {
        tags: ['datasets'],
        summary: 'One data set: shapes, type, value range, digests',
        params: DatasetParams,
        response: answers({
          200: { description: 'As the store describes it', schema: reference('Dataset') },
        }),
      },
    },
    async (request) => {
      const { id } = request.params;
      const dataset = NAME.test(id) ? await datasets.get(id) : undefined;
      if (dataset === undefined) {
        throw new ProblemError('not-found', 'there is no data set of this name; GET /v1/datasets names them');
      }
      return dataset;
    },
  );
}
