/**
 * MPC 11.6: key extraction. Each attack first SUCCEEDS on real messages when the guard is off (the test decrypts directly, which nobody
 * in the product can), and is refused when it is on.
 */
import { encodeText, invertMod, mod } from '@dwallet/sigma';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import { MemorySignMessageStore } from '../src/client/sign-message-store.ts';
import { signOnce } from '../src/client/sign-once.ts';
import { targetPresign } from '../src/ecdsa/presign/target.ts';
import { completeSignature, encodeCompactSignature, verifySignature } from '../src/ecdsa/sign/complete-signature.ts';
import { hashMessage, messageScalar } from '../src/ecdsa/sign/message-hash.ts';
import { permitShares } from '../src/ecdsa/sign/network-decrypt.ts';
import { type ApprovedRequest, requireVerified, verifySignMessage } from '../src/ecdsa/sign/network-verify.ts';
import { MemorySingleUseStore, type PresignState, advancePresign, availablePresign } from '../src/ecdsa/single-use.ts';
import type { EcdsaSignature } from '../src/types.ts';
import { type Crafted, type Lies, craftMessage } from './helpers/craft-message.ts';
import {
  type TestDWallet,
  type TestPresign,
  assigned,
  createFixture,
  curve,
  digestOf,
  q,
  randomFor,
} from './helpers/sign-fixture.ts';

const fixture = createFixture({ seed: 'attacks' });
const { setup } = fixture;

const craft = (
  wallet: TestDWallet,
  { presign }: TestPresign,
  message: Uint8Array,
  seed: string,
  lies: Lies = {},
): Crafted =>
  craftMessage(
    {
      setup,
      record: wallet.record,
      presign: targetPresign(setup, presign, wallet.record),
      userShare: wallet.userShare.expose(),
      hashScheme: 'sha256',
      message,
      seed,
    },
    lies,
  );

const approve = (message: Uint8Array, label: string): ApprovedRequest => ({
  ...fixture.approve(label),
  hashScheme: 'sha256',
  message,
});

const verify = (
  wallet: TestDWallet,
  { presign }: TestPresign,
  approved: ApprovedRequest,
  bytes: Uint8Array,
  state: PresignState,
) =>
  verifySignMessage({ setup, record: wallet.record, presign, state, approved, bytes, random: randomFor('verifier') });

/** The formula of MPC 8.3: two numerators decrypted under one presign give x to the client, who knows both k_A. */
function extractKey(first: Crafted, second: Crafted): bigint {
  const [pt1, pt2] = [fixture.open(first.message.numerator), fixture.open(second.message.numerator)];
  const [k1, k2] = [first.secrets.kA, second.secrets.kA];
  return mod(
    (pt2 * k1 * first.m - pt1 * k2 * second.m) * invertMod(mod(pt1 * k2 * second.r - pt2 * k1 * first.r, q), q),
    q,
  );
}

describe('MPC:E1: one presign, two messages (lessons 1.7, 1.8)', () => {
  const wallet = fixture.dwallet('E1');
  const presign = fixture.presign('E1');
  const [m1, m2] = [encodeText('pay 1'), encodeText('pay 2')];
  const first = craft(wallet, presign, m1, 'E1 first');
  const second = craft(wallet, presign, m2, 'E1 second');

  it('guard off: the client computes the whole private key', () => {
    expect(extractKey(first, second)).toBe(wallet.secretKey);
    expect(curve.multiply(curve.G, extractKey(first, second)).equals(wallet.record.publicKey)).toBe(true);
  });

  it('guard on: life cycle, and each validator by itself, refuse the second message (MPC:S2)', async () => {
    const a1 = approve(m1, 'E1');
    const state = advancePresign(availablePresign, {
      kind: 'assign',
      assignment: { publicKey: wallet.record.publicKey, request: a1.request },
    });
    const verified = verify(wallet, presign, a1, first.bytes, state);
    const store = new MemorySingleUseStore();
    await permitShares(store, verified);
    const bound = advancePresign(state, { kind: 'bind', ...requireVerified(verified) });
    // The same request with the other message, and another request.
    expect(() => verify(wallet, presign, { ...a1, message: m2 }, second.bytes, bound)).toThrow('MPC:S2');
    const a2 = approve(m2, 'E1 second');
    expect(() => verify(wallet, presign, a2, second.bytes, bound)).toThrow('MPC:S1');
    expect(() =>
      advancePresign(bound, {
        kind: 'assign',
        assignment: { publicKey: wallet.record.publicKey, request: a2.request },
      }),
    ).toThrow('MPC:S1');
    // A fork of the agreement calls the presign assigned to the second request: the local marker still refuses.
    const fork = verify(wallet, presign, a2, second.bytes, assigned(wallet.record, a2));
    await expect(permitShares(store, fork)).rejects.toThrow('MPC:S2');
  });
});

describe('MPC:E2: one presign, one message, two client byte strings (lessons 1.8)', () => {
  const wallet = fixture.dwallet('E2');
  const presign = fixture.presign('E2');
  const message = encodeText('pay once');
  const first = craft(wallet, presign, message, 'E2 first');
  const retry = craft(wallet, presign, message, 'E2 retry');

  it('guard off: a retry with fresh client randomness gives the key away', () => {
    expect(first.m).toBe(retry.m);
    expect(extractKey(first, retry)).toBe(wallet.secretKey);
  });

  it('guard on: identical bytes pass, other bytes do not (MPC:S2)', async () => {
    const approved = approve(message, 'E2');
    const store = new MemorySingleUseStore();
    const state = assigned(wallet.record, approved);
    const verified = verify(wallet, presign, approved, first.bytes, state);
    await permitShares(store, verified);
    const bound = advancePresign(state, { kind: 'bind', ...requireVerified(verified) });
    await expect(permitShares(store, verify(wallet, presign, approved, first.bytes, bound))).resolves.toBeDefined();
    expect(() => verify(wallet, presign, approved, retry.bytes, bound)).toThrow('MPC:S2');
    await expect(permitShares(store, verify(wallet, presign, approved, retry.bytes, state))).rejects.toThrow('MPC:S2');
  });

  it('guard on, client: an honest wallet never makes the second one (MPC:V4)', async () => {
    const store = new MemorySignMessageStore();
    const sign = (text: Uint8Array, label: string) =>
      signOnce({
        store,
        setup,
        record: wallet.record,
        presign: presign.presign,
        certificate: fixture.certify(presign.presign),
        committee: fixture.committee,
        userShare: wallet.userShare,
        hashScheme: 'sha256',
        message: text,
        order: digestOf('order'),
        random: randomFor(label),
      });
    const bytes = await sign(message, 'once');
    expect(await sign(message, 'again')).toEqual(bytes);
    await expect(sign(encodeText('pay twice'), 'other')).rejects.toThrow('MPC:V4');
  });
});

describe('MPC:E3: two leaked network shares open every dWallet', () => {
  it('x_B,0 and x_B,1 follow from two reused presigns, and then any other network share', () => {
    const wallets = ['E3 a', 'E3 b'].map((label) => {
      const wallet = fixture.dwallet(label);
      const presign = fixture.presign(label);
      const key = extractKey(
        craft(wallet, presign, encodeText('one'), `${label} 1`),
        craft(wallet, presign, encodeText('two'), `${label} 2`),
      );
      const xB = mod(key - wallet.userShare.expose(), q);
      const [mu0, mu1, muG] = wallet.record.randomizers;
      return { mu0, mu1, right: mod(xB - muG, q) };
    });
    const [a, b] = wallets as [(typeof wallets)[number], (typeof wallets)[number]];
    const inverse = invertMod(mod(a.mu0 * b.mu1 - b.mu0 * a.mu1, q), q);
    const x0 = mod((a.right * b.mu1 - b.right * a.mu1) * inverse, q);
    const x1 = mod((a.mu0 * b.right - b.mu0 * a.right) * inverse, q);
    expect([x0, x1]).toEqual(fixture.x);
    // The guard is that of E1 and E2: neither leak happens while a presign serves one message. A third wallet shows what is at stake.
    const third = fixture.dwallet('E3 c');
    const [mu0, mu1, muG] = third.record.randomizers;
    expect(mod(mu0 * x0 + mu1 * x1 + muG, q)).toBe(third.networkShare);
  });

  it('guard on: one presign does not serve two dWallets either (MPC:S1, MPC:S2)', async () => {
    const presign = fixture.presign('E3 shared');
    const [one, two] = [fixture.dwallet('E3 a'), fixture.dwallet('E3 b')];
    const approved = fixture.approve('E3');
    const first = craft(one, presign, approved.message, 'shared 1');
    const second = craft(two, presign, approved.message, 'shared 2');
    expect(() => verify(two, presign, approved, second.bytes, assigned(one.record, approved))).toThrow('MPC:S1');
    const store = new MemorySingleUseStore();
    await permitShares(store, verify(one, presign, approved, first.bytes, assigned(one.record, approved)));
    const fork = verify(two, presign, approved, second.bytes, assigned(two.record, approved));
    await expect(permitShares(store, fork)).rejects.toThrow('MPC:S2');
  });
});

describe('MPC:E5: alpha = 0', () => {
  const wallet = fixture.dwallet('E5');
  const presign = fixture.presign('E5');
  const approved = fixture.approve('E5');
  const crafted = craft(wallet, presign, approved.message, 'E5', { secrets: (s) => ({ ...s, alpha: 0n }) });

  it('guard off: the client knows the nonce and computes the key from the signature', () => {
    const s = mod(fixture.open(crafted.message.numerator) * invertMod(fixture.open(crafted.message.denominator), q), q);
    const k = mod(crafted.secrets.beta * invertMod(crafted.secrets.kA, q), q);
    const key = mod((s * k - crafted.m) * invertMod(crafted.r, q), q);
    expect(key).toBe(wallet.secretKey);
  });

  it('guard on: refused by MPC:S5', () => {
    expect(() => verify(wallet, presign, approved, crafted.bytes, assigned(wallet.record, approved))).toThrow('MPC:S5');
  });
});

describe('MPC:E6: the message-switching forgery when R is not bound to R_B', () => {
  const wallet = fixture.dwallet('E6');
  const presign = fixture.presign('E6');
  const approved = fixture.approve('E6');
  const m = messageScalar(curve, hashMessage('sha256', approved.message));
  let wanted: { message: Uint8Array; m: bigint } | undefined;
  let honestR: { r: bigint } | undefined;

  const crafted = craft(wallet, presign, approved.message, 'E6', {
    publicNonce: (nonce) => {
      const rStar = mod(nonce.toAffine().x, q);
      honestR = { r: rStar };
      // A message m* that the policy never saw, and a point whose x is r = m r* / m*. Half of all x are on the curve: try messages.
      for (let i = 0; ; i++) {
        const message = encodeText(`everything to the attacker, variant ${i}`);
        const mStar = messageScalar(curve, hashMessage('sha256', message));
        const r = mod(m * rStar * invertMod(mStar, q), q);
        const bytes = new Uint8Array(33);
        bytes[0] = 2;
        for (let k = 0; k < 32; k++) bytes[32 - k] = Number((r >> BigInt(8 * k)) & 0xffn);
        try {
          const point = curve.decodePoint(bytes, 'R');
          wanted = { message, m: mStar };
          return point;
        } catch {
          // Not an x coordinate.
        }
      }
    },
  });

  it('guard off: a valid signature on a message that was never approved', () => {
    const { message, m: mStar } = wanted as { message: Uint8Array; m: bigint };
    const s = mod(fixture.open(crafted.message.numerator) * invertMod(fixture.open(crafted.message.denominator), q), q);
    const forgedS = mod(s * mStar * invertMod(m, q), q);
    const forged: EcdsaSignature = {
      r: (honestR as { r: bigint }).r,
      s: forgedS > q / 2n ? q - forgedS : forgedS,
      recoveryId: 0,
    };
    const target = { curve, publicKey: wallet.record.publicKey, messageDigest: hashMessage('sha256', message) };
    expect(verifySignature(target, forged)).toBe(true);
    expect(
      secp256k1.verify(encodeCompactSignature(forged), target.messageDigest, curve.encodePoint(target.publicKey), {
        prehash: false,
      }),
    ).toBe(true);
    // And what the network would have output for the announced R is no signature at all: noticed too late.
    expect(
      completeSignature(
        { ...target, messageDigest: hashMessage('sha256', approved.message), publicNonce: crafted.message.publicNonce },
        fixture.open(crafted.message.numerator),
        fixture.open(crafted.message.denominator),
      ),
    ).toBeUndefined();
  });

  it('guard on: refused by MPC:S9', () => {
    expect(() => verify(wallet, presign, approved, crafted.bytes, assigned(wallet.record, approved))).toThrow('MPC:S9');
  });
});

describe('S7 as an attack: signing under a shifted key without x_A', () => {
  const wallet = fixture.dwallet('S7');
  const presign = fixture.presign('S7');
  const approved = fixture.approve('S7');
  const xStar = 31337n;
  // The attacker owns no share of this wallet: it puts its own x* where x_A belongs.
  const crafted = craftMessage({
    setup,
    record: wallet.record,
    presign: targetPresign(setup, presign.presign, wallet.record),
    userShare: xStar,
    hashScheme: 'sha256',
    message: approved.message,
    seed: 'S7',
  });

  it('guard off: a signature under x* + x_B', () => {
    const signature = completeSignature(
      {
        curve,
        publicKey: curve.multiply(curve.G, xStar + wallet.networkShare),
        messageDigest: hashMessage('sha256', approved.message),
        publicNonce: crafted.message.publicNonce,
      },
      fixture.open(crafted.message.numerator),
      fixture.open(crafted.message.denominator),
    );
    expect(signature).toBeDefined();
  });

  it('guard on: refused by MPC:S7', () => {
    expect(() => verify(wallet, presign, approved, crafted.bytes, assigned(wallet.record, approved))).toThrow('MPC:S7');
  });
});

describe('S10, S11 as attacks: the network as a decryption oracle', () => {
  const wallet = fixture.dwallet('oracle');
  const presign = fixture.presign('oracle');
  const approved = fixture.approve('oracle');
  it.each([
    ['ct_alphabeta := ct_key', 'MPC:S10', { denominator: () => wallet.record.networkShareCiphertext }],
    ['ct_A := ct_key', 'MPC:S11', { numerator: () => wallet.record.networkShareCiphertext }],
  ] as const)('%s leaks x_B with the guard off, is refused by %s with it on', (_name, check, lies) => {
    const crafted = craft(wallet, presign, approved.message, `oracle ${check}`, lies);
    const leaked = fixture.open(check === 'MPC:S10' ? crafted.message.denominator : crafted.message.numerator);
    expect(leaked).toBe(wallet.networkShare);
    expect(() => verify(wallet, presign, approved, crafted.bytes, assigned(wallet.record, approved))).toThrow(check);
  });
});
