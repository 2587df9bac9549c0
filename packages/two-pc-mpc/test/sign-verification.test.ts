/**
 * The shortcuts of a validator's verification: work done at the assignment, and the one equation of both evaluations (MPC:S10, MPC:S11, MPC 6.11).
 */
import type { Element } from '@dwallet/kernel';
import {
  BugError,
  CheckError,
  InvalidArgumentsError,
  type Proof,
  type ProofInstance,
  encodeText,
} from '@dwallet/sigma';
import { describe, expect, it } from 'vitest';
import { targetPresign } from '../src/ecdsa/presign/target.ts';
import { type AssignedPresign, assignPresign, openAssigned } from '../src/ecdsa/sign/assigned-presign.ts';
import { completeMessage, draftMessage } from '../src/ecdsa/sign/client-sign.ts';
import { nonceScalar } from '../src/ecdsa/sign/client-evaluate.ts';
import { secondStageContext } from '../src/ecdsa/sign/contexts.ts';
import { type Evaluated, type Evaluator, directEvaluator } from '../src/ecdsa/sign/evaluator.ts';
import { hashMessage, messageScalar } from '../src/ecdsa/sign/message-hash.ts';
import {
  type VerifySignMessageArguments,
  requireVerified,
  verifySignMessage,
} from '../src/ecdsa/sign/network-verify.ts';
import {
  deriveNonceRandomizers,
  randomizeMaskedNonce,
  randomizePublicNonce,
} from '../src/ecdsa/sign/nonce-randomizers.ts';
import { decodeSignMessage } from '../src/ecdsa/sign/sign-message.ts';
import { type Claim, denominatorClaim, numeratorClaim } from '../src/ecdsa/sign/sign-proofs.ts';
import { combineBases, evaluationsHold } from '../src/ecdsa/sign/verify-evaluations.ts';
import * as clientExports from '../src/client.ts';
import * as networkExports from '../src/network.ts';
import { assigned, createFixture, curve, q, randomFor } from './helpers/sign-fixture.ts';

const fixture = createFixture({ seed: 'verification' });
const { setup, parameters } = fixture;
const { group } = parameters;
const wallet = fixture.dwallet('w');
const other = fixture.dwallet('other');
const { presign } = fixture.presign('p');
const second = fixture.presign('second').presign;
const targeted = targetPresign(setup, presign, wallet.record);
const target = { setup, record: wallet.record, presign: targeted, userShare: wallet.userShare };
const approved = fixture.approve('verification');
const digest = hashMessage('sha256', approved.message);

/** A message of the honest client, except for what `change` does to its class-group work. */
function message(label: string, change: (evaluator: Evaluator) => Evaluator = (e) => e): Uint8Array {
  const evaluatorOf: typeof directEvaluator = (...args) => change(directEvaluator(...args));
  return completeMessage(
    draftMessage(target, randomFor(label), evaluatorOf),
    wallet.userShare,
    'sha256',
    digest,
  ) as Uint8Array;
}
const verify = (bytes: Uint8Array, change: Partial<VerifySignMessageArguments> = {}) =>
  verifySignMessage({
    setup,
    record: wallet.record,
    presign,
    state: assigned(wallet.record, approved),
    approved,
    bytes,
    random: randomFor('verifier'),
    ...change,
  });
const honest = message('honest');

describe('a presign that was prepared at its assignment', () => {
  const ready = assignPresign(setup, presign, wallet.record, randomFor('assignment'));

  it('gives the same facts as without, and can serve several attempts', () => {
    const [plain, prepared] = [verify(honest), verify(honest, { assigned: ready })].map((v) => requireVerified(v));
    expect(prepared?.digest).toEqual(plain?.digest);
    expect(prepared?.presign).toEqual(plain?.presign);
    expect(() => verify(message('again'), { assigned: ready })).not.toThrow();
  });

  it('is refused for another presign, dWallet, setup, or by another maker', () => {
    const refused = (change: () => unknown): void => expect(change).toThrow(InvalidArgumentsError);
    const wrong: readonly AssignedPresign[] = [
      assignPresign(setup, second, wallet.record, randomFor('a')),
      assignPresign(setup, presign, other.record, randomFor('b')),
    ];
    for (const one of wrong) refused(() => verify(honest, { assigned: one }));
    refused(() => openAssigned({} as AssignedPresign, presign, wallet.record, setup));
    refused(() =>
      openAssigned(
        Object.create(Object.getPrototypeOf(ready) as object) as AssignedPresign,
        presign,
        wallet.record,
        setup,
      ),
    );
    const [mu0, mu1, muG] = wallet.record.randomizers;
    const changed = { ...wallet.record, randomizers: [mu0, mu1, (muG + 1n) % q] as const };
    refused(() => openAssigned(ready, presign, changed, setup));
    const elsewhere = createFixture({ seed: 'another network' }).setup;
    refused(() => openAssigned(ready, presign, wallet.record, elsewhere));
  });

  it('keeps its weight to itself, and only for the network', () => {
    expect(Reflect.ownKeys(ready)).toEqual([]);
    expect(JSON.stringify(ready)).toBe('{}');
    expect(Object.keys(networkExports)).toContain('assignPresign');
    for (const name of ['assignPresign', 'verifySignMessage']) expect(Object.keys(clientExports)).not.toContain(name);
    for (const name of ['openAssigned', 'combineBases']) expect(Object.keys(networkExports)).not.toContain(name);
  });
});

/** The two instances of a message, and what their verification needs. */
function instancesOf(bytes: Uint8Array) {
  const m = decodeSignMessage(parameters, curve, bytes);
  const scalar = messageScalar(curve, m.messageDigest);
  const { userPublicShare } = wallet.record;
  const input = { curve, presign: targeted, userPublicShare, hashScheme: m.hashScheme, message: scalar };
  const { randomizers, seed } = deriveNonceRandomizers(input, m);
  const randomizedNonce = randomizePublicNonce(curve, targeted, randomizers);
  const r = nonceScalar(q, curve.encodePoint(m.publicNonce));
  const known = { ...m, setup, presign: targeted, userPublicShare, message: scalar, randomizedNonce, r };
  const maskedNonce = randomizeMaskedNonce(parameters, targeted, randomizers);
  const instance = (
    { language, statement }: Claim,
    name: 'pi_ctA' | 'pi_ctalphabeta',
    proof: Proof,
  ): ProofInstance => ({
    language,
    context: secondStageContext(curve, targeted, name, seed),
    statements: [statement],
    proof,
  });
  return {
    maskedNonce,
    numerator: instance(numeratorClaim(known, m.numerator), 'pi_ctA', m.proofNumerator),
    denominator: instance(denominatorClaim(known, maskedNonce, m.denominator), 'pi_ctalphabeta', m.proofDenominator),
  };
}

describe('the one equation of both evaluations (MPC:S10, MPC:S11)', () => {
  const { maskedNonce, numerator, denominator } = instancesOf(honest);
  const bases = combineBases(setup, targeted, randomFor('rho'));
  const holds = (change: { numerator?: ProofInstance; denominator?: ProofInstance } = {}): boolean => {
    const both = { numerator, denominator, ...change };
    return evaluationsHold(setup, bases, maskedNonce, both.numerator, both.denominator, randomFor('v'));
  };

  it('holds for an honest message, and does not with the proofs exchanged', () => {
    expect(holds()).toBe(true);
    expect(holds({ numerator: denominator, denominator: numerator })).toBe(false);
  });

  it('every response counts', () => {
    for (const name of ['numerator', 'denominator'] as const) {
      const instance = { numerator, denominator }[name];
      instance.proof.responses.forEach((z, i) => {
        const responses = instance.proof.responses.with(i, z > 0n ? z - 1n : z + 1n);
        expect(holds({ [name]: { ...instance, proof: { ...instance.proof, responses } } }), `${name} ${i}`).toBe(false);
      });
    }
  });

  it('a base that was combined from another element fails', () => {
    for (const name of ['mask', 'maskedShare', 'key'] as const) {
      const wrong = { ...bases, [name]: group.compose(bases[name], parameters.h) };
      expect(evaluationsHold(setup, wrong, maskedNonce, numerator, denominator, randomFor('v')), name).toBe(false);
    }
    const wrongNonce = { ...maskedNonce, c2: group.compose(maskedNonce.c2, parameters.h) };
    expect(evaluationsHold(setup, bases, wrongNonce, numerator, denominator, randomFor('v'))).toBe(false);
  });

  it('two verifiers draw different weights', () => {
    const [x, y] = ['x', 'y'].map((label) => combineBases(setup, targeted, randomFor(label)).rho);
    expect(x).not.toBe(y);
    expect((x as bigint) >> 128n).toBe(0n);
  });
});

describe('errors that cancel without weights', () => {
  const { h } = parameters;
  const inverse = group.invert(h);
  /** Shifts components of the masks before the challenge is drawn: the equation of that row is wrong by exactly the shift. */
  const shift =
    (numeratorShift: readonly [Element, Element], denominatorShift: readonly [Element, Element]) =>
    (evaluator: Evaluator): Evaluator => {
      const apply = ({ ciphertext, mask }: Evaluated, [s1, s2]: readonly [Element, Element]): Evaluated => ({
        ciphertext,
        mask: [group.compose(mask[0], s1), group.compose(mask[1], s2)],
      });
      return {
        ...evaluator,
        numerator: (a) => apply(evaluator.numerator(a), numeratorShift),
        denominator: (nu, maskedNonce) => apply(evaluator.denominator(nu, maskedNonce), denominatorShift),
      };
    };
  const one = group.identity;
  const cases: readonly (readonly [string, string, readonly [Element, Element], readonly [Element, Element]])[] = [
    ['one row of ct_A', 'MPC:S11', [h, one], [one, one]],
    ['the other row of ct_A', 'MPC:S11', [one, h], [one, one]],
    ['one row of ct_alphabeta', 'MPC:S10', [one, one], [h, one]],
    ['the other row of ct_alphabeta', 'MPC:S10', [one, one], [one, h]],
    ['the rows of ct_A, cancelling', 'MPC:S11', [h, inverse], [one, one]],
    ['the rows of ct_alphabeta, cancelling', 'MPC:S10', [one, one], [h, inverse]],
    ['the first rows, cancelling', 'MPC:S10', [h, one], [inverse, one]],
    ['the second rows, cancelling', 'MPC:S10', [one, h], [one, inverse]],
    ['crosswise', 'MPC:S10', [h, one], [one, inverse]],
    ['all rows', 'MPC:S10', [h, inverse], [inverse, h]],
  ];
  it.each(cases)('in %s: refused by %s', (name, check, numeratorShift, denominatorShift) => {
    const bytes = message(name, shift(numeratorShift, denominatorShift));
    for (const ready of [undefined, assignPresign(setup, presign, wallet.record, randomFor('assignment'))]) {
      try {
        verify(bytes, ready === undefined ? {} : { assigned: ready });
        expect.fail('the message passed');
      } catch (error) {
        if (!(error instanceof CheckError)) throw error;
        expect(error.check).toBe(check);
      }
    }
  });
});

describe('a validator is never left without an answer', () => {
  it('a combination that fails although every proof holds is a bug of this process, not of the client (CG 4.7)', () => {
    // A wrong rho-combination inside an otherwise genuine object cannot be made from outside; a broken generator of weights can.
    const broken = { ...setup, parameters: { ...parameters, h: group.square(parameters.h) } };
    expect(() => verify(honest, { setup: { ...broken, commitment: setup.commitment } })).toThrow(BugError);
  });

  it('another message than the approved one is refused before any arithmetic (MPC:S1)', () => {
    expect(() => verify(honest, { approved: { ...approved, message: encodeText('another') } })).toThrow('MPC:S1');
  });
});
