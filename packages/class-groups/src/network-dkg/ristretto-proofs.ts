/**
 * ristretto255 (RFC 9496) for the key encapsulation of the network DKG: strict encodings, Schnorr proofs of knowledge and
 * Chaum-Pedersen proofs of equal logarithms, with the transcripts of CG 4.2.
 *
 * Challenges have 128 bits, as everywhere (lambda): in a group of prime order about 2^252 two challenges differ by an invertible
 * number, so one run has soundness error 2^-128. Scalars are 32 bytes little-endian and canonical, as in RFC 9496.
 *
 * @module
 */
import { ristretto255 } from '@noble/curves/ed25519.js';
import {
  DecodeError,
  InvalidArgumentsError,
  type Random,
  type Reader,
  Secret,
  bytesToInteger,
  concat,
  encodeText,
  encodeUint,
  hashLambda,
  mod,
  uniformNonZero,
} from '@dwallet/sigma';

/** An element of ristretto255. */
export type RistrettoPoint = InstanceType<typeof ristretto255.Point>;

const { Point } = ristretto255;

/** Prime order of the group. */
export const ristrettoOrder: bigint = Point.Fn.ORDER;
/** G0. */
export const ristrettoBase: RistrettoPoint = Point.BASE;
export const ristrettoBytes = 32;

/** 32 canonical bytes. @throws InvalidArgumentsError for the identity, which never occurs in a message. */
export function encodeRistretto(point: RistrettoPoint): Uint8Array {
  if (point.is0()) throw new InvalidArgumentsError('point', 'the identity has no encoding here');
  return Uint8Array.from(point.toBytes());
}

/** Strict: canonical encoding, not the identity. @throws DecodeError naming `field`. */
export function decodeRistretto(bytes: Uint8Array, field: string): RistrettoPoint {
  if (bytes.length !== ristrettoBytes) throw new DecodeError(field, `is not ${ristrettoBytes} bytes`);
  let point: RistrettoPoint;
  try {
    point = Point.fromBytes(bytes);
  } catch (cause) {
    throw new DecodeError(field, 'is not a canonical ristretto255 element', undefined, { cause });
  }
  if (point.is0()) throw new DecodeError(field, 'is the identity');
  return point;
}

export const readRistretto = (reader: Reader, field: string): RistrettoPoint =>
  decodeRistretto(reader.fixed(field, ristrettoBytes), reader.path(field));

const encodeScalarLittleEndian = (scalar: bigint): Uint8Array => encodeUint(scalar, 32).reverse();

function readScalarLittleEndian(reader: Reader, field: string): bigint {
  const value = bytesToInteger(reader.fixed(field, 32).reverse());
  if (value >= ristrettoOrder) throw new DecodeError(reader.path(field), 'scalar is not below the group order');
  return value;
}

/** Uniform in [1, order). */
export const sampleRistrettoScalar = (random: Random): Secret<bigint> =>
  new Secret(uniformNonZero(random, ristrettoOrder));

/** Secret scalar, 1 <= scalar < order, times a point. */
export const multiplyRistretto = (point: RistrettoPoint, scalar: bigint): RistrettoPoint => point.multiply(scalar);

/** Public scalar times a point that is not the identity; 0 gives the identity. */
const multiplyPublic = (point: RistrettoPoint, scalar: bigint): RistrettoPoint =>
  scalar === 0n ? Point.ZERO : point.multiplyUnsafe(scalar);

/** A = k G0, z = k + e w. */
export interface SchnorrProof {
  readonly mask: RistrettoPoint;
  readonly response: bigint;
}

export const schnorrProofBytes = 64;

const group = encodeText('ristretto255');

function schnorrChallenge(context: Uint8Array, statement: RistrettoPoint, mask: RistrettoPoint): bigint {
  const items = [context, group, encodeRistretto(ristrettoBase), encodeRistretto(statement), encodeRistretto(mask)];
  return hashLambda('ristretto/Schnorr', items)[0] as bigint;
}

/**
 * Proves knowledge of w with statement = w G0.
 * @param context - canonical bytes of the complete context.
 * @param random - fresh for every proof.
 */
export function proveSchnorr(
  context: Uint8Array,
  statement: RistrettoPoint,
  witness: Secret<bigint>,
  random: Random,
): SchnorrProof {
  const k = sampleRistrettoScalar(random);
  const mask = multiplyRistretto(ristrettoBase, k.expose());
  const e = schnorrChallenge(context, statement, mask);
  const response = mod(k.expose() + e * witness.expose(), ristrettoOrder);
  k.destroy();
  return { mask, response };
}

/** z G0 = A + e statement. */
export function verifySchnorr(context: Uint8Array, statement: RistrettoPoint, proof: SchnorrProof): boolean {
  if (statement.is0() || proof.mask.is0() || proof.response < 0n || proof.response >= ristrettoOrder) return false;
  const e = schnorrChallenge(context, statement, proof.mask);
  return multiplyPublic(ristrettoBase, proof.response).equals(proof.mask.add(multiplyPublic(statement, e)));
}

/** A (32) || z (32). */
export const encodeSchnorr = ({ mask, response }: SchnorrProof): Uint8Array =>
  concat(encodeRistretto(mask), encodeScalarLittleEndian(response));

export const readSchnorr = (reader: Reader, field: string): SchnorrProof => ({
  mask: readRistretto(reader, `${field}.mask`),
  response: readScalarLittleEndian(reader, `${field}.response`),
});

/** log_G0(key) = log_base(shared). */
export interface EqualLogarithms {
  readonly key: RistrettoPoint;
  readonly base: RistrettoPoint;
  readonly shared: RistrettoPoint;
}

/** A_1 = k G0, A_2 = k base, z = k + e w. */
export interface ChaumPedersenProof {
  readonly keyMask: RistrettoPoint;
  readonly sharedMask: RistrettoPoint;
  readonly response: bigint;
}

export const chaumPedersenProofBytes = 96;

function chaumPedersenChallenge(
  context: Uint8Array,
  { key, base, shared }: EqualLogarithms,
  keyMask: RistrettoPoint,
  sharedMask: RistrettoPoint,
): bigint {
  const points = [ristrettoBase, base, key, shared, keyMask, sharedMask];
  return hashLambda('ristretto/Chaum-Pedersen', [context, group, ...points.map(encodeRistretto)])[0] as bigint;
}

/** Proves that one w satisfies key = w G0 and shared = w base. @param random - fresh for every proof. */
export function proveChaumPedersen(
  context: Uint8Array,
  statement: EqualLogarithms,
  witness: Secret<bigint>,
  random: Random,
): ChaumPedersenProof {
  const k = sampleRistrettoScalar(random);
  const keyMask = multiplyRistretto(ristrettoBase, k.expose());
  const sharedMask = multiplyRistretto(statement.base, k.expose());
  const e = chaumPedersenChallenge(context, statement, keyMask, sharedMask);
  const response = mod(k.expose() + e * witness.expose(), ristrettoOrder);
  k.destroy();
  return { keyMask, sharedMask, response };
}

/** z G0 = A_1 + e key and z base = A_2 + e shared. */
export function verifyChaumPedersen(
  context: Uint8Array,
  statement: EqualLogarithms,
  { keyMask, sharedMask, response }: ChaumPedersenProof,
): boolean {
  const { key, base, shared } = statement;
  if ([key, base, shared, keyMask, sharedMask].some((point) => point.is0())) return false;
  if (response < 0n || response >= ristrettoOrder) return false;
  const e = chaumPedersenChallenge(context, statement, keyMask, sharedMask);
  return (
    multiplyPublic(ristrettoBase, response).equals(keyMask.add(multiplyPublic(key, e))) &&
    multiplyPublic(base, response).equals(sharedMask.add(multiplyPublic(shared, e)))
  );
}

/** A_1 (32) || A_2 (32) || z (32). */
export const encodeChaumPedersen = ({ keyMask, sharedMask, response }: ChaumPedersenProof): Uint8Array =>
  concat(encodeRistretto(keyMask), encodeRistretto(sharedMask), encodeScalarLittleEndian(response));

export const readChaumPedersen = (reader: Reader, field: string): ChaumPedersenProof => ({
  keyMask: readRistretto(reader, `${field}.keyMask`),
  sharedMask: readRistretto(reader, `${field}.sharedMask`),
  response: readScalarLittleEndian(reader, `${field}.response`),
});
