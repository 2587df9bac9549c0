import { defineConfig } from 'vitest/config';

// As in the configuration of the other tests.
const conditions = ['source', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/web/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    pool: 'forks',
    fileParallelism: false,
    reporters: ['verbose', './scripts/lib/closing-line-reporter.mjs'],
  },
});
