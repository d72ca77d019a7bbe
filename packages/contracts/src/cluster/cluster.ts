import { type Static, Type } from 'typebox';

/** What computes kernels on a worker; jobs wait in one queue per class. */
export const ENGINE_CLASSES = ['wasm', 'gpu'] as const;
export type EngineClass = (typeof ENGINE_CLASSES)[number];

export const WorkerSchema = Type.Object(
  {
    id: Type.String(),
    host: Type.String(),
    pid: Type.Integer(),
    version: Type.String(),
    engine: Type.Enum([...ENGINE_CLASSES]),
    device: Type.String(),
    threads: Type.Integer({ minimum: 1 }),
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
