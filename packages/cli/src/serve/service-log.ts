import type { Context } from '../context.js';
import { styleFor } from '../output/style.js';

/** pino's numbers. */
const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};
/** Said by the line itself, or of no use beside it. */
const LEFT_OUT = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'name', 'process']);

/**
 * Passes on what a service prints: on a terminal as a line to read, else as the JSON it is, with `process` naming the
 * service.
 */
export function serviceLog(context: Context, name: string): (line: string) => void {
  const { stderr } = context;
  const readable = stderr.isTTY === true;
  const style = styleFor(stderr, context.env);
  const paint = (level: string, text: string) =>
    level === 'error' || level === 'fatal' ? style.red(text) : level === 'warn' ? style.yellow(text) : text;
  return (line) => {
    const entry = entryOf(line);
    if (entry === undefined) stderr.write(`${readable ? `${style.dim(name.padEnd(6))} ${line}` : line}\n`);
    else if (!readable) stderr.write(`${JSON.stringify({ ...entry, process: name })}\n`);
    else {
      const level = LEVELS[Number(entry['level'])] ?? String(entry['level']);
      const time = new Date(Number(entry['time'])).toISOString().slice(11, 23);
      const rest = Object.entries(entry).filter(([key]) => !LEFT_OUT.has(key));
      const fields = rest.map(([key, value]) => style.dim(`${key}=${shown(value)}`)).join(' ');
      const message = paint(level, `${level.padEnd(5)} ${String(entry['msg'] ?? '')}`);
      stderr.write(
        `${style.dim(time)} ${style.bold(name.padEnd(6))} ${message} ${fields}`.trimEnd().concat('\n'),
      );
    }
  };
}

function entryOf(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('level' in value) || !('time' in value))
      return undefined;
    return Number.isFinite(Number(value.time)) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'message' in value) return String(value.message);
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
