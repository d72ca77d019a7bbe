/** A fraction in [0,1] as it is read: 0.0115 is "1.15 %". */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

export function interval(bounds: readonly number[] | undefined): string {
  const [low, high] = bounds ?? [];
  if (low === undefined || high === undefined) return '';
  return `[${(100 * low).toFixed(2)}, ${(100 * high).toFixed(2)}]`;
}

/** 0.3 s, 12 s, 3 min 20 s, 2 h 5 min */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 512 B, 1.5 MB; powers of 1000. */
export function byteSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** ε as it was meant: a fraction where its decimal is not short. */
export function epsilonText(epsilon: number, exact: string): string {
  const decimal = String(epsilon);
  return decimal.length <= 6 ? decimal : exact;
}

/** 2026-01-01T12:00:00.123Z as "2026-01-01 12:00:00". */
export function timeText(time: string | undefined): string {
  return time === undefined ? '' : time.slice(0, 19).replace('T', ' ');
}
