/**
 * Combination of t decryption shares (CG 3.7).
 *
 * SUCCESS IS NOT INTEGRITY (CG pitfall 18): one share multiplied by f^x gives another plaintext, and no check here can notice. Use a result
 * of unproven shares only where the application verifies it (a signature verifies, a point matches); otherwise ask for proofs.
 *
 * @module
 */
import type { Element } from '@dwallet/kernel';
import { InvalidArgumentsError, ThresholdNotReachedError, type ValidatorId, type VirtualId, mod } from '@dwallet/sigma';
import { combinationFactor, commonFactor } from '../sharing/lagrange.ts';
import type { DecryptionShares } from './partial-decrypt.ts';
import type { DecryptionRequest } from './request.ts';

/**
 * The plaintexts of all ciphertexts, or the positions of those whose combination lies outside F: at least one share is wrong or the
 * ciphertext is malformed.
 */
export type Combination =
  | { readonly ok: true; readonly plaintexts: readonly bigint[] }
  | { readonly ok: false; readonly failed: readonly number[] };

/**
 * Picks shares in the order of the answers, members of Sbar only, until there are t.
 * @throws InvalidArgumentsError for two answers of one validator; ThresholdNotReachedError for fewer than t shares in Sbar.
 */
export function selectShares(
  request: DecryptionRequest,
  answers: readonly DecryptionShares[],
): ReadonlyMap<VirtualId, readonly Element[]> {
  const { expectedSet, setup } = request;
  const need = setup.state.access.threshold;
  const senders = new Set<ValidatorId>();
  const chosen = new Map<VirtualId, readonly Element[]>();
  for (const { sender, shares } of answers) {
    if (senders.has(sender)) throw new InvalidArgumentsError('answers', `two of validator ${sender}`);
    senders.add(sender);
    for (const [share, powers] of shares) if (expectedSet.has(share) && chosen.size < need) chosen.set(share, powers);
  }
  if (chosen.size < need) throw new ThresholdNotReachedError('decryption shares', chosen.size, need);
  return chosen;
}

/**
 * Combines exactly t shares of distinct numbers in Sbar.
 * @param shares - elements parsed with CG:P1 to CG:P7, computed for this very request (the message readers check its digest).
 * @throws InvalidArgumentsError for another count, a number outside Sbar or a wrong number of elements.
 */
export function combineShares(
  request: DecryptionRequest,
  shares: ReadonlyMap<VirtualId, readonly Element[]>,
): Combination {
  const { setup, expectedSet, ciphertexts } = request;
  const { parameters, state, scale, scaleInverse } = setup;
  const { group, q } = parameters;
  const set = [...shares.keys()].sort((x, y) => x - y);
  if (set.length !== state.access.threshold)
    throw new InvalidArgumentsError('shares', `exactly ${state.access.threshold} are needed`);
  if (set.some((share) => !expectedSet.has(share)))
    throw new InvalidArgumentsError('shares', 'a number is not in the expected set');
  for (const powers of shares.values()) {
    if (powers.length !== ciphertexts.length) throw new InvalidArgumentsError('shares', 'one element per ciphertext');
  }
  const factors = set.map((share) => combinationFactor(expectedSet.members, set, share));
  const common = commonFactor(set);
  const plaintexts: bigint[] = [];
  const failed: number[] = [];
  ciphertexts.forEach(({ c2 }, l) => {
    const inner = group.multiPowerVartime(
      set.map((share, i) => ({
        base: (shares.get(share) as readonly Element[])[l] as Element,
        exponent: factors[i] as bigint,
      })),
    );
    // M = c2^(n! E) W^-1 with W = inner^common.
    const logarithm = parameters.logF(
      group.multiPowerVartime([
        { base: c2, exponent: scale },
        { base: inner, exponent: -common },
      ]),
    );
    if (logarithm === undefined) failed.push(l);
    else plaintexts.push(mod(logarithm * scaleInverse, q));
  });
  return failed.length === 0 ? { ok: true, plaintexts } : { ok: false, failed };
}

/**
 * The optimistic path (CG 3.10 step 1): selects and combines unproven shares. The application MUST verify the plaintexts.
 * @throws ThresholdNotReachedError for fewer than t shares of the expected set.
 */
export const combineOptimistic = (request: DecryptionRequest, answers: readonly DecryptionShares[]): Combination =>
  combineShares(request, selectShares(request, answers));
