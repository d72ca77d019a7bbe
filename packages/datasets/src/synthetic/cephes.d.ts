// The package's own types cannot be found through its `exports`.
declare module 'cephes' {
  /** Settles when the functions below may be called. */
  export const compiled: Promise<void>;
  /** Φ(x). */
  export function ndtr(x: number): number;
  /** Φ⁻¹(p), p in (0,1). */
  export function ndtri(p: number): number;
}
