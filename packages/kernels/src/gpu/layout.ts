/** How matrices lie on a device, known to both sides of the process's border. */

/** Rows and columns are padded with zeros to a multiple of it. */
const PADDING = 16;
/** gpu.js starts 8 × 8 threads a group, and a device takes at least 65535 groups in a dimension. */
const MOST_THREADS = 8 * 65_535;
const MOST_COLUMNS = Math.floor(MOST_THREADS / PADDING) * PADDING;
/** What one buffer of a matrix may take, however much a device allows: uploads pass through the host in such pieces. */
const MOST_PART_BYTES = 256 * 2 ** 20;

export function padded(count: number): number {
  return Math.max(PADDING, Math.ceil(count / PADDING) * PADDING);
}

/**
 * Rows of a matrix in one buffer: a multiple of 16.
 * @throws RangeError if not even 16 rows of so many columns fit.
 */
export function rowsPerPart(columns: number, maxBufferBytes: number): number {
  if (padded(columns) > MOST_THREADS) {
    throw new RangeError(`the gpu engine takes at most ${MOST_COLUMNS} columns, got ${columns}`);
  }
  const bytes = Math.min(MOST_PART_BYTES, maxBufferBytes);
  const rows = Math.floor(bytes / (4 * padded(columns) * PADDING)) * PADDING;
  if (rows < PADDING) {
    throw new RangeError(
      `the device's buffers hold ${maxBufferBytes} bytes, too few for ${PADDING} rows of ${columns} columns`,
    );
  }
  return Math.min(rows, 2 ** 18);
}
