import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// `source` first: tests run on the workspaces' TypeScript, so they need no build. The rest is vite's own default.
const conditions = ['source', 'module', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      '{packages,services}/*/{src,test}/**/*.test.ts',
      '{client-sdk,cli,benches}/{src,test}/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    // Class-group arithmetic at full size is slow; no test waits on a clock.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // vitest would leave one core free, which is half of a small machine.
    maxWorkers: availableParallelism(),
    reporters: ['default', './scripts/lib/closing-line-reporter.mjs'],
  },
});
