// npm test: prepares the checkout, runs every suite, and ends with one line of totals.
// What stands after `--` goes to vitest: npm test -- packages/queue
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main, prepare, ROOT, run } from './prepare.mjs';

await main(async (args) => {
  await prepare();
  const folder = mkdtempSync(join(tmpdir(), 'levy-test-'));
  try {
    const report = join(folder, 'report.json');
    const vitest = join(ROOT, 'node_modules', '.bin', 'vitest');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const { status } = await run(vitest, ['run', ...reporters, ...args]);
    const { passed, failed, skipped } = totals(report);
    process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    return status !== 0 || failed > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A file that could not be loaded counts as one failure: none of its tests is known. */
function totals(report) {
  let tests;
  try {
    tests = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const broken = tests.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((result) => result.status !== 'failed'),
  );
  return {
    passed: tests.numPassedTests,
    failed: tests.numFailedTests + broken.length,
    skipped: tests.numPendingTests + tests.numTodoTests,
  };
}
