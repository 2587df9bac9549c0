import type { Element } from '@dwallet/kernel';
import { CheckError, invertMod, mod, validatorId, virtualId } from '@dwallet/sigma';
import { describe, expect, test } from 'vitest';
import {
  type Ciphertext,
  type ClgContext,
  type DecryptableCiphertext,
  combineDecryptable,
  combineOptimistic,
  createDecryptionRequest,
  declareDecryptable,
  encrypt,
  equalWeights,
  factorial,
  lagrangeAtZero,
  partialDecrypt,
  partialDecryptionFactor,
  proveValidEncryption,
  requireDecryptable,
  sharingScale,
  validEncryption,
  verifyEncryptions,
} from '../src/index.ts';
import { blindedPower } from '../src/proofs/blinded-power.ts';
import { createTestCommittee } from './helpers/committee.ts';
import { testRandom, testSession, toyParameters } from './helpers/toy.ts';

const parameters = toyParameters;
const { group, q } = parameters;
const access = equalWeights(4);
const committee = createTestCommittee(parameters, access, 'rule');
const { dealing, setup } = committee;
const key = dealing.state.encryptionKey;
const random = testRandom('rule');
const session = testSession(parameters, access);
const context: ClgContext = { ...session, round: 'submit', prover: validatorId(1), proof: 'enc' };
const language = validEncryption(parameters, key);
const f = parameters.powerOfF(1n);

const checkOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    if (error instanceof CheckError) return error.check;
    throw error;
  }
  return undefined;
};

describe('the decryption rule of CG 2.9 (pitfall 16)', () => {
  test('guard off: a partial decryption of c1 = f reveals d_j mod q, and t of them the key mod q', () => {
    const n = access.totalWeight;
    const set = [1, 2, 4].map(virtualId);
    const residues = set.map((j) => {
      const d = dealing.shares.get(j)?.share.expose() as bigint;
      const factor = factorial(n) * partialDecryptionFactor(n, access.virtualIds, j);
      // What partialDecrypt computes, without its precondition. Blinding does not help: the result is the same.
      const ds = blindedPower(
        parameters,
        group.powerVartime(f, factor),
        d,
        setup.exponentBits,
        dealing.state.verificationKeys.get(j) as Element,
        random,
      );
      const logarithm = parameters.logF(ds) as bigint;
      const leaked = mod(logarithm * invertMod(mod(factor, q), q), q);
      expect(leaked).toBe(mod(d, q));
      return leaked;
    });
    const interpolated = set.reduce((sum, j, i) => sum + lagrangeAtZero(n, set, j) * (residues[i] as bigint), 0n);
    // n! F(0) = E b.
    expect(mod(interpolated * invertMod(mod(sharingScale(n), q), q), q)).toBe(mod(dealing.secret, q));
  });

  test('guard off: c1 = f h^r with known r leaks as much, and is not recognisable without a proof', () => {
    const j = virtualId(1);
    const d = dealing.shares.get(j)?.share.expose() as bigint;
    const V = dealing.state.verificationKeys.get(j) as Element;
    const r = 123456789n;
    const c1 = group.compose(f, group.powerVartime(parameters.h, r));
    const ds = blindedPower(parameters, c1, d, setup.exponentBits, V, random);
    expect(parameters.logF(group.compose(ds, group.powerVartime(V, -r)))).toBe(mod(d, q));
  });

  test('guard on: c1 = f and every other c1 in F is refused at the gate, c1 = 1 as well', () => {
    const { c2 } = encrypt(parameters, key, 1n, random).ciphertext;
    for (const m of [1n, 2n, q - 1n]) {
      const ciphertext = { c1: parameters.powerOfF(m), c2 };
      expect(checkOf(() => declareDecryptable(parameters, ciphertext, 'verified-encryption'))).toBe('CG:2.9');
    }
    const trivial = { c1: group.identity, c2 };
    expect(checkOf(() => declareDecryptable(parameters, trivial, 'proven-evaluation'))).toBe('CG:3.6');
  });

  test('guard on: no ciphertext with an f-component in c1 gets a verified proof', () => {
    const honest = encrypt(parameters, key, 5n, random);
    const proofFor = (ciphertext: Ciphertext, message = 5n, r = honest.randomness) => ({
      ciphertext,
      context,
      proof: proveValidEncryption(language, context, ciphertext, message, r, random),
    });
    const shifted = { ...honest.ciphertext, c1: group.compose(honest.ciphertext.c1, f) };
    const results = verifyEncryptions(
      parameters,
      language,
      [
        proofFor(honest.ciphertext),
        proofFor(shifted),
        proofFor({ c1: f, c2: honest.ciphertext.c2 }),
        proofFor({ c1: f, c2: parameters.powerOfF(3n) }, 3n, 0n),
        // A proof in another context is no proof.
        { ...proofFor(honest.ciphertext), context: { ...context, prover: validatorId(2) } },
      ],
      random,
    );
    expect(results.map((r) => r !== undefined)).toEqual([true, false, false, false, false]);
    expect(results[0]?.reason).toBe('verified-encryption');
  });

  test('guard on: undeclared ciphertexts, casts and copies never reach a share', () => {
    const honest = declareDecryptable(
      parameters,
      encrypt(parameters, key, 5n, random).ciphertext,
      'verified-encryption',
    );
    const fakes = [
      { c1: f, c2: honest.c2 },
      // oxlint-disable-next-line typescript/no-misused-spread -- a copy without the brand is the point
      { ...honest },
      { c1: honest.c1, c2: honest.c2, reason: 'verified-encryption' },
      Object.assign(Object.create(Object.getPrototypeOf(honest) as object), { c1: f, c2: honest.c2 }) as object,
    ] as DecryptableCiphertext[];
    for (const fake of fakes) {
      expect(checkOf(() => requireDecryptable(fake))).toBe('CG:2.9');
      expect(checkOf(() => createDecryptionRequest(setup, { session, ciphertexts: [honest, fake] }))).toBe('CG:2.9');
      // A request object made by hand does not get around it either.
      const request = { ...committee.request([1n]), ciphertexts: [fake] };
      expect(checkOf(() => partialDecrypt(request, dealing.sharesOf(validatorId(1)), random))).toBe('CG:2.9');
      expect(checkOf(() => combineDecryptable(parameters, [{ ciphertext: fake, coefficient: 1n }]))).toBe('CG:2.9');
    }
    expect(() => {
      (honest as { c1: Element }).c1 = f;
    }).toThrow(TypeError);
  });

  test('public combinations of decryptable ciphertexts stay decryptable; a vanished c1 does not', () => {
    const [x, y] = committee.encryptAll([100n, 7n]) as [DecryptableCiphertext, DecryptableCiphertext];
    const sum = combineDecryptable(parameters, [
      { ciphertext: x, coefficient: 3n },
      { ciphertext: y, coefficient: -2n },
    ]);
    expect(sum.reason).toBe('public-combination');
    const request = createDecryptionRequest(setup, { session, ciphertexts: [sum] });
    expect(
      combineOptimistic(
        request,
        [1, 2, 3].map((v) => committee.answer(request, v)),
      ),
    ).toEqual({
      ok: true,
      plaintexts: [286n],
    });
    const vanishing = [
      { ciphertext: x, coefficient: 1n },
      { ciphertext: x, coefficient: -1n },
    ];
    expect(checkOf(() => combineDecryptable(parameters, vanishing))).toBe('CG:3.6');
  });

  test('verifyEncryptions insists on the language of these parameters', () => {
    expect(() => verifyEncryptions(parameters, { ...language, name: 'KDL' }, [], random)).toThrow(/validEncryption/);
  });
});
