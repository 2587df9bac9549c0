/**
 * Signatures without a class group: known answers of MPC A.1, MPC:T3, MPC:T4, MPC:S14, and independent verifiers.
 */
import { verify as opensslVerify } from 'node:crypto';
import {
  type Digest,
  type Point,
  bytesToInteger,
  concat,
  digest,
  encodeText,
  encodeUint,
  invertMod,
  mod,
} from '@dwallet/sigma';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import * as tiny from 'tiny-secp256k1';
import { describe, expect, it } from 'vitest';
import { deriveNetworkPublicShare } from '../src/dwallet-dkg/randomizers.ts';
import {
  type SignatureTarget,
  completeSignature,
  encodeCompactSignature,
  recoveryId,
  verifySignature,
} from '../src/ecdsa/sign/complete-signature.ts';
import { hashMessage, messageScalar } from '../src/ecdsa/sign/message-hash.ts';
import { randomizePublicNonce } from '../src/ecdsa/sign/nonce-randomizers.ts';
import {
  decodeSignatureRecord,
  encodeRecoverableSignature,
  encodeSignatureRecord,
} from '../src/ecdsa/sign/signature-record.ts';
import type { EcdsaSignature, HashScheme, TargetedPresign } from '../src/types.ts';
import { der, opensslKey } from './helpers/openssl.ts';
import { curve, digestOf, q, randomFor } from './helpers/sign-fixture.ts';

const { G } = curve;
/** p of the field: as r it is out of range. */
const s256p = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const hexScalar = (value: bigint): string => value.toString(16);
const hexPoint = (point: Point): string => hex(curve.encodePoint(point));
const toDigest = (bytes: Uint8Array): Digest => digest(bytes);

describe('MPC Appendix A.1', () => {
  const lab = (label: string): bigint => mod(bytesToInteger(sha512(encodeText(`2pcmpc-kat/${label}`))), q);
  const xA = lab('xA');
  const x = [lab('xB0'), lab('xB1')] as const;
  const mu = [lab('mu0'), lab('mu1'), lab('muG')] as const;
  const nu = [lab('nu0-1'), lab('nu1-1'), lab('nuG-1')] as const;
  const gamma = lab('gamma');
  const k = [lab('k0'), lab('k1')] as const;
  const [kA, alpha, beta] = [lab('kA1'), lab('alpha1'), lab('beta1')];
  const times = (scalar: bigint): Point => curve.multiply(G, scalar);

  it('every row', () => {
    const XA = times(xA);
    const XB = deriveNetworkPublicShare({ curve, publicShares: [times(x[0]), times(x[1])] }, mu);
    const X = XA.add(XB);
    expect(hexPoint(X)).toBe('03b6413ca57ff08c29ad73cfb551c1f2b836386985fb5e2cba070c0a3bd3a99d19');
    expect(hexPoint(XA)).toBe('02650b7256c234fb38e409a2dc8cdb2f370b1ebb97c009b452ae2dda0040354415');
    expect(hexPoint(XB)).toBe('035c22720b2baab79419990cac7a6b89fddd02c94fd05e0bb17fa4497357816d25');

    const presign = { publicNonces: [times(k[0]), times(k[1])] } as unknown as TargetedPresign;
    const randomized = randomizePublicNonce(curve, presign, nu);
    const RB = curve.multiply(randomized, alpha).add(times(beta));
    const R = curve.multiply(RB, invertMod(kA, q));
    expect(hexPoint(RB)).toBe('031ce34e7b344b1f3db8aeaea96ae499cc7f3f8222e2fbb7b0b13f943541e4b4db');
    expect(hexPoint(R)).toBe('03c9a747d20ba8b4a5b21b8b9f61c63c04df75f35489d393dbef8b377211786542');
    const r = mod(R.toAffine().x, q);
    expect(hexScalar(r)).toBe('c9a747d20ba8b4a5b21b8b9f61c63c04df75f35489d393dbef8b377211786542');

    const messageDigest = hashMessage('sha256', encodeText('kat message 1'));
    const m = messageScalar(curve, messageDigest);
    expect(hexScalar(m)).toBe('53117457e47ee20ab8fc10af6bce9c855beb710494f2b6bb761acf88607576c7');

    const xB = mod(mu[0] * x[0] + mu[1] * x[1] + mu[2], q);
    const kB = mod(alpha * (nu[0] * k[0] + nu[1] * k[1] + nu[2]) + beta, q);
    const ptA = mod(kA * (r * xA + m) * gamma + r * kA * gamma * xB, q);
    const ptAB = mod(gamma * kB, q);
    expect(hexScalar(ptA)).toBe('208d60a456c88cafe0594776e09dbe56f339ae79c55c766c39953c27c2bac997');
    expect(hexScalar(ptAB)).toBe('5d07d856b6aa3a9ec34c5c5ed2b6f7beeaacff2c56a1df34c6656da206a81a6d');
    expect(hexScalar(mod(ptA * invertMod(ptAB, q), q))).toBe(
      'da92a970a7e9a5b89909e3cfc0179e3414409a8aea8153cb9ead0cdcf4a8bead',
    );

    const signature = completeSignature({ curve, publicKey: X, messageDigest, publicNonce: R }, ptA, ptAB);
    expect(signature).toEqual({
      r,
      s: 0x256d568f58165a4766f61c303fe861caa66e425bc4c74c70212551afdb8d8294n,
      recoveryId: 0,
    });
  });
});

describe('message hash (MPC 5.2 step 1)', () => {
  it('gives the published digests', () => {
    const abc = encodeText('abc');
    expect(hex(hashMessage('sha256', abc))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(hex(hashMessage('sha256d', abc))).toBe('4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358');
    expect(hex(hashMessage('keccak256', abc))).toBe('4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45');
    // The first half of the SHA-512 of "abc" (FIPS 180-4).
    expect(hex(hashMessage('sha512-half', abc))).toBe(
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a',
    );
    expect(() => hashMessage('md5' as HashScheme, abc)).toThrow('hashScheme');
  });
  it('reduces mod q', () => {
    expect(messageScalar(curve, encodeUint(q + 5n, 32))).toBe(5n);
    expect(messageScalar(curve, encodeUint(q - 1n, 32))).toBe(q - 1n);
  });
});

describe('MPC:T3: pt_A / pt_alphabeta = k^-1 (m + r x)', () => {
  it('for 10^4 random tuples of plaintexts', () => {
    const random = randomFor('T3');
    const draw = (): bigint => mod(bytesToInteger(random(40)), q) || 1n;
    for (let i = 0; i < 10_000; i++) {
      const [xA, xB, gamma, k0, k1, kA, alpha, beta, r, m, nu0, nu1, nuG] = Array.from(
        { length: 13 },
        draw,
      ) as bigint[] & Record<number, bigint>;
      const ctGammaX = mod(gamma! * xB!, q);
      const ctGammaK = mod(nu0! * gamma! * k0! + nu1! * gamma! * k1! + nuG! * gamma!, q);
      const ptA = mod(kA! * (r! * xA! + m!) * gamma! + r! * kA! * ctGammaX, q);
      const ptAB = mod(beta! * gamma! + alpha! * ctGammaK, q);
      const k = mod((alpha! * (nu0! * k0! + nu1! * k1! + nuG!) + beta!) * invertMod(kA!, q), q);
      // pt_A k = pt_alphabeta (m + r x): the same statement without two inversions.
      expect(mod(ptA * k, q)).toBe(mod(ptAB * (m! + r! * (xA! + xB!)), q));
    }
  });
});

/** A signature whose nonce point is R and whose un-normalised scalar is s, on m: its key is r^-1 (s R - m G). */
function signatureFor(R: Point, s: bigint, messageDigest: Digest): { target: SignatureTarget; s: bigint } {
  const r = mod(R.toAffine().x, q);
  const m = messageScalar(curve, messageDigest);
  const publicKey = curve.multiply(curve.multiply(R, s).add(curve.multiply(G, q - m)), invertMod(r, q));
  return { target: { curve, publicKey, messageDigest, publicNonce: R }, s };
}

/** A point with q <= x < p: about 2^-128 of all points, found by counting up from q. */
function pointBeyondOrder(odd: boolean): Point {
  for (let x = q + 1n; ; x++) {
    try {
      return curve.decodePoint(concat(Uint8Array.of(odd ? 3 : 2), encodeUint(x, 32)), 'R');
    } catch {
      // Not on the curve: next.
    }
  }
}

describe('MPC:T4: low s and recovery id (lessons 1.22)', () => {
  const signedDigest = digestOf('T4');
  const high = q - 1234567n;
  const low = 1234567n;
  const base = curve.multiply(G, 99n);
  const even = base.toAffine().y % 2n === 0n ? base : base.negate();
  const rows: readonly (readonly [number, Point, bigint])[] = [
    [0, even, low],
    [1, even.negate(), low],
    [1, even, high],
    [0, even.negate(), high],
    [2, pointBeyondOrder(false), low],
    [3, pointBeyondOrder(true), low],
    [3, pointBeyondOrder(false), high],
    [2, pointBeyondOrder(true), high],
  ];
  it.each(rows)('v = %i', (expected, R, unnormalized) => {
    const { target } = signatureFor(R, unnormalized, signedDigest);
    const gamma = 777n;
    const signature = completeSignature(target, mod(unnormalized * gamma, q), gamma) as EcdsaSignature;
    expect(signature.recoveryId).toBe(expected);
    expect(signature.s).toBe(low);
    // Two independent libraries recover X with that id.
    const recovered = secp256k1.recoverPublicKey(encodeRecoverableSignature(signature), signedDigest, {
      prehash: false,
    });
    expect(hex(recovered)).toBe(hexPoint(target.publicKey));
    const other = tiny.recover(signedDigest, encodeCompactSignature(signature), expected as 0 | 1 | 2 | 3, true);
    expect(hex(other as Uint8Array)).toBe(hexPoint(target.publicKey));
    // And no other id does.
    for (const wrong of [0, 1, 2, 3].filter((v) => v !== expected)) {
      let key: string | undefined;
      try {
        key = hex(
          secp256k1.recoverPublicKey(encodeRecoverableSignature({ ...signature, recoveryId: wrong }), signedDigest, {
            prehash: false,
          }),
        );
      } catch {
        key = undefined;
      }
      expect(key).not.toBe(hexPoint(target.publicKey));
    }
  });

  it('is computed from the un-normalised scalar, with a mocked x-projection', () => {
    for (const odd of [false, true])
      for (const s of [low, high])
        for (const nonceX of [1n, q - 1n, q, q + 1n]) {
          const expected = (odd !== s > q / 2n ? 1 : 0) + (nonceX >= q ? 2 : 0);
          expect(recoveryId(q, nonceX, odd, s)).toBe(expected);
        }
    // The border: (q - 1) / 2 is low, (q + 1) / 2 is high.
    expect(recoveryId(q, 1n, false, (q - 1n) / 2n)).toBe(0);
    expect(recoveryId(q, 1n, false, (q + 1n) / 2n)).toBe(1);
  });

  it('10 000 random signatures agree with noble, libsecp256k1 and OpenSSL (lessons 1.22)', () => {
    const random = randomFor('10000');
    const draw = (): bigint => mod(bytesToInteger(random(40)), q) || 1n;
    const keys = Array.from({ length: 8 }, () => {
      const x = draw();
      const publicKey = curve.multiply(G, x);
      return { x, publicKey, bytes: curve.encodePoint(publicKey), openssl: opensslKey(publicKey) };
    });
    const seen = [0, 0, 0, 0];
    // Nonces on an arithmetic progression: one addition per signature instead of a multiplication.
    let k = draw();
    const step = draw();
    const stepPoint = curve.multiply(G, step);
    let publicNonce = curve.multiply(G, k);
    for (let i = 0; i < 10_000; i++) {
      const { x, publicKey, bytes, openssl } = keys[i % keys.length] as (typeof keys)[number];
      const gamma = draw();
      // OpenSSL hashes itself, so it gets the message: only every 10th.
      const message = random(32);
      const messageDigest = hashMessage('sha256', message);
      k = mod(k + step, q);
      publicNonce = publicNonce.add(stepPoint);
      const r = mod(publicNonce.toAffine().x, q);
      const numerator = mod(gamma * (messageScalar(curve, messageDigest) + r * x), q);
      // completeSignature verifies with noble before it returns.
      const signature = completeSignature(
        { curve, publicKey, messageDigest, publicNonce },
        numerator,
        mod(gamma * k, q),
      );
      if (signature === undefined) throw new Error(`signature ${i} does not verify under noble`);
      if (signature.s > q / 2n) throw new Error('high s');
      const compact = encodeCompactSignature(signature);
      const recovered = tiny.recover(messageDigest, compact, signature.recoveryId as 0 | 1 | 2 | 3, true);
      if (recovered === null || Buffer.compare(recovered, bytes) !== 0) throw new Error(`recovery ${i}`);
      // That the recovered key is X is the equation; its strict verifier takes every 10th, as OpenSSL does.
      if (i % 10 === 0) {
        if (!tiny.verify(messageDigest, bytes, compact, true)) throw new Error(`libsecp256k1 ${i}`);
        if (!opensslVerify('sha256', message, openssl, der(signature))) throw new Error(`OpenSSL ${i}`);
      }
      seen[signature.recoveryId] = (seen[signature.recoveryId] as number) + 1;
    }
    expect(seen[0]).toBeGreaterThan(4500);
    expect(seen[1]).toBeGreaterThan(4500);
  });
});

describe('MPC:S14: nothing invalid is ever output', () => {
  const { target, s } = signatureFor(curve.multiply(G, 5n), 42n, digestOf('S14'));
  it('pt_alphabeta = 0, pt_A = 0, wrong plaintexts, R = O', () => {
    expect(completeSignature(target, s, 1n)).toBeDefined();
    expect(completeSignature(target, s, 0n)).toBeUndefined();
    expect(completeSignature(target, s, q)).toBeUndefined();
    expect(completeSignature(target, 0n, 1n)).toBeUndefined();
    expect(completeSignature(target, s + 1n, 1n)).toBeUndefined();
    expect(completeSignature(target, s, 2n)).toBeUndefined();
    expect(completeSignature({ ...target, publicNonce: curve.identity }, s, 1n)).toBeUndefined();
    expect(completeSignature({ ...target, publicKey: G }, s, 1n)).toBeUndefined();
    expect(completeSignature({ ...target, messageDigest: digestOf('other') }, s, 1n)).toBeUndefined();
  });
});

describe('edge cases of the verifier, Wycheproof style', () => {
  const messageDigest = digestOf('edge');
  const x = 0x1234n;
  const publicKey = curve.multiply(G, x);
  const reference = signatureFor(curve.multiply(G, 7n), 11n, messageDigest);
  const r = mod(curve.multiply(G, 7n).toAffine().x, q);
  const good: EcdsaSignature = { r, s: 11n, recoveryId: 0 };
  const at = { curve, publicKey: reference.target.publicKey, messageDigest };

  it('accepts the good one and refuses every bad range', () => {
    expect(verifySignature(at, good)).toBe(true);
    const bad: Partial<EcdsaSignature>[] = [
      { r: 0n },
      { s: 0n },
      { r: q },
      { r: r + q },
      { s: q },
      { s: q - 11n },
      { s: 11n + q },
      { s: q - 1n },
      { r: q - 1n },
      { r: -r },
      { s: -11n },
      { r: 1n, s: 1n },
      { r: 1n << 256n },
      { s: 1n << 256n },
      { r: s256p },
    ];
    for (const change of bad)
      expect(verifySignature(at, { ...good, ...change }), String(Object.entries(change))).toBe(false);
    expect(verifySignature({ ...at, publicKey: curve.identity }, good)).toBe(false);
    expect(verifySignature({ ...at, publicKey: at.publicKey.negate() }, good)).toBe(false);
    // r and s exchanged.
    expect(verifySignature(at, { ...good, r: good.s, s: good.r })).toBe(false);
  });

  it('high s is malleable, so only the low one passes', () => {
    const compactHigh = concat(encodeUint(r, 32), encodeUint(q - 11n, 32));
    expect(
      secp256k1.verify(compactHigh, messageDigest, curve.encodePoint(at.publicKey), {
        prehash: false,
        lowS: false,
        format: 'compact',
      }),
    ).toBe(true);
    expect(verifySignature(at, { ...good, s: q - 11n })).toBe(false);
  });

  it('digests 0, q, q + 1, 2^256 - 1; s at its largest; the nonce point G; R.x beyond q', () => {
    for (const value of [0n, 1n, q - 1n, q, q + 1n, (1n << 256n) - 1n]) {
      const own = toDigest(encodeUint(value, 32));
      for (const s of [1n, (q - 1n) / 2n, (q + 1n) / 2n, q - 1n]) {
        for (const R of [G, curve.multiply(G, 3n), pointBeyondOrder(true)]) {
          const { target } = signatureFor(R, s, own);
          if (target.publicKey.is0()) {
            // s R = m G: no key signs this; and nothing may be output for it.
            expect(completeSignature(target, s, 1n)).toBeUndefined();
            continue;
          }
          const signature = completeSignature(target, s, 1n);
          expect(signature).toBeDefined();
          expect(
            tiny.verify(
              own,
              curve.encodePoint(target.publicKey),
              encodeCompactSignature(signature as EcdsaSignature),
              true,
            ),
          ).toBe(true);
        }
      }
    }
  });

  it('a sum that is O inside the verification: u1 G + u2 X = O', () => {
    // m + r x = 0 for this r: then R would be O whatever s is.
    const rr = 5n;
    const own = toDigest(encodeUint(mod(-rr * x, q), 32));
    expect(verifySignature({ curve, publicKey, messageDigest: own }, { r: rr, s: 9n, recoveryId: 0 })).toBe(false);
  });

  it('random signatures: same verdict as libsecp256k1', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }),
        fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }),
        (rr, ss) => {
          const mine = verifySignature(at, { r: rr, s: ss, recoveryId: 0 });
          let theirs = false;
          try {
            theirs = tiny.verify(
              messageDigest,
              curve.encodePoint(at.publicKey),
              concat(encodeUint(rr, 32), encodeUint(ss, 32)),
              true,
            );
          } catch {
            theirs = false;
          }
          expect(mine).toBe(theirs);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('SignatureRecord', () => {
  const record = {
    presignId: digestOf('p') as never,
    digest: digestOf('D'),
    signature: { r: 5n, s: 6n, recoveryId: 3 },
  };
  const bytes = encodeSignatureRecord(record);
  it('round trip, v || r || s', () => {
    const again = decodeSignatureRecord(curve, bytes);
    expect(again.signature).toEqual(record.signature);
    expect(bytes).toHaveLength(131);
    expect(encodeSignatureRecord(again)).toEqual(bytes);
    expect(bytes.slice(66, 131)).toEqual(encodeRecoverableSignature(record.signature));
    expect(bytes[66]).toBe(3);
  });
  it('refuses high s, zero, v over 3, truncation, trailing bytes', () => {
    const patch = (at: number, content: Uint8Array) => {
      const out = bytes.slice();
      out.set(content, at);
      return out;
    };
    const bad = [
      patch(0, Uint8Array.of(9)),
      patch(1, Uint8Array.of(9)),
      patch(66, Uint8Array.of(4)),
      patch(67, new Uint8Array(32)),
      patch(67, encodeUint(q, 32)),
      patch(99, new Uint8Array(32)),
      patch(99, encodeUint(q / 2n + 1n, 32)),
      concat(bytes, Uint8Array.of(0)),
    ];
    for (const wrong of bad) expect(() => decodeSignatureRecord(curve, wrong)).toThrow('SignatureRecord');
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeSignatureRecord(curve, bytes.subarray(0, length))).toThrow('SignatureRecord');
  });
});
