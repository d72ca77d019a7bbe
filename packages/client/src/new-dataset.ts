/** A file to be uploaded; what it is, is told by its bytes and by the end of its name. */
export interface DatasetFile {
  readonly name: string;
  /** A Blob may stand for a file on disk (`openAsBlob` of node:fs): it is streamed. */
  readonly data: Blob | Uint8Array<ArrayBuffer>;
}

/** A data set to be uploaded: the options of `levy datasets import`. What is wrong with them the service says. */
export interface NewDataset {
  readonly name: string;
  /** Rows in this order; mnist, fashion-mnist and cifar-10 from their original files. */
  readonly from: readonly DatasetFile[];
  /** At most one of `test`, `testFraction` and `testLast`, where the files set no test rows apart. */
  readonly test?: DatasetFile | undefined;
  readonly testFraction?: number | undefined;
  readonly testLast?: number | undefined;
  /** A column of the CSV files, by name or position, or a file with a label for every row. */
  readonly labels?: string | DatasetFile | undefined;
  readonly softLabels?: DatasetFile | undefined;
  readonly softLabelsTest?: DatasetFile | undefined;
  /** Lowest and highest value that the data set declares. */
  readonly range?: readonly [number, number] | undefined;
}

export function formOf(dataset: NewDataset): FormData {
  const { name, from, range, ...rest } = dataset;
  const form = new FormData();
  form.append('name', name);
  // Before the files, so that it arrives whatever becomes of them.
  if (range !== undefined) form.append('range', range.join(','));
  for (const [field, value] of Object.entries({ ...rest, from })) {
    if (value === undefined) continue;
    if (typeof value === 'number' || typeof value === 'string') form.append(field, String(value));
    else for (const file of [value].flat()) form.append(field, blobOf(file), file.name);
  }
  return form;
}

function blobOf({ data }: DatasetFile): Blob {
  return data instanceof Blob ? data : new Blob([data]);
}
