/**
 * What all threshold decryptions of one committee share: the sharing state with its sizes, built once.
 *
 * @module
 */
import type { FixedBaseTable } from '@dwallet/kernel';
import { InvalidArgumentsError, invertMod, mod } from '@dwallet/sigma';
import { type ClassBase, classBase } from '../encryption.ts';
import type { PublicParameters } from '../parameters.ts';
import type { EqualitySetting } from '../proofs/equality-of-exponents.ts';
import { type SharingState, sharingScale } from '../sharing/sharing-state.ts';
import { factorial, finalShareBits } from '../sharing/sizes.ts';

export interface DecryptionSetup extends EqualitySetting {
  readonly parameters: PublicParameters;
  readonly state: SharingState;
  /** ell_d(n, t): bound of |d_j| in bits. */
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
 * @throws InvalidArgumentsError unless there is one verification key for each virtual number.
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
  return {
    parameters,
    state,
    exponentBits: finalShareBits(n, access.threshold, parameters.randomnessBits, parameters.statisticalBits),
    hBase: classBase(parameters.h, options.hTable ?? parameters.hTable),
    factorial: factorial(n),
    scale,
    scaleInverse: invertMod(mod(scale, parameters.q), parameters.q),
  };
}

/** Bytes of one stored decryption-key share: ell_d bits and a sign. */
export const keyShareBytes = ({ exponentBits }: DecryptionSetup): number => (exponentBits + 1 + 7) >> 3;
