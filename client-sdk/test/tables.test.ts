/**
 * Tables of long-lived bases between runs of a wallet: built once, never believed. Whatever somebody puts into the folder, the wallet computes the same
 * powers, because a table whose seal is not the wallet's own is built again.
 */
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TableCache, deriveTestParameters } from '@dwallet/class-groups';
import {
  DWalletClient,
  FileTableCache,
  FileWalletStore,
  openWallet,
  walletTableSealKey,
} from '@dwallet/client-sdk/node';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { type Digest, Secret } from '@dwallet/sigma';
import { MemorySignMessageStore } from '@dwallet/two-pc-mpc/client';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { afterAll, describe, expect, it } from 'vitest';
import {
  MemoryWalletStore,
  ToyNetwork,
  curve,
  fixture,
  randomFor,
} from '../../services/validator/test/helpers/toy-network.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-wallet-tables-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = join(root, 'tables');
const seal = (): Secret<Uint8Array> => walletTableSealKey(new MemoryWalletStore(fixture().wallet), randomFor('none'));

/** One run of the wallet: a new process as far as tables go. @returns how many tables it had to build, and what it complained about. */
async function run(sealKey = seal()): Promise<{ readonly built: number; readonly problems: string[] }> {
  const network = new ToyNetwork({ from: fixture() });
  const problems: string[] = [];
  const files = new FileTableCache(folder, { sealKey, onProblem: ({ message }) => problems.push(message) });
  let built = 0;
  const tableCache: TableCache = {
    sealKey,
    get: (key) => files.get(key),
    put: (key, bytes) => {
      built++;
      files.put(key, bytes);
    },
    refused: (key: Digest, reason) => files.refused(key, reason),
  };
  const client = await DWalletClient.connect({
    peers: network.peers(),
    parameters: deriveTestParameters(wasmKernel, 520, { tableCache, shortTables: true }),
    curve,
    store: new MemoryWalletStore(fixture().wallet),
    messages: new MemorySignMessageStore(),
    random: randomFor(`tables/${counter++}`),
    prepare: false,
    allowTestProfile: true,
  });
  const [wallet] = client.wallets;
  if (wallet === undefined) throw new Error('no wallet');
  const message = new Uint8Array(32).fill(counter);
  const { signature } = await wallet.signRaw('sha256', message);
  network.close();
  const bytes = [signature.r, signature.s].map((x) => x.toString(16).padStart(64, '0')).join('');
  expect(secp256k1.verify(Buffer.from(bytes, 'hex'), sha256(message), wallet.publicKey, { prehash: false })).toBe(true);
  return { built, problems };
}
let counter = 0;

const paths = (): string[] =>
  readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
const contents = (): string[] => paths().map((path) => readFileSync(path).toString('hex'));

describe('tables of the bases of a network', () => {
  it('the first run builds those of h and pk, the next ones none; what was tampered with is built again', async () => {
    const { built, problems } = await run();
    // h and pk, each for long and for short exponents.
    expect(built).toBe(4);
    expect(problems).toEqual([]);
    const good = contents();
    expect(good).toHaveLength(4);
    expect(await run()).toEqual({ built: 0, problems: [] });

    const [first, second] = paths() as [string, string];
    const bytes = readFileSync(first);
    // Swapped: each is a good table of ours, of another base.
    renameSync(first, `${first}.away`);
    copyFileSync(second, first);
    renameSync(`${first}.away`, second);
    const swapped = await run();
    expect(swapped.built).toBe(2);
    expect(swapped.problems.join()).toMatch(/the seal is wrong/);
    expect(contents()).toEqual(good);

    // One bit anywhere, a short file, and the table of another base under this one's name with its old seal.
    for (const at of [0, 31, 32, 40, bytes.length >> 1, bytes.length - 1]) bytes[at] = (bytes[at] as number) ^ 1;
    writeFileSync(first, bytes);
    writeFileSync(second, readFileSync(second).subarray(0, 700));
    const damaged = await run();
    expect(damaged.built).toBe(2);
    expect(contents()).toEqual(good);
  });

  it('a whole cache of somebody who could write to the folder, but not read the wallet, is worth nothing', async () => {
    const own = contents();
    const strange = await run(new Secret(new Uint8Array(32).fill(1)));
    expect(strange.built).toBe(4);
    const forged = contents();
    expect(forged).not.toEqual(own);
    // Same tables under another seal; and tables of other bases under this other seal.
    expect((await run()).built).toBe(4);
    expect(contents()).toEqual(own);
    paths().forEach((path, i) => writeFileSync(path, Buffer.from(forged[(i + 1) % forged.length] as string, 'hex')));
    const { built, problems } = await run();
    expect(built).toBe(4);
    expect(problems.length).toBeGreaterThanOrEqual(4);
    expect(contents()).toEqual(own);
  });

  it('the key follows from the recovery seed alone; a new wallet has its seed stored before its tables', () => {
    const path = join(root, 'wallet.json');
    const key = walletTableSealKey(new FileWalletStore(path), randomFor('new wallet'));
    expect(walletTableSealKey(new FileWalletStore(path), randomFor('other')).expose()).toEqual(key.expose());
    expect(openWallet(new FileWalletStore(path), randomFor('other')).wallets).toEqual([]);
    expect(Buffer.from(key.expose()).toString('hex')).not.toBe(
      openWallet(new FileWalletStore(path), randomFor('x')).seed,
    );
    expect(seal().expose()).not.toEqual(key.expose());
  });
});
