/** The part of WebAssembly's JavaScript interface that the engine uses; Node.js has it, its types do not. */
declare namespace WebAssembly {
  class Module {
    private readonly compiled: true;
  }

  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
    /** @returns the size before, in pages. */
    grow(pages: number): number;
  }

  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: Record<string, unknown>;
  }

  function compile(bytes: Uint8Array): Promise<Module>;
}
