/**
 * Signing: MPC:T3 on real ciphertexts, the honest protocol end to end, and independent verifiers.
 */
import { verify as opensslVerify } from 'node:crypto';
import { clg112, clg128, createPublicParameters } from '@dwallet/class-groups';
import { testKernel } from '../../kernel/test/test-kernel.ts';
import { encodeText, invertMod, mod } from '@dwallet/sigma';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import * as tiny from 'tiny-secp256k1';
import { describe, expect, it } from 'vitest';
import { checkFinalSignature } from '../src/client/check-signature.ts';
import { MemorySignMessageStore } from '../src/client/sign-message-store.ts';
import { signOnce } from '../src/client/sign-once.ts';
import { targetPresign } from '../src/ecdsa/presign/target.ts';
import { completeSignature, encodeCompactSignature } from '../src/ecdsa/sign/complete-signature.ts';
import { hashMessage, messageScalar } from '../src/ecdsa/sign/message-hash.ts';
import {
  combineSignature,
  createSigningDecryption,
  decryptOptimistic,
  permitShares,
} from '../src/ecdsa/sign/network-decrypt.ts';
import { verifySignMessage } from '../src/ecdsa/sign/network-verify.ts';
import { signMessageBytes } from '../src/ecdsa/sign/sign-message.ts';
import { MemorySingleUseStore } from '../src/ecdsa/single-use.ts';
import type { EcdsaSignature, HashScheme } from '../src/types.ts';
import { craftMessage } from './helpers/craft-message.ts';
import { der, opensslKey } from './helpers/openssl.ts';
import { type SignFixture, assigned, createFixture, curve, q, randomFor } from './helpers/sign-fixture.ts';

const { G } = curve;

describe('MPC:T3: pt_A / pt_alphabeta = k^-1 (m + r x)', () => {
  it('with real ciphertexts on the toy profile, and the plaintexts of MPC 5.1', () => {
    const fixture = createFixture({ seed: 'T3' });
    for (const label of ['a', 'b']) {
      const wallet = fixture.dwallet(label);
      const { presign, gamma } = fixture.presign(label);
      const targeted = targetPresign(fixture.setup, presign, wallet.record);
      // MPC:T2 on the way: the targeted presign encrypts gamma x_B.
      expect(fixture.open(targeted.maskedShare)).toBe(mod(gamma * wallet.networkShare, q));
      const crafted = craftMessage({
        setup: fixture.setup,
        record: wallet.record,
        presign: targeted,
        userShare: wallet.userShare.expose(),
        hashScheme: 'keccak256',
        message: encodeText(label),
        seed: label,
      });
      const { kA } = crafted.secrets;
      expect(fixture.open(crafted.message.numerator)).toBe(
        mod(gamma * kA * (crafted.m + crafted.r * wallet.secretKey), q),
      );
      const kB = mod(fixture.open(crafted.message.denominator) * invertMod(gamma, q), q);
      expect(curve.multiply(G, kB).equals(crafted.message.networkNonce)).toBe(true);
      expect(curve.multiply(crafted.message.publicNonce, kA).equals(crafted.message.networkNonce)).toBe(true);
    }
  });
});

describe('MPC:V8: the client checks the result', () => {
  const fixture = createFixture({ seed: 'V8' });
  const wallet = fixture.dwallet('w');
  const message = encodeText('pay');
  const k = 1234567n;
  const R = curve.multiply(G, k);
  const messageDigest = hashMessage('sha256', message);
  const r = mod(R.toAffine().x, q);
  const numerator = mod(messageScalar(curve, messageDigest) + r * wallet.secretKey, q);
  const signature = completeSignature(
    { curve, publicKey: wallet.record.publicKey, messageDigest, publicNonce: R },
    numerator,
    k,
  ) as EcdsaSignature;

  it('accepts it, and nothing else', () => {
    const check =
      (change: Partial<EcdsaSignature>, text = message, scheme: HashScheme = 'sha256') =>
      () =>
        checkFinalSignature(wallet.record, scheme, text, { ...signature, ...change });
    expect(check({})).not.toThrow();
    for (const bad of [
      check({ s: q - signature.s }),
      check({ s: signature.s + 1n }),
      check({ recoveryId: signature.recoveryId ^ 1 }),
      check({ recoveryId: signature.recoveryId + 2 }),
      check({ recoveryId: 4 }),
      check({ recoveryId: -1 }),
      check({}, encodeText('pay more')),
      check({}, message, 'sha256d'),
    ])
      expect(bad).toThrow('MPC:V8');
  });
});

async function signEndToEnd(fixture: SignFixture, hashScheme: HashScheme, label: string) {
  const { record, userShare } = fixture.dwallet(label);
  const { presign } = fixture.presign(label);
  const approved = fixture.approve(label, hashScheme);
  const bytes = await signOnce({
    store: new MemorySignMessageStore(),
    setup: fixture.setup,
    record,
    presign,
    certificate: fixture.certify(presign),
    committee: fixture.committee,
    userShare,
    hashScheme,
    message: approved.message,
    order: approved.order,
    random: randomFor(`client ${label}`),
  });
  const verified = verifySignMessage({
    setup: fixture.setup,
    record,
    presign,
    state: assigned(record, approved),
    approved,
    bytes,
    random: randomFor(`verifier ${label}`),
  });
  const decryption = createSigningDecryption(verified, fixture.place);
  const answers = [];
  for (const validator of fixture.access.validators.slice(1)) {
    const permit = await permitShares(new MemorySingleUseStore(), verified);
    answers.push(
      decryptOptimistic(permit, decryption, fixture.keySharesOf(validator), randomFor(`share ${validator}`)),
    );
  }
  const signature = combineSignature(decryption, answers) as EcdsaSignature;
  checkFinalSignature(record, hashScheme, approved.message, signature);
  return { bytes, signature, record, message: approved.message };
}

describe('end to end (MPC:T8 as far as ECDSA on secp256k1 goes)', () => {
  it.each(['keccak256', 'sha256', 'sha256d'] as const)('%s: noble, libsecp256k1 and OpenSSL accept', async (scheme) => {
    const fixture = createFixture({ seed: 'end to end' });
    const { bytes, signature, record, message } = await signEndToEnd(fixture, scheme, scheme);
    const messageDigest = hashMessage(scheme, message);
    const key = curve.encodePoint(record.publicKey);
    const compact = encodeCompactSignature(signature);
    expect(secp256k1.verify(compact, messageDigest, key, { prehash: false, lowS: true, format: 'compact' })).toBe(true);
    expect(tiny.verify(messageDigest, key, compact, true)).toBe(true);
    if (scheme !== 'keccak256') {
      // OpenSSL applies SHA-256 once itself.
      const once = scheme === 'sha256' ? message : hashMessage('sha256', message);
      expect(opensslVerify('sha256', once, opensslKey(record.publicKey), der(signature))).toBe(true);
    }
    expect(bytes.length).toBe(signMessageBytes(fixture.parameters, curve));
  });

  it('at full size (CLG-112)', { timeout: 300_000 }, async () => {
    const fixture = createFixture({ parameters: createPublicParameters(testKernel, clg112), seed: 'full size' });
    const { signature, record, message, bytes } = await signEndToEnd(fixture, 'sha256d', 'full');
    expect(
      tiny.verify(
        hashMessage('sha256d', message),
        curve.encodePoint(record.publicKey),
        encodeCompactSignature(signature),
        true,
      ),
    ).toBe(true);
    expect(bytes.length).toBeLessThanOrEqual(6 * 1024);
  });
});

describe('size of SignMsg', () => {
  it('at most 8 kB at CLG-128, and the same for every committee', async () => {
    const parameters = createPublicParameters(testKernel, clg128);
    expect(signMessageBytes(parameters, curve)).toBeLessThanOrEqual(8000);
    expect(signMessageBytes(parameters, curve)).toBe(6303);
    const sizes = await Promise.all(
      [4, 7].map(async (n) => {
        const fixture = createFixture({ weights: Array.from({ length: n }, () => 1), seed: `n = ${n}` });
        return (await signEndToEnd(fixture, 'sha256', 'size')).bytes.length;
      }),
    );
    expect(new Set(sizes).size).toBe(1);
  });
});
