/**
 * Failures of other systems (lessons.md section 1) that no package's own tests name. The other rows stand where the guarded code stands: look
 * for `lessons 1.<row>`.
 */
import { clg128, createPublicParameters, encrypt, generateKey } from '@dwallet/class-groups';
import { wasmKernel } from '@dwallet/kernel/wasm';
import {
  InvalidArgumentsError,
  Secret,
  digestTagged,
  encodeText,
  hashTagged,
  prove,
  secp256k1Curve as curve,
  seededRandom,
  verify,
} from '@dwallet/sigma';
import {
  type PresignEvent,
  type PresignState,
  type SessionType,
  type SignaturePurpose,
  advancePresign,
  availablePresign,
  deriveSessionId,
  encryptedDiscreteLog,
  encryptionOfDiscreteLog,
  sessionTypes,
  signItems,
  signingPublicKey,
  verifyItems,
} from '@dwallet/two-pc-mpc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const random = seededRandom(new Uint8Array(32).fill(42));
const parameters = createPublicParameters(wasmKernel, clg128);
const { group } = parameters;

describe('lessons 1.3: nothing is computed over a group that somebody chose', () => {
  it('only the published discriminants exist in production', () => {
    const chosen = { id: 'CLG-128', fundamentalBits: 1500, production: true };
    expect(() => createPublicParameters(wasmKernel, chosen)).toThrow(InvalidArgumentsError);
    expect(() => createPublicParameters(wasmKernel, { ...clg128, production: false })).toThrow(InvalidArgumentsError);
  });

  it('an element outside <h> passes the parser and no proof', () => {
    const { encryptionKey } = generateKey(parameters, random);
    const { ciphertext, randomness } = encrypt(parameters, encryptionKey, 7n, random);
    const language = encryptionOfDiscreteLog(curve, parameters, encryptionKey);
    const point = curve.multiply(curve.G, 7n);
    const context = encodeText('lessons');
    const smuggled = { c1: group.compose(ciphertext.c1, parameters.powerOfF(1n)), c2: ciphertext.c2 };
    expect(group.isSquare(group.decode(group.encode(smuggled.c1)))).toBe(true);
    for (const [ct, expected] of [
      [ciphertext, true],
      [smuggled, false],
    ] as const) {
      const statements = [encryptedDiscreteLog(ct, point)];
      const proof = prove(language, context, statements, [[7n, randomness]], random);
      expect(verify({ language, context, statements, proof }, random)).toBe(expected);
    }
  });
});

describe('lessons 1.5: every ciphertext carries its proof, bound to session and party', () => {
  it('a proof of another context, another point or a witness out of range is none', () => {
    const { encryptionKey } = generateKey(parameters, random);
    const { ciphertext, randomness } = encrypt(parameters, encryptionKey, 9n, random);
    const language = encryptionOfDiscreteLog(curve, parameters, encryptionKey);
    const statements = [encryptedDiscreteLog(ciphertext, curve.multiply(curve.G, 9n))];
    const context = encodeText('session 1, party 1');
    const proof = prove(language, context, statements, [[9n, randomness]], random);
    const instance = { language, context, statements, proof };
    expect(verify(instance, random)).toBe(true);
    expect(verify({ ...instance, context: encodeText('session 1, party 2') }, random)).toBe(false);
    expect(verify({ ...instance, statements: [encryptedDiscreteLog(ciphertext, curve.G)] }, random)).toBe(false);
    const oversized = [9n, 1n << BigInt(parameters.randomnessBits)];
    expect(() => prove(language, context, statements, [oversized], random)).toThrow(InvalidArgumentsError);
  });
});

describe('lessons 1.17: correlated state is dropped after one use, whatever the outcome', () => {
  const digests = ['a', 'b'].map((name) => digestTagged('lessons', [encodeText(name)]));
  const assignments = [1n, 2n].map((k, i) => ({
    publicKey: curve.multiply(curve.G, k),
    request: digests[i] as (typeof digests)[number],
  }));
  const event: fc.Arbitrary<PresignEvent> = fc.oneof(
    fc
      .nat(1)
      .map((i): PresignEvent => ({ kind: 'assign', assignment: assignments[i] as (typeof assignments)[number] })),
    fc.tuple(fc.nat(1), fc.nat(1)).map(
      ([i, j]): PresignEvent => ({
        kind: 'bind',
        assignment: assignments[i] as (typeof assignments)[number],
        digest: digests[j] as (typeof digests)[number],
      }),
    ),
    fc.nat(1).map((j): PresignEvent => ({ kind: 'spend', digest: digests[j] as (typeof digests)[number] })),
    fc.constant<PresignEvent>({ kind: 'destroy', reason: 'failed' }),
  );

  it('no sequence of events frees a presign or binds it twice', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        let state: PresignState = availablePresign;
        const bound = new Set<string>();
        let left = false;
        for (const next of events) {
          try {
            state = advancePresign(state, next);
          } catch {
            continue;
          }
          left ||= state.kind !== 'available';
          if (left) expect(state.kind).not.toBe('available');
          if (state.kind === 'bound' || state.kind === 'spent') bound.add(state.digest.join());
        }
        expect(bound.size).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('lessons 1.18: a signature for one purpose is none for another', () => {
  it('account and identity keys', () => {
    const key = new Secret(random(32));
    const purposes: SignaturePurpose[] = ['certificate', 'register-user-key', 'dkg', 'accept-dwallet'];
    const items = [encodeText('the same items')];
    for (const signed of purposes) {
      const signature = signItems(key, signed, items);
      for (const claimed of purposes) {
        expect(verifyItems(signingPublicKey(key), claimed, items, signature)).toBe(signed === claimed);
      }
    }
  });

  it('random oracles', () => {
    const tags = [
      'fs/chal',
      'fs/seed',
      'dkg/key-randomizers',
      'ecdsa-sign/nonce-randomizers',
      'ecdsa-sign/nonce-seed',
      'sign-bind',
    ];
    const outputs = tags.map((tag) => hashTagged(tag, [Uint8Array.of(1)], 16).join());
    expect(new Set(outputs).size).toBe(tags.length);
  });
});

describe('lessons 1.19: a session id is the hash of everything that makes the session', () => {
  it('any other version, type, sender or nonce is another session', () => {
    const opening = { version: 1n, type: 'USER' as SessionType, sender: random(32), fresh: random(32) };
    const ids = [
      deriveSessionId(opening),
      deriveSessionId({ ...opening, version: 2n }),
      ...sessionTypes.filter((type) => type !== 'USER').map((type) => deriveSessionId({ ...opening, type })),
      deriveSessionId({ ...opening, sender: random(32) }),
      deriveSessionId({ ...opening, fresh: random(32) }),
    ].map((id) => id.join());
    expect(new Set(ids).size).toBe(ids.length);
  });
});
