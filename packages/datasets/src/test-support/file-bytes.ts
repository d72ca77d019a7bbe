import { Buffer } from 'node:buffer';

/** An IDX file of bytes. */
export function idxFile(shape: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i);
  });
  return Buffer.concat([header, data]);
}

/** Bytes that look like data and are the same every time. */
export function someBytes(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/** CIFAR-10 records with these labels. */
export function cifarFile(labels: readonly number[], seed = 1): Buffer {
  return Buffer.concat(labels.flatMap((label, i) => [Uint8Array.of(label), someBytes(3072, seed + i)]));
}

/** A tar archive of regular files. */
export function tarFile(members: Readonly<Record<string, Uint8Array>>): Buffer {
  const blocks = Object.entries(members).flatMap(([name, content]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 'latin1');
    header.write('0000644\0', 100, 'latin1');
    header.write(`${content.byteLength.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
    header.write('        0ustar\0', 148, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return [header, content, Buffer.alloc((512 - (content.byteLength % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
