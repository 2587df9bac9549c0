/**
 * The processes of these runs, each in one file: a schedule starts a dozen of them, and most of what a start takes is to find and load two thousand modules.
 * What runs is the same code.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Plugin, build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));
const names = ['validator', 'client', 'worker'] as const;

/** The program of a process, once {@link buildProcesses} is done. */
export const bundled = (name: (typeof names)[number]): string => join(root, 'test', 'faults', 'dist', `${name}.js`);

const asLoaded: Plugin = {
  name: 'as loaded from their own files',
  setup(builder) {
    // Files beside a module are found where it was before.
    builder.onLoad({ filter: /\.[cm]?js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll(/\b__dirname\b/g, JSON.stringify(dirname(path)));
      return contents === text ? undefined : { contents };
    });
    // Who does not use Redis does not load it.
    builder.onResolve({ filter: /^(bullmq|ioredis)$/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
    // No module of the project does anything but to define what it exports.
    builder.onResolve({ filter: /^(\.|@dwallet\/)/ }, async ({ path, pluginData, ...importer }) => {
      if (pluginData === asLoaded || importer.kind === 'entry-point' || importer.resolveDir.includes('node_modules'))
        return undefined;
      const found = await builder.resolve(path, { ...importer, pluginData: asLoaded });
      return { ...found, sideEffects: false };
    });
  },
};

/** Compiles the workspaces and bundles the processes that run on them. */
export async function buildProcesses(): Promise<void> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-b', 'cli'], { cwd: root, stdio: ['ignore', 2, 2] });
  await build({
    absWorkingDir: root,
    entryPoints: names.map((name) => `test/faults/processes/${name}.ts`),
    outdir: 'test/faults/dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Native parts and threads of their own.
    external: ['lmdb', 'pino'],
    // What was CommonJS asks for Node's modules.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    plugins: [asLoaded],
    logLevel: 'warning',
  });
}
