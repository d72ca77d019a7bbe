import { DatasetError } from '../dataset-error.js';

/** The Python values that a NumPy header is made of. */
export type PythonValue = string | boolean | number | PythonValue[] | Map<string, PythonValue>;

const MAX_DEPTH = 8;

/**
 * Parses the literal in a NumPy header: dicts with text keys, tuples, lists, texts without escapes, True, False and
 * natural numbers; nothing else. @throws DatasetError `corrupt` telling where it ceased to be one.
 */
export function parsePythonLiteral(text: string): PythonValue {
  const parser = new LiteralParser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class LiteralParser {
  #at = 0;

  constructor(private readonly text: string) {}

  value(depth: number): PythonValue {
    if (depth > MAX_DEPTH) this.#fail('is nested too deeply');
    const next = this.#peek();
    if (next === '{') return this.#dict(depth);
    if (next === '(') return this.#sequence(')', depth);
    if (next === '[') return this.#sequence(']', depth);
    if (next === "'" || next === '"') return this.#string();
    const word = this.#match(/[A-Za-z]+|\d+/y) ?? this.#fail('has no value');
    if (word === 'True') return true;
    if (word === 'False') return false;
    const number = Number(word);
    if (!Number.isSafeInteger(number)) this.#fail(`has ${JSON.stringify(word)} for a value`);
    return number;
  }

  end(): void {
    if (this.#peek() !== undefined) this.#fail('goes on');
  }

  #dict(depth: number): Map<string, PythonValue> {
    this.#expect('{');
    const entries = new Map<string, PythonValue>();
    while (this.#peek() !== '}') {
      const key = this.#string();
      if (entries.has(key)) this.#fail(`has the key ${JSON.stringify(key)} twice`);
      this.#expect(':');
      entries.set(key, this.value(depth + 1));
      if (this.#peek() !== '}') this.#expect(',');
    }
    this.#expect('}');
    return entries;
  }

  /** `(2)` is a number in parentheses to Python, `(2,)` a tuple; NumPy writes only the latter. */
  #sequence(close: ')' | ']', depth: number): PythonValue[] {
    this.#at++;
    const values: PythonValue[] = [];
    let commas = 0;
    while (this.#peek() !== close) {
      values.push(this.value(depth + 1));
      if (this.#peek() === close) break;
      this.#expect(',');
      commas++;
    }
    this.#expect(close);
    if (close === ')' && values.length === 1 && commas === 0) this.#fail('has a tuple without its comma');
    return values;
  }

  #string(): string {
    const quoted = this.#match(/'[^'\\\n]*'|"[^"\\\n]*"/y) ?? this.#fail('has no text in quotes');
    return quoted.slice(1, -1);
  }

  #peek(): string | undefined {
    while (/\s/.test(this.text[this.#at] ?? 'x')) this.#at++;
    return this.text[this.#at];
  }

  #expect(character: string): void {
    if (this.#peek() !== character) this.#fail(`lacks ${JSON.stringify(character)}`);
    this.#at++;
  }

  #match(pattern: RegExp): string | undefined {
    this.#peek();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #fail(what: string): never {
    const shown = JSON.stringify(this.text.slice(0, 120));
    throw new DatasetError('corrupt', `the NPY header ${shown} ${what} at character ${this.#at}`);
  }
}
