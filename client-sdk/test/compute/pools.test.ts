/** A wallet's evaluations on worker threads and on Web Workers: one signature at the end, one message per presign, and nothing of Node in the browser. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { WalletThreadPool } from '@dwallet/client-sdk/node';
import { WebWorkerPool, type WebWorkerLike } from '@dwallet/client-sdk';
import { type ComputePool, MemorySignMessageStore } from '@dwallet/two-pc-mpc/client';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { build } from 'esbuild';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { RawClient } from '../../../services/validator/test/helpers/raw-client.ts';
import {
  ToyNetwork,
  curve,
  fixture,
  fromHex,
  randomFor,
  toyParameters,
} from '../../../services/validator/test/helpers/toy-network.ts';
import { Secret, bytesToInteger } from '@dwallet/sigma';
import { rawOrder, signOnce, signOrderDigest } from '@dwallet/two-pc-mpc/client';

const parameters = toyParameters();
const pools: ComputePool[] = [];
const kept = <T extends ComputePool>(pool: T): T => {
  pools.push(pool);
  return pool;
};
afterAll(() => Promise.all(pools.map((pool) => pool.close())));
const network = new ToyNetwork({ from: fixture() });
afterAll(() => network.close());
const failing: unknown[] = [];
afterEach(() => expect(failing.splice(0)).toEqual([]));

/** A Web Worker as a browser has it, played by a thread. */
function webWorker(): WebWorkerLike {
  const thread = new Worker(new URL('./helpers/web-worker-shim.mjs', import.meta.url), {
    execArgv: ['--conditions=source'],
  });
  thread.unref();
  const listeners = new Map<string, (event: never) => void>();
  const tell = (type: string, event: object): void => listeners.get(type)?.(event as never);
  const worker: WebWorkerLike = {
    addEventListener: (type: string, listener: (event: never) => void) => void listeners.set(type, listener),
    postMessage: (message, transfer) => thread.postMessage(message, transfer),
    terminate: () => void thread.terminate(),
  };
  thread.on('message', (data: unknown) => tell('message', { data }));
  thread.on('error', (error: unknown) => {
    failing.push(error);
    tell('error', { message: String(error) });
  });
  return worker;
}

describe.each([
  ['worker threads', () => new WalletThreadPool({ parameters, curve })],
  ['Web Workers', () => new WebWorkerPool({ parameters, curve, create: webWorker })],
] as [string, () => WalletThreadPool | WebWorkerPool][])('%s', (_, make) => {
  test('the message is the same as without them', async () => {
    const pool = kept(make());
    const client = new RawClient(network);
    const taken = await client.take(1, 'pool');
    const args = {
      setup: client.setup,
      committee: network.committee,
      certificate: taken.certificate,
      record: client.record,
      presign: taken.presign,
      hashScheme: 'sha256' as const,
      message: taken.message,
      order: signOrderDigest(rawOrder('sha256', taken.message)),
    };
    const userShare = () => new Secret(bytesToInteger(fromHex(fixture().wallet.wallets[0]?.userShare ?? '')));
    const make1 = (one?: ComputePool) =>
      signOnce({
        ...args,
        store: new MemorySignMessageStore(),
        userShare: userShare(),
        random: randomFor('same'),
        ...(one === undefined ? {} : { pool: one }),
      });
    expect(await make1(pool)).toEqual(await make1());
    expect(pool.statistics()).toMatchObject({ completed: 2, failed: 0, restarts: 0 });
  });

  test('a wallet signs over them', async () => {
    const pool = kept(make());
    const alice = await network.client({ compute: pool });
    const [wallet] = alice.wallets;
    const message = new TextEncoder().encode('with workers');
    const { signature } = await (wallet as NonNullable<typeof wallet>).signRaw('sha256', message);
    const bytes = Buffer.from([signature.r, signature.s].map((x) => x.toString(16).padStart(64, '0')).join(''), 'hex');
    const key = (wallet as NonNullable<typeof wallet>).publicKey;
    expect(secp256k1.verify(bytes, sha256(message), key, { prehash: false, lowS: true })).toBe(true);
    expect(pool.statistics().completed).toBeGreaterThan(0);
    expect(pool.statistics().failed).toBe(0);
  });
});

test('a bundler for browsers takes pool and worker, and finds nothing of Node in them', async () => {
  const entry = (file: string): string => fileURLToPath(new URL(`../../src/compute/${file}`, import.meta.url));
  const { outputFiles, metafile } = await build({
    entryPoints: [entry('web-worker.ts'), entry('web-worker-pool.ts')],
    bundle: true,
    write: false,
    metafile: true,
    outdir: 'out',
    format: 'esm',
    platform: 'browser',
    conditions: ['source'],
    logLevel: 'silent',
  });
  expect(outputFiles).toHaveLength(2);
  for (const { imports } of Object.values(metafile.outputs))
    expect(imports.filter(({ external }) => external)).toEqual([]);
  const pool = outputFiles.find(({ path }) => path.includes('web-worker-pool'))?.text ?? '';
  // The expression that bundlers follow.
  expect(pool).toMatch(/new Worker\(new URL\("\.\/web-worker\.js", import\.meta\.url\), \{ type: "module"/);
});
