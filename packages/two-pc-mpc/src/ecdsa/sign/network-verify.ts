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
  seededRandom,
  verifyCurveRows,
  verifyExact,
  verifyFischlin,
} from '@dwallet/sigma';
import type { JobContext } from '../../compute/job-context.ts';
import { seedBytes } from '../../compute/parts.ts';
import {
  ComputeError,
  type ComputePool,
  type RunOptions,
  packParts,
  runCheckedJob,
  runJob,
  unpackParts,
} from '../../compute/pool.ts';
import { decodeDWalletRecord, encodeDWalletRecord } from '../../dwallet-dkg/record.ts';
import { requireSameSetup } from '../../network-setup/setup-commitment.ts';
import { encodeSetupRecord } from '../../network-setup/setup-record.ts';
import type { DWalletRecord, HashScheme, NetworkSetup, Presign } from '../../types.ts';
import { bytesEqual } from '../../wire/format.ts';
import { decodePresign, derivePresignId, encodePresign } from '../presign/presign-record.ts';
import { targetPresign } from '../presign/target.ts';
import { type Assignment, type PresignState, checkPresignState } from '../single-use.ts';
import { type AssignedPresign, assignPresign, openAssigned } from './assigned-presign.ts';
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

/** What this validator read in the owner's request: the message itself, never a digest that somebody else computed. */
export interface ApprovedRequest {
  /** 32 bytes: names the request that the presign is assigned to. */
  readonly request: Digest;
  /** 32 bytes: names everything that the owner asked for and policy judged (`signOrderDigest`). */
  readonly order: Digest;
  readonly hashScheme: HashScheme;
  readonly message: Uint8Array;
}

/** Public facts of a message that passed every check. */
export interface VerifiedFacts {
  readonly setup: NetworkSetup;
  readonly presign: PresignIdentity;
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

/**
 * A client message that this process verified completely. The class stays in this module, so {@link verifySignMessage} and
 * {@link verifySignMessageIn} are its only sources.
 */
export type VerifiedSignMessage = Verified;

/** The run-time side of the type: a cast or a look-alike does not pass. @throws BugError */
export function requireVerified(value: VerifiedSignMessage): VerifiedFacts {
  if (typeof value !== 'object' || value === null || !Verified.isOne(value)) {
    throw new BugError('a client message that was not verified reached the decryption');
  }
  return value.facts;
}

/** What is verified, and against what. */
export interface OpenSignMessageArguments {
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
  /** This validator's own randomness for the weights of batch verification. */
  readonly random: Random;
}

export interface VerifySignMessageArguments extends OpenSignMessageArguments {
  /** What `assignPresign` made of this presign and dWallet earlier; without it, it is made now. */
  readonly assigned?: AssignedPresign;
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
function checkRequest(args: OpenSignMessageArguments): { readonly digest: Digest; readonly assignment: Assignment } {
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
  const digest = bindingDigest(curve, header, approved.order, bytes);
  const assignment: Assignment = { publicKey: record.publicKey, request: approved.request };
  checkPresignState(state, assignment, digest);
  return { digest, assignment };
}

/** MPC:S3 as far as decoding does not do it: no ciphertext whose partial decryption would be refused or would leak (CG 2.9). */
function checkCiphertexts({ setup: { parameters } }: OpenSignMessageArguments, message: SignMessage): void {
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

/** What the checks that need no equation find, from the caller's own objects. */
interface OpenedMessage {
  readonly digest: Digest;
  readonly assignment: Assignment;
  readonly presign: Presign;
  readonly message: SignMessage;
}

/** MPC:S1 to MPC:S3. */
function openMessage(args: OpenSignMessageArguments): OpenedMessage {
  const { setup, bytes } = args;
  const { curve, parameters } = setup;
  const { digest, assignment } = checkRequest(args);
  const message = underS3(() => decodeSignMessage(parameters, curve, bytes));
  checkCiphertexts(args, message);
  if (nonceScalar(curve.q, curve.encodePoint(message.publicNonce)) === 0n) {
    throw new CheckError('MPC:S3', 'SignMsg.R', 'gives r = 0');
  }
  return { digest, assignment, presign: args.presign as Presign, message };
}

/** What the equations are about: public, and in the worker's case decoded from the bytes that the caller has checked. */
interface Equations {
  readonly setup: NetworkSetup;
  readonly record: DWalletRecord;
  readonly presign: Presign;
  readonly message: SignMessage;
  readonly assigned: AssignedPresign | undefined;
  readonly random: Random;
}

const identityOf = ({ setup, record, presign }: Pick<Equations, 'setup' | 'record' | 'presign'>): PresignIdentity => ({
  presignId: presign.presignId,
  sessionId: presign.sessionId,
  setup: setup.commitment,
  publicKey: record.publicKey,
});

/** MPC:S4 to MPC:S11. @throws CheckError naming the first that fails. */
function checkEquations(args: Equations): void {
  const { setup, record, presign: universal, message, random } = args;
  const { curve, parameters } = setup;
  // Everything below is derived here or comes from the DKG record and the certified presign.
  const { userPublicShare } = record;
  const { hashScheme } = message;
  const identity = identityOf(args);
  const r = nonceScalar(curve.q, curve.encodePoint(message.publicNonce));

  const assigned = args.assigned && openAssigned(args.assigned, universal, record, setup);
  const presign = assigned?.presign ?? targetPresign(setup, universal, record);
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
}

/** The brand: from facts that the caller itself parsed and checked. */
const verifiedFrom = (args: OpenSignMessageArguments, opened: OpenedMessage): VerifiedSignMessage => {
  const { setup, record, approved, bytes } = args;
  const { curve } = setup;
  const { digest, assignment, message } = opened;
  return new Verified({
    setup,
    presign: identityOf({ setup, record, presign: opened.presign }),
    assignment,
    hashScheme: approved.hashScheme,
    messageDigest: message.messageDigest,
    message: messageScalar(curve, message.messageDigest),
    publicKey: record.publicKey,
    publicNonce: message.publicNonce,
    r: nonceScalar(curve.q, curve.encodePoint(message.publicNonce)),
    numerator: message.numerator,
    denominator: message.denominator,
    digest,
    bytes: bytes.slice(),
  });
};

/**
 * MPC 5.6. Every honest validator runs all of it; nobody relies on another's word.
 * @returns the verified message. With it weight t of validators can always complete a valid signature on the approved message under X.
 * @throws CheckError with the id of the failed check, MPC:S1 to MPC:S11. Nothing was decrypted and the presign is not bound.
 * Time: variable, public values only. One multi-exponentiation with four exponents of 1630 bits, two with three of 256, and about 40 points.
 */
export function verifySignMessage(args: VerifySignMessageArguments): VerifiedSignMessage {
  const opened = openMessage(args);
  checkEquations({ ...args, presign: opened.presign, message: opened.message, assigned: args.assigned });
  return verifiedFrom(args, opened);
}

// The same with the equations in a worker ------------------------------------------------------------------------------------------

/** Names of the jobs of this file. */
export const signJob = { assign: 'sign/assign', verify: 'sign/verify' } as const;

const holds = Uint8Array.of(1);

/** Jobs about one presign go to the worker that combined its bases. */
const affinityOf = ({ presignId }: Presign): string => presignId.join();

const encodeSubject = (setup: NetworkSetup, record: DWalletRecord, presign: Presign): Uint8Array[] => [
  encodeSetupRecord(setup),
  encodeDWalletRecord(setup, record),
  encodePresign(setup, presign),
];

/** Assigned presigns that a worker keeps: all that are under way at once, and reservations. Each is some forty elements, without tables. */
const rememberedSubjects = 512;

/** The subject with its targeting and combined bases, as the worker remembers them. */
function openSubject(context: JobContext, parts: readonly Uint8Array[], random: Random) {
  const [setupRecord, dwalletRecord, presignRecord] = parts as [Uint8Array, Uint8Array, Uint8Array];
  const setup = context.setup(setupRecord);
  const assign = () => {
    const record = decodeDWalletRecord(setup, dwalletRecord);
    const presign = decodePresign(setup, presignRecord);
    return { setup, record, presign, assigned: assignPresign(setup, presign, record, random) };
  };
  return context.remember('sign-subject', [setupRecord, dwalletRecord, presignRecord], assign, rememberedSubjects);
}

/** The work of `assignPresign`, for the worker's memory. In: setup, dWallet and presign records, seed. Out: nothing. */
export function runAssignPresign(context: JobContext, input: Uint8Array): Uint8Array {
  const parts = unpackParts(input, 'AssignPresignJob', 4);
  openSubject(context, parts, seededRandom(parts[3] as Uint8Array));
  return new Uint8Array(0);
}

/** MPC:S4 to MPC:S11. In: setup, dWallet and presign records, SignMsg, seed. Out: one byte, if all hold. */
export function runVerifySignMessage(context: JobContext, input: Uint8Array): Uint8Array {
  const parts = unpackParts(input, 'VerifySignMessageJob', 5);
  const random = seededRandom(parts[4] as Uint8Array);
  const subject = openSubject(context, parts, random);
  const { parameters, curve } = subject.setup;
  checkEquations({ ...subject, message: decodeSignMessage(parameters, curve, parts[3] as Uint8Array), random });
  return holds.slice();
}

/**
 * Lets a worker do what `assignPresign` does, before the client's message is there. Only time is lost if it fails.
 * @param args.random - this validator's own.
 */
export async function assignPresignIn(
  pool: ComputePool,
  args: Pick<OpenSignMessageArguments, 'setup' | 'record'> & { readonly presign: Presign; readonly random: Random },
  options: RunOptions = {},
): Promise<void> {
  const { setup, record, presign, random } = args;
  const input = packParts(...encodeSubject(setup, record, presign), random(seedBytes));
  const job = { name: signJob.assign, input, secret: false };
  await runJob(pool, job, { priority: 'normal', affinity: affinityOf(presign), ...options });
}

/**
 * {@link verifySignMessage} with the equations in a worker. MPC:S1 to MPC:S3 and all parsing are done here, on the caller's own objects; the worker gets
 * exactly those bytes, and its verdict counts for them only. The verified message is made from what was parsed here.
 * @throws CheckError MPC:S1 to MPC:S11; ComputeError when there is no verdict.
 */
export async function verifySignMessageIn(
  pool: ComputePool,
  args: OpenSignMessageArguments,
  options: RunOptions = {},
): Promise<VerifiedSignMessage> {
  // Nothing that the caller does to its arrays while a worker computes changes what was checked.
  const own = { ...args, bytes: args.bytes.slice() };
  const opened = openMessage(own);
  const subject = encodeSubject(own.setup, own.record, opened.presign);
  const input = packParts(...subject, own.bytes, own.random(seedBytes));
  const job = { name: signJob.verify, input, secret: false };
  const verdict = await runCheckedJob(
    pool,
    job,
    { priority: 'urgent', affinity: affinityOf(opened.presign), ...options },
    (error) => error instanceof CheckError && error.check.startsWith('MPC:S'),
  );
  if (!bytesEqual(verdict, holds)) throw new ComputeError('COMPUTE_GARBLED', 'a verdict is neither yes nor no');
  return verifiedFrom(own, opened);
}
