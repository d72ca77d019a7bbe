/** How a step's output is written down. `decode` throws for bytes that are not such an output. */
export interface Codec<Output> {
  encode(output: Output): Promise<Uint8Array>;
  decode(bytes: Uint8Array): Promise<Output>;
}
