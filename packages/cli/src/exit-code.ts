import type { FinalStatus } from '@levy/contracts';

/** What the exit status of `levy` says. */
export const EXIT = {
  ok: 0,
  /** The job failed, timed out or expired; a file that was to be verified differs. */
  failed: 1,
  /** Usage, settings or input that is refused. */
  refused: 2,
  canceled: 3,
  unreachable: 4,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function exitCodeOf(status: FinalStatus): ExitCode {
  switch (status) {
    case 'succeeded':
      return EXIT.ok;
    case 'canceled':
      return EXIT.canceled;
    case 'failed':
    case 'timed_out':
    case 'expired':
      return EXIT.failed;
  }
}
