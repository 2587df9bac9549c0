/**
 * The expected set Sbar of a threshold decryption (CG 3.6): the virtual numbers from which answers are expected, fixed publicly per
 * request. Shares computed for different sets never combine (CG pitfall 27).
 *
 * @module
 */
import { InvalidArgumentsError, type ValidatorId, type VirtualId, encodeList, encodeUint16 } from '@dwallet/sigma';
import type { AccessStructure } from '../sharing/access-structure.ts';

/** Sbar. */
export interface ExpectedSet {
  readonly access: AccessStructure;
  /** Ascending. */
  readonly members: readonly VirtualId[];
  /** Sbar = [n]: any t answers combine. */
  readonly general: boolean;
  has(share: VirtualId): boolean;
  /** Canonical bytes. */
  readonly encoded: Uint8Array;
}

/**
 * @param members - distinct virtual numbers, in any order.
 * @throws InvalidArgumentsError unless t <= |members| <= n and all are in 1..n (CG pitfall 22).
 */
export function createExpectedSet(access: AccessStructure, members: readonly VirtualId[]): ExpectedSet {
  const set = new Set(members);
  if (set.size !== members.length) throw new InvalidArgumentsError('expectedSet', 'numbers must be distinct');
  if (members.some((share) => !Number.isInteger(share) || share < 1 || share > access.totalWeight))
    throw new InvalidArgumentsError('expectedSet', `numbers must be in 1..${access.totalWeight}`);
  if (members.length < access.threshold)
    throw new InvalidArgumentsError('expectedSet', `needs at least ${access.threshold} numbers`);
  const ascending = [...members].sort((x, y) => x - y);
  return {
    access,
    members: ascending,
    general: ascending.length === access.totalWeight,
    has: (share) => set.has(share),
    encoded: encodeList(ascending.map((share) => encodeUint16(share))),
  };
}

/** Sbar = [n]. */
export const generalSet = (access: AccessStructure): ExpectedSet => createExpectedSet(access, access.virtualIds);

/** All virtual numbers of the given validators, of weight t at least. */
export const expectedValidators = (access: AccessStructure, validators: readonly ValidatorId[]): ExpectedSet =>
  createExpectedSet(
    access,
    validators.flatMap((validator) => access.virtualIdsOf(validator)),
  );
