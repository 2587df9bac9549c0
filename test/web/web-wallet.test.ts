/**
 * The wallet in a real headless Chromium, against a network of real processes (CLG-112) and a real Ethereum node: created, paid from, reloaded in the middle
 * of a signature, in two tabs, and nothing of it in the clear.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { p2wpkhAddress } from '@dwallet/chains/bitcoin';
import { cosmosAddress } from '@dwallet/chains/cosmos';
import { evmAddress } from '@dwallet/chains/evm';
import { tronAddress } from '@dwallet/chains/tron';
import { xrplAddress } from '@dwallet/chains/xrpl';
import { clg112, clg128 } from '@dwallet/class-groups';
import { DWalletClient, GrpcPeer, MemoryKeystore, localNetwork, restoreKeystore } from '@dwallet/client-sdk/node';
import { referenceKernel } from '@dwallet/kernel';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { SignRequestSchema } from '@dwallet/proto/es';
import { fromBinary } from '@bufbuild/protobuf';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { Browser, BrowserContext, Route } from 'playwright-core';
import { hashMessage, recoverMessageAddress, recoverPublicKey } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleSite } from '../../examples/web-wallet/src/server/bundle.ts';
import { type RunningNetwork, startLocalNetwork } from '../../examples/web-wallet/src/server/local-network.ts';
import { type SiteServer, serveSite } from '../../examples/web-wallet/src/server/serve.ts';
import { GrpcNetwork } from '../../services/validator/test/helpers/grpc-network.ts';
import { fixture } from '../../services/validator/test/helpers/toy-network.ts';
import { WalletTab, chromiumPath, inLab, labFiles, launch } from './browser.ts';
import { kernelProbe } from './lab/kernel-probe.ts';

if (chromiumPath === undefined)
  process.stdout.write('skipped: no Chromium here (apt-get install chromium-headless-shell, or set CHROMIUM_PATH)\n');

const passphrase = 'correct horse battery staple';
const recipient = '0x000000000000000000000000000000000000dEaD';
const folder = mkdtempSync(join(tmpdir(), 'dwallet-web-'));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A Sign request that left the page: where to, and its bytes. */
interface SignSent {
  readonly url: string;
  readonly body: Buffer;
}

describe.skipIf(chromiumPath === undefined)('in Chromium', () => {
  let network: RunningNetwork;
  /** Four more validators in this process, over HTTPS. */
  let secure: GrpcNetwork;
  let site: SiteServer;
  let secureSite: SiteServer;
  let browser: Browser;
  let context: BrowserContext;
  let tab: WalletTab;
  let words = '';
  const over = new AbortController();
  const sent: SignSent[] = [];
  /** What becomes of Sign requests; default: they go to the validator. */
  let onSign: (route: Route) => Promise<void> = (route) => route.continue();

  const rpc = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(network.settings.rpc, { method: 'POST', headers, body });
    return ((await answer.json()) as { result: unknown }).result;
  };
  const balanceOf = async (address: string): Promise<bigint> =>
    BigInt(String(await rpc('eth_getBalance', [address, 'latest'])));
  /** presign -> bodies of the Sign requests that named it. */
  const byPresign = (requests: readonly SignSent[]): Map<string, Set<string>> => {
    const found = new Map<string, Set<string>>();
    for (const { body } of requests) {
      const presign = hex(fromBinary(SignRequestSchema, body).presignId);
      found.set(presign, (found.get(presign) ?? new Set()).add(body.toString('hex')));
    }
    return found;
  };

  beforeAll(async () => {
    const set = ['pool.low=4', 'pool.high=8', 'pool.batch=4', 'pool.floor=4'];
    const onLine = (): void => {};
    const starting = startLocalNetwork({ data: join(folder, 'net'), profile: '112', set, signal: over.signal, onLine });
    const [running, files, lab, toys] = await Promise.all([
      starting,
      bundleSite(),
      labFiles(),
      GrpcNetwork.start({
        from: fixture(),
        label: 'https',
        change: (_, { clients }) => ({
          browser: { address: '127.0.0.1:0', allowedOrigins: ['http://127.0.0.1:*'], tls: clients.tls },
        }),
      }),
    ]);
    [network, secure] = [running, toys];
    site = await serveSite(new Map([...files, ...lab]), network.settings);
    const endpoints = [`https://127.0.0.1:${secure.server(1).ports.browser}`];
    secureSite = await serveSite(new Map(lab), { ...network.settings, endpoints });
    browser = await launch([Buffer.from(secure.identity(1).pin.replace('sha256:', ''), 'hex').toString('base64')]);
    context = await browser.newContext();
    await context.route(/\/Sign$/, async (route) => {
      const request = route.request();
      if (request.method() !== 'POST') return route.continue();
      sent.push({ url: request.url(), body: request.postDataBuffer() ?? Buffer.alloc(0) });
      return onSign(route);
    });
  });
  afterAll(async () => {
    await browser?.close();
    over.abort();
    await Promise.all([site?.close(), secureSite?.close(), secure?.close(), network?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  test('the kernel computes what it computes in Node, and a validator is reached over HTTPS', async () => {
    const page = await context.newPage();
    await page.goto(`${secureSite.url}lab.html`);
    expect(await inLab(page, 'probe', '112')).toBe(kernelProbe(wasmKernel, clg112));
    expect(await inLab(page, 'probe', '128')).toBe(kernelProbe(wasmKernel, clg128));
    expect(kernelProbe(referenceKernel, clg112)).toBe(kernelProbe(wasmKernel, clg112));
    const endpoint = `https://127.0.0.1:${secure.server(1).ports.browser}`;
    expect(await inLab(page, 'networkId', endpoint)).toBe(hex(secure.toy.networkId));
    // The page's own policy holds: it reaches nobody else.
    await expect(inLab(page, 'networkId', network.settings.endpoints[0] ?? '')).rejects.toThrow();
    await page.close();
  });

  test('a key is made, shows its addresses, and pays; the page answers all the while', async () => {
    tab = await WalletTab.open(context, site.url);
    await tab.unlock(passphrase, true);
    await tab.record();
    words = await tab.create();
    const created = await tab.recorded();
    expect(words.split(' ')).toHaveLength(24);
    const signature = (await tab.sign('hello')) as `0x${string}`;
    const publicKey = await recoverPublicKey({ hash: hashMessage('hello'), signature });
    const key = secp256k1.Point.fromHex(publicKey.slice(2)).toBytes(true);
    expect(await tab.addresses()).toEqual({
      Ethereum: evmAddress(key),
      Bitcoin: p2wpkhAddress(key, 'mainnet'),
      Cosmos: cosmosAddress(key, 'cosmos'),
      Tron: tronAddress(key),
      'XRP Ledger': xrplAddress(key),
    });
    await tab.page.click('#fund');
    await expect.poll(() => tab.text('#balance')).toBe('1.000000 ETH');
    await tab.record();
    const lines = await tab.send(recipient, '0.01');
    expect(lines).toContain(recipient);
    const receipt = await tab.confirmed();
    const paid = await tab.recorded();
    expect(receipt.status).toMatch(/^Confirmed in block \d+$/);
    expect(await rpc('eth_getTransactionReceipt', [receipt.hash])).toMatchObject({ status: '0x1' });
    expect(await balanceOf(recipient)).toBe(10n ** 16n);
    for (const [what, { longestTaskMs, longestPauseMs, frames, compiled }] of Object.entries({
      creation: created,
      payment: paid,
    })) {
      process.stdout.write(
        `${what}: longest task ${longestTaskMs} ms, longest pause ${longestPauseMs} ms, ${frames} frames\n`,
      );
      // Nothing of the cryptography is in the page: on a fast machine its tasks there would be short enough for the next line.
      expect(compiled).toBe(0);
      expect(longestTaskMs).toBeLessThan(1000);
      expect(frames).toBeGreaterThan(10);
    }
    expect(tab.complaints).toEqual([]);
  });

  test('a reload in the middle of a signature: the same bytes again, one presign, one payment', async () => {
    const before = sent.length;
    const nonce = await rpc('eth_getTransactionCount', [(await tab.addresses())['Ethereum'], 'latest']);
    // First the bytes leave and arrive nowhere; then they arrive, and no answer comes back.
    const held: ((route: Route) => Promise<unknown>)[] = [async () => {}, (route) => route.fetch()];
    for (const hold of held) {
      const reached = new Promise<void>((resolve) => {
        onSign = async (route) => {
          await hold(route);
          resolve();
        };
      });
      if (hold === held[0]) await tab.send(recipient, '0.02');
      else await tab.page.click('#resume');
      await reached;
      await tab.page.reload();
      if (hold === held[0]) {
        await tab.unlock('not the passphrase');
        expect(await tab.failure()).toContain('the secret is wrong');
      }
      await tab.unlock(passphrase);
      expect(await tab.text('#unfinished-lines')).toContain('0.02 ETH');
    }
    onSign = (route) => route.continue();
    await tab.page.click('#resume');
    const { status, hash } = await tab.confirmed();
    expect(status).toMatch(/^Confirmed/);
    expect(await balanceOf(recipient)).toBe(3n * 10n ** 16n);
    const after = await rpc('eth_getTransactionCount', [(await tab.addresses())['Ethereum'], 'latest']);
    expect(Number(after) - Number(nonce)).toBe(1);
    const requests = sent.slice(before);
    expect(requests.length).toBeGreaterThanOrEqual(3);
    const presigns = byPresign(requests);
    expect([...presigns.values()].map((bodies) => bodies.size)).toEqual([1]);
    // Every validator has one signature for it, and it is the one in the chain.
    const { endpoints, ca } = localNetwork(join(folder, 'net'));
    const [presign] = presigns.keys();
    const transaction = (await rpc('eth_getTransactionByHash', [hash])) as { readonly r: string; readonly s: string };
    for (const endpoint of endpoints) {
      const peer = new GrpcPeer({ endpoint, ca });
      const { signature } = await peer.signature(Buffer.from(presign ?? '', 'hex'));
      peer.close();
      const [r, s] = [signature.slice(1, 33), signature.slice(33)].map((part) => BigInt(`0x${hex(part)}`));
      expect([r, s]).toEqual([BigInt(transaction.r), BigInt(transaction.s)]);
    }
  });

  test('two tabs sign at once with one keystore: no presign has two messages; a validator that is gone stops neither', async () => {
    const [first] = network.settings.endpoints;
    await context.route(`${first}/**`, (route) => route.abort());
    const other = await WalletTab.open(context, site.url);
    await other.unlock(passphrase);
    const before = sent.length;
    const [one, two] = (await Promise.all([tab.sign('one'), other.sign('two')])) as [`0x${string}`, `0x${string}`];
    const { Ethereum: address } = await tab.addresses();
    expect(await recoverMessageAddress({ message: 'one', signature: one })).toBe(address);
    expect(await recoverMessageAddress({ message: 'two', signature: two })).toBe(address);
    const presigns = byPresign(sent.slice(before));
    expect(presigns.size).toBe(2);
    for (const bodies of presigns.values()) expect(bodies.size).toBe(1);
    expect(other.complaints.filter((text) => !text.includes('ERR_FAILED'))).toEqual([]);
    await other.page.close();
    await context.unroute(`${first}/**`);
  });

  test('without any lock the store of a browser decides: one message per presign, one change per revision', async () => {
    const pages = await Promise.all([1, 2].map(() => context.newPage()));
    await Promise.all(pages.map((page) => page.goto(`${site.url}lab.html`)));
    await Promise.all(pages.map((page) => inLab(page, 'open', 'race')));
    for (let round = 1; round <= 5; round++) {
      const stored = await Promise.all(pages.map((page, i) => inLab(page, 'putMessage', 'race', round, i + 1)));
      expect(new Set(stored).size).toBe(1);
      expect(await inLab(pages[0] as (typeof pages)[0], 'putMessage', 'race', round, 9)).toBe(stored[0]);
      const changed = await Promise.all(pages.map((page, i) => inLab(page, 'change', 'race', round - 1, i + 1)));
      expect(changed.filter(Boolean)).toHaveLength(1);
      const seeds = await Promise.all(pages.map((page) => inLab(page, 'seed', 'race')));
      expect(seeds).toEqual(
        [0, 0].map(() =>
          String(changed.indexOf(true) + 1)
            .padStart(2, '0')
            .repeat(32),
        ),
      );
    }
    await Promise.all(pages.map((page) => page.close()));
  });

  test('what the browser keeps has neither seed nor share in it, and from the words both come back in Node', async () => {
    const { endpoints, ca, profile } = localNetwork(join(folder, 'net'));
    const keystore = new MemoryKeystore();
    await restoreKeystore(keystore, words);
    const options = { endpoints, ca, profile, keystore, compute: false, prepare: false, tables: false } as const;
    const client = await DWalletClient.connect(options);
    const { wallets } = await client.recover();
    expect(wallets.map(({ publicKey }) => evmAddress(publicKey))).toEqual([(await tab.addresses())['Ethereum']]);
    const data = (await keystore.load())?.data;
    client.close();
    const page = await context.newPage();
    await page.goto(`${site.url}lab.html`);
    const dump = Buffer.from(await inLab(page, 'dump'), 'base64');
    // The dump is one: it has the messages that were sent, and the sealed wallet.
    expect(dump.includes(Buffer.from('DWALLETK'))).toBe(true);
    for (const presign of byPresign(sent).keys()) expect(dump.includes(presign)).toBe(true);
    const secrets = [data?.seed ?? '', data?.wallets[0]?.userShare ?? ''];
    expect(secrets.map((secret) => secret.length)).toEqual([64, 64]);
    for (const secret of secrets) {
      const bytes = Buffer.from(secret, 'hex');
      const forms = [
        bytes,
        Buffer.from(bytes).reverse(),
        secret,
        secret.toUpperCase(),
        bytes.toString('base64').slice(0, 42),
      ];
      for (const form of [...forms, BigInt(`0x${secret}`).toString()]) expect(dump.includes(form)).toBe(false);
    }
    for (const text of [words, words.split(' ').slice(0, 3).join(' '), passphrase])
      expect(dump.includes(text)).toBe(false);
  });
});
