import { join } from 'node:path';
import type { Dataset } from '@levy/contracts';
import {
  canonicalJson,
  DATASET_FILE_FIELDS,
  type SyntheticDataset,
  syntheticDatasetChecker,
} from '@levy/contracts';
import type { AddedDataset } from '@levy/datasets';
import { bodyDigest, type DatasetRecords, type KeyStanding } from '@levy/queue';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AppDependencies } from '../app.js';
import { DatasetIntake } from '../datasets/dataset-intake.js';
import { invalidDataset } from '../datasets/dataset-problems.js';
import { uploadOptions } from '../datasets/upload-options.js';
import { idempotencyHeader, idempotencyKeyOf, idempotencyMismatch } from '../http/idempotency-key.js';
import { notJson } from '../http/json-body.js';
import { receiveForm } from '../http/receive-form.js';
import { BODY_MS, hearOut } from '../http/slow-bodies.js';
import { answers, reference } from '../openapi/schemas.js';
import { unsupportedMediaType } from '../problems/answer-problems.js';
import { ProblemError } from '../problems/problem-error.js';

const MULTIPART = 'multipart/form-data';
const headers = { type: 'object', properties: { 'idempotency-key': idempotencyHeader('data set') } };
const response = answers({
  200: { description: 'It was there already, with just this content', schema: reference('Dataset') },
  201: { description: 'It is in the store', schema: reference('Dataset') },
});

/** POST /v1/datasets and /v1/datasets/synthetic. */
export function createDatasetRoutes(root: FastifyInstance, dependencies: AppDependencies): void {
  const { uploadBytes } = dependencies;
  const intake = new DatasetIntake(dependencies);
  root.register(async (app) => {
    // The body is read by the route, as it comes.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(MULTIPART, async () => undefined);
    app.post(
      '/v1/datasets',
      {
        config: { longBody: true, takes: MULTIPART },
        schema: {
          tags: ['datasets'],
          summary: 'Upload a data set',
          description: 'The options of `levy datasets import` as a form; the body may be streamed.',
          headers,
          consumes: [MULTIPART],
          body: reference('DatasetUpload'),
          response,
        },
      },
      (request, reply) =>
        intake
          .withFolder((folder) => uploaded(folder, request, reply))
          .catch(async (error: unknown) => {
            await hearOut(request, reply);
            throw error;
          }),
    );
  });

  root.post(
    '/v1/datasets/synthetic',
    {
      schema: {
        tags: ['datasets'],
        summary: 'Draw a data set from a known distribution',
        headers,
        body: reference('SyntheticDataset'),
        response,
      },
    },
    (request, reply) => intake.withFolder((folder) => drawn(folder, request, reply)),
  );

  async function uploaded(folder: string, request: FastifyRequest, reply: FastifyReply): Promise<Dataset> {
    if (request.headers['content-type'] === undefined) throw unsupportedMediaType(request);
    using gone = whenGone(reply);
    const keyed = await KeyedRequest.open(request, dependencies.records);
    await using _key = keyed;
    const form = await receiveForm(request.raw, {
      fileFields: DATASET_FILE_FIELDS,
      folder: join(folder, 'form'),
      maxBytes: uploadBytes,
      silenceMs: BODY_MS,
    });
    const made = keyed.madeFrom(form.digest);
    if (made !== undefined) return replayed(made, reply);
    const options = uploadOptions(form, uploadBytes);
    const { files } = form;
    const added = await intake.add({ kind: 'import', options }, folder, { signal: gone.signal, files });
    return await tell(added, form.digest, keyed, reply);
  }

  async function drawn(folder: string, request: FastifyRequest, reply: FastifyReply): Promise<Dataset> {
    using gone = whenGone(reply);
    const keyed = await KeyedRequest.open(request, dependencies.records);
    await using _key = keyed;
    if (request.body === undefined) throw notJson('the body is empty; send what to draw as JSON');
    const { kind, ...options } = syntheticOf(request.body, uploadBytes);
    const digest = bodyDigest(canonicalJson({ kind, ...options }));
    const made = keyed.madeFrom(digest);
    if (made !== undefined) return replayed(made, reply);
    const added = await intake.add({ kind, options }, folder, { signal: gone.signal });
    return await tell(added, digest, keyed, reply);
  }

  async function tell(
    { dataset, created }: AddedDataset,
    digest: string,
    keyed: KeyedRequest,
    reply: FastifyReply,
  ): Promise<Dataset> {
    await dependencies.records.offer(dataset.id).catch((error: unknown) => {
      // Where Redis is away nobody can submit a job either, and the mark goes by itself.
      reply.log.debug({ err: error }, 'the mark of a removal was not taken back');
    });
    await keyed.settle(dataset.id, digest);
    return send(dataset, created ? 201 : 200, reply);
  }

  async function replayed(name: string, reply: FastifyReply): Promise<Dataset> {
    const dataset = await dependencies.datasets.get(name);
    if (dataset === undefined) {
      throw new ProblemError(
        'not-found',
        `the data set ${name}, which this Idempotency-Key made, was removed; use a new key`,
      );
    }
    reply.header('idempotency-replayed', 'true');
    return send(dataset, 200, reply);
  }
}

/** A request with its Idempotency-Key, if it has one. Dispose it. */
class KeyedRequest implements AsyncDisposable {
  private constructor(private readonly standing: KeyStanding | undefined) {}

  /** Throws a 400 for a key that cannot be used, a 409 where the first request with it is still being handled. */
  static async open(request: FastifyRequest, records: DatasetRecords): Promise<KeyedRequest> {
    const key = idempotencyKeyOf(request);
    const standing = key === undefined ? undefined : await records.claim(request.owner, key);
    if (standing?.outcome !== 'in-flight') return new KeyedRequest(standing);
    throw new ProblemError(
      'idempotency-in-flight',
      'the first request with this Idempotency-Key is still being handled',
      { headers: { 'retry-after': '5' } },
    );
  }

  /** What an earlier request with this key made. Throws a 422 if that had another body. */
  madeFrom(digest: string): string | undefined {
    if (this.standing?.outcome !== 'made') return undefined;
    if (this.standing.bodyDigest !== digest) throw idempotencyMismatch(this.standing.dataset);
    return this.standing.dataset;
  }

  async settle(dataset: string, digest: string): Promise<void> {
    if (this.standing?.outcome === 'claimed') await this.standing.claim.settle(dataset, digest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.standing?.outcome === 'claimed') await this.standing.claim[Symbol.asyncDispose]();
  }
}

function send(dataset: Dataset, status: number, reply: FastifyReply): Dataset {
  reply.code(status).header('location', `/v1/datasets/${dataset.id}`);
  return dataset;
}

function syntheticOf(body: unknown, maxBytes: number): SyntheticDataset {
  const faults = syntheticDatasetChecker.faults(body);
  if (!syntheticDatasetChecker.fits(body)) throw invalidDataset(faults);
  const { dimension, samples, testSamples = Math.max(1000, Math.floor(samples / 4)) } = body;
  const bytes = (samples + testSamples) * dimension * Float32Array.BYTES_PER_ELEMENT;
  if (bytes <= maxBytes) return body;
  throw invalidDataset([
    {
      pointer: '#/samples',
      code: 'too-large',
      detail: `${samples} + ${testSamples} rows of ${dimension} numbers are ${bytes} bytes; this service takes ${maxBytes}`,
    },
  ]);
}

/** Aborts when the client goes before it has its answer. */
function whenGone(reply: FastifyReply): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const onClose = (): void => controller.abort(new ProblemError('invalid-multipart', 'the client is gone'));
  reply.raw.once('close', onClose);
  return { signal: controller.signal, [Symbol.dispose]: () => void reply.raw.off('close', onClose) };
}
