import { createHash } from 'node:crypto';
import { type Domain, type Metric, type Protocol, type Rational, rational } from '@levy/contracts';
import { encodeNpy, encodeNpz, type NpyArray, npyText } from '@levy/datasets';
import { NpzEntries } from '../artifacts/npz-entries.js';
import type { Counts } from '../counts.js';

/** What a region is made of, in units of the data set's values. */
export type RegionShape =
  | {
      readonly kind: 'rectangles';
      readonly T: number;
      readonly columns: number;
      readonly center: Float32Array | Float64Array;
      readonly halfEdge: Float32Array | Float64Array;
      /**
       * On byte data: center and half_edge times this are whole numbers (cluster size · scale), from which every
       * comparison can be decided exactly. Absent on float data.
       */
      readonly denominator?: BigInt64Array;
    }
  | {
      readonly kind: 'balls';
      readonly T: number;
      readonly columns: number;
      readonly center: Float32Array | Float64Array;
      readonly radius: Float64Array;
      /**
       * On byte data: the radius in stored units, squared for l2, which is a whole number as center times the scale
       * is, so that every comparison can be decided exactly. Absent on float data.
       */
      readonly storedRadius?: BigInt64Array;
    }
  | { readonly kind: 'halfspace'; readonly w: Float64Array; readonly b: number };

/** A region with what it claims: a certificate that can be recounted without any search code. */
export interface RegionFile {
  readonly shape: RegionShape;
  readonly metric: Metric;
  readonly domain: Domain;
  readonly epsilon: Rational;
  readonly datasetDigest: string;
  readonly protocol: Protocol;
  readonly samples?: { readonly count: number; readonly seed: number };
  readonly claims: { readonly train: Counts; readonly validation?: Counts; readonly test: Counts };
}

/**
 * `region.npz`: the arrays of product documentation (`kind, metric, domain, epsilon_num, epsilon_den,
 * dataset_digest`; rectangles `center, half_edge`; balls `center, radius`; half-spaces `w, b`), besides them what a recount needs, the counts
 * claimed, and the SHA-256 over all other arrays. Equal regions give equal bytes.
 */
export async function encodeRegion(region: RegionFile): Promise<Uint8Array> {
  const content: Record<string, NpyArray> = {
    kind: npyText(region.shape.kind),
    metric: npyText(region.metric),
    domain: npyText(region.domain),
    epsilon_num: integer(region.epsilon.num),
    epsilon_den: integer(region.epsilon.den),
    dataset_digest: npyText(region.datasetDigest),
    ...shapeArrays(region.shape),
    protocol: npyText(region.protocol),
    ...(region.samples === undefined
      ? {}
      : { samples: integers([region.samples.count, region.samples.seed]) }),
    claimed_train: countsArray(region.claims.train),
    ...(region.claims.validation === undefined
      ? {}
      : { claimed_validation: countsArray(region.claims.validation) }),
    claimed_test: countsArray(region.claims.test),
  };
  return encodeNpz({ ...content, sha256: npyText(contentDigest(Object.entries(content))) });
}

/**
 * Reads a region file. Throws RangeError saying what is wrong with it. It must be, byte for byte, what Lévy writes for
 * its content, so that any change in it is caught.
 */
export async function decodeRegion(bytes: Uint8Array): Promise<RegionFile> {
  const entries = await NpzEntries.read(bytes);
  const region = regionOf(entries);
  const canonical = await encodeRegion(region);
  if (!Buffer.from(canonical).equals(Buffer.from(bytes))) {
    throw new RangeError('the file is not, byte for byte, what Lévy writes for this region: it was changed');
  }
  return region;
}

function regionOf(entries: NpzEntries): RegionFile {
  const samples = entries.has('samples') ? entries.i8('samples').data : undefined;
  const protocol = entries.has('protocol') ? entries.text('protocol') : 'paper';
  const metric = entries.text('metric');
  const domain = entries.text('domain');
  if (metric !== 'linf' && metric !== 'l2') throw new RangeError(`metric "${metric}" is neither linf nor l2`);
  if (domain !== 'box' && domain !== 'unbounded')
    throw new RangeError(`domain "${domain}" is neither box nor unbounded`);
  if (protocol !== 'holdout' && protocol !== 'paper')
    throw new RangeError(`protocol "${protocol}" is neither holdout nor paper`);
  return {
    shape: shapeOf(entries),
    metric,
    domain,
    epsilon: rational(entries.integer('epsilon_num'), entries.integer('epsilon_den')),
    datasetDigest: entries.text('dataset_digest'),
    protocol,
    ...(samples === undefined ? {} : { samples: { count: Number(samples[0]), seed: Number(samples[1]) } }),
    claims: {
      train: countsOf(entries, 'claimed_train'),
      ...(entries.has('claimed_validation') ? { validation: countsOf(entries, 'claimed_validation') } : {}),
      test: countsOf(entries, 'claimed_test'),
    },
  };
}

function shapeArrays(shape: RegionShape): Record<string, NpyArray> {
  if (shape.kind === 'halfspace') {
    return {
      w: { dtype: 'f8', shape: [shape.w.length], data: shape.w },
      b: { dtype: 'f8', shape: [], data: Float64Array.of(shape.b) },
    };
  }
  const table = (data: Float32Array | Float64Array): NpyArray =>
    data instanceof Float32Array
      ? { dtype: 'f4', shape: [shape.T, shape.columns], data }
      : { dtype: 'f8', shape: [shape.T, shape.columns], data };
  if (shape.kind === 'balls') {
    return {
      center: table(shape.center),
      radius: { dtype: 'f8', shape: [shape.T], data: shape.radius },
      ...(shape.storedRadius === undefined
        ? {}
        : { stored_radius: { dtype: 'i8', shape: [shape.T], data: shape.storedRadius } }),
    };
  }
  return {
    center: table(shape.center),
    half_edge: table(shape.halfEdge),
    ...(shape.denominator === undefined
      ? {}
      : { denominator: { dtype: 'i8', shape: [shape.T], data: shape.denominator } }),
  };
}

function shapeOf(entries: NpzEntries): RegionShape {
  const kind = entries.text('kind');
  if (kind === 'halfspace') {
    const [b] = entries.f8('b').data;
    if (b === undefined) throw new RangeError('the array "b" is empty');
    return { kind, w: entries.f8('w').data, b };
  }
  if (kind !== 'rectangles' && kind !== 'balls') {
    throw new RangeError(`kind "${kind}" is neither rectangles, balls nor halfspace`);
  }
  const [T = 0, columns = 0] = entries.take('center').shape;
  if (kind === 'balls') {
    const radius = entries.f8('radius').data;
    const storedRadius = entries.has('stored_radius') ? entries.i8('stored_radius').data : undefined;
    if (radius.length !== T || (storedRadius ?? radius).length !== T)
      throw new RangeError(`there are ${T} centres, but not as many radii`);
    const center = floats(entries, 'center', T * columns);
    return { kind, T, columns, center, radius, ...(storedRadius === undefined ? {} : { storedRadius }) };
  }
  return {
    kind,
    T,
    columns,
    center: floats(entries, 'center', T * columns),
    halfEdge: floats(entries, 'half_edge', T * columns),
    ...(entries.has('denominator') ? { denominator: entries.i8('denominator').data } : {}),
  };
}

function floats(entries: NpzEntries, name: string, length: number): Float32Array | Float64Array {
  const { data } = entries.take(name).dtype === 'f4' ? entries.f4(name) : entries.f8(name);
  if (data.length !== length)
    throw new RangeError(`"${name}" holds ${data.length} numbers, but center has ${length}`);
  return data;
}

function countsArray({ n, risk, advRisk }: Counts): NpyArray {
  return integers([n, risk, advRisk]);
}

function countsOf(entries: NpzEntries, name: string): Counts {
  const [n, risk, advRisk] = entries.i8(name).data;
  if (n === undefined || risk === undefined || advRisk === undefined) {
    throw new RangeError(`"${name}" should hold n, risk and advRisk`);
  }
  return { n: Number(n), risk: Number(risk), advRisk: Number(advRisk) };
}

function integer(value: bigint): NpyArray {
  if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} does not fit into 64 bits`);
  return { dtype: 'i8', shape: [], data: BigInt64Array.of(value) };
}

function integers(values: readonly number[]): NpyArray {
  return { dtype: 'i8', shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}

function contentDigest(entries: readonly [string, NpyArray][]): string {
  const hash = createHash('sha256');
  for (const [name, array] of entries) hash.update(name).update('\0').update(encodeNpy(array));
  return hash.digest('hex');
}
