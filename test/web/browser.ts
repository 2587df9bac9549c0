/** A real headless Chromium, and pages of the wallet in it. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { SiteFile } from '../../examples/web-wallet/src/server/bundle.ts';
import type { Lab } from './lab/lab.ts';

const named = process.env['CHROMIUM_PATH'];

/** The one that is named, or else where Debian and others put it; undefined when there is none. */
export const chromiumPath: string | undefined = (
  named === undefined || named === ''
    ? ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
    : [named]
).find((path) => existsSync(path));

/** @param pins - certificates that are trusted all the same: base64 of SHA-256 of their public keys. */
export const launch = (pins: readonly string[]): Promise<Browser> =>
  chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
      `--ignore-certificate-errors-spki-list=${pins.join(',')}`,
    ],
  });

/** The lab as files of a site. */
export async function labFiles(): Promise<[string, SiteFile][]> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./lab/lab.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    outdir: 'out',
  });
  const html = '<!doctype html><title>lab</title><script type="module" src="lab.js"></script>';
  return [
    ['lab.html', { type: 'text/html', content: Buffer.from(html) }],
    ['lab.js', { type: 'text/javascript', content: outputFiles[0]?.contents ?? new Uint8Array(0) }],
  ];
}

/** Calls the lab of a page. */
export async function inLab<Name extends keyof Lab>(
  page: Page,
  name: Name,
  ...args: Parameters<Lab[Name]>
): Promise<Awaited<ReturnType<Lab[Name]>>> {
  await page.waitForFunction('globalThis.lab !== undefined');
  return page.evaluate<Awaited<ReturnType<Lab[Name]>>>(`globalThis.lab.${name}(...${JSON.stringify(args)})`);
}

/** What a page records about itself: its longest tasks, how regularly it can draw, and whether it ever compiles WebAssembly, as the cryptography would. */
const recorder = `
  globalThis.tasks = [];
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) globalThis.tasks.push(entry.duration); })
    .observe({ type: 'longtask', buffered: true });
  globalThis.frames = [];
  globalThis.compiled = 0;
  for (const name of ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming']) {
    const original = WebAssembly[name];
    WebAssembly[name] = (...args) => (globalThis.compiled++, original.apply(WebAssembly, args));
  }
  WebAssembly.Module = new Proxy(WebAssembly.Module, {
    construct: (module, args) => (globalThis.compiled++, Reflect.construct(module, args)),
  });
  const beat = (now) => { globalThis.frames.push(now); requestAnimationFrame(beat); };
  requestAnimationFrame(beat);
`;

export interface Record {
  readonly longestTaskMs: number;
  readonly longestPauseMs: number;
  readonly frames: number;
  /** WebAssembly modules that the page itself, not a worker of it, has compiled since it was opened. */
  readonly compiled: number;
}

/** The wallet in one tab, as its owner uses it. */
export class WalletTab {
  readonly page: Page;
  /** What the browser complains about. */
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
  }

  static async open(context: BrowserContext, url: string): Promise<WalletTab> {
    const page = await context.newPage();
    await page.addInitScript(recorder);
    const tab = new WalletTab(page);
    await page.goto(url);
    return tab;
  }

  /** Waits for a part of the page to be shown. @throws Error with what the page says instead. */
  async shown(selector: string): Promise<void> {
    await this.page.waitForSelector(`${selector}:visible, #failure:not(:empty)`);
    const failure = await this.failure();
    if (failure !== '') throw new Error(failure);
  }
  failure(): Promise<string> {
    return this.page.innerText('#failure');
  }
  text(selector: string): Promise<string> {
    return this.page.innerText(selector);
  }

  async unlock(passphrase: string, first = false): Promise<void> {
    await this.page.waitForSelector('#unlock:visible');
    await this.page.fill('#passphrase', passphrase);
    if (first) await this.page.fill('#passphrase-again', passphrase);
    await this.page.click('#unlock-button');
    await this.page.waitForSelector('#empty:visible, #wallet:visible, #failure:not(:empty)');
  }
  /** @returns the recovery words. */
  async create(): Promise<string> {
    await this.page.click('#create');
    await this.shown('#backup');
    const words = await this.text('#words');
    await this.page.click('#written-down');
    return words;
  }
  async send(to: string, ether: string): Promise<string> {
    await this.page.fill('#to', to);
    await this.page.fill('#amount', ether);
    await this.page.click('#send button');
    await this.shown('#approval[open]');
    const lines = await this.text('#approval-lines');
    await this.page.click('#approve');
    return lines;
  }
  async confirmed(): Promise<{ readonly hash: string; readonly status: string }> {
    await this.shown('#receipt');
    return { hash: await this.text('#receipt-hash'), status: await this.text('#receipt-status') };
  }
  /** @returns the signature. */
  async sign(text: string): Promise<string> {
    await this.page.fill('#text', text);
    await this.page.click('#message button');
    await this.shown('#approval[open]');
    await this.page.click('#approve');
    await this.shown('#signature:not(:empty)');
    return this.text('#signature');
  }
  /** Address -> chain, as the page shows them. */
  async addresses(): Promise<{ [chain: string]: string }> {
    const rows = await this.page.locator('#addresses dd').all();
    return Object.fromEntries(
      await Promise.all(
        rows.map(async (row) => [(await row.getAttribute('data-chain')) ?? '', await row.innerText()] as const),
      ),
    );
  }

  /** Begins to record anew. */
  record(): Promise<void> {
    return this.page.evaluate('void (globalThis.tasks.length = globalThis.frames.length = 0)');
  }
  async recorded(): Promise<Record> {
    const [tasks, frames, compiled] = await this.page.evaluate<[number[], number[], number]>(
      '[globalThis.tasks, globalThis.frames, globalThis.compiled]',
    );
    const pauses = frames.slice(1).map((now, i) => now - (frames[i] ?? now));
    return {
      longestTaskMs: Math.round(Math.max(0, ...tasks)),
      longestPauseMs: Math.round(Math.max(0, ...pauses)),
      frames: frames.length,
      compiled,
    };
  }
}
