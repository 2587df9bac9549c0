/**
 * The curve groups, on @noble/curves. Points are noble's; this file adds strict decoding, the second generator H and the few
 * operations that the protocols use.
 *
 * @module
 */
import { interleavedMSMUnsafe, pippenger } from '@noble/curves/abstract/curve.js';
import type { WeierstrassPoint } from '@noble/curves/abstract/weierstrass.js';
import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js';
import { bytesToInteger, encodeText, encodeUint, encodeUint8, mod, type Reader } from './encoding.ts';
import { DecodeError, InvalidArgumentsError } from './errors.ts';

/** A point of a short Weierstrass curve of prime order; immutable. */
export type Point = WeierstrassPoint<bigint>;

/** A prime-order curve group with two generators (MPC 0.1, 0.4, 0.5). */
export interface Curve {
  /** Number of MPC 0.4. */
  readonly id: number;
  readonly name: 'secp256k1';
  /** Group order, a prime of 256 bits. */
  readonly q: bigint;
  readonly G: Point;
  /** Pedersen generator: nobody knows its logarithm to base G. */
  readonly H: Point;
  readonly identity: Point;
  /** 33: compressed SEC1. */
  readonly pointBytes: number;
  /** Parses a point: on the curve, canonical, not the identity. @throws DecodeError naming `field`. */
  decodePoint(bytes: Uint8Array, field: string): Point;
  /** Compressed SEC1. @throws InvalidArgumentsError for the identity, which has no encoding here. */
  encodePoint(point: Point): Uint8Array;
  /** Secret scalar times point, constant-time as far as the library goes; any scalar, reduced mod q first. */
  multiply(point: Point, scalar: bigint): Point;
  /** Public scalar times point. */
  multiplyVartime(point: Point, scalar: bigint): Point;
  /** Sum of scalar times point with public scalars. The empty sum is the identity. */
  multiScalarVartime(terms: readonly { readonly point: Point; readonly scalar: bigint }[]): Point;
  /** Items that identify the group in transcripts: id, q, G (`cp` of MPC 6.13). */
  readonly parameters: readonly Uint8Array[];
}

const { Point } = secp256k1;
const q = Point.Fn.ORDER;

// RFC 9380 secp256k1_XMD:SHA-256_SSWU_RO_ with our own DST (MPC 0.5).
const pedersenH: Point = secp256k1_hasher.hashToCurve(encodeText('secp256k1'), { DST: '2pcmpc/v1/pedersen/H' });
pedersenH.assertValidity();
// As for G: the table is made at the first multiplication.
pedersenH.precompute(8);

const encodings = new WeakMap<Point, Uint8Array>();

/** One point is an item of many transcripts, and encoding a sum costs an inversion: it is made once. */
function encodePoint(point: Point): Uint8Array {
  const known = encodings.get(point);
  if (known !== undefined) return known.slice();
  if (point.is0()) throw new InvalidArgumentsError('point', 'the identity has no encoding');
  const bytes = point.toBytes(true);
  encodings.set(point, bytes);
  return bytes.slice();
}

/** From here on buckets are cheaper than a table per point. */
const pippengerPoints = 512;
/** Width of the wNAF of {@link multiScalar}: about 51 additions for a scalar of 256 bits, 29 for one of 128. */
const nafWidth = 5;

/** Public scalars. Of k and q - k the shorter one is used, so that a negative weight of 128 bits costs 128 bits. */
function multiScalar(terms: readonly { readonly point: Point; readonly scalar: bigint }[]): Point {
  const points: Point[] = [];
  const scalars: bigint[] = [];
  for (const { point, scalar } of terms) {
    const k = mod(scalar, q);
    if (k === 0n || point.is0()) continue;
    const negative = 2n * k > q;
    points.push(negative ? point.negate() : point);
    scalars.push(negative ? q - k : k);
  }
  const [first, second] = points;
  const [k, l] = scalars as [bigint, bigint];
  if (first === undefined) return Point.ZERO;
  if (second === undefined) return first.multiplyUnsafe(k);
  if (points.length === 2) return first.mulAddUnsafe(k, second, l);
  if (points.length >= pippengerPoints) return pippenger(Point, points, scalars);
  return interleavedMSMUnsafe(Point, points, nafWidth)(scalars);
}

/** secp256k1, curve 0. */
export const secp256k1Curve: Curve = {
  id: 0,
  name: 'secp256k1',
  q,
  G: Point.BASE,
  H: pedersenH,
  identity: Point.ZERO,
  pointBytes: 33,
  decodePoint(bytes, field) {
    if (bytes.length !== 33 || (bytes[0] !== 2 && bytes[0] !== 3)) {
      throw new DecodeError(field, 'is not a 33-byte compressed point');
    }
    try {
      const point = Point.fromBytes(bytes);
      point.assertValidity();
      return point;
    } catch (cause) {
      throw new DecodeError(field, 'is not a point of secp256k1', undefined, { cause });
    }
  },
  encodePoint,
  multiply(point, scalar) {
    const k = mod(scalar, q);
    return k === 0n || point.is0() ? Point.ZERO : point.multiply(k);
  },
  multiplyVartime(point, scalar) {
    const k = mod(scalar, q);
    return k === 0n || point.is0() ? Point.ZERO : point.multiplyUnsafe(k);
  },
  multiScalarVartime: multiScalar,
  parameters: [encodeUint8(0), encodeUint(q, 32), encodePoint(Point.BASE)],
};

/** Scalar in 32 bytes big-endian, reduced mod q first. */
export const encodeScalar = (curve: Curve, scalar: bigint): Uint8Array => encodeUint(mod(scalar, curve.q), 32);

/** Strict scalar: exactly 32 bytes, below q. */
export function decodeScalar(curve: Curve, bytes: Uint8Array, field: string): bigint {
  if (bytes.length !== 32) throw new DecodeError(field, 'is not 32 bytes');
  const value = bytesToInteger(bytes);
  if (value >= curve.q) throw new DecodeError(field, 'scalar is not below the group order');
  return value;
}

export const readPoint = (reader: Reader, curve: Curve, field: string): Point =>
  curve.decodePoint(reader.fixed(field, curve.pointBytes), reader.path(field));
export const readScalar = (reader: Reader, curve: Curve, field: string): bigint =>
  decodeScalar(curve, reader.fixed(field, 32), reader.path(field));

/** Inverse mod a prime. @throws InvalidArgumentsError for 0. */
export function invertMod(value: bigint, prime: bigint): bigint {
  let [r0, r1] = [prime, mod(value, prime)];
  if (r1 === 0n) throw new InvalidArgumentsError('value', 'zero has no inverse');
  let [s0, s1] = [0n, 1n];
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [s0, s1] = [s1, s0 - quotient * s1];
  }
  if (r0 !== 1n) throw new InvalidArgumentsError('value', 'is not invertible');
  return mod(s0, prime);
}
