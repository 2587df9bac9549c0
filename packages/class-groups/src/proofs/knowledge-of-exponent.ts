/**
 * KDL: B = h^b for an integer b (CG 4.3, 8.1.2).
 *
 * It proves B in <h> and an exponent in Z[1/2] only: raise B to 2^kappa before anything relies on an integer (CG 4.5).
 *
 * @module
 */
import type { Element } from '@dwallet/kernel';
import {
  type ChallengeOracle,
  type Language,
  type Proof,
  type ProofInstance,
  type Random,
  type Reader,
  type Secret,
  clgChallenges,
  encodeProof,
  proofBytes,
  prove,
  readProof,
} from '@dwallet/sigma';
import type { PublicParameters } from '../parameters.ts';
import { type ClgContext, encodeClgContext } from './context.ts';

const oracle: ChallengeOracle = clgChallenges('KDL');

/**
 * The language of B = h^b. Statement (B); witness (b).
 * @param secretBits - 0 <= b < 2^secretBits; R unless the protocol says otherwise. Build the language once and keep it.
 */
export const knowledgeOfExponent = (
  parameters: PublicParameters,
  secretBits: number = parameters.randomnessBits,
): Language => ({
  name: 'KDL',
  version: 1,
  statisticalBits: parameters.statisticalBits,
  setting: parameters,
  coordinates: [{ name: 'b', kind: 'integer', bits: secretBits }],
  rows: [{ group: 'class', terms: [{ base: parameters.hBase, coordinate: 0 }] }],
  parameters: [parameters.digest],
});

/** Proves B = h^b. @param random - fresh for every proof. @throws InvalidArgumentsError if b is not in [0, 2^secretBits). */
export const proveKnowledgeOfExponent = (
  language: Language,
  context: ClgContext,
  commitment: Element,
  exponent: Secret<bigint>,
  random: Random,
): Proof => prove(language, encodeClgContext(context), [[commitment]], [[exponent.expose()]], random, oracle);

/** The proof as an input of `verifyBatch` (or `verifyExact`, for blame). */
export const knowledgeOfExponentInstance = (
  language: Language,
  context: ClgContext,
  commitment: Element,
  proof: Proof,
): ProofInstance => ({ language, context: encodeClgContext(context), statements: [[commitment]], proof, oracle });

/** A element || z, fixed width. */
export const knowledgeOfExponentBytes = (language: Language): number => proofBytes(language, 1);

export const encodeKnowledgeOfExponent = (language: Language, proof: Proof): Uint8Array =>
  encodeProof(language, 1, proof);

/** Strict: A with CG:P1 to CG:P7, z within its bound. */
export const readKnowledgeOfExponent = (reader: Reader, language: Language, field: string): Proof =>
  readProof(reader, language, 1, field);
