/**
 * Who holds which shares and how many are needed (CG 3.1). Tangible validators and virtual share numbers are different types.
 *
 * @module
 */
import {
  InvalidArgumentsError,
  type ValidatorId,
  type VirtualId,
  encodeList,
  encodeUint16,
  validatorId,
  virtualId,
} from '@dwallet/sigma';
import { maxTotalWeight } from '../profiles.ts';

export interface AccessStructure {
  /** Canonical order; validator v is the v-th. */
  readonly validators: readonly ValidatorId[];
  /** n: total weight, the number of virtual shares. */
  readonly totalWeight: number;
  /** f = floor((n - 1) / 3). */
  readonly maxFaulty: number;
  /** t = n - f: weight that decrypts, certifies, authorises. */
  readonly threshold: number;
  readonly virtualIds: readonly VirtualId[];
  weightOf(validator: ValidatorId): number;
  /** Consecutive numbers of one validator, ascending. */
  virtualIdsOf(validator: ValidatorId): readonly VirtualId[];
  holderOf(share: VirtualId): ValidatorId;
  /** Total weight of distinct validators. */
  weight(validators: Iterable<ValidatorId>): number;
  isAuthorized(validators: Iterable<ValidatorId>): boolean;
  /** Canonical bytes for transcripts: the weights in order. */
  readonly encoded: Uint8Array;
}

/**
 * @param weights - integer weights >= 1 in canonical order; validator ids are 1..weights.length. Equal weights first: all 1.
 * @throws InvalidArgumentsError for a threshold of 1 or a total weight over 128.
 */
export function createAccessStructure(weights: readonly number[]): AccessStructure {
  if (weights.some((w) => !Number.isInteger(w) || w < 1))
    throw new InvalidArgumentsError('weights', 'must be integers from 1');
  const totalWeight = weights.reduce((sum, w) => sum + w, 0);
  if (totalWeight > maxTotalWeight)
    throw new InvalidArgumentsError('weights', `total weight exceeds ${maxTotalWeight}`);
  const maxFaulty = Math.floor((totalWeight - 1) / 3);
  const threshold = totalWeight - maxFaulty;
  if (threshold < 2) throw new InvalidArgumentsError('weights', 'a threshold of 1 is not a threshold');
  const validators = weights.map((_, i) => validatorId(i + 1));
  const shares = new Map<ValidatorId, readonly VirtualId[]>();
  const holders: ValidatorId[] = [];
  for (const v of validators) {
    const count = weights[v - 1] as number;
    shares.set(
      v,
      Array.from({ length: count }, (_, i) => virtualId(holders.length + i + 1)),
    );
    for (let i = 0; i < count; i++) holders.push(v);
  }
  const virtualIdsOf = (v: ValidatorId): readonly VirtualId[] => {
    const held = shares.get(v);
    if (held === undefined) throw new InvalidArgumentsError('validator', `${v} is not in the committee`);
    return held;
  };
  const weight = (set: Iterable<ValidatorId>): number => {
    let sum = 0;
    for (const v of new Set(set)) sum += virtualIdsOf(v).length;
    return sum;
  };
  return {
    validators,
    totalWeight,
    maxFaulty,
    threshold,
    virtualIds: holders.map((_, i) => virtualId(i + 1)),
    weightOf: (v) => virtualIdsOf(v).length,
    virtualIdsOf,
    holderOf(share) {
      const holder = holders[share - 1];
      if (holder === undefined) throw new InvalidArgumentsError('share', `${share} is not in 1..${totalWeight}`);
      return holder;
    },
    weight,
    isAuthorized: (set) => weight(set) >= threshold,
    encoded: encodeList(weights.map((w) => encodeUint16(w))),
  };
}

/** Equal weights: `count` validators of weight 1. */
export const equalWeights = (count: number): AccessStructure =>
  createAccessStructure(Array.from({ length: count }, () => 1));
