import { checker, DatasetSchema } from '@levy/contracts';
import { type Static, Type } from 'typebox';

const Importing = Type.Object({
  name: Type.String(),
  from: Type.Array(Type.String()),
  test: Type.Optional(Type.String()),
  testFraction: Type.Optional(Type.Number()),
  testLast: Type.Optional(Type.Number()),
  labels: Type.Optional(Type.String()),
  labelColumn: Type.Optional(Type.String()),
  softLabels: Type.Optional(Type.String()),
  softLabelsTest: Type.Optional(Type.String()),
  range: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
  maxBytes: Type.Number(),
});

const Drawing = Type.Object({
  name: Type.String(),
  dimension: Type.Number(),
  samples: Type.Number(),
  testSamples: Type.Optional(Type.Number()),
  variances: Type.Optional(Type.Array(Type.Number())),
  seed: Type.Number(),
});

const WorkSchema = Type.Union([
  Type.Object({ kind: Type.Literal('import'), options: Importing }),
  Type.Object({ kind: Type.Literal('gaussian'), options: Drawing }),
]);
/** A data set that is to be made. */
export type DatasetWork = Static<typeof WorkSchema>;

const OrderSchema = Type.Object({
  dataDir: Type.String(),
  /** For files on their way into the store; removed by who sends this. */
  tempFolder: Type.String(),
  work: WorkSchema,
});
/** What the import process is started for. */
export type ImportOrder = Static<typeof OrderSchema>;

const OutcomeSchema = Type.Union([
  Type.Object({ type: Type.Literal('added'), dataset: DatasetSchema, created: Type.Boolean() }),
  Type.Object({
    type: Type.Literal('refused'),
    code: Type.String(),
    detail: Type.String(),
    option: Type.Optional(Type.String()),
  }),
  /** Its own fault, or the machine's. `system`: the system's name of it, such as ENOSPC. */
  Type.Object({
    type: Type.Literal('failed'),
    detail: Type.String(),
    system: Type.Optional(Type.String()),
  }),
]);
/** What the import process answers. */
export type ImportOutcome = Static<typeof OutcomeSchema>;
export type Refusal = Extract<ImportOutcome, { type: 'refused' }>;

const orders = checker(OrderSchema);
const outcomes = checker(OutcomeSchema);

/** Throws TypeError for anything else. */
export function parseOrder(value: unknown): ImportOrder {
  if (orders.fits(value)) return value;
  throw new TypeError(`this is no order: ${JSON.stringify(orders.faults(value))}`);
}

/** Throws TypeError for anything else. */
export function parseOutcome(value: unknown): ImportOutcome {
  if (outcomes.fits(value)) return value;
  throw new TypeError(`this is no outcome: ${JSON.stringify(outcomes.faults(value))}`);
}
