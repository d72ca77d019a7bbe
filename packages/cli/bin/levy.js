#!/usr/bin/env node
const { runProcess } = await import('@levy/cli').catch((error) => {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  process.stderr.write('levy: this checkout is not built; run "node infra/run/prepare.mjs" in it\n');
  process.exit(2);
});
await runProcess();
