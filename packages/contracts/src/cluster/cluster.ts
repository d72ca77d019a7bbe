import { type Static, Type } from 'typebox';

/** What computes kernels on a worker; jobs wait in one queue per class. */
export const ENGINE_CLASSES = ['wasm', 'gpu'] as const;
export type EngineClass = (typeof ENGINE_CLASSES)[number];

/** Backends of gpu.js; the gpu engine runs on `webgpu`, the others stand in for it in tests. */
export const GPU_MODES = ['webgpu', 'webasm', 'cpu'] as const;
export type GpuMode = (typeof GPU_MODES)[number];

/** A graphics adapter as WebGPU tells of it, and what really runs kernels there. */
export const AdapterSchema = Type.Object(
  {
    vendor: Type.String(),
    architecture: Type.String(),
    device: Type.String(),
    driver: Type.String({ description: 'In its own words' }),
    type: Type.Enum(['gpu', 'cpu'], {
      description: 'cpu: a software adapter, which computes on the processor',
    }),
    mode: Type.Enum([...GPU_MODES], { description: 'The backend that really ran the kernels' }),
  },
  { $id: 'Adapter', title: 'Adapter' },
);
export type Adapter = Static<typeof AdapterSchema>;

export const WorkerSchema = Type.Object(
  {
    id: Type.String(),
    host: Type.String(),
    pid: Type.Integer(),
    version: Type.String(),
    engine: Type.Enum([...ENGINE_CLASSES]),
    device: Type.String(),
    threads: Type.Integer({ minimum: 1 }),
    adapter: Type.Optional(AdapterSchema),
    since: Type.String({ format: 'date-time' }),
    current: Type.Optional(
      Type.Object({ job: Type.String(), phase: Type.String(), since: Type.String({ format: 'date-time' }) }),
    ),
  },
  { $id: 'Worker', title: 'Worker', additionalProperties: false },
);
export type Worker = Static<typeof WorkerSchema>;

export const QueueStateSchema = Type.Object(
  {
    engines: Type.Array(
      Type.Object({
        engine: Type.Enum([...ENGINE_CLASSES]),
        waiting: Type.Integer({ minimum: 0 }),
        running: Type.Integer({ minimum: 0 }),
        oldestWaitSeconds: Type.Optional(Type.Number({ minimum: 0 })),
        workers: Type.Integer({ minimum: 0 }),
      }),
    ),
  },
  { $id: 'QueueState', title: 'QueueState', additionalProperties: false },
);
export type QueueState = Static<typeof QueueStateSchema>;
