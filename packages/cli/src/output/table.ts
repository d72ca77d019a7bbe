export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Rows as lines of text, columns as wide as they need be. Lines have no trailing blanks. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const layout = new TableLayout(
    columns.map((column, index) => ({
      ...column,
      width: Math.max(...rows.map((row) => widthOf(row[index] ?? ''))),
    })),
  );
  return [layout.header(), ...rows.map((row) => layout.row(row))].join('');
}

/** A table whose rows come one by one: widths are set beforehand, and a wider cell moves the rest of its line. */
export class TableLayout {
  readonly #columns: readonly (Column & { readonly width: number })[];

  /** No column is narrower than its title. */
  constructor(columns: readonly (Column & { readonly width: number })[]) {
    this.#columns = columns.map((column) => ({
      ...column,
      width: Math.max(widthOf(column.title), column.width),
    }));
  }

  /** Titles and the rule below them. */
  header(): string {
    const rule = this.#columns.map(({ width }) => '─'.repeat(width)).join('  ');
    return `${this.row(this.#columns.map(({ title }) => title))}${rule}\n`;
  }

  row(cells: readonly string[]): string {
    const padded = this.#columns.map(({ align, width }, index) => pad(cells[index] ?? '', width, align));
    return `${padded.join('  ').trimEnd()}\n`;
  }
}

function pad(text: string, width: number, align: Column['align'] = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

/** Characters as a terminal shows them: colours take no room. */
function widthOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return [...text.replaceAll(/\u001b\[[0-9;]*m/g, '')].length;
}
