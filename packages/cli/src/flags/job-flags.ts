import { JOB_FIELDS } from '@levy/contracts';
import { type Command, Option } from 'commander';

type Field = keyof typeof JOB_FIELDS;

/** What a flag's text stands for. */
type Kind = 'text' | 'number' | 'epsilon' | 'texts';

/** In the order in which the contracts declare them. */
const KINDS: Record<Field, Kind> = {
  dataset: 'text',
  metric: 'text',
  epsilon: 'epsilon',
  alpha: 'number',
  method: 'text',
  T: 'number',
  protocol: 'text',
  domain: 'text',
  search: 'text',
  restarts: 'number',
  q: 'number',
  neighbors: 'number',
  iterations: 'number',
  qTolerance: 'number',
  slack: 'number',
  seed: 'number',
  samples: 'number',
  confidence: 'number',
  gamma: 'number',
  engine: 'text',
  priority: 'text',
  tags: 'texts',
  timeoutSeconds: 'number',
  expireSeconds: 'number',
};

/** A job as its flags give it: what is wrong with it is said by the checks that every job goes through. */
export type FlaggedJob = Readonly<Record<string, unknown>>;

/** The flags of a job: its fields in kebab-case, `--T` as it is; but for those that a command has its own word for. */
export function addJobFlags(command: Command, except: readonly Field[] = []): Command {
  for (const field of fields().filter((each) => !except.includes(each))) {
    const description = describe(field);
    command.addOption(new Option(`${flagName(field)} <value>`, description).helpGroup('Job:'));
  }
  return command;
}

/** The one job that the flags describe; a list for `T` is one from which the job chooses. */
export function jobFromFlags(options: Readonly<Record<string, unknown>>): FlaggedJob {
  const job: Record<string, unknown> = {};
  for (const [field, text] of given(options)) {
    job[field] = field === 'T' && text.includes(',') ? split(text).map(numberFrom) : parsedValue(field, text);
  }
  return job;
}

/**
 * Every job that the flags describe: a comma list in any flag but `--tags` varies that field, the last field
 * fastest, in the order in which contracts declares them.
 */
export function jobsFromFlags(options: Readonly<Record<string, unknown>>): FlaggedJob[] {
  let jobs: FlaggedJob[] = [{}];
  for (const [field, text] of given(options)) {
    const values =
      KINDS[field] === 'texts'
        ? [parsedValue(field, text)]
        : unique(text).map((one) => parsedValue(field, one));
    jobs = jobs.flatMap((job) => values.map((value) => ({ ...job, [field]: value })));
  }
  return jobs;
}

/** The flag that a fault's JSON pointer means. */
export function flagOf(pointer: string): string {
  const name = pointer.split('/')[1] ?? '';
  const field = fields().find((each) => each === name);
  return field === undefined ? pointer : flagName(field);
}

function* given(options: Readonly<Record<string, unknown>>): Generator<[Field, string]> {
  for (const field of fields()) {
    const text = options[field];
    if (typeof text === 'string') yield [field, text];
  }
}

function fields(): Field[] {
  return Object.keys(JOB_FIELDS).filter((name): name is Field => Object.hasOwn(JOB_FIELDS, name));
}

function flagName(field: Field): string {
  return field === 'T' ? '--T' : `--${field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function describe(field: Field): string {
  const schema = JOB_FIELDS[field];
  const description: unknown = Reflect.get(schema, 'description');
  return typeof description === 'string' ? description : '';
}

function parsedValue(field: Field, text: string): unknown {
  switch (KINDS[field]) {
    case 'text':
      return text;
    case 'number':
      return numberFrom(text);
    case 'epsilon':
      return text.includes('/') ? text : numberFrom(text);
    case 'texts':
      return split(text);
  }
}

/** Text that is no finite decimal number stays text, for the checks to refuse it by name. */
export function numberFrom(text: string): number | string {
  const plain = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text);
  const value = Number(text);
  return plain && Number.isFinite(value) ? value : text;
}

function split(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function unique(text: string): string[] {
  return [...new Set(split(text))];
}
