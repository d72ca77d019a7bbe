import {
  AdapterSchema,
  DatasetSchema,
  DatasetUploadSchema,
  EstimateSchema,
  JobEventSchema,
  JobListItemSchema,
  JobLogLineSchema,
  JobSchema,
  JobSpecSchema,
  JobSubmissionSchema,
  PlanSummarySchema,
  ProblemSchema,
  QueueStateSchema,
  ResultSchema,
  SyntheticDatasetSchema,
  WorkerSchema,
} from '@levy/contracts';
import type { FastifyInstance } from 'fastify';

type JsonSchema = Record<string, unknown>;

const SHARED = {
  Adapter: AdapterSchema,
  Dataset: DatasetSchema,
  DatasetUpload: DatasetUploadSchema,
  Estimate: EstimateSchema,
  Job: JobSchema,
  JobEvent: JobEventSchema,
  JobListItem: JobListItemSchema,
  JobLogLine: JobLogLineSchema,
  JobSpec: JobSpecSchema,
  JobSubmission: JobSubmissionSchema,
  Plan: PlanSummarySchema,
  Problem: ProblemSchema,
  QueueState: QueueStateSchema,
  Result: ResultSchema,
  SyntheticDataset: SyntheticDatasetSchema,
  Worker: WorkerSchema,
} as const;
export type SharedSchema = keyof typeof SHARED;

/** Makes the contract's schemas known under their names, each told once and referred to elsewhere. */
export function addSharedSchemas(app: FastifyInstance): void {
  for (const [name, schema] of Object.entries(SHARED)) {
    app.addSchema({ ...members(schema), $id: name });
  }
}

export function reference(name: SharedSchema): JsonSchema {
  return { $ref: `${name}#` };
}

/** What a route answers, by status: a shared schema or one of its own; problems come with every route. */
export function answers(
  successes: Readonly<Record<number, { description: string; schema?: JsonSchema; mediaType?: string }>>,
): Record<string, JsonSchema> {
  const problem = (description: string): JsonSchema => ({
    description,
    content: { 'application/problem+json': { schema: reference('Problem') } },
  });
  return {
    ...Object.fromEntries(
      Object.entries(successes).map(([status, { description, schema, mediaType = 'application/json' }]) => [
        status,
        schema === undefined
          ? { description, type: 'null' }
          : { description, content: { [mediaType]: { schema } } },
      ]),
    ),
    '4xx': problem('What is wrong with the request'),
    '5xx': problem('The service cannot answer now'),
  };
}

/** A list of a shared schema. */
export function listOf(name: SharedSchema): JsonSchema {
  return {
    type: 'object',
    required: ['data'],
    properties: { data: { type: 'array', items: reference(name) }, nextCursor: { type: 'string' } },
  };
}

/** The schema's members, with every inner schema that has a name replaced by a reference to it. */
function members(schema: object): JsonSchema {
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, referring(value)]));
}

function referring(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referring);
  if (typeof value !== 'object' || value === null) return value;
  const id: unknown = Reflect.get(value, '$id');
  return typeof id === 'string' && id in SHARED ? { $ref: `${id}#` } : members(value);
}
