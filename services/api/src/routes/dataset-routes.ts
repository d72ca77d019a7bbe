import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { DATASET_NAME_PATTERN, type Dataset } from '@levy/contracts';
import { type DatasetStore, DIGITS_NAME } from '@levy/datasets';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AppDependencies } from '../app.js';
import { PAGE_QUERY, pageOfAll } from '../http/page.js';
import { answers, listOf, reference } from '../openapi/schemas.js';
import { ProblemError } from '../problems/problem-error.js';

const DatasetsQuery = Type.Object(PAGE_QUERY, { additionalProperties: false });
export const DatasetParams = Type.Object({ id: Type.String({ description: 'Name of the data set' }) });
const NAME = new RegExp(DATASET_NAME_PATTERN);

/** GET /v1/datasets, GET and DELETE /v1/datasets/{id}. */
export function datasetRoutes(root: FastifyInstance, { datasets, records }: AppDependencies): void {
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
    (request) => findDataset(datasets, request.params.id),
  );

  app.delete(
    '/v1/datasets/:id',
    {
      schema: {
        tags: ['datasets'],
        summary: 'Remove a data set that no job needs any more',
        description:
          'Results of jobs stay. Refused with 409 while a job on it is not final, and for the built-in digits.',
        params: DatasetParams,
        response: answers({ 204: { description: 'It is gone' } }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const { id, digest } = await findDataset(datasets, request.params.id);
      if (id === DIGITS_NAME) throw new ProblemError('built-in', `"${id}" is built in and stays`);
      const needed = await records.withhold(id, digest);
      if (needed > 0) {
        const jobs =
          needed === 1 ? '1 job that is not final needs' : `${needed} jobs that are not final need`;
        throw new ProblemError('dataset-in-use', `${jobs} ${id}; wait for them, or cancel them first`);
      }
      const wasThere = await datasets.remove(id).catch(async (error: unknown) => {
        await records.offer(id);
        throw error;
      });
      await records.forget(id);
      if (!wasThere) throw noSuchDataset();
      return reply.code(204).send();
    },
  );
}

/** The data set of this name. Throws a 404. */
export async function findDataset(datasets: DatasetStore, id: string): Promise<Dataset> {
  const dataset = NAME.test(id) ? await datasets.get(id) : undefined;
  if (dataset === undefined) throw noSuchDataset();
  return dataset;
}

function noSuchDataset(): ProblemError {
  return new ProblemError('not-found', 'there is no data set of this name; GET /v1/datasets names them');
}
