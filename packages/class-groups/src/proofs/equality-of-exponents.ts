/**
 * EDL, batched over K pairs (CG 3.9): one integer d with V = h^d and ds_l = beta_l^d for all l. One random combination, one mask, one
 * response, whatever K is.
 *
 * V must come from the DKG: soundness rests on V = h^d being fixed beforehand. The verifier computes the beta_l itself (CG pitfall 35).
 *
 * @module
 */
import type { Element } from '@dwallet/kernel';
import { shake256 } from '@noble/hashes/sha3.js';
import {
  type ChallengeOracle,
  InvalidArgumentsError,
  type Language,
  type Proof,
  type ProofInstance,
  type Random,
  type Reader,
  clgChallenges,
  concat,
  encodeProof,
  encodeStatement,
  encodeUint32,
  hashLambda,
  languageTranscript,
  maskBits,
  proofBytes,
  readProof,
  uniformBits,
} from '@dwallet/sigma';
import { type ClassBase, classBase } from '../encryption.ts';
import type { PublicParameters } from '../parameters.ts';
import { blindedPower } from './blinded-power.ts';

const oracle: ChallengeOracle = clgChallenges('EDL/e');

/** What is fixed for all EDL proofs of one committee. */
export interface EqualitySetting {
  readonly parameters: PublicParameters;
  /** ell_d: |d| < 2^exponentBits. */
  readonly exponentBits: number;
  /** h, with a table where one is long enough. One object for all proofs, so that batches merge its exponents. */
  readonly hBase: ClassBase;
}

/** V = h^d and ds_l = beta_l^d. */
export interface EqualityStatement {
  /** V. */
  readonly verificationKey: Element;
  /** (beta_l, ds_l), l = 1..K. */
  readonly pairs: readonly { readonly base: Element; readonly power: Element }[];
}

/** The two-row language of the combined statement (V, X*). `dig` binds the single pairs, not only their combination. */
const combinedLanguage = (
  { parameters, exponentBits, hBase }: EqualitySetting,
  base: Element,
  dig: Uint8Array,
): Language => ({
  name: 'EDL',
  version: 1,
  statisticalBits: parameters.statisticalBits,
  setting: parameters,
  coordinates: [{ name: 'd', kind: 'integer', bits: exponentBits, signed: true }],
  rows: [
    { group: 'class', terms: [{ base: hBase, coordinate: 0 }] },
    { group: 'class', terms: [{ base: classBase(base), coordinate: 0 }] },
  ],
  parameters: [parameters.digest, dig],
});

/** Steps 1 and `dig`: beta*, X* and the language that proves log_h V = log_beta* X*. */
function combine(
  setting: EqualitySetting,
  context: Uint8Array,
  { verificationKey, pairs }: EqualityStatement,
): { language: Language; base: Element; statement: readonly [Element, Element] } {
  const { group } = setting.parameters;
  const count = pairs.length;
  if (count === 0) throw new InvalidArgumentsError('pairs', 'at least one');
  const bases = pairs.map(({ base }) => group.encode(base));
  const powers = pairs.map(({ power }) => group.encode(power));
  const dig = shake256(concat(encodeUint32(count), ...bases.flatMap((base, l) => [base, powers[l] as Uint8Array])), {
    dkLen: 32,
  });
  const [first] = pairs as readonly [EqualityStatement['pairs'][number]];
  if (count === 1) {
    return {
      language: combinedLanguage(setting, first.base, dig),
      base: first.base,
      statement: [verificationKey, first.power],
    };
  }
  const key = group.encode(verificationKey);
  const rho = pairs.map(
    (_, l) => hashLambda('EDL/rho', [context, encodeUint32(l + 1), key, ...bases, ...powers])[0] as bigint,
  );
  const product = (of: 'base' | 'power'): Element =>
    group.multiPowerVartime(pairs.map((pair, l) => ({ base: pair[of], exponent: rho[l] as bigint })));
  const base = product('base');
  return { language: combinedLanguage(setting, base, dig), base, statement: [verificationKey, product('power')] };
}

/**
 * Proves the statement for d. The mask exponent is as secret as d: it is fresh, and its power of the adversary's base is blinded
 * (CG 1.10).
 * @param context - canonical bytes of the complete context.
 * @throws InvalidArgumentsError if |d| is not below 2^ell_d.
 */
export function proveEqualityOfExponents(
  setting: EqualitySetting,
  context: Uint8Array,
  equality: EqualityStatement,
  exponent: bigint,
  random: Random,
): Proof {
  const { parameters, exponentBits, hBase } = setting;
  const { group } = parameters;
  const bound = 1n << BigInt(exponentBits);
  if (exponent >= bound || -exponent >= bound)
    throw new InvalidArgumentsError('exponent', 'is out of its declared range');
  const { language, base, statement } = combine(setting, context, equality);
  const bits = maskBits(language, { name: 'd', kind: 'integer', bits: exponentBits, signed: true }, 1);
  const k = uniformBits(random, bits);
  const a0 =
    hBase.table !== undefined && hBase.table.exponentBits >= bits
      ? group.tablePower(hBase.table, k)
      : parameters.powerOfH(k, bits);
  const a1 = blindedPower(parameters, base, k, bits, a0, random);
  const mask = [a0, a1];
  const [e] = oracle(
    {
      context,
      parameters: languageTranscript(language),
      statements: encodeStatement(language, statement),
      mask: encodeStatement(language, mask),
    },
    1,
  ) as [bigint];
  return { mask, responses: [k + e * exponent] };
}

/** The proof as an input of `verifyBatch` (or `verifyExact`, for blame). */
export function equalityOfExponentsInstance(
  setting: EqualitySetting,
  context: Uint8Array,
  equality: EqualityStatement,
  proof: Proof,
): ProofInstance {
  const { language, statement } = combine(setting, context, equality);
  return { language, context, statements: [statement], proof, oracle };
}

/** The encoding depends on sizes only, not on bases. */
const layout = (setting: EqualitySetting): Language =>
  combinedLanguage(setting, setting.parameters.group.identity, new Uint8Array(32));

/** A0 || A1 || z with z in ceil((ell_d + lambda + sigma + 2)/8) bytes, two's complement. */
export const equalityOfExponentsBytes = (setting: EqualitySetting): number => proofBytes(layout(setting), 1);

export const encodeEqualityOfExponents = (setting: EqualitySetting, proof: Proof): Uint8Array =>
  encodeProof(layout(setting), 1, proof);

/** Strict: A0, A1 with CG:P1 to CG:P7, |z| < 2^(ell_d + lambda + sigma + 1). */
export const readEqualityOfExponents = (reader: Reader, setting: EqualitySetting, field: string): Proof =>
  readProof(reader, layout(setting), 1, field);
