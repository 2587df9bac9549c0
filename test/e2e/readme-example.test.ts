/**
 * What the README and docs/getting-started.md say, word by word: their blocks are taken out of the pages and run against one local network of real processes with an
 * Ethereum chain. Create, address, send, show, recover: everything that a wallet does on the command line is in the guide.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { p2wpkhAddress, p2wpkhScript } from '@dwallet/chains';
import { spendPsbt } from '@dwallet/chains/bitcoin';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { RawTx } from '@scure/btc-signer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBitcoinNode } from '../../cli/src/local-chains/bitcoin-node.ts';
import { type RunningNetwork, startLocalNetwork } from '../../examples/web-wallet/src/server/local-network.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'dwallet-readme-'));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const guide = readFileSync(join(root, 'docs', 'getting-started.md'), 'utf8');
const running = new Set<ChildProcess>();

/** Fenced blocks of a page, of one language, from a heading on up to the next one of its kind. */
function blocks(page: string, language: string, heading?: string): string[] {
  const start = heading === undefined ? 0 : page.indexOf(`\n## ${heading}\n`);
  expect(start, `## ${heading}`).toBeGreaterThanOrEqual(0);
  const end = heading === undefined ? -1 : page.indexOf('\n## ', start + 1);
  const text = page.slice(start, end < 0 ? undefined : end);
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, block]) => block as string,
  );
}

const environment = {
  PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
  HOME: folder,
  // Four validators on the cores of one machine, and no more presigns than these pages need.
  DWALLET_COMPUTE_THREADS: '0',
  DWALLET_POOL_LOW: '2',
  DWALLET_POOL_HIGH: '8',
  DWALLET_POOL_BATCH: '8',
};

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

async function run(
  command: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...environment, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  running.delete(child);
  return { code, out, errors };
}

/** All blocks in one shell, as somebody types them one after the other. */
async function shell(texts: readonly string[]): Promise<string> {
  const { code, out, errors } = await run('bash', ['-euxo', 'pipefail', '-c', texts.join('\n')]);
  if (code !== 0) throw new Error(`ended with ${code}:\n${out}\n${errors}`);
  return out;
}

async function dwallet(...args: readonly string[]): Promise<Result & { readonly json: Record<string, unknown> }> {
  const result = await run('dwallet', [...args, '--json']);
  return { ...result, json: JSON.parse(result.out || '{}') as Record<string, unknown> };
}

const chain = (): { readonly rpc: string } =>
  JSON.parse(readFileSync(join(folder, '.dwallet', 'network', 'evm.json'), 'utf8')) as { rpc: string };

async function balanceOf(address: string): Promise<bigint> {
  const response = await fetch(chain().rpc, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getBalance', params: [address, 'latest'] }),
  });
  return BigInt(((await response.json()) as { result: string }).result);
}

const receiver = '0x000000000000000000000000000000000000dEaD';
const pause = (ms: number): Promise<boolean> => new Promise((resolve) => setTimeout(() => resolve(false), ms));

beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'cli'], { cwd: root });
  mkdirSync(join(folder, 'bin'));
  // What "npm run setup" and the alias of the pages give.
  const command = join(folder, 'bin', 'dwallet');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'cli', 'dist', 'main.js')}" "$@"\n`);
  chmodSync(command, 0o755);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  // The pages make a network of the default profile, CLG-128. Where there is one already they go on with it: here a faster one.
  execFileSync(command, ['network', 'up', '--profile', '112', '--evm', '--detach'], { cwd: folder, env: environment });
});
afterAll(async () => {
  if (existsSync(join(folder, '.dwallet', 'network'))) await run('dwallet', ['network', 'stop', '--grace', '0']);
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(process.platform !== 'linux')('the pages', () => {
  const all = blocks(guide, 'sh');

  it('the guide: from nothing to a wallet that was lost and came back', async () => {
    expect(all.length).toBeGreaterThanOrEqual(9);
    // The last block stops the network, which the README's program needs.
    const out = await shell(all.slice(0, -1));
    const shown = [...out.matchAll(/^dWallet ([0-9a-f]{64})$/gm)].map(([, id]) => id);
    // Made, shown, recovered, shown again: one dWallet.
    expect(shown).toHaveLength(4);
    expect(new Set(shown).size).toBe(1);
    expect(out).toContain('1 recovered');
    expect(out.match(/status {2}success/g)).toHaveLength(2);
    expect(out).toMatch(/^0x[0-9a-f]{128}1[bc]$/m);
    expect(await balanceOf(receiver)).toBe(10n ** 17n + 10n ** 9n);
    // Neither the recovery words nor the passphrase were said, and their files are their owner's alone.
    const words = readFileSync(join(folder, 'words'), 'utf8').trim();
    expect(words.split(' ')).toHaveLength(24);
    expect(out).not.toContain(words.split(' ').slice(0, 3).join(' '));
    for (const name of ['words', 'passphrase', '.dwallet/wallets/default/connection.json'])
      expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0);
  });

  it('what the commands refuse, and how they end', async () => {
    const opened = ['--passphrase-file', 'new-passphrase'];
    const wrong = await dwallet('wallet', 'list', '--passphrase-file', 'passphrase');
    expect([wrong.code, wrong.json['error']]).toEqual([3, 'KEYSTORE_WRONG_SECRET']);
    const pay = ['send', '--to', receiver, '--amount', '1wei', ...opened];
    // Nobody is at the terminal to say yes.
    expect((await dwallet(...pay)).code).toBe(3);
    const away = await dwallet(
      'wallet',
      'create',
      ...opened,
      '--endpoints',
      '127.0.0.1:1',
      '--wallet',
      'other',
      '--words-file',
      'others',
    );
    expect([away.code, away.json['error']]).toEqual([4, 'UNAVAILABLE']);
    const gone = await dwallet(...pay, '--yes', '--chain', 'ethereum', '--rpc', 'http://127.0.0.1:1');
    expect([gone.code, gone.json['error']]).toEqual([4, 'EVM_RPC_UNREACHABLE']);
    const bitcoin = [
      'send',
      '--chain',
      'bitcoin-regtest',
      '--to',
      p2wpkhAddress(secp256k1.Point.BASE.toBytes(true), 'regtest'),
    ];
    for (const api of ['node', 'esplora']) {
      const where = ['--amount', '1sat', '--api', api, '--rpc', 'http://127.0.0.1:1', '--fee-rate', '1', '--yes'];
      const silent = await dwallet(...bitcoin, ...where, ...opened);
      expect([silent.code, silent.json['error']], api).toEqual([4, 'CHAIN_UNREACHABLE']);
    }
    const confused = await dwallet(...pay, '--yes', '--api', 'node');
    expect([confused.code, confused.json['message']]).toEqual([2, '--api: is for Bitcoin']);
    const sealed = readdirSync(join(folder, '.dwallet/wallets/default')).find((name) => name.endsWith('.sealed'));
    expect(sealed).toBeDefined();
    expect(await balanceOf(receiver)).toBe(10n ** 17n + 10n ** 9n);
  });

  it('a PSBT of a Bitcoin chain is read, shown and signed, and nothing is sent', async () => {
    const opened = ['--passphrase-file', 'new-passphrase'];
    const { json: shown } = await dwallet('wallet', 'show', ...opened);
    const publicKey = Uint8Array.from(Buffer.from((shown['dwallet'] as { publicKey: string }).publicKey, 'hex'));
    const coin = { txid: 'ab'.repeat(32), vout: 1, amountSats: 50_000n, scriptPubKey: p2wpkhScript(publicKey) };
    const outputs = [{ address: p2wpkhAddress(publicKey, 'regtest'), amountSats: 49_000n }];
    const psbt = spendPsbt({ publicKey, inputs: [coin], outputs }, 'regtest');
    writeFileSync(join(folder, 'payment.psbt'), Buffer.from(psbt).toString('base64'));
    const sign = ['sign', 'payment.psbt', '--chain', 'bitcoin-regtest', '--out', 'signed', ...opened];
    expect((await dwallet(...sign)).code).toBe(3);
    expect(existsSync(join(folder, 'signed'))).toBe(false);
    const { code, json, errors } = await dwallet(...sign, '--yes');
    expect([code, errors.includes('passphrase')]).toEqual([0, false]);
    expect(json).toMatchObject({ format: 'psbt', complete: true, file: 'signed' });
    const raw = readFileSync(join(folder, 'signed'));
    expect(raw.toString('hex')).toBe(json['signed']);
    expect(RawTx.decode(raw).inputs).toHaveLength(1);
  });

  it('a payment on Bitcoin through a node of our own: two inputs, so two signatures, and mined', async () => {
    const opened = ['--passphrase-file', 'new-passphrase'];
    const { json: shown } = await dwallet('wallet', 'show', ...opened);
    const publicKey = Uint8Array.from(Buffer.from((shown['dwallet'] as { publicKey: string }).publicKey, 'hex'));
    const { json: told } = await dwallet('address', '--chain', 'bitcoin-regtest', ...opened);
    const script = p2wpkhScript(publicKey);
    expect(JSON.stringify(told)).toContain(p2wpkhAddress(publicKey, 'regtest'));
    const bitcoin = await startBitcoinNode();
    try {
      for (const sats of [60_000n, 70_000n]) await bitcoin.fund(script, sats);
      const waiting = async (): Promise<number> => {
        const body = JSON.stringify({ id: 1, method: 'getmempoolinfo', params: [] });
        const asked = await fetch(bitcoin.rpcUrl, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
        });
        return ((await asked.json()) as { result: { size: number } }).result.size;
      };
      const to = p2wpkhAddress(secp256k1.getPublicKey(new Uint8Array(32).fill(7), true), 'regtest');
      const where = ['--chain', 'bitcoin-regtest', '--api', 'node', '--rpc', bitcoin.rpcUrl];
      const pay = ['send', '--to', to, '--amount', '100000sat', ...where, ...opened, '--yes'];
      // Nothing was paid on this chain that a fee could be estimated from.
      expect((await dwallet(...pay)).json['message']).toContain('fee');
      const paying = dwallet(...pay, '--fee-rate', '2');
      const ended = paying.then(() => true);
      while ((await waiting()) === 0 && !(await Promise.race([ended, pause(100)])));
      await bitcoin.mine(1);
      const { code, json, errors } = await paying;
      expect([code, json['receipt']], errors).toEqual([0, { confirmations: 1 }]);
      expect(RawTx.decode(Buffer.from(json['raw'] as string, 'hex')).inputs).toHaveLength(2);
      expect((await bitcoin.utxo(json['txid'] as string, 0))?.amountSats).toBe(100_000n);
    } finally {
      await bitcoin.stop();
    }
  });

  it("the README's three calls, as pasted", async () => {
    const [example, ...others] = blocks(readme, 'js', 'From a program');
    expect(others).toEqual([]);
    writeFileSync(join(folder, 'example.mjs'), example as string);
    const { code, out, errors } = await run(process.execPath, ['example.mjs'], {
      DWALLET_PASSPHRASE: 'correct horse battery staple',
    });
    expect(errors).toBe('');
    expect(out).toMatch(/^0x[0-9a-f]{64} success\n$/);
    expect(code).toBe(0);
    expect(await balanceOf(receiver)).toBe(10n ** 17n + 10n ** 9n + 10n ** 15n);
  });

  it('the page of the example takes the network that runs, and ends what it has started itself only', async () => {
    const data = join(folder, '.dwallet', 'network');
    const over = new AbortController();
    const open = (): Promise<RunningNetwork> =>
      startLocalNetwork({ data, profile: undefined, signal: over.signal, onLine: () => {} });
    const states = async (): Promise<string[]> => {
      const { json } = await dwallet('network', 'status');
      return (json['validators'] as { readonly state: string }[]).map(({ state }) => state);
    };
    const beside = await open();
    expect(beside.started).toBe(false);
    expect(beside.settings).toMatchObject({ rpc: chain().rpc, profile: '112' });
    expect(new Set(beside.settings.endpoints).size).toBe(4);
    await beside.stop();
    // It has not ended: nothing of it did.
    expect(await Promise.race([beside.ended.then(() => 'ended'), states()])).toEqual(Array(4).fill('ready'));
    expect((await dwallet('network', 'kill', '4')).code).toBe(0);
    const holding = await open();
    expect(holding.started).toBe(true);
    await holding.stop();
    await holding.ended;
    expect(await states()).toEqual(['ready', 'ready', 'ready', 'stopped']);
    expect(await balanceOf(receiver)).toBeGreaterThan(0n);
  });

  it('the end of the guide: nothing runs any more', async () => {
    const { rpc } = chain();
    await shell(all.slice(-1));
    expect(existsSync(join(folder, '.dwallet/network/evm.json'))).toBe(false);
    await expect(fetch(rpc)).rejects.toThrow();
    const { json } = await dwallet('network', 'status');
    expect((json['validators'] as { readonly state: string }[]).map(({ state }) => state)).toEqual(
      Array(4).fill('stopped'),
    );
  });

  it("the README's commands are commands", async () => {
    const typed =
      blocks(readme, 'sh', 'From a wallet')
        .join('\n')
        .match(/dwallet [a-z]+( [a-z]+)?/g) ?? [];
    expect(typed.length).toBeGreaterThanOrEqual(4);
    for (const words of new Set(typed)) {
      const { code } = await run('dwallet', [...words.split(' ').slice(1), '--help']);
      expect(code, words).toBe(0);
    }
  });
});
