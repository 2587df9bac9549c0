/**
 * A client that can lie anywhere: the steps of MPC 5.2 and 5.4 on the real provers and languages, with a hook at every value. Its secrets are
 * returned, because an attacker knows its own.
 */
import {
  type Ciphertext,
  evaluateSecret,
  randomizeCoefficient,
  randomizedCoefficientBits,
  sampleRandomness,
} from '@dwallet/class-groups';
import {
  type FischlinProof,
  type Point,
  type Proof,
  type Random,
  invertMod,
  mod,
  prove,
  proveFischlin,
  uniformBelow,
  uniformNonZero,
} from '@dwallet/sigma';
import { nonceScalar } from '../../src/ecdsa/sign/client-evaluate.ts';
import { firstStageContext, secondStageContext } from '../../src/ecdsa/sign/contexts.ts';
import { hashMessage, messageScalar } from '../../src/ecdsa/sign/message-hash.ts';
import {
  type FirstStage,
  deriveNonceRandomizers,
  randomizeMaskedNonce,
  randomizePublicNonce,
} from '../../src/ecdsa/sign/nonce-randomizers.ts';
import { type SignMessage, encodeSignMessage } from '../../src/ecdsa/sign/sign-message.ts';
import {
  type SecondStagePublic,
  curveClaims,
  denominatorClaim,
  firstStageLanguages,
  numeratorClaim,
} from '../../src/ecdsa/sign/sign-proofs.ts';
import type { DWalletRecord, HashScheme, NetworkSetup, TargetedPresign } from '../../src/types.ts';
import { randomFor } from './sign-fixture.ts';

export interface CraftedSecrets {
  readonly kA: bigint;
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly rho: readonly [bigint, bigint, bigint, bigint];
}

/** Every hook gets the honest value and returns the one to use from there on. */
export interface Lies {
  readonly secrets?: (honest: CraftedSecrets) => CraftedSecrets;
  /** Before the first-stage proofs are made. */
  readonly commitments?: (
    honest: Pick<FirstStage, 'commitmentK' | 'commitmentAlpha' | 'commitmentBeta' | 'commitmentKx'>,
    secrets: CraftedSecrets,
  ) => Pick<FirstStage, 'commitmentK' | 'commitmentAlpha' | 'commitmentBeta' | 'commitmentKx'>;
  /** After the first-stage proofs, before the nonce hash. */
  readonly firstStage?: (honest: FirstStage, secrets: CraftedSecrets) => FirstStage;
  readonly networkNonce?: (honest: Point, randomizedNonce: Point, secrets: CraftedSecrets) => Point;
  readonly publicNonce?: (honest: Point, networkNonce: Point, secrets: CraftedSecrets) => Point;
  /** m as used in ct_A and pi_ctA. */
  readonly messageInNumerator?: (honest: bigint) => bigint;
  /** (beta, alpha) as used in ct_alphabeta. */
  readonly denominatorCoefficients?: (honest: readonly [bigint, bigint]) => readonly [bigint, bigint];
  /** (a_1, a_2) as used in ct_A. */
  readonly numeratorCoefficients?: (
    honest: readonly [bigint, bigint],
    secrets: CraftedSecrets,
    r: bigint,
  ) => readonly [bigint, bigint];
  /** Before their proofs are made. */
  readonly numerator?: (honest: Ciphertext) => Ciphertext;
  readonly denominator?: (honest: Ciphertext) => Ciphertext;
  /** X_A as used in pi_kx and C_kx's claim. */
  readonly userPublicShare?: (honest: Point) => Point;
  /** The finished message. */
  readonly message?: (honest: SignMessage) => SignMessage;
}

export interface Crafted {
  readonly bytes: Uint8Array;
  readonly message: SignMessage;
  readonly secrets: CraftedSecrets;
  readonly r: bigint;
  readonly m: bigint;
}

export interface CraftArguments {
  readonly setup: NetworkSetup;
  readonly record: DWalletRecord;
  readonly presign: TargetedPresign;
  /** x_A, or what the attacker has instead. */
  readonly userShare: bigint;
  readonly hashScheme: HashScheme;
  readonly message: Uint8Array;
  readonly seed: string;
  /** Takes the class-group part from here instead of computing it: for lies that the curve checks must refuse before it matters. */
  readonly donor?: SignMessage;
}

const inverseOrOne = (value: bigint, q: bigint): bigint => (mod(value, q) === 0n ? 1n : invertMod(value, q));

export function craftMessage(args: CraftArguments, lies: Lies = {}): Crafted {
  const { setup, record, presign, userShare, hashScheme } = args;
  const { curve, parameters, encryptionKey } = setup;
  const { q, G, H } = curve;
  const random: Random = randomFor(`craft/${args.seed}`);
  const messageDigest = hashMessage(hashScheme, args.message);
  const m = messageScalar(curve, messageDigest);

  const honestSecrets: CraftedSecrets = {
    kA: uniformNonZero(random, q),
    alpha: uniformNonZero(random, q),
    beta: uniformBelow(random, q),
    rho: [uniformBelow(random, q), uniformBelow(random, q), uniformBelow(random, q), uniformBelow(random, q)],
  };
  const secrets = lies.secrets?.(honestSecrets) ?? honestSecrets;
  const { kA, alpha, beta } = secrets;
  const [rho0, rho1, rho2, rho3] = secrets.rho;
  const commit = (base: Point, value: bigint, randomness: bigint): Point =>
    curve.multiply(base, value).add(curve.multiply(H, randomness));
  const honestCommitments = {
    commitmentK: commit(G, kA, rho0),
    commitmentAlpha: commit(G, alpha, rho1),
    commitmentBeta: commit(G, beta, rho2),
    commitmentKx: commit(G, kA * userShare, rho3),
  };
  const commitments = lies.commitments?.(honestCommitments, secrets) ?? honestCommitments;

  const languages = firstStageLanguages(curve, commitments.commitmentK, commitments.commitmentAlpha);
  const inverse = (value: bigint, rho: bigint): bigint[] => [
    inverseOrOne(value, q),
    mod(-inverseOrOne(value, q) * rho, q),
  ];
  const proofK = prove(languages.k, firstStageContext(curve, presign, 'pi_k'), [[G]], [inverse(kA, rho0)], random);
  const proofAlpha = prove(
    languages.alpha,
    firstStageContext(curve, presign, 'pi_alpha'),
    [[G]],
    [inverse(alpha, rho1)],
    random,
  );
  const proofBeta: FischlinProof = proveFischlin(
    languages.beta,
    firstStageContext(curve, presign, 'pi_beta'),
    [commitments.commitmentBeta],
    [beta, rho2],
    random,
  );
  const honestFirst: FirstStage = { ...commitments, proofK, proofAlpha, proofBeta };
  const first = lies.firstStage?.(honestFirst, secrets) ?? honestFirst;

  const input = { curve, presign, userPublicShare: record.userPublicShare, hashScheme, message: m };
  const { randomizers, seed } = deriveNonceRandomizers(input, first);
  const randomizedNonce = randomizePublicNonce(curve, presign, randomizers);
  const honestNetworkNonce = curve.multiply(randomizedNonce, alpha).add(curve.multiply(G, beta));
  const networkNonce = lies.networkNonce?.(honestNetworkNonce, randomizedNonce, secrets) ?? honestNetworkNonce;
  const honestNonce = curve.multiply(networkNonce, inverseOrOne(kA, q));
  const publicNonce = lies.publicNonce?.(honestNonce, networkNonce, secrets) ?? honestNonce;
  const r = nonceScalar(q, curve.encodePoint(publicNonce));
  const usedMessage = lies.messageInNumerator?.(m) ?? m;

  const known: SecondStagePublic = {
    setup,
    presign,
    userPublicShare: lies.userPublicShare?.(record.userPublicShare) ?? record.userPublicShare,
    message: usedMessage,
    commitmentK: first.commitmentK,
    commitmentAlpha: first.commitmentAlpha,
    commitmentBeta: first.commitmentBeta,
    commitmentKx: first.commitmentKx,
    randomizedNonce,
    networkNonce,
    publicNonce,
    r,
  };
  const claim = (
    { language, statement }: ReturnType<typeof curveClaims>['kx'],
    name: Parameters<typeof secondStageContext>[2],
    witness: readonly bigint[],
  ): Proof => prove(language, secondStageContext(curve, presign, name, seed), [statement], [witness], random);
  const claims = curveClaims(known);
  const proofKx = claim(claims.kx, 'pi_kx', [kA, rho0, rho3]);
  const proofNetworkNonce = claim(claims.networkNonce, 'pi_RB', [alpha, beta, rho1, rho2]);
  const proofPublicNonce = claim(claims.publicNonce, 'pi_R', [kA, rho0]);

  const evaluated = args.donor ?? evaluateBoth();
  const honestMessage: SignMessage = {
    presignId: presign.presignId,
    publicKey: record.publicKey,
    hashScheme,
    messageDigest,
    ...first,
    publicNonce,
    networkNonce,
    numerator: evaluated.numerator,
    denominator: evaluated.denominator,
    proofKx,
    proofPublicNonce,
    proofNetworkNonce,
    proofNumerator: evaluated.proofNumerator,
    proofDenominator: evaluated.proofDenominator,
  };
  const message = lies.message?.(honestMessage) ?? honestMessage;
  return { bytes: encodeSignMessage(parameters, curve, message), message, secrets, r, m };

  function evaluateBoth(): Pick<SignMessage, 'numerator' | 'denominator' | 'proofNumerator' | 'proofDenominator'> {
    const maskedNonce = randomizeMaskedNonce(parameters, presign, randomizers);
    const bits = randomizedCoefficientBits(parameters);
    const evaluate = (
      inputs: readonly [Ciphertext, Ciphertext],
      a: readonly [bigint, bigint],
      eta: bigint,
    ): Ciphertext =>
      evaluateSecret(
        parameters,
        encryptionKey,
        inputs.map((ciphertext, i) => ({ ciphertext, coefficient: a[i] as bigint })),
        bits,
        eta,
      );
    const wide = ([x, y]: readonly [bigint, bigint]): readonly [bigint, bigint] => [
      randomizeCoefficient(parameters, mod(x, q), random),
      randomizeCoefficient(parameters, mod(y, q), random),
    ];

    const honestBetaAlpha: readonly [bigint, bigint] = [beta, alpha];
    const betaAlpha = wide(lies.denominatorCoefficients?.(honestBetaAlpha) ?? honestBetaAlpha);
    const eta0 = sampleRandomness(parameters, random);
    const honestDenominator = evaluate([presign.mask, maskedNonce], betaAlpha, eta0);
    const denominator = lies.denominator?.(honestDenominator) ?? honestDenominator;
    const proofDenominator = claim(denominatorClaim(known, maskedNonce, denominator), 'pi_ctalphabeta', [
      ...betaAlpha,
      rho2,
      rho1,
      eta0,
    ]);

    const honestA: readonly [bigint, bigint] = [mod(kA * (r * userShare + usedMessage), q), mod(r * kA, q)];
    const a = wide(lies.numeratorCoefficients?.(honestA, secrets, r) ?? honestA);
    const eta1 = sampleRandomness(parameters, random);
    const honestNumerator = evaluate([presign.mask, presign.maskedShare], a, eta1);
    const numerator = lies.numerator?.(honestNumerator) ?? honestNumerator;
    const proofNumerator = claim(numeratorClaim(known, numerator), 'pi_ctA', [
      ...a,
      mod(r * rho3 + usedMessage * rho0, q),
      mod(r * rho0, q),
      eta1,
    ]);
    return { numerator, denominator, proofNumerator, proofDenominator };
  }
}
