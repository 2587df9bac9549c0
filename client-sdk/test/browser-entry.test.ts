/** What a page loads: bundled for a browser, nothing of Node in it; each subpath alone, so that a wallet that pays on one chain does not load another one's libraries. */
import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('..', import.meta.url));
const { exports } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as {
  readonly exports: Record<string, { readonly source: string }>;
};

async function bundle(contents: string) {
  const result = await build({
    stdin: { contents, resolveDir: folder, loader: 'ts' },
    bundle: true,
    minify: true,
    metafile: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    conditions: ['source'],
    // Failing to find what only Node has is the test.
    logLevel: 'silent',
  });
  const names = Object.keys(result.metafile.inputs);
  return { names, size: gzipSync(result.outputFiles[0]?.contents ?? new Uint8Array(0)).length };
}

describe.each(Object.entries(exports).filter(([name]) => name !== './node'))('%s', (name, { source }) => {
  it('is for browsers', async () => {
    const { names, size } = await bundle(`export * from '${source}';`);
    expect(
      names.filter((path) =>
        /@grpc[/]|grpc-peer|zone-client|proto-loader|proto[/](src|dist)[/](gen|definitions)[/.]|(^|[/])node:/.test(
          path,
        ),
      ),
    ).toEqual([]);
    expect(size, `${name}: ${size} bytes`).toBeLessThan(400_000);
  });
});

it('the main entry loads no chain', async () => {
  const { names } = await bundle(`export * from './src/index.ts';`);
  expect(names.filter((path) => /viem|btc-signer|cosmjs|ripple|tronweb|ethers|bitcoinjs/.test(path))).toEqual([]);
});

it('a builtin of Node in the bundle would be seen', async () => {
  await expect(bundle(`export * from './src/node.ts';`)).rejects.toThrow(/node:|Could not resolve/);
});
