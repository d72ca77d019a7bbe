export type CsvCell = string | number | boolean | undefined;

/**
 * A table as RFC 4180 has it: lines end in CRLF, a cell with a comma, a quote or a line break is quoted. Text that a
 * spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers.
 */
export function csvText(header: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  return [header, ...rows].map((cells) => `${cells.map(cellText).join(',')}\r\n`).join('');
}

function cellText(cell: CsvCell): string {
  if (cell === undefined) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
