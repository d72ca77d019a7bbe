import { availableParallelism } from 'node:os';
import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { canonicalJson, type Dataset, isFinal, type JobSpec, type PlanSummary } from '@levy/contracts';
import { chooseEngine, datasetNameOf, planJob, resolveJob, summarisePlan } from '@levy/plan';
import {
  bodyDigest,
  type Idempotency,
  QueueUnavailableError,
  type StoredJob,
  type Submission,
  type Submitted,
} from '@levy/queue';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AppDependencies } from '../app.js';
import { idempotencyHeader, idempotencyKeyOf, idempotencyMismatch } from '../http/idempotency-key.js';
import { notJson } from '../http/json-body.js';
import type { LongPolls } from '../http/long-polls.js';
import { MAX_WAIT_SECONDS, preferredWait } from '../http/prefer.js';
import { offersOf } from '../offers.js';
import { answers, reference } from '../openapi/schemas.js';
import { ProblemError } from '../problems/problem-error.js';
import type { JobAnswers } from './job-answers.js';

const CreateQuery = Type.Object(
  {
    dryRun: Type.Optional(
      Type.Boolean({ default: false, description: 'Answer the plan and accept nothing' }),
    ),
  },
  { additionalProperties: false },
);

const CreateHeaders = {
  type: 'object',
  properties: {
    'idempotency-key': idempotencyHeader('job'),
    prefer: {
      type: 'string',
      description: `wait=N: answer when the job is final, after N seconds (at most ${MAX_WAIT_SECONDS}) at the latest`,
    },
  },
};

/** POST /v1/jobs. */
export function createJobRoute(
  root: FastifyInstance,
  dependencies: AppDependencies,
  shared: { readonly polls: LongPolls; readonly jobAnswers: JobAnswers },
): void {
  const { jobs } = dependencies;
  const app = root.withTypeProvider<TypeBoxTypeProvider>();
  app.post(
    '/v1/jobs',
    {
      schema: {
        tags: ['jobs'],
        summary: 'Submit a job',
        querystring: CreateQuery,
        headers: CreateHeaders,
        body: reference('JobSubmission'),
        response: answers({
          200: {
            description: 'With dryRun the plan; with Prefer: wait the job, if it finished',
            schema: { anyOf: [reference('Job'), reference('Plan')] },
          },
          202: { description: 'Accepted', schema: reference('Job') },
        }),
      },
    },
    async (request, reply) => {
      const body: unknown = request.body;
      const idempotency = idempotencyOf(request);
      if (body === undefined) throw notJson('the body is empty; send a job as JSON');
      if (request.query.dryRun) return planOf(await resolved(body, dependencies), dependencies);
      const replay = idempotency && (await jobs.findReplay(request.owner, idempotency));
      const submitted =
        replay ??
        (await jobs.submit({
          ...(await placed(await resolved(body, dependencies), dependencies)),
          owner: request.owner,
          ...(idempotency === undefined ? {} : { idempotency }),
        }));
      const { job, replayed } = accepted(submitted);
      if (replayed) reply.header('idempotency-replayed', 'true');
      reply.header('location', `/v1/jobs/${job.id}`);
      const latest = await afterPreferredWait(job, request, reply, shared.polls);
      reply.code(isFinal(latest.status) ? 200 : 202);
      return shared.jobAnswers.send(latest, reply);
    },
  );
}

/** The spec of a body, or a 422 that names all that is wrong with it. */
async function resolved(body: unknown, { datasets }: AppDependencies): Promise<JobSpec> {
  const name = datasetNameOf(body);
  const outcome = resolveJob(body, name === undefined ? undefined : await datasets.get(name));
  if (outcome.ok) return outcome.spec;
  const { faults } = outcome;
  const count = faults.length === 1 ? 'one thing is' : `${faults.length} things are`;
  throw new ProblemError('invalid-job', `${count} wrong with this job; nothing was accepted`, {
    errors: faults,
  });
}

/** The job with the engine class that it keeps. */
async function placed(
  spec: JobSpec,
  dependencies: AppDependencies,
): Promise<Pick<Submission, 'spec' | 'engine'>> {
  const dataset = await datasetOf(spec, dependencies);
  return { spec, engine: chooseEngine(spec, dataset, offersOf(await dependencies.registry.list())) };
}

async function planOf(spec: JobSpec, dependencies: AppDependencies): Promise<PlanSummary> {
  const { registry, connections } = dependencies;
  const dataset = await datasetOf(spec, dependencies);
  const offers = offersOf(connections.ready ? await registry.list().catch(noneIfUnavailable) : []);
  const engine = chooseEngine(spec, dataset, offers);
  const threads = offers[engine]?.threads ?? availableParallelism();
  return summarisePlan(planJob(spec, dataset, { engine, threads }));
}

async function datasetOf(spec: JobSpec, { datasets }: AppDependencies): Promise<Dataset> {
  const dataset = await datasets.get(spec.dataset);
  if (dataset?.digest === spec.datasetDigest) return dataset;
  throw new ProblemError('not-found', `${spec.dataset} was removed or replaced just now`);
}

/** A plan needs no queue. */
function noneIfUnavailable(error: unknown): never[] {
  if (error instanceof QueueUnavailableError) return [];
  throw error;
}

function idempotencyOf(request: FastifyRequest): Idempotency | undefined {
  const key = idempotencyKeyOf(request);
  return key === undefined ? undefined : { key, bodyDigest: bodyDigest(canonicalOrPlain(request.body)) };
}

/** Numbers such as 1e400 have no canonical form; they are refused later, with all else that is wrong. */
function canonicalOrPlain(body: unknown): string {
  try {
    return canonicalJson(body);
  } catch {
    return JSON.stringify(body) ?? '';
  }
}

function accepted(submitted: Submitted): { job: StoredJob; replayed: boolean } {
  switch (submitted.outcome) {
    case 'accepted':
      return submitted;
    case 'mismatch':
      throw idempotencyMismatch(submitted.jobId);
    case 'deleted':
      throw new ProblemError(
        'not-found',
        `${submitted.jobId}, which this Idempotency-Key made, was deleted; use a new key`,
      );
    case 'dataset-removed':
      throw new ProblemError('invalid-job', 'the data set of this job was removed just now', {
        errors: [
          {
            pointer: '#/dataset',
            code: 'unknown-dataset',
            detail: 'it was removed a moment ago; if it is back, submit the job again in a minute',
          },
        ],
      });
  }
}

async function afterPreferredWait(
  job: StoredJob,
  request: FastifyRequest,
  reply: FastifyReply,
  polls: LongPolls,
): Promise<StoredJob> {
  const seconds = preferredWait(request.headers['prefer']);
  if (seconds === undefined) return job;
  reply.header('preference-applied', `wait=${seconds}`);
  return (await polls.wait(job.id, { seconds }, reply)) ?? job;
}
