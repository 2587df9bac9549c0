import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// `source` first: tests run on the workspaces' TypeScript, so they need no build. Then vite's own default without `module`, which Node does not
// know: a package loads here as it does for users.
const conditions = ['source', 'node', 'development|production'];

/** The longest first, so that they do not run alone at the end. */
const longest = ['test/simulation/', 'test/faults/', 'test/e2e/'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((folder) => moduleId.includes(folder));
      return at < 0 ? longest.length : at;
    };
    // One project after the other: a process goes on with the next file only if that is of the same project.
    const projects = [...new Set(files.map(({ project }) => project.name))];
    const order = ({ project }: TestSpecification): number => projects.indexOf(project.name);
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b) || order(a) - order(b));
  }
}

/**
 * In processes of their own: what replaces modules or registers itself in them for good, and the kernel, whose tests take longer in a process that did
 * other things before.
 */
const alone = [
  'packages/two-pc-mpc/test/dwallet-dkg-degenerate.test.ts',
  'services/validator/test/tracing.test.ts',
  'packages/kernel/test/*.test.ts',
];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Class-group arithmetic at full size is slow; no test waits on a clock.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // Files of a project share processes: what is loaded, derived and compiled once serves all of them.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // vitest would leave one core free, which is half of a small machine.
    maxWorkers: availableParallelism(),
    reporters: ['default', './scripts/lib/closing-line-reporter.mjs'],
    projects: [
      {
        extends: true,
        test: {
          name: 'toy',
          include: [
            '{packages,services}/*/{src,test}/**/*.test.ts',
            '{client-sdk,cli,benches,proto}/{src,test}/**/*.test.ts',
            'test/**/*.test.ts',
          ],
          // In a browser: npm run test:web.
          exclude: ['**/node_modules/**', 'test/web/**', ...alone],
        },
      },
      { extends: true, test: { name: 'alone', include: alone, isolate: true } },
      {
        // The same adversaries once more, in the class group of CLG-112.
        extends: true,
        test: {
          name: 'full-size',
          env: { DWALLET_TEST_PROFILE: '112' },
          include: ['packages/{class-groups,two-pc-mpc}/test/**/*.test.ts'],
          // Fixed vectors of the toy group, what is full size already, and life cycles, for which the size is nothing.
          exclude: [
            '**/node_modules/**',
            '**/{sign-prepared,dwallet-dkg-degenerate}.test.ts',
            '**/{parameters,toy-vector,two-kernels,table-cache,decryption-blinding,encryption,lagrange}.test.ts',
            '**/{stability,sign-stability,full-size,ecdsa-signature,certificates,client-requests,compute/*}.test.ts',
          ],
        },
      },
    ],
  },
});
