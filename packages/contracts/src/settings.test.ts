import { describe, expect, it } from 'vitest';
import { SettingsError, SettingsReader, withoutPassword } from './settings.js';

function reader(env: Record<string, string>, files: Record<string, string> = {}) {
  const readText = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error('no such file');
    return text;
  };
  return new SettingsReader({ env, readText });
}

describe('SettingsReader', () => {
  it('reads what is set, and nothing where a variable is unset or empty', () => {
    const settings = reader({ A: ' x ', B: '', N: '8080', E: 'wasm', U: 'redis://h:1/2' });
    expect(settings.text('A')).toBe('x');
    expect(settings.text('B')).toBeUndefined();
    expect(settings.integer('N', { min: 1, max: 65_535 })).toBe(8080);
    expect(settings.integer('B', { min: 1, max: 65_535 })).toBeUndefined();
    expect(settings.oneOf('E', ['auto', 'wasm'])).toBe('wasm');
    expect(settings.url('U', ['redis:', 'rediss:'])).toBe('redis://h:1/2');
    expect(() => settings.done()).not.toThrow();
  });

  it('names every fault at once', () => {
    const settings = reader({ N: '1.5', M: '0', E: 'cpu', U: 'ftp://u:secret@h' });
    settings.integer('N', { min: 1, max: 9 });
    settings.integer('M', { min: 1, max: 9 });
    settings.oneOf('E', ['auto', 'wasm']);
    settings.url('U', ['http:']);
    const error = catchError(() => settings.done());
    expect(error).toBeInstanceOf(SettingsError);
    for (const name of ['N is "1.5"', 'M is "0"', 'E is "cpu"', 'U is "ftp://…@h"']) {
      expect(error?.message).toContain(name);
    }
    expect(error?.message).not.toContain('secret');
  });

  it('takes a secret from the variable or from a file, not from both', () => {
    expect(reader({ K: 'a' }).secret('K')).toBe('a');
    expect(reader({ K_FILE: '/k' }, { '/k': 'b\n' }).secret('K')).toBe('b');
    const both = reader({ K: 'a', K_FILE: '/k' }, { '/k': 'b' });
    expect(both.secret('K')).toBeUndefined();
    expect(() => both.done()).toThrow('both set');
    const missing = reader({ K_FILE: '/gone' });
    missing.secret('K');
    expect(() => missing.done()).toThrow('/gone');
  });
});

it('withoutPassword hides user and password', () => {
  expect(withoutPassword('redis://user:pass@host:6379/0')).toBe('redis://…@host:6379/0');
  expect(withoutPassword('http://127.0.0.1:8080')).toBe('http://127.0.0.1:8080');
});

function catchError(action: () => void): Error | undefined {
  try {
    action();
  } catch (error) {
    return error instanceof Error ? error : undefined;
  }
  return undefined;
}
