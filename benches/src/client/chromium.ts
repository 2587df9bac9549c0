/**
 * The measured wallet in a real Chromium: bundled as an application would bundle it, served on loopback, driven over the DevTools protocol.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StepLine } from './node-wallet.ts';
import type { MeasuredPage, PageSettings } from './page.ts';
import { type WalletStep, stepsOf } from './steps.ts';

const browsers = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

/** @returns undefined where there is none. */
export const findChromium = (): string | undefined => browsers.find((path) => existsSync(path));

/** Files of the site by name. */
export type Bundle = ReadonlyMap<string, Uint8Array>;

/** The page and its worker, minified. */
export async function bundlePage(): Promise<Bundle> {
  const { build } = await import('esbuild');
  const here = dirname(fileURLToPath(import.meta.url));
  const worker = createRequire(import.meta.url).resolve('@dwallet/client-sdk/compute-worker');
  const { outputFiles } = await build({
    entryPoints: { page: join(here, 'page.js'), 'web-worker': worker },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    outdir: 'out',
    write: false,
    logLevel: 'silent',
  });
  return new Map(outputFiles.map(({ path, contents }) => [path.slice(path.lastIndexOf('/') + 1), contents]));
}

/** Where CPU time of the page's process, workers included, and its memory are read. */
interface ProcessInfo {
  readonly type: string;
  readonly id: number;
  /** Seconds. */
  readonly cpuTime: number;
}

/** Largest resident set of a process so far, in bytes; 0 where the system does not tell. */
function peakMemoryOf(pid: number): number {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/**
 * Runs all steps in a page of its own.
 * @param onStep - told after each step.
 */
export async function measureChromium(
  executablePath: string,
  bundle: Bundle,
  settings: PageSettings,
  rounds: number,
  onStep: (line: StepLine) => void,
): Promise<void> {
  const { chromium } = await import('playwright-core');
  const server = createServer((request, response) => {
    const name = (request.url ?? '/').slice(1);
    const file = bundle.get(name);
    if (file !== undefined) response.setHeader('content-type', 'text/javascript').end(file);
    else if (name === '')
      response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><script type="module" src="page.js"></script>');
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  try {
    const page = await browser.newPage();
    const session = await browser.newBrowserCDPSession();
    const renderers = async (): Promise<ProcessInfo[]> => {
      const { processInfo } = (await session.send('SystemInfo.getProcessInfo')) as {
        readonly processInfo: readonly ProcessInfo[];
      };
      return processInfo.filter(({ type }) => type === 'renderer');
    };
    const cpuMs = async (): Promise<number> =>
      (await renderers()).reduce((sum, { cpuTime }) => sum + 1000 * cpuTime, 0);
    const memory = async (): Promise<number> => Math.max(0, ...(await renderers()).map(({ id }) => peakMemoryOf(id)));
    let before = await cpuMs();
    const done = async (step: StepLine['step'], wall: number): Promise<void> => {
      const after = await cpuMs();
      onStep({ step, cpu: after - before, wall, memory: await memory() });
      before = await cpuMs();
    };
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForFunction('globalThis.measuredPage !== undefined');
    const inPage = <T, A>(work: (page: MeasuredPage, argument: A) => T | Promise<T>, argument: A): Promise<T> =>
      page.evaluate<T>(`(${String(work)})(globalThis.measuredPage, ${JSON.stringify(argument)})`);
    await done('load', await inPage(({ loadedMs }) => loadedMs, null));
    await inPage((measured, given: PageSettings) => measured.configure(given), settings);
    for (const step of stepsOf(rounds))
      await done(step, await inPage((measured, name: WalletStep) => measured.run(name), step));
  } finally {
    await browser.close();
    server.close();
  }
}
