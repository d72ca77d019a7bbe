import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import type { Fault } from './problem/problem.js';

type SchemaError = {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
};

/** Checks values against one schema; compile once, use often. */
export interface Checker<S extends TSchema> {
  /** Every fault of shape, one per place, at most `MAX_FAULTS`. Empty if the value fits. */
  faults(value: unknown): Fault[];
  fits(value: unknown): value is Static<S>;
}

/** product: "`errors` (≤ 50 …)". */
export const MAX_FAULTS = 50;

// A union's value counts an error a branch, and every fault is to be found.
Settings.Set({ maxErrors: 8 * MAX_FAULTS });

export function checker<S extends TSchema>(schema: S): Checker<S> {
  const validator = Compile(schema);
  return {
    fits: (value): value is Static<S> => validator.Check(value),
    faults(value) {
      if (validator.Check(value)) return [];
      return describeErrors([...validator.Errors(value)], value, schema).slice(0, MAX_FAULTS);
    },
  };
}

function describeErrors(errors: SchemaError[], value: unknown, schema: TSchema): Fault[] {
  const faults: Fault[] = [];
  const byPlace = new Map<string, SchemaError[]>();
  for (const error of errors) {
    if (error.keyword === 'required') {
      for (const name of stringsIn(error.params, 'requiredProperties')) {
        const pointer = `#${error.instancePath}/${escapePointer(name)}`;
        faults.push({ pointer, code: 'required', detail: `${name} is required` });
      }
    } else if (error.keyword === 'additionalProperties') {
      for (const name of stringsIn(error.params, 'additionalProperties')) {
        const pointer = `#${error.instancePath}/${escapePointer(name)}`;
        faults.push({ pointer, code: 'unknown-field', detail: `there is no field "${name}"` });
      }
    } else if (error.keyword !== 'boolean') {
      const place = byPlace.get(error.instancePath) ?? [];
      place.push(error);
      byPlace.set(error.instancePath, place);
    }
  }
  for (const [path, place] of byPlace) {
    const shown = showValue(valueAt(value, path));
    faults.push({ pointer: `#${path}`, ...summarise(place, shown, schema) });
  }
  return faults;
}

/** Of a union's errors only those of the branch that the value nearly fits are of use. */
function summarise(place: SchemaError[], shown: string, schema: TSchema): { code: string; detail: string } {
  const told = place.filter((e) => e.keyword !== 'anyOf' && e.keyword !== 'type');
  if (told.length > 0) {
    const messages = [...new Set(told.map((error) => messageOf(error, schema)))].join(', ');
    return { code: told[0]?.keyword ?? 'invalid', detail: `${shown} ${messages}` };
  }
  const types = [...new Set(place.flatMap((e) => stringsIn(e.params, 'type')))];
  return { code: 'type', detail: `${shown} must be ${types.join(' or ') || 'of another type'}` };
}

/** A pattern means nothing to people: the title of its schema says what it stands for. */
function messageOf(error: SchemaError, schema: TSchema): string {
  if (error.keyword === 'pattern') {
    const title = valueAt(schema, `${error.schemaPath.replace(/^#/, '')}/title`);
    if (typeof title === 'string') return `must be ${title}`;
  }
  if (error.keyword === 'enum') {
    return `must be one of ${stringsIn(error.params, 'allowedValues').join(', ')}`;
  }
  return error.message;
}

function stringsIn(params: object, name: string): string[] {
  const value: unknown = Reflect.get(params, name);
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.map(String) : [];
}

function valueAt(value: unknown, path: string): unknown {
  let here = value;
  for (const part of path.split('/').slice(1)) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = Reflect.get(here, part.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  return here;
}

/** The offending value, short enough for an error message. */
export function showValue(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing');
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
