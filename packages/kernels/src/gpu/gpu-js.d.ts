import 'gpu.js';

/** gpu.js exports this function and declares it as a type alone. */
declare module 'gpu.js' {
  export function input(value: Float32Array, size: number[]): Input;
}
