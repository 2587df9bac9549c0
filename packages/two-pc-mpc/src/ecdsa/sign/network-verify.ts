/**
 * Verification of the client's message by one validator, complete and on its own, before any share (MPC 5.6: MPC:S1 to MPC:S11).
 *
 * Cheapest checks first. Everything that can be derived is derived here; from the message come only the values that it alone knows.
 * Success is a value of type {@link VerifiedSignMessage}, which nothing else can make and without which nothing is decrypted.
 *
 * @module
 */
import type { Ciphertext } from '@dwallet/class-groups';
import {
  BugError,
  CheckError,
  DecodeError,
  type Digest,
  type FischlinInstance,
  type Language,
  type Point,
  type Proof,
  type ProofInstance,
  type Random,
  verifyCurveRows,
  verifyExact,
  verifyFischlin,
} from '@dwallet/sigma';
import { requireSameSetup } from '../../network-setup/setup-commitment.ts';
import type { DWalletRecord, HashScheme, NetworkSetup, Presign, TargetedPresign } from '../../types.ts';
import { bytesEqual } from '../../wire/format.ts';
import { derivePresignId } from '../presign/presign-record.ts';
import { targetPresign } from '../presign/target.ts';
import { type Assignment, type PresignState, checkPresignState } from '../single-use.ts';
import { type AssignedPresign, openAssigned } from './assigned-presign.ts';
import { nonceScalar } from './client-evaluate.ts';
import { type PresignIdentity, type SecondStageProof, firstStageContext, secondStageContext } from './contexts.ts';
import { hashMessage, messageScalar } from './message-hash.ts';
import { deriveNonceRandomizers, randomizeMaskedNonce, randomizePublicNonce } from './nonce-randomizers.ts';
import { type SignMessage, bindingDigest, decodeSignMessage, decodeSignMessageHeader } from './sign-message.ts';
import {
  type Claim,
  type SecondStagePublic,
  curveClaims,
  denominatorClaim,
  firstStageLanguages,
  numeratorClaim,
} from './sign-proofs.ts';
import { combineBases, evaluationsHold } from './verify-evaluations.ts';

/** What this validator's policy approved: the message itself, never a digest that somebody else computed. */
export interface ApprovedRequest {
  /** 32 bytes: names the request that the presign is assigned to. */
  readonly request: Digest;
  readonly hashScheme: HashScheme;
  readonly message: Uint8Array;
}

/** Public facts of a message that passed every check. */
export interface VerifiedFacts {
  readonly setup: NetworkSetup;
  readonly presign: TargetedPresign;
  readonly assignment: Assignment;
  readonly hashScheme: HashScheme;
  readonly messageDigest: Digest;
  /** m mod q. */
  readonly message: bigint;
  /** X. */
  readonly publicKey: Point;
  /** R and r = R.x mod q. */
  readonly publicNonce: Point;
  readonly r: bigint;
  /** ct_A and ct_alphabeta. */
  readonly numerator: Ciphertext;
  readonly denominator: Ciphertext;
  /** D of MPC 5.8. */
  readonly digest: Digest;
  /** The client's exact bytes. */
  readonly bytes: Uint8Array;
}

class Verified {
  readonly #facts: VerifiedFacts;
  constructor(facts: VerifiedFacts) {
    this.#facts = Object.freeze(facts);
    Object.freeze(this);
  }
  get facts(): VerifiedFacts {
    return this.#facts;
  }
  static isOne(value: object): value is Verified {
    return #facts in value;
  }
}

/** A client message that this process verified completely. The class stays in this module, so {@link verifySignMessage} is its only source. */
export type VerifiedSignMessage = Verified;

/** The run-time side of the type: a cast or a look-alike does not pass. @throws BugError */
export function requireVerified(value: VerifiedSignMessage): VerifiedFacts {
  if (typeof value !== 'object' || value === null || !Verified.isOne(value)) {
    throw new BugError('a client message that was not verified reached the decryption');
  }
  return value.facts;
}

export interface VerifySignMessageArguments {
  readonly setup: NetworkSetup;
  /** DKG record of the dWallet that the request is for. */
  readonly record: DWalletRecord;
  /** Certified presign; undefined if this validator knows none under the id in the message. */
  readonly presign: Presign | undefined;
  /** Its place in the life cycle. */
  readonly state: PresignState;
  readonly approved: ApprovedRequest;
  /** SignMsg as received. */
  readonly bytes: Uint8Array;
  /** What `assignPresign` made of this presign and dWallet earlier; without it, it is made now. */
  readonly assigned?: AssignedPresign;
  /** This validator's own randomness for the weights of batch verification. */
  readonly random: Random;
}

/** Decoding errors of a client message are failures of MPC:S3. */
function underS3<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new CheckError('MPC:S3', cause.field, cause.message, { cause });
  }
}

/** MPC:S1 and MPC:S2: the message is for this presign, this dWallet and the approved request, and the presign is free for it. */
function checkRequest(args: VerifySignMessageArguments): { readonly digest: Digest; readonly assignment: Assignment } {
  const { setup, record, presign, state, approved, bytes } = args;
  const { curve } = setup;
  const header = underS3(() => decodeSignMessageHeader(curve, bytes));
  const refuse = (field: string, message: string): CheckError => new CheckError('MPC:S1', field, message);
  if (presign === undefined) throw refuse('SignMsg.presignId', 'is unknown');
  if (!bytesEqual(header.presignId, presign.presignId)) throw refuse('SignMsg.presignId', 'is not the given presign');
  if (record.curve.id !== curve.id) throw refuse('dwallet.curve', 'is not the curve of the setup');
  requireSameSetup(setup, record.setup, 'MPC:S1', 'dwallet.setup');
  requireSameSetup(setup, presign.setup, 'MPC:S1', 'presign.setup');
  if (!bytesEqual(derivePresignId(setup, presign), presign.presignId)) {
    throw refuse('presign.presignId', 'is not the digest of the other fields');
  }
  if (!header.publicKey.equals(record.publicKey)) throw refuse('SignMsg.publicKey', 'is not the key of the dWallet');
  if (header.hashScheme !== approved.hashScheme) throw refuse('SignMsg.hashScheme', 'is not the approved one');
  if (!bytesEqual(header.messageDigest, hashMessage(approved.hashScheme, approved.message))) {
    throw refuse('SignMsg.messageDigest', 'is not the digest of the approved message');
  }
  const digest = bindingDigest(curve, header, bytes);
  const assignment: Assignment = { publicKey: record.publicKey, request: approved.request };
  checkPresignState(state, assignment, digest);
  return { digest, assignment };
}

/** MPC:S3 as far as decoding does not do it: no ciphertext whose partial decryption would be refused or would leak (CG 2.9). */
function checkCiphertexts({ setup: { parameters } }: VerifySignMessageArguments, message: SignMessage): void {
  for (const [field, { c1 }] of [
    ['SignMsg.ct_A.c1', message.numerator],
    ['SignMsg.ct_alphabeta.c1', message.denominator],
  ] as const) {
    if (parameters.group.isIdentity(c1) || parameters.logF(c1) !== undefined) {
      throw new CheckError('MPC:S3', field, 'lies in the subgroup of f');
    }
  }
}

/** One proof of the message with its check. */
interface ProofCheck {
  readonly check: string;
  readonly field: string;
  /** Exact and on its own. */
  readonly holds: () => boolean;
}

/** What failed together is decided one by one, in order. @throws CheckError for the first that fails; BugError if none does (CG 4.7). */
function refuseFirst(checks: readonly ProofCheck[]): never {
  for (const { check, field, holds } of checks) {
    if (!holds()) throw new CheckError(check, field, 'proof does not verify');
  }
  throw new BugError('a batch of proofs fails although each proof verifies');
}

/**
 * MPC 5.6. Every honest validator runs all of it; nobody relies on another's word.
 * @returns the verified message. With it weight t of validators can always complete a valid signature on the approved message under X.
 * @throws CheckError with the id of the failed check, MPC:S1 to MPC:S11. Nothing was decrypted and the presign is not bound.
 * Time: variable, public values only. One multi-exponentiation with four exponents of 1630 bits, two with three of 256, and about 40 points.
 */
export function verifySignMessage(args: VerifySignMessageArguments): VerifiedSignMessage {
  const { setup, record, presign: universal, approved, bytes, random } = args;
  const { curve, parameters } = setup;

  const { digest, assignment } = checkRequest(args);
  const message = underS3(() => decodeSignMessage(parameters, curve, bytes));
  checkCiphertexts(args, message);
  const r = nonceScalar(curve.q, curve.encodePoint(message.publicNonce));
  if (r === 0n) throw new CheckError('MPC:S3', 'SignMsg.R', 'gives r = 0');

  // Everything below is derived here or comes from the DKG record and the certified presign.
  const { userPublicShare, publicKey } = record;
  const { hashScheme } = approved;
  const { presignId, sessionId } = universal as Presign;
  const identity: PresignIdentity = { presignId, sessionId, setup: setup.commitment, publicKey };

  const assigned = args.assigned && openAssigned(args.assigned, universal as Presign, record, setup);
  const presign = assigned?.presign ?? targetPresign(setup, universal as Presign, record);
  const m = messageScalar(curve, message.messageDigest);
  const nonce = deriveNonceRandomizers({ curve, presign, userPublicShare, hashScheme, message: m }, message);
  const randomizedNonce = randomizePublicNonce(curve, presign, nonce.randomizers);
  // R'_B is a base of pi_RB. It is O with probability 1/q only; then no proof is accepted.
  if (randomizedNonce.is0()) throw new CheckError('MPC:S3', 'presign.publicNonces', 'randomised nonce is the identity');
  const known: SecondStagePublic = {
    setup,
    presign,
    userPublicShare,
    message: m,
    commitmentK: message.commitmentK,
    commitmentAlpha: message.commitmentAlpha,
    commitmentBeta: message.commitmentBeta,
    commitmentKx: message.commitmentKx,
    randomizedNonce,
    networkNonce: message.networkNonce,
    publicNonce: message.publicNonce,
    r,
  };

  // The curve first, all of it in one sum: milliseconds, against tens of them for the class group.
  const first = firstStageLanguages(curve, message.commitmentK, message.commitmentAlpha);
  const firstInstance = (language: Language, name: 'pi_k' | 'pi_alpha', proof: Proof): ProofInstance => ({
    language,
    context: firstStageContext(curve, identity, name),
    statements: [[curve.G]],
    proof,
  });
  const secondInstance = ({ language, statement }: Claim, name: SecondStageProof, proof: Proof): ProofInstance => ({
    language,
    context: secondStageContext(curve, presign, name, nonce.seed),
    statements: [statement],
    proof,
  });
  const claims = curveClaims(known);
  const proofK = firstInstance(first.k, 'pi_k', message.proofK);
  const proofAlpha = firstInstance(first.alpha, 'pi_alpha', message.proofAlpha);
  const proofBeta: FischlinInstance = {
    language: first.beta,
    context: firstStageContext(curve, identity, 'pi_beta'),
    statement: [message.commitmentBeta],
    proof: message.proofBeta,
  };
  const proofKx = secondInstance(claims.kx, 'pi_kx', message.proofKx);
  const proofNetworkNonce = secondInstance(claims.networkNonce, 'pi_RB', message.proofNetworkNonce);
  const proofPublicNonce = secondInstance(claims.publicNonce, 'pi_R', message.proofPublicNonce);
  const onCurve = [proofK, proofAlpha, proofKx, proofNetworkNonce, proofPublicNonce];
  if (!verifyCurveRows(onCurve, [proofBeta], random)) {
    const { language, context, statement, proof } = proofBeta;
    refuseFirst([
      { check: 'MPC:S4', field: 'SignMsg.pi_k', holds: () => verifyExact(proofK) },
      { check: 'MPC:S5', field: 'SignMsg.pi_alpha', holds: () => verifyExact(proofAlpha) },
      {
        check: 'MPC:S6',
        field: 'SignMsg.pi_beta',
        holds: () => verifyFischlin(language, context, statement, proof, random),
      },
      { check: 'MPC:S7', field: 'SignMsg.pi_kx', holds: () => verifyExact(proofKx) },
      { check: 'MPC:S8', field: 'SignMsg.pi_RB', holds: () => verifyExact(proofNetworkNonce) },
      { check: 'MPC:S9', field: 'SignMsg.pi_R', holds: () => verifyExact(proofPublicNonce) },
    ]);
  }

  const maskedNonce = randomizeMaskedNonce(parameters, presign, nonce.randomizers);
  const denominatorOf = denominatorClaim(known, maskedNonce, message.denominator);
  const denominator = secondInstance(denominatorOf, 'pi_ctalphabeta', message.proofDenominator);
  const numerator = secondInstance(numeratorClaim(known, message.numerator), 'pi_ctA', message.proofNumerator);
  const bases = assigned?.bases ?? combineBases(setup, presign, random);
  if (!evaluationsHold(setup, bases, maskedNonce, numerator, denominator, random)) {
    refuseFirst([
      { check: 'MPC:S10', field: 'SignMsg.pi_ctalphabeta', holds: () => verifyExact(denominator) },
      { check: 'MPC:S11', field: 'SignMsg.pi_ctA', holds: () => verifyExact(numerator) },
    ]);
  }

  return new Verified({
    setup,
    presign,
    assignment,
    hashScheme,
    messageDigest: message.messageDigest,
    message: m,
    publicKey,
    publicNonce: message.publicNonce,
    r,
    numerator: message.numerator,
    denominator: message.denominator,
    digest,
    bytes: bytes.slice(),
  });
}
