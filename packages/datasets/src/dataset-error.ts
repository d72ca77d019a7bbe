/** What can be wrong with a data set, or with the files that it is made from. */
export type DatasetErrorCode =
  | 'not-found'
  | 'not-a-file'
  | 'truncated'
  | 'trailing-bytes'
  | 'corrupt'
  | 'unsupported'
  | 'too-large'
  | 'mis-shaped'
  | 'not-finite'
  | 'out-of-range'
  | 'not-a-number'
  | 'bad-label'
  | 'bad-option'
  | 'bad-name'
  | 'name-taken'
  | 'built-in'
  | 'empty'
  | 'no-test-rows'
  | 'bad-manifest'
  | 'missing-bytes'
  | 'download-failed'
  | 'wrong-digest';

export interface DatasetErrorOptions extends ErrorOptions {
  /** The option that is at fault, as `ImportOptions` and `GaussianOptions` name it, where it is one alone. */
  readonly option?: string;
}

/** Input that is refused. The message says what was wrong, with which value, and what to do. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
  readonly option: string | undefined;
  constructor(
    readonly code: DatasetErrorCode,
    readonly detail: string,
    options: DatasetErrorOptions = {},
  ) {
    super(detail, options);
    this.option = options.option;
  }
}
