import { SingleBar } from 'cli-progress';
import type { Context } from '../context.js';
import { duration } from './numbers.js';

/** How far something is: a job, an import, a download. */
export interface Progress {
  /** 0…1 */
  readonly fraction: number;
  readonly phase: string;
  readonly etaSeconds?: number | undefined;
}

/** Shows progress on standard error: a bar on a terminal, else a line now and then. Dispose it to end the bar. */
export interface ProgressView extends Disposable {
  update(progress: Progress): void;
}

const LINE_EVERY_SECONDS = 10;
/** What is over sooner is told by its result, and phases that fly past are not told. */
const LINE_AT_MOST_EVERY_SECONDS = 1;

export function progressView(context: Context, title: string): ProgressView {
  const { stderr, env } = context;
  return stderr.isTTY && env['TERM'] !== 'dumb' ? barView(context, title) : lineView(context, title);
}

function barView({ stderr }: Context, title: string): ProgressView {
  const bar = new SingleBar({
    stream: stderr,
    format: `${title} [{bar}] {percentage} % {phase}{eta_text}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    fps: 5,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
    linewrap: false,
  });
  let started = false;
  return {
    update({ fraction, phase, etaSeconds }) {
      const eta = etaSeconds === undefined ? '' : `, ${duration(etaSeconds)} left`;
      const percentage = Math.floor(100 * fraction);
      if (!started) bar.start(100, percentage, { phase, eta_text: eta });
      else bar.update(percentage, { phase, eta_text: eta });
      started = true;
    },
    [Symbol.dispose]() {
      if (started) bar.stop();
    },
  };
}

function lineView({ stderr }: Context, title: string): ProgressView {
  let phaseShown: string | undefined;
  let shownAt = performance.now();
  return {
    update({ fraction, phase, etaSeconds }) {
      const now = performance.now();
      const pause = phase === phaseShown ? LINE_EVERY_SECONDS : LINE_AT_MOST_EVERY_SECONDS;
      if (now - shownAt < pause * 1000) return;
      phaseShown = phase;
      shownAt = now;
      const eta = etaSeconds === undefined ? '' : `, about ${duration(etaSeconds)} left`;
      stderr.write(`${title}: ${phase}, ${Math.floor(100 * fraction)} %${eta}\n`);
    },
    [Symbol.dispose]() {},
  };
}
