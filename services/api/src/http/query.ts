import { checker, type Fault, showValue } from '@levy/contracts';
import type { TSchema } from 'typebox';
import { ProblemError } from '../problems/problem-error.js';

type Validate = (value: unknown) => { value: unknown };

/**
 * Checks a query string against an object schema, names every fault with its parameter, and turns digits into
 * numbers and single values into lists where the schema asks for them. Nothing unknown is let through.
 */
export function queryValidator(schema: TSchema & { properties?: Record<string, TSchema> }): Validate {
  const properties = schema.properties ?? {};
  const shape = checker(schema);
  return (query) => {
    const given = typeof query === 'object' && query !== null ? Object.entries(query) : [];
    const value = Object.fromEntries(
      given.map(([name, text]): [string, unknown] => {
        const property = properties[name];
        return [name, property === undefined ? text : convert(text, property)];
      }),
    );
    const faults = shape.faults(value);
    if (faults.length > 0) throw invalidQuery(faults.map(asParameter));
    return { value };
  };
}

export function invalidQuery(errors: readonly Fault[]): ProblemError {
  const named = errors.map((fault) => ('parameter' in fault ? fault.parameter : '')).join(', ');
  return new ProblemError('invalid-query', `wrong in the query: ${named}`, { errors });
}

function asParameter(fault: Fault): Fault {
  const { code, detail } = fault;
  const pointer = 'pointer' in fault ? fault.pointer : '#';
  const parameter = decodeURIComponent(pointer.split('/')[1] ?? '')
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
  return code === 'unknown-field'
    ? { parameter, code: 'unknown-parameter', detail: `there is no parameter ${showValue(parameter)}` }
    : { parameter, code, detail };
}

function convert(text: unknown, schema: TSchema): unknown {
  const type: unknown = Reflect.get(schema, 'type');
  if (type === 'array') {
    const items: unknown = Reflect.get(schema, 'items');
    return [text].flat().map((each) => (isSchema(items) ? convert(each, items) : each));
  }
  if (typeof text !== 'string') return text;
  if ((type === 'integer' || type === 'number') && /^-?\d{1,15}(\.\d{1,15})?$/.test(text))
    return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function isSchema(value: unknown): value is TSchema {
  return typeof value === 'object' && value !== null;
}
