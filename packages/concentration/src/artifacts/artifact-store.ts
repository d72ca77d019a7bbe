/**
 * Where the artifacts of steps are kept, by the key of their step. `get` answers undefined for what is not there and
 * for what is there but damaged: an artifact can always be computed again.
 */
export interface ArtifactStore {
  get(key: string): Promise<Uint8Array | undefined>;
  /** Whether something is there; `get` may still find it damaged. */
  has(key: string): Promise<boolean>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}
