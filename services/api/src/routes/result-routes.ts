import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { checker, type Result, type ResultArtifact, ResultSchema } from '@levy/contracts';
import type { StoredJob } from '@levy/queue';
import type { FastifyInstance } from 'fastify';
import type { AppDependencies } from '../app.js';
import { noneMatchNames } from '../http/conditional.js';
import { IMMUTABLE, lostBlob, sendBlob } from '../http/send-blob.js';
import { artifactPath } from '../job-view.js';
import { answers, reference } from '../openapi/schemas.js';
import { ProblemError } from '../problems/problem-error.js';
import { JobParams, noSuchJob } from './job-routes.js';

const ArtifactParams = Type.Object({
  id: Type.String({ description: 'job_ and a ULID' }),
  name: Type.String({ description: 'region.npz, epsilon-curve.csv or search-trace.csv' }),
});
const results = checker(ResultSchema);

/** GET /v1/jobs/{id}/result and /v1/jobs/{id}/artifacts/{name}: bytes that never change. */
export function resultRoutes(root: FastifyInstance, { jobs, datasets }: AppDependencies): void {
  const app = root.withTypeProvider<TypeBoxTypeProvider>();
  const { blobs } = datasets;

  app.get(
    '/v1/jobs/:id/result',
    {
      schema: {
        tags: ['jobs'],
        summary: 'The whole result of a job that succeeded',
        params: JobParams,
        response: answers({
          200: { description: 'It never changes', schema: reference('Result') },
          304: { description: 'You have it' },
        }),
      },
    },
    async (request, reply) => {
      const { job, result } = succeeded(await jobs.get(request.params.id, request.owner));
      const etag = `"${result.sha256}"`;
      reply.header('etag', etag).header('cache-control', IMMUTABLE);
      if (noneMatchNames(request.headers['if-none-match'], etag)) return reply.code(304).send();
      const bytes = await blobs.get(result.sha256);
      if (bytes === undefined) throw lostBlob(result);
      return withLinks(parseResult(bytes, result), job.id);
    },
  );

  app.get(
    '/v1/jobs/:id/artifacts/:name',
    {
      schema: {
        tags: ['jobs'],
        summary: 'A file of the result',
        params: ArtifactParams,
        response: answers({
          200: {
            description: 'The whole file',
            schema: { type: 'string', format: 'binary' },
            mediaType: 'application/octet-stream',
          },
          206: {
            description: 'The range asked for',
            schema: { type: 'string', format: 'binary' },
            mediaType: 'application/octet-stream',
          },
          304: { description: 'You have it' },
        }),
      },
    },
    async (request, reply) => {
      const { id, name } = request.params;
      const { job } = succeeded(await jobs.get(id, request.owner));
      const artifact = job.artifacts.find((each) => each.name === name);
      if (artifact === undefined) {
        const names = job.artifacts.map((each) => each.name).join(', ') || 'none';
        throw new ProblemError('not-found', `this job has no file of that name; it has ${names}`);
      }
      return sendBlob(blobs, artifact, request, reply);
    },
  );
}

function succeeded(job: StoredJob | undefined): { job: StoredJob; result: ResultArtifact } {
  if (job === undefined) throw noSuchJob();
  if (job.status !== 'succeeded' || job.result === undefined) {
    throw new ProblemError(
      'not-succeeded',
      `${job.id} is ${job.status}; only a job that succeeded has a result`,
    );
  }
  return { job, result: job.result };
}

function parseResult(bytes: Uint8Array, about: ResultArtifact): Result {
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (results.fits(value)) return value;
  throw new TypeError(`the blob ${about.sha256} is no result: ${JSON.stringify(results.faults(value))}`);
}

function withLinks(result: Result, jobId: string): Result {
  const artifacts = result.artifacts.map((artifact) => ({
    ...artifact,
    href: artifactPath(jobId, artifact.name),
  }));
  return { ...result, artifacts };
}
