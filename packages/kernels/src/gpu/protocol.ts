import { checker } from '@levy/contracts';
import { type Static, Type } from 'typebox';

/**
 * What the engine asks of its device process, and what that answers. Numbers cross the border as typed arrays; the two
 * ends are always of one build, but what arrives is checked all the same.
 */

const bytes = Type.Refine(Type.Unsafe<Uint8Array>({}), (value) => value instanceof Uint8Array);
const floats = Type.Refine(Type.Unsafe<Float32Array>({}), (value) => value instanceof Float32Array);
const doubles = Type.Refine(Type.Unsafe<Float64Array>({}), (value) => value instanceof Float64Array);
const ints = Type.Refine(Type.Unsafe<Int32Array>({}), (value) => value instanceof Int32Array);
const numbers = Type.Union([ints, floats, doubles]);
const whole = Type.Integer({ minimum: 0 });
const distance = Type.Enum(['l1', 'squared-l2', 'linf']);
const range = { start: whole, end: whole };
const valueRange = Type.Optional(Type.Object({ low: Type.Number(), high: Type.Number() }));
/** Two tiles can be held at once, so that one is computed while the engine thinks about the other. */
const slot = Type.Integer({ minimum: 0, maximum: 1 });

const tile = { points: whole, distance, ...range, slot };

export const WorkSchema = Type.Union([
  /** Begins a matrix; `append` follows until all its rows are there. */
  Type.Object({
    op: Type.Literal('load'),
    matrix: whole,
    dtype: Type.Enum(['u1', 'f4']),
    rows: whole,
    columns: whole,
  }),
  Type.Object({ op: Type.Literal('append'), matrix: whole, rows: whole, data: Type.Union([bytes, floats]) }),
  Type.Object({ op: Type.Literal('unload'), matrix: whole }),
  /** → [radii]: of rows start … end the distance to the k-th nearest. */
  Type.Object({ op: Type.Literal('radii'), ...tile, k: whole }),
  /** → [distances]: rows start … end of `queries` × points. */
  Type.Object({ op: Type.Literal('distances'), ...tile, queries: whole }),
  /** → [starts, ids, distances]: of rows start … end the points up to the count-th nearest, in the order of their rows. */
  Type.Object({ op: Type.Literal('lists'), ...tile, count: whole }),
  /** → [counts]: for every limit of every row how many points are within it; `width` limits a row. */
  Type.Object({ op: Type.Literal('within'), ...tile, limits: Type.Union([ints, floats]), width: whole }),
  /** → [labels, distances] */
  Type.Object({
    op: Type.Literal('centres'),
    points: whole,
    ...range,
    centres: Type.Union([
      Type.Object({ dtype: Type.Literal('u1'), count: ints, sum: ints }),
      Type.Object({ dtype: Type.Literal('f4'), sum: floats }),
    ]),
  }),
  /** → [margin, marginOf] or [margin, marginOf, room, roomOf] */
  Type.Object({
    op: Type.Literal('margins'),
    points: whole,
    ...range,
    rectangles: Type.Object({ range: valueRange, count: ints, sum: ints, above: ints, below: ints }),
  }),
  /** → [products]: rows start … end × directions, float64 */
  Type.Object({ op: Type.Literal('project'), points: whole, ...range, directions: doubles }),
  /** → [sums]: directions × columns, float64; weights rows × count. */
  Type.Object({ op: Type.Literal('combine'), points: whole, weights: doubles, count: whole }),
]);
export type Work = Static<typeof WorkSchema>;

/** Work with a number that the answer bears; or the end. */
export const AskSchema = Type.Union([
  Type.Object({ type: Type.Literal('ask'), id: whole, work: WorkSchema }),
  Type.Object({ type: Type.Literal('close') }),
]);
export type Ask = Static<typeof AskSchema>;

export const AdapterSchema = Type.Object({
  vendor: Type.String(),
  architecture: Type.String(),
  device: Type.String(),
  driver: Type.String(),
  type: Type.Enum(['gpu', 'cpu']),
  mode: Type.Enum(['webgpu', 'webasm', 'cpu']),
});

const seconds = Type.Object({ kernels: Type.Number(), transfer: Type.Number(), selection: Type.Number() });

export const AnswerSchema = Type.Union([
  Type.Object({ type: Type.Literal('ready'), adapter: AdapterSchema, maxBufferBytes: Type.Integer() }),
  /** There is no adapter to work on; the process ends. */
  Type.Object({ type: Type.Literal('unfit'), why: Type.String() }),
  Type.Object({ type: Type.Literal('done'), id: whole, arrays: Type.Array(numbers), seconds }),
  /** `memory`: smaller work may do. `input`: no device would do it. */
  Type.Object({
    type: Type.Literal('failed'),
    id: whole,
    kind: Type.Enum(['memory', 'device', 'input']),
    why: Type.String(),
  }),
  /** The device is gone; the process ends. */
  Type.Object({ type: Type.Literal('lost'), why: Type.String() }),
]);
export type Answer = Static<typeof AnswerSchema>;
export type Seconds = Static<typeof seconds>;

export const asks = checker(AskSchema);
export const answers = checker(AnswerSchema);
