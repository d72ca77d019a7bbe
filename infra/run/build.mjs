// npm run build: installs and builds what is missing or older than its sources.
import { main, prepare } from './prepare.mjs';

await main(async () => {
  await prepare();
  return 0;
});
