/**
 * What a page loads to have a wallet, in bytes as a server sends them: `node benches/dist/client/bundle-size.js [--json]`.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Bytes of one bundle of its own: everything that its entry needs. */
export interface BundleSize {
  readonly entry: string;
  readonly minified: number;
  readonly gzip: number;
}

/** Entries of `@dwallet/client-sdk` that a page or its workers load. */
export const browserEntries = ['browser', 'compute-worker', 'ethereum', 'evm-wallets', 'bitcoin', 'cosmos'] as const;

/** Bundles each entry for browsers, minified, as an application that uses all of it would. */
export async function bundleSizes(entries: readonly string[] = browserEntries): Promise<readonly BundleSize[]> {
  const { build } = await import('esbuild');
  const require = createRequire(import.meta.url);
  return Promise.all(
    entries.map(async (entry) => {
      const path = require.resolve(`@dwallet/client-sdk/${entry}`);
      const { outputFiles } = await build({
        // Re-exported, so that nothing is left out for want of use.
        stdin: {
          contents: `export * from ${JSON.stringify(path)}; import ${JSON.stringify(path)};`,
          resolveDir: dirname(path),
        },
        bundle: true,
        minify: true,
        format: 'esm',
        platform: 'browser',
        target: 'es2022',
        write: false,
        logLevel: 'silent',
      });
      const content = outputFiles[0]?.contents ?? new Uint8Array(0);
      return { entry, minified: content.length, gzip: gzipSync(content, { level: 9 }).length };
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sizes = await bundleSizes();
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(sizes)}\n`);
  else
    for (const { entry, minified, gzip } of sizes)
      process.stdout.write(
        `${entry.padEnd(16)} ${String(minified).padStart(9)} B  ${String(gzip).padStart(8)} B gzip\n`,
      );
}
