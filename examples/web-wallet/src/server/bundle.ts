/**
 * The page and its two workers as a browser loads them.
 *
 * @module
 */
import { fileURLToPath } from 'node:url';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** A file of the site: its type and its bytes. */
export interface SiteFile {
  readonly type: string;
  readonly content: Uint8Array;
}

const folder = fileURLToPath(new URL('../../', import.meta.url));
const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};
const typeOf = (name: string): string => types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';

/** Name -> file. `page.js` starts `wallet.js`, the wallet, which starts `web-worker.js`, where its heavy steps are computed. */
export async function bundleSite(): Promise<ReadonlyMap<string, SiteFile>> {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: {
      page: 'src/page/page.ts',
      wallet: 'src/worker/wallet.ts',
      'web-worker': '@dwallet/client-sdk/compute-worker',
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    outdir: 'site',
    write: false,
    logLevel: 'warning',
  });
  const site = new Map<string, SiteFile>();
  for (const { path, contents } of outputFiles) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    site.set(name, { type: typeOf(name), content: contents });
  }
  for (const name of ['index.html', 'style.css', 'icon.svg'])
    site.set(name, { type: typeOf(name), content: await readFile(join(folder, 'static', name)) });
  return site;
}
