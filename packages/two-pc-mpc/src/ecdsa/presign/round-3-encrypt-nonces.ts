/**
 * ECDSA presign, round 3 (MPC 4.3): a validator contributes two nonces to every presign of the batch, multiplied into the agreed mask.
 *
 * Computes R_{j,i} = k_{j,i} G and ct_gamma k,j,i = (k_{j,i} (*) ct_gamma) (+) Enc_pk(0; eta) with a batch-2 L_ScaleDL proof per presign
 * (the language's parameter ct_gamma differs from presign to presign).
 *
 * @module
 */
import { type Ciphertext, encodeCiphertext, readCiphertext, sampleRandomness } from '@dwallet/class-groups';
import type { Element, FixedBaseTable } from '@dwallet/kernel';
import {
  CheckError,
  type Digest,
  InvalidArgumentsError,
  type Language,
  type Point,
  type Proof,
  type Random,
  Reader,
  type SessionId,
  type ValidatorId,
  applySecret,
  bitLength,
  challengeBits,
  concat,
  encodeProof,
  encodeUint16,
  encodeUint8,
  proofBytes,
  prove,
  readPoint,
  readProof,
  sessionId,
  uniformNonZero,
} from '@dwallet/sigma';
import {
  scaledCiphertextWithDiscreteLog,
  scaledDiscreteLog,
} from '../../proofs/scaled-ciphertext-with-discrete-log.ts';
import type { NetworkSetup, TabledCiphertext } from '../../types.ts';
import {
  bytesEqual,
  header,
  messageType,
  readBatch,
  readDigest,
  readHeader,
  requireLength,
} from '../../wire/format.ts';
import {
  type MaskAggregate,
  type PresignSession,
  maskAggregateDigest,
  maxBatch,
  nonceProofContext,
  presignKind,
  requireBatch,
} from './presign-session.ts';

/** Nonces per presign (MPC 4.9). */
export const noncesPerPresign = 2;

/** One validator's contribution to one presign. */
export interface NonceContribution {
  /** ct_gamma k,0,i and ct_gamma k,1,i. */
  readonly maskedNonces: readonly [Ciphertext, Ciphertext];
  /** R_0,i and R_1,i. */
  readonly publicNonces: readonly [Point, Point];
  /** Batch of two. */
  readonly proof: Proof;
}

export interface PresignRound3 {
  readonly sessionId: SessionId;
  /** The voted aggregate that the contributions are relative to. */
  readonly aggregate: Digest;
  readonly contributions: readonly NonceContribution[];
}

/** L_ScaleDL with parameter ct_gamma of one presign. */
export const nonceLanguage = ({ curve, parameters, encryptionKey }: NetworkSetup, mask: TabledCiphertext): Language =>
  scaledCiphertextWithDiscreteLog(curve, parameters, encryptionKey, mask);

/** A small table, because each component of ct_gamma is raised to three exponents only: the two nonces and their mask. */
const maskTableBytes = 20 * 1024;

function withMaskTables({ parameters }: NetworkSetup, { c1, c2 }: Ciphertext): TabledCiphertext {
  const { group, q, statisticalBits } = parameters;
  // Bits of the mask of a batch of two.
  const bits = bitLength(q) + statisticalBits + challengeBits + 1;
  const table = (element: Element): FixedBaseTable => group.buildTable(element, bits, maskTableBytes);
  return { c1, c2, table1: table(c1), table2: table(c2) };
}

/**
 * The contribution to one presign.
 * @param mask - ct_gamma of the agreed aggregate.
 * @param random - for this contribution to this mask only (MPC 1.5).
 * Secrets touched: k_{j,i}, eta (never leave this function).
 */
export function contributeNonces(
  session: PresignSession,
  validator: ValidatorId,
  mask: Ciphertext,
  index: number,
  random: Random,
): NonceContribution {
  const { setup } = session;
  const { curve, parameters } = setup;
  const bits = [bitLength(parameters.q), parameters.randomnessBits];
  const language = nonceLanguage(setup, withMaskTables(setup, mask));
  const contribute = () => {
    // Uniform in [1, q): a nonce of 0 has no encodable point (statistical difference 2^-256).
    const witness = [uniformNonZero(random, curve.q), sampleRandomness(parameters, random)];
    const [c1, c2, point] = applySecret(language, witness, bits);
    return { witness, ciphertext: { c1, c2 } as Ciphertext, point: point as Point };
  };
  const [first, second] = [contribute(), contribute()];
  const proof = prove(
    language,
    nonceProofContext(session, validator, index),
    [scaledDiscreteLog(first.ciphertext, first.point), scaledDiscreteLog(second.ciphertext, second.point)],
    [first.witness, second.witness],
    random,
  );
  return {
    maskedNonces: [first.ciphertext, second.ciphertext],
    publicNonces: [first.point, second.point],
    proof,
  };
}

/**
 * @param args.aggregate - as computed in round 2.
 * @param args.agreed - the digest with weight t (`tallyMaskVotes`).
 * @param args.random - seeded by `roundRandom` over `roundInputs` with `agreed` in them (MPC 1.5).
 * @returns The message. Nothing is kept.
 * @throws InvalidArgumentsError if the own aggregate is not the agreed one: this validator sits the session out.
 * Secrets touched: k_{j,i}, eta (never leave this function).
 */
export function encryptNonces(
  args: PresignSession & {
    readonly validator: ValidatorId;
    readonly aggregate: MaskAggregate;
    readonly agreed: Digest;
    readonly random: Random;
  },
): Uint8Array {
  const { aggregate, agreed, validator, random } = args;
  requireAgreed(args, aggregate, agreed);
  const contributions = aggregate.map(({ mask }, index) => contributeNonces(args, validator, mask, index, random));
  return encodePresignRound3(args, aggregate, { sessionId: args.sessionId, aggregate: agreed, contributions });
}

/** Round 3 and finalisation run on the agreed aggregate only. @throws InvalidArgumentsError. */
export function requireAgreed(session: PresignSession, aggregate: MaskAggregate, agreed: Digest): void {
  requireBatch(session.batch);
  if (aggregate.length !== session.batch) {
    throw new InvalidArgumentsError('aggregate', `has ${aggregate.length} entries, not ${session.batch}`);
  }
  if (!bytesEqual(maskAggregateDigest(session, aggregate), agreed)) {
    throw new InvalidArgumentsError('aggregate', 'is not what the network agreed on');
  }
}

/** ((ct_gamma k,j, R_j) twice, proof) of one presign. @param mask - ct_gamma. */
export function encodeNonceContribution(
  setup: NetworkSetup,
  mask: Ciphertext,
  { maskedNonces, publicNonces, proof }: NonceContribution,
): Uint8Array {
  const { curve, parameters } = setup;
  return concat(
    encodeCiphertext(parameters, maskedNonces[0]),
    curve.encodePoint(publicNonces[0]),
    encodeCiphertext(parameters, maskedNonces[1]),
    curve.encodePoint(publicNonces[1]),
    encodeProof(nonceLanguage(setup, mask), noncesPerPresign, proof),
  );
}

/** Exact bytes of {@link encodeNonceContribution}. @param language - of any mask. */
export const nonceContributionBytes = ({ curve, parameters }: NetworkSetup, language: Language): number =>
  noncesPerPresign * (2 * parameters.group.elementBytes + curve.pointBytes) + proofBytes(language, noncesPerPresign);

/** What comes before the contributions: sid, kind, digest of the aggregate, batch. */
export const encodePresignRound3Head = ({ sessionId: session, batch }: PresignSession, agreed: Digest): Uint8Array =>
  concat(header(messageType.presignRound3), session, encodeUint8(presignKind.universal), agreed, encodeUint16(batch));

/** sid, kind, digest of the aggregate, batch, then ((ct_gamma k,j, R_j) twice, proof) for each presign. */
export const encodePresignRound3 = (
  session: PresignSession,
  aggregate: MaskAggregate,
  message: PresignRound3,
): Uint8Array =>
  concat(
    encodePresignRound3Head(
      { ...session, sessionId: message.sessionId, batch: message.contributions.length },
      message.aggregate,
    ),
    ...message.contributions.map((contribution, i) =>
      encodeNonceContribution(session.setup, (aggregate[i] as MaskAggregate[number]).mask, contribution),
    ),
  );

/** Strict (MPC:P4). @throws DecodeError, CheckError MPC:P4. */
export const decodePresignRound3 = (
  session: PresignSession,
  languages: readonly Language[],
  agreed: Digest,
  bytes: Uint8Array,
): PresignRound3 => decodePresignRound3Part(session, languages, 0, agreed, bytes);

/**
 * The contributions to the presigns `from`, `from + 1`, .. of a message, one per language. The others are not looked at, except for their
 * size: whoever wants a whole message reads all its parts.
 */
export function decodePresignRound3Part(
  session: PresignSession,
  languages: readonly Language[],
  from: number,
  agreed: Digest,
  bytes: Uint8Array,
): PresignRound3 {
  const { setup, batch } = session;
  const { curve, parameters } = setup;
  const reader = new Reader(bytes, 'PresignR3');
  readHeader(reader, messageType.presignRound3);
  const own = sessionId(reader.fixed('sessionId', 32));
  if (!bytesEqual(own, session.sessionId)) {
    throw new CheckError('MPC:P4', reader.path('sessionId'), 'is of another session');
  }
  reader.constant('kind', presignKind.universal);
  const aggregate = readDigest(reader, 'aggregate');
  if (!bytesEqual(aggregate, agreed)) {
    throw new CheckError('MPC:P4', reader.path('aggregate'), 'is not the agreed aggregate');
  }
  const count = readBatch(reader, 'batch', maxBatch);
  if (count !== batch) throw new CheckError('MPC:P4', reader.path('batch'), `is ${count}, must be ${batch}`);
  const width = nonceContributionBytes(setup, languages[0] as Language);
  requireLength(bytes, [69 + batch * width], 'PresignR3');
  reader.fixed('before', from * width);
  const contributions = languages.map((language, offset): NonceContribution => {
    const i = from + offset;
    const read = (j: number) => ({
      ciphertext: readCiphertext(reader, parameters, `[${i}].ct_gammak${j}`),
      point: readPoint(reader, curve, `[${i}].R${j}`),
    });
    const [first, second] = [read(0), read(1)];
    return {
      maskedNonces: [first.ciphertext, second.ciphertext],
      publicNonces: [first.point, second.point],
      proof: readProof(reader, language, noncesPerPresign, `[${i}].proof`),
    };
  });
  reader.fixed('after', (batch - from - languages.length) * width);
  reader.end();
  return { sessionId: own, aggregate, contributions };
}
