/**
 * The state on which all of threshold decryption depends, whatever protocol produced it (CG 3.4).
 *
 * @module
 */
import type { Element } from '@dwallet/kernel';
import type { Secret, VirtualId } from '@dwallet/sigma';
import type { EncryptionKey } from '../encryption.ts';
import { kappa } from '../profiles.ts';
import type { AccessStructure } from './access-structure.ts';
import { factorial } from './sizes.ts';

/** Public part. PK^E = h^(n! F(0)) with the scale E = 2^kappa (n!)^2. */
export interface SharingState {
  readonly access: AccessStructure;
  /** PK, the network's encryption key. */
  readonly encryptionKey: EncryptionKey;
  /** V_j = h^(d_j) for every virtual number j. */
  readonly verificationKeys: ReadonlyMap<VirtualId, Element>;
  /**
   * Bound of |d_j| in bits, a function of public sizes that whoever accepts a share enforces: `genesisShareBits` after the network DKG. Default
   * ell_d, which holds in every epoch. It is part of the proofs of decryption shares, so all members must have the same.
   */
  readonly shareBits?: number;
}

/** d_j of one virtual number: an integer of either sign with |d_j| < 2^shareBits of its sharing state, at most 2^ell_d. */
export interface DecryptionKeyShare {
  readonly virtualId: VirtualId;
  readonly share: Secret<bigint>;
}

/** E = 2^kappa (n!)^2. */
export const sharingScale = (totalWeight: number): bigint => (factorial(totalWeight) ** 2n) << BigInt(kappa);
