/**
 * ECDSA presign, round 1 (MPC 4.1): a validator encrypts its share gamma_i of the mask and multiplies ct_0 and ct_1 by it, for every presign
 * of the batch, under one L_EncDH^(2) proof with one mask and one response (MPC 4.8).
 *
 * @module
 */
import {
  type Ciphertext,
  type PublicParameters,
  encodeCiphertext,
  readCiphertext,
  sampleRandomness,
} from '@dwallet/class-groups';
import type { Element } from '@dwallet/kernel';
import {
  CheckError,
  type Language,
  type Proof,
  type Random,
  Reader,
  type SessionId,
  type Statement,
  type ValidatorId,
  applySecret,
  bitLength,
  concat,
  encodeProof,
  encodeUint16,
  encodeUint8,
  proofBytes,
  prove,
  readProof,
  sessionId,
  uniformBelow,
} from '@dwallet/sigma';
import { scaledCiphertexts, scaledStatement } from '../../proofs/scaled-ciphertexts.ts';
import type { NetworkSetup } from '../../types.ts';
import { header, messageType, readBatch, readHeader, requireLength } from '../../wire/format.ts';
import {
  type MaskedShares,
  type PresignSession,
  maskProofContext,
  maxBatch,
  presignKind,
  requireBatch,
} from './presign-session.ts';

export interface PresignRound1 {
  readonly sessionId: SessionId;
  /** One per presign of the batch. */
  readonly contributions: readonly MaskedShares[];
  readonly proof: Proof;
}

/** L_EncDH^(2) over ct_0 and ct_1, with their tables. */
export const maskLanguage = ({ parameters, encryptionKey, shareCiphertexts }: NetworkSetup): Language =>
  scaledCiphertexts(parameters, encryptionKey, shareCiphertexts);

export const maskStatement = ({ mask, maskedShares }: MaskedShares): Statement => scaledStatement(mask, maskedShares);

/** (gamma, eta_0, eta_1, eta_2) of one presign. */
export const drawMaskWitness = (parameters: PublicParameters, random: Random): readonly bigint[] => [
  uniformBelow(random, parameters.q),
  sampleRandomness(parameters, random),
  sampleRandomness(parameters, random),
  sampleRandomness(parameters, random),
];

/** phi(gamma, eta_0, eta_1, eta_2) as ciphertexts. @param language - {@link maskLanguage}. */
export function maskContribution(
  language: Language,
  parameters: PublicParameters,
  witness: readonly bigint[],
): MaskedShares {
  const bits = [bitLength(parameters.q), ...Array.from({ length: 3 }, () => parameters.randomnessBits)];
  const components = applySecret(language, witness, bits) as Element[];
  const at = (i: number): Ciphertext => ({ c1: components[2 * i] as Element, c2: components[2 * i + 1] as Element });
  return { mask: at(0), maskedShares: [at(1), at(2)] };
}

/** The message over contributions that were made from these witnesses. @param random - for the mask of the proof. */
export function proveMasks(
  args: PresignSession & { readonly validator: ValidatorId; readonly random: Random },
  contributions: readonly MaskedShares[],
  witnesses: readonly (readonly bigint[])[],
): Uint8Array {
  const { setup, validator, random } = args;
  const statements = contributions.map(maskStatement);
  const proof = prove(maskLanguage(setup), maskProofContext(args, validator), statements, witnesses, random);
  return encodePresignRound1(setup, { sessionId: args.sessionId, contributions, proof });
}

/**
 * @param args.setup - with tables (`withSetupTables`) for speed.
 * @param args.random - seeded by `roundRandom` over `roundInputs` (MPC 1.5).
 * @returns The message. Nothing is kept: gamma_i is not needed again.
 * Secrets touched: gamma_i, eta (never leave this function).
 */
export function encryptMask(
  args: PresignSession & { readonly validator: ValidatorId; readonly random: Random },
): Uint8Array {
  const { setup, batch, random } = args;
  requireBatch(batch);
  const { parameters } = setup;
  const language = maskLanguage(setup);
  const witnesses = Array.from({ length: batch }, () => drawMaskWitness(parameters, random));
  const contributions = witnesses.map((witness) => maskContribution(language, parameters, witness));
  return proveMasks(args, contributions, witnesses);
}

/** sid, kind, batch, (ct_gamma, ct_gamma x,0, ct_gamma x,1) for each presign, proof (MPC Appendix C). */
export function encodePresignRound1(setup: NetworkSetup, message: PresignRound1): Uint8Array {
  const { contributions, proof } = message;
  return concat(
    header(messageType.presignRound1),
    message.sessionId,
    encodeUint8(presignKind.universal),
    encodeUint16(contributions.length),
    ...contributions.flatMap(({ mask, maskedShares }) =>
      [mask, ...maskedShares].map((ciphertext) => encodeCiphertext(setup.parameters, ciphertext)),
    ),
    encodeProof(maskLanguage(setup), contributions.length, proof),
  );
}

/** Strict (MPC:P1): every element a square, every response in range. @throws DecodeError, CheckError MPC:P1. */
export function decodePresignRound1(
  { setup, sessionId: session, batch }: PresignSession,
  bytes: Uint8Array,
): PresignRound1 {
  const { parameters } = setup;
  const reader = new Reader(bytes, 'PresignR1');
  readHeader(reader, messageType.presignRound1);
  const own = sessionId(reader.fixed('sessionId', 32));
  if (!own.every((byte, i) => byte === session[i])) {
    throw new CheckError('MPC:P1', reader.path('sessionId'), 'is of another session');
  }
  reader.constant('kind', presignKind.universal);
  const count = readBatch(reader, 'batch', maxBatch);
  if (count !== batch) throw new CheckError('MPC:P1', reader.path('batch'), `is ${count}, must be ${batch}`);
  const language = maskLanguage(setup);
  requireLength(bytes, [37 + batch * 6 * parameters.group.elementBytes + proofBytes(language, batch)], 'PresignR1');
  const contributions = Array.from({ length: batch }, (_, i) => ({
    mask: readCiphertext(reader, parameters, `[${i}].ct_gamma`),
    maskedShares: [
      readCiphertext(reader, parameters, `[${i}].ct_gammax0`),
      readCiphertext(reader, parameters, `[${i}].ct_gammax1`),
    ] as const,
  }));
  const proof = readProof(reader, language, batch, 'proof');
  reader.end();
  return { sessionId: own, contributions, proof };
}
