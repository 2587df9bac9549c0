/**
 * Public parameters of HSM-CL for one curve and profile (CG 2.1 to 2.5). A value, built once, passed everywhere.
 *
 * @module
 */
import { type ClassGroup, type Element, ElementDecodeError, type FixedBaseTable, type Kernel } from '@dwallet/kernel';
import {
  BugError,
  type ClassSetting,
  type Digest,
  InvalidArgumentsError,
  bitLength,
  bytesToInteger,
  concat,
  digestTagged,
  encodeInt,
  encodeText,
  encodeUint,
  encodeUint16,
  invertMod,
  mod,
} from '@dwallet/sigma';
import { deriveP, derivePrimeForm, generatorFromPrimeForm, groupOf, jacobi } from './derive-parameters.ts';
import { type Profile, kappa, lambda, randomnessBits, sigma } from './profiles.ts';
import { publishedSecp256k1 } from './published-parameters.ts';
import { type TableCache, loadTable } from './table-cache.ts';

/** Order of secp256k1. */
export const secp256k1Order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

export interface PublicParameters extends ClassSetting {
  readonly profile: Profile;
  readonly group: ClassGroup;
  readonly q: bigint;
  readonly p: bigint;
  /** Delta_K = -p q. */
  readonly fundamentalDiscriminant: bigint;
  readonly h: Element;
  /** R = ell_r: bits of encryption randomness and of secret keys. */
  readonly randomnessBits: number;
  /** sigma. */
  readonly statisticalBits: number;
  /** Longest exponent for which tables of long-lived bases are made: a sigma-protocol mask over R bits with a batch of 2^16. */
  readonly tableBits: number;
  /** Where tables of long-lived bases are kept between runs, if anywhere. Not part of `digest`. */
  readonly tableCache?: TableCache;
  /** Table of h for `tableBits`; built or loaded on first use. */
  readonly hTable: FixedBaseTable;
  /** h as a base of languages, with its tables. */
  readonly hBase: {
    readonly kind: 'class';
    readonly element: Element;
    readonly table: FixedBaseTable;
    readonly shortTable?: FixedBaseTable;
  };
  /** 32 bytes that identify everything above: `cg` of MPC 6.13. */
  readonly digest: Digest;
  /** f^m for m reduced mod q. */
  powerOfF(m: bigint): Element;
  /** Logarithm in F (CG 2.2), or undefined outside F: a public protocol error, never to be swallowed. */
  logF(element: Element): bigint | undefined;
  /** h^exponent for a secret exponent below 2^bits in absolute value. */
  powerOfH(exponent: bigint, bits: number): Element;
}

/** What is the business of one process and not of the network. */
export interface ParameterOptions {
  /** Keeps comb tables between runs; see table-cache.ts for how far it must be trusted. */
  readonly tableCache?: TableCache;
  /**
   * A second table of h, for exponents of R bits: makes each encryption and each presign contribution cheaper, and costs as much as some
   * sixty of those powers once. For validators, and for wallets with a table cache.
   */
  readonly shortTables?: boolean;
}

function makeParameters(
  kernel: Kernel,
  profile: Profile,
  q: bigint,
  p: bigint,
  l: bigint,
  bl: bigint,
  { tableCache, shortTables = false }: ParameterOptions,
): PublicParameters {
  // CG 2.1: every row of the table. p and q prime are facts of the published constants and of the derivation.
  if ((p * q) % 4n !== 3n || jacobi(q, p) !== -1 || p <= 4n * q || p === q)
    throw new BugError('parameters violate CG 2.1');
  if (bitLength(p * q) < profile.fundamentalBits) throw new BugError('fundamental discriminant is too small');
  const group = groupOf(kernel, p, q);
  const width = group.elementBytes / 2;
  const deltaK = -p * q;
  const h = generatorFromPrimeForm(group, q, l, bl);
  const qSquared = q * q;

  const powerOfF = (message: bigint): Element => {
    const m = mod(message, q);
    if (m === 0n) return group.identity;
    let odd = invertMod(m, q);
    if ((odd & 1n) === 0n) odd -= q;
    return group.decodeUnchecked(concat(encodeUint(qSquared, width), encodeInt(q * odd, width)));
  };
  const logF = (element: Element): bigint | undefined => {
    if (group.isIdentity(element)) return 0n;
    const bytes = group.encode(element);
    const a = bytesToInteger(bytes.subarray(0, width));
    const b = BigInt.asIntN(8 * width, bytesToInteger(bytes.subarray(width)));
    if (a !== qSquared || b % q !== 0n) return undefined;
    const m = invertMod(b / q, q);
    // MPC 6.9: decoding confirms membership in F.
    return group.equals(powerOfF(m), element) ? m : undefined;
  };

  const bits = randomnessBits(profile.fundamentalBits);
  const tableBits = bits + sigma + lambda + 16;
  let table: FixedBaseTable | undefined;
  const hTable = (): FixedBaseTable => (table ??= loadTable(group, h, tableBits, tableCache));
  let shortTable: FixedBaseTable | undefined;
  const hShortTable = (): FixedBaseTable => (shortTable ??= loadTable(group, h, bits, tableCache));

  return {
    profile,
    group,
    q,
    p,
    fundamentalDiscriminant: deltaK,
    h,
    randomnessBits: bits,
    statisticalBits: sigma,
    tableBits,
    ...(tableCache === undefined ? {} : { tableCache }),
    get hTable() {
      return hTable();
    },
    get hBase() {
      const base = { kind: 'class', element: h, table: hTable() } as const;
      return shortTables ? { ...base, shortTable: hShortTable() } : base;
    },
    digest: digestTagged('class-group-setup', [
      encodeText(profile.id),
      encodeUint16(profile.fundamentalBits),
      encodeUint(q, (bitLength(q) + 7) >> 3),
      encodeUint(p, (bitLength(p) + 7) >> 3),
      group.encode(h),
      encodeUint16(bits),
      encodeUint16(sigma),
      encodeUint16(lambda),
      encodeUint16(kappa),
    ]),
    powerOfF,
    logF,
    powerOfH(exponent, exponentBits) {
      if (exponentBits > tableBits) return group.power(h, exponent, exponentBits);
      return group.tablePower(shortTables && exponentBits <= bits ? hShortTable() : hTable(), exponent);
    },
  };
}

/**
 * Parameters of a production profile for secp256k1, from the published constants (CG A.3), with h recomputed.
 * @throws InvalidArgumentsError for a profile that is not a production one.
 */
export function createPublicParameters(
  kernel: Kernel,
  profile: Profile,
  options: ParameterOptions = {},
): PublicParameters {
  const published = publishedSecp256k1[profile.fundamentalBits];
  if (!profile.production || published === undefined) {
    throw new InvalidArgumentsError('profile', `${profile.id} is not a production profile`);
  }
  return makeParameters(kernel, profile, secp256k1Order, published.p, published.l, published.bl, options);
}

/**
 * Parameters derived from scratch (CG 2.3) for any size: tests, and the check of the published constants. Its profile is marked
 * not for production, so that no service accepts it.
 */
export function deriveTestParameters(
  kernel: Kernel,
  fundamentalBits: number,
  options: ParameterOptions = {},
): PublicParameters {
  const q = secp256k1Order;
  const { p } = deriveP(q, fundamentalBits);
  const { l, bl } = derivePrimeForm(q, fundamentalBits, p);
  const profile = { id: `TOY-${fundamentalBits}`, fundamentalBits, production: false };
  return makeParameters(kernel, profile, q, p, l, bl, options);
}

export { ElementDecodeError };
