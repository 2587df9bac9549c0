/**
 * Enc: c1 = h^r and c2 = f^m pk^r (CG 4.3). With it a ciphertext may be decrypted (CG 2.9).
 *
 * @module
 */
import {
  type ChallengeOracle,
  type Language,
  type Proof,
  type ProofInstance,
  type Random,
  type Reader,
  clgChallenges,
  encodeProof,
  mod,
  proofBytes,
  prove,
  readProof,
} from '@dwallet/sigma';
import { type Ciphertext, type EncryptionKey, keyBase } from '../encryption.ts';
import type { PublicParameters } from '../parameters.ts';
import { type ClgContext, encodeClgContext } from './context.ts';

const oracle: ChallengeOracle = clgChallenges('Enc');

/** The language of valid encryptions under one key. Statement (c1, c2); witness (r, m). Build it once per key and keep it. */
export const validEncryption = (parameters: PublicParameters, key: EncryptionKey): Language => ({
  name: 'Enc',
  version: 1,
  statisticalBits: parameters.statisticalBits,
  setting: parameters,
  coordinates: [
    { name: 'r', kind: 'integer', bits: parameters.randomnessBits },
    { name: 'm', kind: 'scalar' },
  ],
  rows: [
    { group: 'class', terms: [{ base: parameters.hBase, coordinate: 0 }] },
    {
      group: 'class',
      terms: [
        { base: { kind: 'f' }, coordinate: 1 },
        { base: keyBase(key), coordinate: 0 },
      ],
    },
  ],
  parameters: [parameters.digest],
});

/**
 * Proves that `ciphertext` = Enc(pk, message; randomness).
 * @param message - reduced mod q here.
 * @param randomness - r in [0, 2^R), secret.
 * @param random - fresh for every proof.
 */
export const proveValidEncryption = (
  language: Language,
  context: ClgContext,
  ciphertext: Ciphertext,
  message: bigint,
  randomness: bigint,
  random: Random,
): Proof =>
  prove(
    language,
    encodeClgContext(context),
    [[ciphertext.c1, ciphertext.c2]],
    [[randomness, mod(message, (language.setting as PublicParameters).q)]],
    random,
    oracle,
  );

/** The proof as an input of `verifyBatch` (or `verifyExact`, for blame). */
export const validEncryptionInstance = (
  language: Language,
  context: ClgContext,
  ciphertext: Ciphertext,
  proof: Proof,
): ProofInstance => ({
  language,
  context: encodeClgContext(context),
  statements: [[ciphertext.c1, ciphertext.c2]],
  proof,
  oracle,
});

/** A1 || A2 || z_r || z_m, fixed width. */
export const validEncryptionBytes = (language: Language): number => proofBytes(language, 1);

export const encodeValidEncryption = (language: Language, proof: Proof): Uint8Array => encodeProof(language, 1, proof);

/** Strict: masks with CG:P1 to CG:P7, responses within their bounds. */
export const readValidEncryption = (reader: Reader, language: Language, field: string): Proof =>
  readProof(reader, language, 1, field);
