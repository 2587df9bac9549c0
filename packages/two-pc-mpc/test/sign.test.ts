import { describe, expect, it } from 'vitest';
import { MemorySingleUseStore } from '../src/ecdsa/single-use.ts';
import { verifySignMessage } from '../src/ecdsa/sign/network-verify.ts';
import { combineSignature, createSigningDecryption, decryptOptimistic, permitShares } from '../src/ecdsa/sign/network-decrypt.ts';
import { signOnce } from '../src/client/sign-once.ts';
import { checkFinalSignature } from '../src/client/check-signature.ts';
import { MemorySignMessageStore } from '../src/client/sign-message-store.ts';
import { assigned, createFixture, randomFor } from './helpers/sign-fixture.ts';

const time = <T>(name: string, f: () => T): T => { const t = performance.now(); const r = f(); console.log(name, (performance.now() - t).toFixed(0), 'ms'); return r; };
describe('sign', () => {
  it('end to end', async () => {
    const fixture = time('fixture', () => createFixture());
    const { record, userShare } = time('dwallet', () => fixture.dwallet('w'));
    const { presign } = time('presign', () => fixture.presign('p'));
    const approved = fixture.approve('a');
    const t = performance.now();
    const bytes = await signOnce({ store: new MemorySignMessageStore(), setup: fixture.setup, record, presign, userShare, hashScheme: approved.hashScheme, message: approved.message, random: randomFor('client') });
    console.log('client', performance.now() - t, bytes.length);
    const verified = time('verify', () => verifySignMessage({ setup: fixture.setup, record, presign, state: assigned(record, approved), approved, bytes, random: randomFor('v') }));
    const permit = await permitShares(new MemorySingleUseStore(), verified);
    const decryption = time('request', () => createSigningDecryption(verified, fixture.place));
    const answers = fixture.access.validators.slice(0, 3).map((v) => time('share', () => decryptOptimistic(permit, decryption, fixture.keySharesOf(v), randomFor(`s${v}`))));
    const signature = time('combine', () => combineSignature(decryption, answers));
    expect(signature).toBeDefined();
    checkFinalSignature(record, approved.hashScheme, approved.message, signature!);
  });
});
