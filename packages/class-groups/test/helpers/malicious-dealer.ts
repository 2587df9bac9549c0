/** Dealers that deviate in one place and are honest otherwise: every proof that they can make, they make. */
import { orderTwo } from './order-two.ts';
import type { Element } from '@dwallet/kernel';
import {
  type Language,
  type Proof,
  Secret,
  type ValidatorId,
  type VirtualId,
  concat,
  encodeInt,
  encodeStatement,
  encodeUint,
  hashLambda,
  languageTranscript,
  uniformBits,
} from '@dwallet/sigma';
import { derivePrimeForm } from '../../src/derive-parameters.ts';
import {
  type ClgContext,
  type PolynomialCommitments,
  type PublicParameters,
  type SharingPolynomial,
  commitPolynomial,
  encodeClgContext,
  evaluatePolynomial,
  factorial,
  kappa,
  lambda,
  proveKnowledgeOfExponent,
  samplePolynomial,
} from '../../src/index.ts';
import { proveDeal, sealBodies } from '../../src/network-dkg/round-1-deal.ts';
import {
  type RistrettoPoint,
  multiplyRistretto,
  ristrettoBase,
  sampleRistrettoScalar,
} from '../../src/network-dkg/ristretto-proofs.ts';
import { shapeOf } from '../../src/network-dkg/session.ts';
import { type RegisteredStage, dkgRandom } from './run-network-dkg.ts';

export interface Deviation {
  readonly polynomial?: SharingPolynomial;
  readonly commitments?: (honest: PolynomialCommitments) => PolynomialCommitments;
  readonly share?: (number: VirtualId, honest: bigint) => bigint;
  readonly bodies?: (honest: Uint8Array[]) => Uint8Array[];
  /** R of another dealer. */
  readonly ephemeral?: RistrettoPoint;
  readonly proveConstant?: (language: Language, context: ClgContext, constant: Element) => Proof;
}

/** A deal with one deviation and correct proofs over the deviating content. */
export function craftDeal(stage: RegisteredStage, dealer: ValidatorId, deviation: Deviation, label = ''): Uint8Array {
  const { input, committee, access, seed } = stage;
  const random = dkgRandom(`${seed}/malicious${label}`, dealer);
  const polynomial = deviation.polynomial ?? samplePolynomial(shapeOf(input), random);
  const honest = commitPolynomial(input.parameters, polynomial);
  const commitments = deviation.commitments?.(honest) ?? honest;
  const exponent = sampleRistrettoScalar(random);
  const own = multiplyRistretto(ristrettoBase, exponent.expose());
  const sealed = sealBodies({ ...input, committee, dealer }, exponent, own, (receiver) =>
    access.virtualIdsOf(receiver).map((j) => {
      const share = evaluatePolynomial(polynomial, j);
      return deviation.share?.(j, share) ?? share;
    }),
  );
  const bodies = deviation.bodies?.(sealed) ?? sealed;
  return proveDeal(
    { ...input, committee, dealer },
    { commitments, ephemeral: deviation.ephemeral ?? own, bodies },
    exponent,
    (language, context) =>
      deviation.proveConstant?.(language, context, commitments.constant) ??
      proveKnowledgeOfExponent(language, context, honest.constant, polynomial.secret, random),
    random,
  );
}

/**
 * CG:T23. A dealer with b = a/2, a odd: B = sqrt(h)^a, since a square root of h is public. Its KDL proof is ground to a challenge of the
 * given parity.
 */
export function dyadicDeal(stage: RegisteredStage, dealer: ValidatorId, parity: 0n | 1n = 0n): Uint8Array {
  const { input, seed } = stage;
  const { parameters } = input;
  const { group, randomnessBits, statisticalBits } = parameters;
  const random = dkgRandom(`${seed}/dyadic`, dealer);
  const a = uniformBits(random, randomnessBits - 1) | 1n;
  const constant = group.powerVartime(squareRootOfH(parameters), a);
  // n! 2^kappa a/2 is an integer, so the shares are.
  const constantTerm = (factorial(input.access.totalWeight) << BigInt(kappa - 1)) * a;
  const maskBits = randomnessBits + statisticalBits + lambda;
  return craftDeal(stage, dealer, {
    polynomial: { ...samplePolynomial(shapeOf(input), random), secret: new Secret(0n) },
    commitments: ({ coefficients }) => ({ constant, coefficients }),
    share: (_, value) => value + constantTerm,
    proveConstant: (language, context) => {
      for (;;) {
        const k = uniformBits(random, maskBits);
        const mask = [parameters.powerOfH(k, maskBits)];
        const e = hashLambda('KDL', [
          encodeClgContext(context),
          ...languageTranscript(language),
          ...encodeStatement(language, [constant]),
          ...encodeStatement(language, mask),
        ])[0] as bigint;
        // With an odd challenge e a/2 is no integer: the nearest one is the best that the prover can do.
        if ((e & 1n) === parity) return { mask, responses: [k + (e * a) / 2n] };
      }
    },
  });
}

/** The root of h among t0^q and u t0^q that passes the square test. */
function squareRootOfH(parameters: PublicParameters): Element {
  const { group, q, p, h, profile } = parameters;
  const { l, bl } = derivePrimeForm(q, profile.fundamentalBits, p);
  let root = group.powerVartime(formOf(parameters, l, bl), q);
  if (!group.isSquare(root)) root = group.compose(root, orderTwo(parameters));
  if (!group.isSquare(root) || !group.equals(group.square(root), h)) throw new Error('no square root of h');
  return root;
}

function formOf({ group }: PublicParameters, a: bigint, b: bigint): Element {
  const width = group.elementBytes / 2;
  return group.decodeUnchecked(concat(encodeUint(a, width), encodeInt(b, width)));
}

export { orderTwo };
