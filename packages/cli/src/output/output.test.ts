import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Collector, Workbench } from '../testing/command.js';
import { parseCsv } from '../testing/csv.js';
import { csvText } from './csv.js';
import { CsvFile } from './csv-file.js';
import { deviceText } from './device-text.js';
import { byteSize, duration, epsilonText, interval, percent, timeText } from './numbers.js';
import { progressView } from './progress.js';
import { styleFor } from './style.js';
import { renderTable, TableLayout } from './table.js';
import { wrapped } from './wrapped.js';

describe('numbers for people', () => {
  it('are written as they are read', () => {
    expect(percent(0.0115)).toBe('1.15 %');
    expect(interval([0.0095, 0.0138])).toBe('[0.95, 1.38]');
    expect(interval(undefined)).toBe('');
    expect([0.04, 12.4, 200, 7500].map(duration)).toEqual(['0.0 s', '12 s', '3 min 20 s', '2 h 5 min']);
    expect([512, 1500, 47_040_000, 5e12].map(byteSize)).toEqual(['512 B', '1.5 kB', '47.0 MB', '5.0 TB']);
    expect(epsilonText(0.3, '3/10')).toBe('0.3');
    expect(epsilonText(8 / 255, '8/255')).toBe('8/255');
    expect(timeText('2026-01-02T03:04:05.678Z')).toBe('2026-01-02 03:04:05');
  });
});

describe('deviceText', () => {
  it('tells of an adapter what ran there, and that it is one in software only', () => {
    const names = { vendor: 'acme', architecture: 'anvil', device: 'A1', driver: 'acme 1.2' };
    expect(deviceText({ device: 'EPYC' })).toBe('EPYC');
    const adapter = { ...names, type: 'gpu', mode: 'webgpu' } as const;
    expect(deviceText({ device: 'A1', adapter })).toBe('A1 by webgpu');
    expect(deviceText({ device: 'A1', adapter: { ...adapter, type: 'cpu' } })).toBe(
      'A1, a software adapter, by webgpu',
    );
  });
});

describe('renderTable', () => {
  it('aligns columns, colours taking no room', () => {
    const columns = [{ title: 'name' }, { title: 'n', align: 'right' }] as const;
    expect(
      renderTable(columns, [
        ['a', '1'],
        ['\u001b[31mred\u001b[39m', '10'],
      ]),
    ).toBe('name   n\n────  ──\na      1\n\u001b[31mred\u001b[39m   10\n');
  });
});

describe('TableLayout', () => {
  it('gives every row the widths set beforehand, and lets a wider cell through', () => {
    const layout = new TableLayout([
      { title: 'name', width: 6 },
      { title: 'n', align: 'right', width: 3 },
    ]);
    expect(layout.header()).toBe('name      n\n──────  ───\n');
    expect(layout.row(['a', '1'])).toBe('a         1\n');
    expect(layout.row(['wider than it', '1234'])).toBe('wider than it  1234\n');
    expect(layout.row(['alone'])).toBe('alone\n');
  });
});

describe('csvText', () => {
  it('quotes what must be, keeps numbers, and lets no text pass for a formula', () => {
    const text = csvText(
      ['name', 'n', 'note'],
      [
        ['a, b', -1.5, 'say "so"'],
        ['=1+1', undefined, true],
        ['two\nlines', 0, '-x'],
      ],
    );
    expect(text.split('\r\n')).toEqual([
      'name,n,note',
      '"a, b",-1.5,"say ""so"""',
      "'=1+1,,true",
      `"two\nlines",0,'-x`,
      '',
    ]);
    expect(parseCsv(text)).toEqual([
      { name: 'a, b', n: '-1.5', note: 'say "so"' },
      { name: "'=1+1", n: '', note: 'true' },
      { name: 'two\nlines', n: '0', note: "'-x" },
    ]);
  });
});

describe('CsvFile', () => {
  it('is a file, or one of its name in a folder, replaced whole', async () => {
    await using bench = await Workbench.open();
    const folder = join(bench.folder, 'tables');
    await mkdir(folder);
    const placed = await CsvFile.at(folder, 'table.csv');
    if (!(placed instanceof CsvFile)) throw new Error(placed.detail);
    await writeFile(join(folder, 'table.csv'), 'a longer text that was there before');
    await placed.write('first');
    await placed.write('x');
    expect(await readFile(join(folder, 'table.csv'), 'utf8')).toBe('x');
    expect(await readdir(folder)).toEqual(['table.csv']);
    expect(await CsvFile.at(join(folder, 'none', 'table.csv'), 'n')).toMatchObject({ parameter: '--csv' });
    expect(await CsvFile.at(`${join(folder, 'none')}/`, 'n')).toMatchObject({ parameter: '--csv' });
  });
});

describe('wrapped', () => {
  it('breaks between words only, losing none', () => {
    const text = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ');
    const lines = wrapped(text).trimEnd().split('\n');
    expect(lines.join(' ')).toBe(text);
    expect(lines.length).toBeGreaterThan(3);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(110);
  });
});

describe('styleFor', () => {
  it('colours a terminal only, and not where NO_COLOR is set', () => {
    expect(styleFor(new Collector(true), {}).red('x')).toBe('\u001b[31mx\u001b[39m');
    expect(styleFor(new Collector(false), {}).red('x')).toBe('x');
    expect(styleFor(new Collector(true), { NO_COLOR: '1' }).red('x')).toBe('x');
  });
});

describe('progressView', () => {
  it('draws a bar on a terminal', async () => {
    await using bench = await Workbench.open();
    const { context } = bench.context();
    const stderr = Object.assign(new Collector(true), {
      columns: 100,
      cursorTo() {},
      clearLine() {},
      moveCursor() {},
    });
    using view = progressView({ ...context, stderr }, 'digits');
    view.update({ fraction: 0.42, phase: 'search' });
    expect(stderr.text).toContain('█');
  });

  it('says nothing in lines about what is over at once', async () => {
    await using bench = await Workbench.open();
    const { context, stderr } = bench.context();
    using view = progressView(context, 'digits');
    view.update({ fraction: 0.1, phase: 'neighbours' });
    view.update({ fraction: 0.9, phase: 'search' });
    expect(stderr.text).toBe('');
  });
});
