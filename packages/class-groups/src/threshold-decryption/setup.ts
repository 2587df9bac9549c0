/**
 * What all threshold decryptions of one committee share: the sharing state with its sizes, built once.
 *
 * @module
 */
import type { Element, FixedBaseTable } from '@dwallet/kernel';
import { InvalidArgumentsError, type VirtualId, invertMod, mod } from '@dwallet/sigma';
import { type ClassBase, classBase } from '../encryption.ts';
import type { PublicParameters } from '../parameters.ts';
import type { EqualitySetting } from '../proofs/equality-of-exponents.ts';
import { type SharingState, sharingScale } from '../sharing/sharing-state.ts';
import { factorial, finalShareBits } from '../sharing/sizes.ts';

export interface DecryptionSetup extends EqualitySetting {
  readonly parameters: PublicParameters;
  readonly state: SharingState;
  /** Bound of |d_j| in bits: that of the sharing state, or ell_d(n, t). */
  readonly exponentBits: number;
  readonly hBase: ClassBase;
  /** n!. */
  readonly factorial: bigint;
  /** n! E = 2^kappa (n!)^3: power of c2 in a combination. */
  readonly scale: bigint;
  /** (n! E)^-1 mod q. */
  readonly scaleInverse: bigint;
}

/**
 * @param options.hTable - table of h for exponents of ell_d + sigma + 2 lambda bits and more; speeds up proofs and their verification.
 * @throws InvalidArgumentsError unless there is one verification key for each virtual number, and for a bound over ell_d.
 */
export function createDecryptionSetup(
  parameters: PublicParameters,
  state: SharingState,
  options: { readonly hTable?: FixedBaseTable } = {},
): DecryptionSetup {
  const { access, verificationKeys } = state;
  if (verificationKeys.size !== access.totalWeight || access.virtualIds.some((j) => !verificationKeys.has(j)))
    throw new InvalidArgumentsError('state.verificationKeys', 'one for each virtual number');
  const n = access.totalWeight;
  const scale = factorial(n) * sharingScale(n);
  const longest = finalShareBits(n, access.threshold, parameters.randomnessBits, parameters.statisticalBits);
  const exponentBits = state.shareBits ?? longest;
  if (!Number.isSafeInteger(exponentBits) || exponentBits < 1 || exponentBits > longest)
    throw new InvalidArgumentsError('state.shareBits', `must be 1..${longest}, ell_d`);
  return {
    parameters,
    state,
    exponentBits,
    hBase: classBase(parameters.h, options.hTable ?? parameters.hTable),
    factorial: factorial(n),
    scale,
    scaleInverse: invertMod(mod(scale, parameters.q), parameters.q),
  };
}

/** V_j. @throws InvalidArgumentsError for a number that is not of this committee. */
export function requireVerificationKey({ state }: DecryptionSetup, share: VirtualId): Element {
  const key = state.verificationKeys.get(share);
  if (key === undefined) throw new InvalidArgumentsError('share', 'is not of this committee');
  return key;
}

/** Bytes of one stored decryption-key share: its bits and a sign. */
export const keyShareBytes = ({ exponentBits }: DecryptionSetup): number => (exponentBits + 1 + 7) >> 3;
