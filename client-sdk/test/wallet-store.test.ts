/** The wallet file when several processes of one wallet write to it, or one of them dies while it does. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileWalletStore, type WalletData } from '@dwallet/client-sdk/node';
import { afterAll, describe, expect, it } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'dwallet-wallet-store-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const data = (seed: string): WalletData => ({ version: 1, seed: seed.repeat(32), wallets: [] });

describe('the wallet file', () => {
  it('what another process is writing stays alone; what a dead one left, with its secrets, goes', () => {
    const path = join(root, 'wallet.json');
    // Process 1 runs for ever; no process has the other number.
    writeFileSync(`${path}.tmp-1`, 'half of another process');
    writeFileSync(`${path}.tmp-${2 ** 22 + 7}`, 'half of a dead process');
    writeFileSync(`${path}.tmp`, 'half of an older version');
    writeFileSync(join(root, 'wallet.json-else'), 'not ours');
    const store = new FileWalletStore(path);
    store.save(data('11'));
    expect(readdirSync(root).sort()).toEqual(['wallet.json', 'wallet.json-else', 'wallet.json.tmp-1']);
    expect(readFileSync(`${path}.tmp-1`, 'utf8')).toBe('half of another process');
    expect(statSync(path).mode & 0o077).toBe(0);
    store.save(data('22'));
    expect(new FileWalletStore(path).load()).toEqual(data('22'));
  });

  it('keeps reservations as they are', () => {
    const path = join(root, 'reserved.json');
    const wallet = { id: 'aa', message: 'bb', userShare: 'dd' };
    const reservations = [{ nonce: 'ee' }, { nonce: 'ff', presignId: '00' }];
    const stored: WalletData = { ...data('33'), wallets: [{ ...wallet, reservations }] };
    new FileWalletStore(path).save(stored);
    expect(new FileWalletStore(path).load()).toEqual(stored);
  });
});
