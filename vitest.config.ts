import { defineConfig } from 'vitest/config';

// Tests run as built: worker threads and kernels are the files that ship, not a transformed copy.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/dist/**/*.test.js', 'services/*/dist/**/*.test.js'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
