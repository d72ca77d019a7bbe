/** Whether a thrown value is a system error with one of these codes (`ENOENT` …). */
export function isSystemError(error: unknown, ...codes: string[]): boolean {
  const code = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' && codes.includes(code);
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
