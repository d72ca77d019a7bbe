import { encodeNpz, type NpyArray } from '@levy/datasets';
import type { Margins } from '@levy/kernels';
import type { Components } from '../halfspaces/principal-components.js';
import type { Clusters } from '../rectangles/clusters.js';
import type { Codec } from './codec.js';
import { NpzEntries } from './npz-entries.js';

/** Artifacts that are arrays are NPZ files, so that NumPy reads them too. */
export const radiiCodec: Codec<Int32Array | Float32Array> = {
  encode: (radii) => encodeNpz({ radii: vector(radii) }),
  decode: async (bytes) => numbers(await NpzEntries.read(bytes), 'radii'),
};

export const componentCodec: Codec<Float64Array> = {
  encode: (component) =>
    encodeNpz({ component: { dtype: 'f8', shape: [component.length], data: component } }),
  decode: async (bytes) => (await NpzEntries.read(bytes)).f8('component').data,
};

export const componentsCodec: Codec<Components> = {
  encode({ vectors, variances }) {
    const columns = vectors[0]?.length ?? 0;
    const data = Float64Array.from(vectors.flatMap((vector) => Array.from(vector)));
    return encodeNpz({
      components: { dtype: 'f8', shape: [vectors.length, columns], data },
      variances: { dtype: 'f8', shape: [variances.length], data: variances },
    });
  },
  async decode(bytes) {
    const entries = await NpzEntries.read(bytes);
    const { data, shape } = entries.f8('components');
    const [count = 0, columns = 0] = shape;
    return {
      vectors: Array.from({ length: count }, (_, k) => data.slice(k * columns, (k + 1) * columns)),
      variances: entries.f8('variances').data,
    };
  },
};

export const clustersCodec: Codec<Clusters> = {
  encode(clusters) {
    const shape = [clusters.count.length, clusters.columns];
    const arrays: Record<string, NpyArray> =
      clusters.dtype === 'u1'
        ? {
            sum: { dtype: 'i4', shape, data: clusters.sum },
            reach: { dtype: 'i4', shape, data: clusters.reach },
          }
        : {
            sum: { dtype: 'f4', shape, data: clusters.sum },
            reach: { dtype: 'f4', shape, data: clusters.reach },
          };
    return encodeNpz({ count: vector(clusters.count), ...arrays });
  },
  async decode(bytes) {
    const entries = await NpzEntries.read(bytes);
    const count = entries.i4('count').data;
    const columns = entries.take('sum').shape[1] ?? 0;
    return entries.take('sum').dtype === 'i4'
      ? { dtype: 'u1', columns, count, sum: entries.i4('sum').data, reach: entries.i4('reach').data }
      : { dtype: 'f4', columns, count, sum: entries.f4('sum').data, reach: entries.f4('reach').data };
  },
};

export const marginsCodec: Codec<Margins> = {
  encode({ margin, marginOf, room, roomOf }) {
    return encodeNpz({
      margin: vector(margin),
      margin_of: vector(marginOf),
      ...(room === undefined || roomOf === undefined ? {} : { room: vector(room), room_of: vector(roomOf) }),
    });
  },
  async decode(bytes) {
    const entries = await NpzEntries.read(bytes);
    return {
      margin: numbers(entries, 'margin'),
      marginOf: entries.i4('margin_of').data,
      ...(entries.has('room') ? { room: numbers(entries, 'room'), roomOf: entries.i4('room_of').data } : {}),
    };
  },
};

function vector(data: Int32Array | Float32Array): NpyArray {
  return data instanceof Int32Array
    ? { dtype: 'i4', shape: [data.length], data }
    : { dtype: 'f4', shape: [data.length], data };
}

function numbers(entries: NpzEntries, name: string): Int32Array | Float32Array {
  return entries.take(name).dtype === 'i4' ? entries.i4(name).data : entries.f4(name).data;
}
