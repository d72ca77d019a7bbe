import { EngineError } from '../engine.js';

const PAGE = 65_536;
const MAX_PAGES = 65_536;
/** A cache line, so that no two blocks share one. */
const ALIGNMENT = 64;

/** A piece of the heap; disposing it twice is harmless. */
export interface Block extends Disposable {
  /** Address of its first byte. */
  readonly start: number;
}

interface Gap {
  start: number;
  end: number;
}

/**
 * The one memory that all threads compute in, and who holds which part of it. Blocks are handed out first-fit
 * from a list of gaps kept in order; a block given back joins its neighbours. Memory grows up to 4 GiB and, as
 * WebAssembly has it, never shrinks.
 */
export class SharedHeap {
  readonly memory: WebAssembly.Memory;
  /** In order, apart from each other. The first cache line stays empty: 0 is no address. */
  private readonly gaps: Gap[] = [{ start: ALIGNMENT, end: PAGE }];
  private used = 0;

  constructor() {
    try {
      this.memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true });
    } catch (cause) {
      throw new EngineError('memory', 'cannot reserve addresses for 4 GiB of shared memory', { cause });
    }
  }

  /** Bytes that blocks hold. */
  get usedBytes(): number {
    return this.used;
  }

  /** Bytes that the memory has grown to. */
  get totalBytes(): number {
    return this.memory.buffer.byteLength;
  }

  /**
   * @param purpose said in the error, as in "neighbour lists"
   * @throws EngineError 'memory' if the bytes do not fit.
   */
  allocate(bytes: number, purpose: string): Block {
    const size = Math.max(1, Math.ceil(bytes / ALIGNMENT)) * ALIGNMENT;
    const gap = this.gaps.find(({ start, end }) => end - start >= size) ?? this.grow(size, bytes, purpose);
    const start = gap.start;
    gap.start += size;
    if (gap.start === gap.end) {
      this.gaps.splice(this.gaps.indexOf(gap), 1);
    }
    this.used += size;
    let held = true;
    return {
      start,
      [Symbol.dispose]: () => {
        if (held) {
          held = false;
          this.release(start, start + size);
        }
      },
    };
  }

  /**
   * Says early that blocks of so many bytes in all will not fit.
   * @throws EngineError 'memory'
   */
  checkRoom(bytes: number, purpose: string): void {
    if (this.used + bytes > MAX_PAGES * PAGE) {
      throw this.full(bytes, purpose);
    }
  }

  bytes(start: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, start, length);
  }

  int32(start: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, start, length);
  }

  float32(start: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, start, length);
  }

  float64(start: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, start, length);
  }

  /** Makes the last gap at least `size` long. */
  private grow(size: number, bytes: number, purpose: string): Gap {
    const end = this.totalBytes;
    const last = this.gaps.at(-1);
    const open = last !== undefined && last.end === end ? last : { start: end, end };
    const pages = Math.ceil((size - (open.end - open.start)) / PAGE);
    try {
      this.memory.grow(pages);
    } catch (cause) {
      throw this.full(bytes, purpose, cause);
    }
    if (open !== last) {
      this.gaps.push(open);
    }
    open.end = end + pages * PAGE;
    return open;
  }

  private full(bytes: number, purpose: string, cause?: unknown): EngineError {
    return new EngineError(
      'memory',
      `${purpose} need ${bytes} bytes; with the ${this.used} in use they do not fit into the ` +
        `${MAX_PAGES * PAGE} that this engine can address, or the machine has no more`,
      { cause },
    );
  }

  private release(start: number, end: number): void {
    this.used -= end - start;
    const after = this.gaps.findIndex((gap) => gap.start >= end);
    const index = after === -1 ? this.gaps.length : after;
    const before = this.gaps[index - 1];
    const next = this.gaps[index];
    const joinsBefore = before?.end === start;
    const joinsNext = next?.start === end;
    if (before !== undefined && joinsBefore) {
      before.end = next !== undefined && joinsNext ? next.end : end;
      if (joinsNext) {
        this.gaps.splice(index, 1);
      }
    } else if (next !== undefined && joinsNext) {
      next.start = start;
    } else {
      this.gaps.splice(index, 0, { start, end });
    }
  }
}
