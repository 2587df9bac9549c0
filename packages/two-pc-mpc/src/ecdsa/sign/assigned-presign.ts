/**
 * What a validator computes when a presign is assigned to a dWallet, so that it need not when the client's message is there: the targeting
 * (MPC 4.7) and the combined bases of verification.
 *
 * @module
 */
import { InvalidArgumentsError, type Random } from '@dwallet/sigma';
import type { DWalletRecord, NetworkSetup, Presign, TargetedPresign } from '../../types.ts';
import { bytesEqual } from '../../wire/format.ts';
import { targetPresign } from '../presign/target.ts';
import { type CombinedBases, combineBases } from './verify-evaluations.ts';

class Assigned {
  readonly #presign: TargetedPresign;
  readonly #record: DWalletRecord;
  readonly #bases: CombinedBases;

  constructor(presign: TargetedPresign, record: DWalletRecord, bases: CombinedBases) {
    this.#presign = presign;
    this.#record = record;
    this.#bases = bases;
    Object.freeze(this);
  }

  static open(assigned: object, presign: Presign, record: DWalletRecord, setup: NetworkSetup) {
    if (!(#presign in assigned)) throw new InvalidArgumentsError('assigned', 'was not made by assignPresign');
    const own = assigned.#presign;
    const known = assigned.#record;
    const same =
      bytesEqual(own.presignId, presign.presignId) &&
      bytesEqual(own.setup, setup.commitment) &&
      bytesEqual(known.digest, record.digest) &&
      known.publicKey.equals(record.publicKey) &&
      known.randomizers.every((mu, i) => mu === record.randomizers[i]);
    if (!same) throw new InvalidArgumentsError('assigned', 'is of another presign, dWallet or setup');
    return { presign: own, bases: assigned.#bases };
  }
}

/** A presign with the work of its assignment done, in memory only: the weight in it is a secret of this process. */
export type AssignedPresign = Assigned;

/**
 * Targets the presign and combines its bases: about 1.2 powers of 1000 bits.
 * @param random - this validator's own randomness.
 * @throws CheckError MPC:S1 if presign, dWallet and setup do not belong together.
 */
export function assignPresign(
  setup: NetworkSetup,
  presign: Presign,
  record: DWalletRecord,
  random: Random,
): AssignedPresign {
  const targeted = targetPresign(setup, presign, record);
  return new Assigned(targeted, record, combineBases(setup, targeted, random));
}

/** @throws InvalidArgumentsError unless it was made by this process for this presign, dWallet and setup. */
export const openAssigned = (
  assigned: AssignedPresign,
  presign: Presign,
  record: DWalletRecord,
  setup: NetworkSetup,
): { readonly presign: TargetedPresign; readonly bases: CombinedBases } =>
  Assigned.open(assigned, presign, record, setup);
