/** ristretto255 proofs, key encapsulation and registration (CG 8.1.1, 8.1.2). */
import { ristretto255 } from '@noble/curves/ed25519.js';
import {
  CheckError,
  DecodeError,
  InvalidArgumentsError,
  Reader,
  Secret,
  ThresholdNotReachedError,
  type ValidatorId,
  digestTagged,
  encodeText,
  encodeUint,
  hashLambda,
  sessionId,
  validatorId,
} from '@dwallet/sigma';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { networkDkg } from '../src/index.ts';
import { openShares, sealShares } from '../src/network-dkg/kem.ts';
import { checkKemSecret } from '../src/network-dkg/registration.ts';
import {
  decodeRistretto,
  encodeChaumPedersen,
  encodeRistretto,
  encodeSchnorr,
  multiplyRistretto,
  proveChaumPedersen,
  proveSchnorr,
  readChaumPedersen,
  readSchnorr,
  ristrettoBase,
  ristrettoOrder,
  sampleRistrettoScalar,
  verifyChaumPedersen,
  verifySchnorr,
} from '../src/network-dkg/ristretto-proofs.ts';
import { dkgInput, dkgRandom, registerAll } from './helpers/run-network-dkg.ts';
import { toyParameters as parameters } from './helpers/toy.ts';

const context = encodeText('context');
const random = dkgRandom('registration');
const witness = sampleRistrettoScalar(random);
const key = multiplyRistretto(ristrettoBase, witness.expose());
const base = multiplyRistretto(ristrettoBase, sampleRistrettoScalar(random).expose());
const identity = ristretto255.Point.ZERO;

/** A copy with one bit changed. */
const flip = (bytes: Uint8Array, bit: number): Uint8Array => {
  const out = Uint8Array.from(bytes);
  out[bit >> 3] = (out[bit >> 3] as number) ^ (0x80 >> (bit & 7));
  return out;
};

describe('encodings of ristretto255', () => {
  test('the identity, non-canonical, negative and wrongly sized encodings are refused', () => {
    const prime = 2n ** 255n - 19n;
    const littleEndian = (value: bigint): Uint8Array => encodeUint(value, 32).reverse();
    const bad = [
      new Uint8Array(32),
      littleEndian(prime),
      littleEndian(prime + 2n),
      littleEndian(1n),
      littleEndian(prime - 1n),
      new Uint8Array(31),
      new Uint8Array(33),
      flip(encodeRistretto(key), 31 * 8),
      Uint8Array.from({ length: 32 }, () => 0xff),
    ];
    for (const bytes of bad) expect(() => decodeRistretto(bytes, 'point')).toThrow(DecodeError);
    expect(() => encodeRistretto(identity)).toThrow(InvalidArgumentsError);
    expect(encodeRistretto(decodeRistretto(encodeRistretto(key), 'point'))).toEqual(encodeRistretto(key));
  });
});

describe('Schnorr proof of knowledge', () => {
  const proof = proveSchnorr(context, key, witness, random);

  test('complete, and bound to statement and context', () => {
    expect(verifySchnorr(context, key, proof)).toBe(true);
    expect(verifySchnorr(encodeText('contexu'), key, proof)).toBe(false);
    expect(verifySchnorr(context, base, proof)).toBe(false);
    expect(verifySchnorr(context, key, proveSchnorr(context, key, new Secret(witness.expose() + 1n), random))).toBe(
      false,
    );
  });

  test('identities and responses out of range are refused', () => {
    const masked = { mask: identity, response: 0n };
    expect(verifySchnorr(context, identity, masked)).toBe(false);
    expect(verifySchnorr(context, identity, proveSchnorr(context, key, witness, random))).toBe(false);
    expect(verifySchnorr(context, key, masked)).toBe(false);
    expect(verifySchnorr(context, key, { ...proof, response: proof.response + ristrettoOrder })).toBe(false);
    expect(verifySchnorr(context, key, { ...proof, response: -proof.response })).toBe(false);
  });

  test('every bit counts; a response of order or more does not decode', () => {
    const bytes = encodeSchnorr(proof);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      let accepted: boolean;
      try {
        accepted = verifySchnorr(context, key, readSchnorr(new Reader(flip(bytes, bit), 'proof'), 'p'));
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        accepted = false;
      }
      expect(accepted).toBe(false);
    }
    const large = Uint8Array.from([...bytes.subarray(0, 32), ...encodeUint(ristrettoOrder, 32).reverse()]);
    expect(() => readSchnorr(new Reader(large, 'proof'), 'p')).toThrow(DecodeError);
  });

  test('lessons row 10: every element is in the hash (the challenge recomputed from its definition)', () => {
    const points = [ristrettoBase, key, proof.mask];
    const items = [context, encodeText('ristretto255'), ...points.map(encodeRistretto)];
    const [e] = hashLambda('ristretto/Schnorr', items) as [bigint];
    expect(ristrettoBase.multiply(proof.response).equals(proof.mask.add(key.multiply(e)))).toBe(true);
  });

  test('two proofs never share a mask', () => {
    expect(proveSchnorr(context, key, witness, random).mask.equals(proof.mask)).toBe(false);
  });
});

describe('Chaum-Pedersen proof', () => {
  const shared = multiplyRistretto(base, witness.expose());
  const statement = { key, base, shared };
  const proof = proveChaumPedersen(context, statement, witness, random);

  test('complete, and bound to every element and to the context', () => {
    expect(verifyChaumPedersen(context, statement, proof)).toBe(true);
    expect(verifyChaumPedersen(encodeText('other'), statement, proof)).toBe(false);
    for (const field of ['key', 'base', 'shared'] as const) {
      for (const other of [statement[field].add(ristrettoBase), identity]) {
        expect(verifyChaumPedersen(context, { ...statement, [field]: other }, proof)).toBe(false);
      }
    }
    for (const field of ['keyMask', 'sharedMask'] as const) {
      for (const other of [proof[field].add(ristrettoBase), identity]) {
        expect(verifyChaumPedersen(context, statement, { ...proof, [field]: other })).toBe(false);
      }
    }
    for (const response of [proof.response + 1n, proof.response + ristrettoOrder, -proof.response]) {
      expect(verifyChaumPedersen(context, statement, { ...proof, response })).toBe(false);
    }
  });

  test('unequal logarithms do not prove, in either equation', () => {
    const wrongShared = { key, base, shared: shared.add(base) };
    expect(verifyChaumPedersen(context, wrongShared, proveChaumPedersen(context, wrongShared, witness, random))).toBe(
      false,
    );
    const other = new Secret(witness.expose() + 1n);
    const wrongKey = { key, base, shared: multiplyRistretto(base, other.expose()) };
    expect(verifyChaumPedersen(context, wrongKey, proveChaumPedersen(context, wrongKey, other, random))).toBe(false);
  });

  test('lessons row 10: every element is in the hash (the challenge recomputed from its definition)', () => {
    const points = [ristrettoBase, base, key, shared, proof.keyMask, proof.sharedMask];
    const items = [context, encodeText('ristretto255'), ...points.map(encodeRistretto)];
    const [e] = hashLambda('ristretto/Chaum-Pedersen', items) as [bigint];
    expect(ristrettoBase.multiply(proof.response).equals(proof.keyMask.add(key.multiply(e)))).toBe(true);
    expect(base.multiply(proof.response).equals(proof.sharedMask.add(shared.multiply(e)))).toBe(true);
  });

  test('round trip', () => {
    const bytes = encodeChaumPedersen(proof);
    expect(bytes.length).toBe(96);
    const again = readChaumPedersen(new Reader(bytes, 'proof'), 'p');
    expect(encodeChaumPedersen(again)).toEqual(bytes);
    expect(verifyChaumPedersen(context, statement, again)).toBe(true);
  });
});

describe('key encapsulation', () => {
  const scope = {
    context,
    dealer: validatorId(1),
    receiver: validatorId(2),
    ephemeral: encodeRistretto(base),
    key: encodeRistretto(key),
  };
  const secret = encodeRistretto(multiplyRistretto(base, witness.expose()));
  const shares = [1n, 2n ** 601n - 1n];
  const body = sealShares(scope, secret, shares, 76);

  test('opens in exactly its scope', () => {
    expect(body.length).toBe(2 * 76 + 16);
    expect(openShares(scope, secret, body, 2, 76)).toEqual(shares);
    const others = [
      { ...scope, context: encodeText('contexu') },
      { ...scope, dealer: validatorId(2) },
      { ...scope, receiver: validatorId(1) },
      { ...scope, dealer: validatorId(2), receiver: validatorId(1) },
      { ...scope, ephemeral: scope.key },
      { ...scope, key: scope.ephemeral },
    ];
    for (const other of others) expect(openShares(other, secret, body, 2, 76)).toBeUndefined();
    expect(openShares(scope, scope.key, body, 2, 76)).toBeUndefined();
  });

  test('a body of another length, or with any bit changed, does not open', () => {
    expect(openShares(scope, secret, body, 1, 76)).toBeUndefined();
    expect(openShares(scope, secret, body.subarray(1), 2, 76)).toBeUndefined();
    expect(openShares(scope, secret, new Uint8Array(0), 2, 76)).toBeUndefined();
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8 * body.length - 1 }),
        (bit) => openShares(scope, secret, flip(body, bit), 2, 76) === undefined,
      ),
      { numRuns: 300 },
    );
  });

  test('the key derivation is that of CG 8.1.2 (known answer)', () => {
    // SHAKE256("CLG-v1/KEM" || ctx || 0001 || 0002 || R || K || S), ChaCha20-Poly1305 with a zero nonce and ad = ctx || 0001 || 0002:
    // made with Python's hashlib and OpenSSL, for ctx = "context" and R = K = S = 32 zero bytes.
    const fixed = sealShares(
      { ...scope, ephemeral: new Uint8Array(32), key: new Uint8Array(32) },
      new Uint8Array(32),
      [7n],
      4,
    );
    expect(Array.from(fixed, (b) => b.toString(16).padStart(2, '0')).join('')).toBe(
      '8f1fd43f780417060b4a03db99791c3b227857ef',
    );
  });
});

describe('registration', () => {
  const input = dkgInput(parameters, [1, 1, 1, 1]);
  const made = input.access.validators.map((validator) => ({
    validator,
    ...networkDkg.register({ ...input, validator }, dkgRandom('reg', validator)),
  }));
  const inbox = made.map(({ validator, message }) => ({ from: validator, message }));
  const entry = (i: number): networkDkg.InboxEntry => inbox[i] as networkDkg.InboxEntry;

  test('everybody registers', () => {
    const { committee, blamed } = networkDkg.verifyRegistrations({ ...input, inbox });
    expect(blamed).toEqual([]);
    expect([...committee.keys.keys()]).toEqual([1, 2, 3, 4]);
    expect(entry(0).message.length).toBe(130);
  });

  test('a missing registration: wait', () => {
    const call = (): unknown => networkDkg.verifyRegistrations({ ...input, inbox: inbox.slice(1) });
    expect(call).toThrow(ThresholdNotReachedError);
    expect(networkDkg.collectRegistrations({ ...input, inbox: inbox.slice(1) }).keys.size).toBe(3);
  });

  test('a key copied from another validator does not count, wherever it stands in the order', () => {
    for (const order of [
      [entry(0), { from: validatorId(2), message: entry(0).message }],
      [{ from: validatorId(2), message: entry(0).message }, entry(0)],
    ]) {
      const { keys, blamed } = networkDkg.collectRegistrations({ ...input, inbox: order });
      expect([...keys.keys()]).toEqual([1]);
      expect(blamed.map(({ party, check }) => [party, check])).toEqual([[2, 'CG:8.1.1']]);
    }
  });

  test('lessons row 11: one key for two validators who both know it: the earlier one counts', () => {
    const twin = networkDkg.register({ ...input, validator: validatorId(2) }, dkgRandom('reg', 1));
    const { keys, blamed } = networkDkg.collectRegistrations({
      ...input,
      inbox: [entry(0), { from: validatorId(2), message: twin.message }],
    });
    expect([...keys.keys()]).toEqual([1]);
    expect(blamed).toMatchObject([{ party: 2, reason: expect.stringContaining('earlier validator') as string }]);
  });

  test('two different registrations of one validator: the first counts, the sender is blamed', () => {
    const second = networkDkg.register({ ...input, validator: validatorId(1) }, dkgRandom('reg again', 1)).message;
    const { keys, blamed } = networkDkg.collectRegistrations({
      ...input,
      inbox: [entry(0), { from: validatorId(1), message: second }, entry(0)],
    });
    const kept = encodeRistretto(multiplyRistretto(ristrettoBase, made[0]?.secret.scalar.expose() as bigint));
    expect(keys.get(validatorId(1))?.bytes).toEqual(kept);
    expect(blamed).toMatchObject([{ party: 1, reason: expect.stringContaining('equivocation') as string }]);
  });

  test('a repetition is no fault, a stranger is', () => {
    const stranger = validatorId(9);
    const { keys, blamed } = networkDkg.collectRegistrations({
      ...input,
      inbox: [entry(0), entry(0), { from: stranger, message: entry(1).message }],
    });
    expect([...keys.keys()]).toEqual([1]);
    expect(blamed).toEqual([{ party: 9, check: 'CG:8.1.1', reason: 'is not in the committee' }]);
  });

  test('lessons row 9: the proof is bound to network, epoch, session, identities, policy and owner', () => {
    const { context: dkg } = input;
    const other = sessionId(digestTagged('other', []));
    const swapped: readonly networkDkg.NetworkDkgInput[] = [
      { ...input, context: { ...dkg, network: 'other' } },
      { ...input, context: { ...dkg, epoch: 2n } },
      { ...input, context: { ...dkg, identities: [...dkg.identities].reverse() } },
      { ...input, policy: { maxRevealedWeight: 1 } },
    ];
    for (const changed of swapped) {
      const { keys, blamed } = networkDkg.collectRegistrations({ ...changed, inbox });
      expect(keys.size).toBe(0);
      expect(blamed.map(({ party }) => party)).toEqual([1, 2, 3, 4]);
    }
    // Another session is refused by its header; with the header rewritten, by the proof.
    const elsewhere = { ...input, context: { ...dkg, session: other } };
    const rewritten = inbox.map(({ from, message }) => {
      const copy = Uint8Array.from(message);
      copy.set(other, 2);
      return { from, message: copy };
    });
    for (const replayed of [inbox, rewritten]) {
      expect(networkDkg.collectRegistrations({ ...elsewhere, inbox: replayed }).keys.size).toBe(0);
    }
    expect(() => networkDkg.decodeRegister(elsewhere, entry(0).message)).toThrow(CheckError);
  });

  test('a secret that is not the registered one is refused', () => {
    const { committee } = registerAll(input);
    const secret = { validator: 1 as ValidatorId, scalar: sampleRistrettoScalar(random) };
    expect(() => checkKemSecret(committee, secret)).toThrow(InvalidArgumentsError);
  });

  test('identities must be one per validator and distinct; validators must exist', () => {
    const [first] = input.context.identities as [Uint8Array];
    for (const identities of [[], [first, first, first, first]]) {
      const changed = { ...input, context: { ...input.context, identities } };
      expect(() => networkDkg.register({ ...changed, validator: validatorId(1) }, random)).toThrow(
        InvalidArgumentsError,
      );
    }
    expect(() => networkDkg.register({ ...input, validator: validatorId(5) }, random)).toThrow(InvalidArgumentsError);
  });

  test('thousands of mutations: a typed error or the identical bytes, and never an accepted key', () => {
    const { message } = entry(0);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({ min: 0, max: 8 * message.length - 1 }).map((bit) => flip(message, bit)),
          fc.integer({ min: 0, max: message.length - 1 }).map((length) => message.slice(0, length)),
          fc.uint8Array({ minLength: 1, maxLength: 8 }).map((tail) => Uint8Array.from([...message, ...tail])),
          fc.uint8Array({ minLength: 130, maxLength: 130 }),
          fc
            .tuple(fc.integer({ min: 0, max: message.length - 1 }), fc.uint8Array({ minLength: 1, maxLength: 40 }))
            .map(([at, patch]) => {
              const out = Uint8Array.from(message);
              out.set(patch.subarray(0, message.length - at), at);
              return out;
            }),
        ),
        (bytes) => {
          try {
            expect(networkDkg.encodeRegister(input, networkDkg.decodeRegister(input, bytes))).toEqual(bytes);
          } catch (error) {
            if (!(error instanceof DecodeError) && !(error instanceof CheckError)) throw error;
          }
        },
      ),
      { numRuns: 2000 },
    );
    for (let bit = 0; bit < 8 * message.length; bit += 13) {
      const mutated = [{ from: validatorId(1), message: flip(message, bit) }];
      expect(networkDkg.collectRegistrations({ ...input, inbox: mutated }).keys.size).toBe(0);
    }
  });
});

describe('policy', () => {
  test('defaults and ranges of CG 8.1', () => {
    const { access } = dkgInput(parameters, [1, 1, 1, 1]);
    expect(networkDkg.resolvePolicy({ access })).toEqual({ maxRevealedWeight: 0, servedWeight: 4, dealerWeight: 3 });
    const large = dkgInput(
      parameters,
      Array.from({ length: 115 }, () => 1),
    ).access;
    expect(networkDkg.resolvePolicy({ access: large })).toEqual({
      maxRevealedWeight: 11,
      servedWeight: 115,
      dealerWeight: 77,
    });
    for (const policy of [
      { maxRevealedWeight: 2 },
      { maxRevealedWeight: -1 },
      { maxRevealedWeight: 0.5 },
      { servedWeight: 2 },
      { servedWeight: 5 },
      { dealerWeight: 1 },
      { dealerWeight: 5 },
    ]) {
      expect(() => networkDkg.resolvePolicy({ access, policy })).toThrow(InvalidArgumentsError);
    }
  });
});
