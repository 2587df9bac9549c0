/**
 * HSM-CL encryption and its homomorphic operations (CG 2.6 to 2.8).
 *
 * @module
 */
import type { Element, FixedBaseTable } from '@dwallet/kernel';
import {
  type Base,
  type BaseTables,
  type Random,
  type Reader,
  Secret,
  concat,
  encodeUint,
  mod,
  readElement,
  seededRandom,
  tableFor,
  uniformBits,
  xof,
} from '@dwallet/sigma';
import type { PublicParameters } from './parameters.ts';
import { blindedPower } from './proofs/blinded-power.ts';
import { type TableCache, loadTable } from './table-cache.ts';

/** A class-group base with its table where one exists. */
export type ClassBase = Extract<Base, { kind: 'class' }>;

/** (c1, c2) = (h^r, f^m pk^r). Both components passed CG:P1 to CG:P7. */
export interface Ciphertext {
  readonly c1: Element;
  readonly c2: Element;
}

/** An encryption key pk = h^sk. Build its tables when it is used more than a few times. */
export interface EncryptionKey extends BaseTables {
  readonly element: Element;
}

export const classBase = (element: Element, table?: FixedBaseTable, shortTable?: FixedBaseTable): ClassBase => ({
  kind: 'class',
  element,
  ...(table === undefined ? {} : { table }),
  ...(shortTable === undefined ? {} : { shortTable }),
});

export const keyBase = (key: EncryptionKey): ClassBase => classBase(key.element, key.table, key.shortTable);

/** Encryption randomness or a secret key: uniform in [0, 2^R). */
export const sampleRandomness = (parameters: PublicParameters, random: Random): bigint =>
  uniformBits(random, parameters.randomnessBits);

/** x <- [0, 2^R), pk = h^x (CG 2.6). */
export function generateKey(
  parameters: PublicParameters,
  random: Random,
): { secretKey: Secret<bigint>; encryptionKey: EncryptionKey } {
  const x = sampleRandomness(parameters, random);
  return { secretKey: new Secret(x), encryptionKey: { element: parameters.powerOfH(x, parameters.randomnessBits) } };
}

/**
 * The same key with a table for exponents up to the longest sigma-protocol mask over it.
 * @param cache - for keys that outlive the process; by default the cache of the parameters, if they have one.
 */
export function withTable(
  parameters: PublicParameters,
  key: EncryptionKey,
  exponentBits: number = parameters.tableBits,
  cache: TableCache | undefined = parameters.tableCache,
): EncryptionKey {
  return key.table !== undefined && key.table.exponentBits >= exponentBits
    ? key
    : { ...key, table: loadTable(parameters.group, key.element, exponentBits, cache) };
}

/**
 * As {@link withTable}, with a second table for encryption randomness: exponents of R bits are a fifth shorter than the masks of proofs, and so
 * are the powers. For whoever encrypts often.
 */
export function withTables(parameters: PublicParameters, key: EncryptionKey): EncryptionKey {
  const { group, randomnessBits, tableCache } = parameters;
  const tabled = withTable(parameters, key);
  if (tabled.shortTable !== undefined && tabled.shortTable.exponentBits >= randomnessBits) return tabled;
  return { ...tabled, shortTable: loadTable(group, key.element, randomnessBits, tableCache) };
}

/** base^exponent, through the table where it serves. `bits` bounds |exponent|; the exponent may be secret. */
export function powerOfBase(
  parameters: PublicParameters,
  base: EncryptionKey,
  exponent: bigint,
  bits: number,
): Element {
  const table = tableFor(base, bits);
  return table === undefined
    ? parameters.group.power(base.element, exponent, bits)
    : parameters.group.tablePower(table, exponent);
}

/**
 * Enc(pk, m; r).
 * @param message - reduced mod q.
 * @param randomness - r in [0, 2^R), secret, never used twice.
 */
export function encryptWith(
  parameters: PublicParameters,
  key: EncryptionKey,
  message: bigint,
  randomness: bigint,
): Ciphertext {
  const { group, randomnessBits } = parameters;
  return {
    c1: parameters.powerOfH(randomness, randomnessBits),
    c2: group.compose(parameters.powerOfF(message), powerOfBase(parameters, key, randomness, randomnessBits)),
  };
}

/** Enc with fresh randomness, which is returned for the proof that follows. */
export function encrypt(
  parameters: PublicParameters,
  key: EncryptionKey,
  message: bigint,
  random: Random,
): { ciphertext: Ciphertext; randomness: bigint } {
  const randomness = sampleRandomness(parameters, random);
  return { ciphertext: encryptWith(parameters, key, message, randomness), randomness };
}

/** The trivial encryption (1, f^m): adds a public constant (MPC 0.1). */
export const trivialEncryption = (parameters: PublicParameters, message: bigint): Ciphertext => ({
  c1: parameters.group.identity,
  c2: parameters.powerOfF(message),
});

/**
 * c1^x for the long-lived secret key x of one holder. Whoever made c1 may have chosen it, so the base is blinded (CG 1.10), with the
 * public key recomputed from x. The blinding exponent is a hash of x and c1: unknown to everybody else, and no randomness is needed.
 * Costs two powers and two powers of h.
 */
function secretKeyPower(parameters: PublicParameters, secretKey: Secret<bigint>, c1: Element): Element {
  const { group, randomnessBits } = parameters;
  const x = secretKey.expose();
  const publicKey = parameters.powerOfH(x, randomnessBits);
  const seed = xof(
    'CLG-v1/decryption-blinding',
    concat(encodeUint(x, (randomnessBits + 7) >> 3), group.encode(c1)),
    32,
  );
  return blindedPower(parameters, c1, x, randomnessBits, publicKey, seededRandom(seed));
}

/**
 * Dec(sk, ct) = log_F(c2 c1^-sk), or undefined when c2 c1^-sk is not in F.
 * Only for keys of one holder (user encryption keys); the network key is never in one place.
 */
export function decrypt(
  parameters: PublicParameters,
  secretKey: Secret<bigint>,
  { c1, c2 }: Ciphertext,
): bigint | undefined {
  const { group } = parameters;
  const power = secretKeyPower(parameters, secretKey, c1);
  return parameters.logF(group.compose(c2, group.invert(power)));
}

/**
 * As {@link decrypt} for a user share (MPC 6.9): decodes the square and halves, so that an element of order 2 cannot make a
 * certified ciphertext undecodable.
 */
export function decryptSquared(
  parameters: PublicParameters,
  secretKey: Secret<bigint>,
  { c1, c2 }: Ciphertext,
): bigint | undefined {
  const { group, q } = parameters;
  const power = secretKeyPower(parameters, secretKey, c1);
  const twice = parameters.logF(group.square(group.compose(c2, group.invert(power))));
  return twice === undefined ? undefined : mod(twice * ((q + 1n) >> 1n), q);
}

/** Sum of plaintexts. */
export const addCiphertexts = ({ group }: PublicParameters, ...ciphertexts: readonly Ciphertext[]): Ciphertext => ({
  c1: ciphertexts.reduce((product, { c1 }) => group.compose(product, c1), group.identity),
  c2: ciphertexts.reduce((product, { c2 }) => group.compose(product, c2), group.identity),
});

/** Difference of plaintexts. */
export const subtractCiphertexts = ({ group }: PublicParameters, x: Ciphertext, y: Ciphertext): Ciphertext => ({
  c1: group.compose(x.c1, group.invert(y.c1)),
  c2: group.compose(x.c2, group.invert(y.c2)),
});

/** Public linear combination: product of ct_i^(k_i), one multi-exponentiation per component. Variable time: public coefficients only. */
export function linearCombinationVartime(
  { group }: PublicParameters,
  terms: readonly { readonly ciphertext: Ciphertext; readonly coefficient: bigint }[],
): Ciphertext {
  return {
    c1: group.multiPowerVartime(
      terms.map(({ ciphertext, coefficient }) => ({ base: ciphertext.c1, exponent: coefficient })),
    ),
    c2: group.multiPowerVartime(
      terms.map(({ ciphertext, coefficient }) => ({ base: ciphertext.c2, exponent: coefficient })),
    ),
  };
}

/** Re-randomised coefficient a' = a + q w, w <- [0, 2^R), for inputs that may be malformed (CG 2.8 case U, MPC 5.5). */
export const randomizeCoefficient = (parameters: PublicParameters, coefficient: bigint, random: Random): bigint =>
  coefficient + parameters.q * uniformBits(random, parameters.randomnessBits);

/** Bits of a re-randomised coefficient: bits(q) + R + 1. */
export const randomizedCoefficientBits = (parameters: PublicParameters): number =>
  parameters.q.toString(2).length + parameters.randomnessBits + 1;

/**
 * Secure evaluation (CG 2.8): sum a_i ct_i (+) Enc(pk, 0; eta) with secret integer coefficients.
 * Case T passes a_i in [0, q); case U passes the values of {@link randomizeCoefficient}.
 * @param bits - bound of the coefficients in bits.
 */
export function evaluateSecret(
  parameters: PublicParameters,
  key: EncryptionKey,
  terms: readonly { readonly ciphertext: Ciphertext; readonly coefficient: bigint }[],
  bits: number,
  eta: bigint,
): Ciphertext {
  const { group } = parameters;
  const fresh = encryptWith(parameters, key, 0n, eta);
  const product = (component: 'c1' | 'c2'): Element =>
    group.multiPower(
      terms.map(({ ciphertext, coefficient }) => ({ base: ciphertext[component], exponent: coefficient })),
      bits,
    );
  return { c1: group.compose(product('c1'), fresh.c1), c2: group.compose(product('c2'), fresh.c2) };
}

/** Two elements, 2 * elementBytes. */
export const encodeCiphertext = ({ group }: PublicParameters, { c1, c2 }: Ciphertext): Uint8Array =>
  concat(group.encode(c1), group.encode(c2));

/** Strict: both components with CG:P1 to CG:P7. */
export const readCiphertext = (reader: Reader, { group }: PublicParameters, field: string): Ciphertext => ({
  c1: readElement(reader, group, `${field}.c1`),
  c2: readElement(reader, group, `${field}.c2`),
});

export const ciphertextsEqual = ({ group }: PublicParameters, x: Ciphertext, y: Ciphertext): boolean =>
  group.equals(x.c1, y.c1) && group.equals(x.c2, y.c2);
