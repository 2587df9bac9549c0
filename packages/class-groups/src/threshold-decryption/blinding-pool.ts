/**
 * Blinding pairs made ahead of time (CG 1.10): what a partial decryption needs besides the power itself, so that a signature does not wait for
 * it. In memory only, each pair serves one power.
 *
 * @module
 */
import { InvalidArgumentsError, type Random } from '@dwallet/sigma';
import { type BlindingPair, drawBlinding } from '../proofs/blinded-power.ts';
import type { PreparedKeyShare } from './partial-decrypt.ts';
import { type DecryptionSetup, requireVerificationKey } from './setup.ts';

/** Pairs of one verification key. Whoever sees one used twice sees bases that are related in a known way. */
export class BlindingPool {
  readonly #pairs: BlindingPair[] = [];

  get size(): number {
    return this.#pairs.length;
  }
  add(pair: BlindingPair): void {
    this.#pairs.push(pair);
  }
  /** The pair leaves the pool. undefined if there is none: compute one. */
  take(): BlindingPair | undefined {
    return this.#pairs.pop();
  }
}

/** Pairs that one share keeps at most. */
export const maxBlindingPairs = 1024;

/**
 * Fills the pool of a share up to `count` pairs: two table powers each. A signature takes two pairs per share.
 * @param keyShare - from `prepareKeyShare`.
 * @param random - fresh: a repeated exponent makes two blindings related.
 * @throws InvalidArgumentsError for a share of another committee, and for a count over {@link maxBlindingPairs}.
 */
export function prepareBlinding(
  setup: DecryptionSetup,
  keyShare: PreparedKeyShare,
  count: number,
  random: Random,
): void {
  const { blinding, virtualId, verificationKeyTable } = keyShare;
  if (!Number.isSafeInteger(count) || count < 0 || count > maxBlindingPairs)
    throw new InvalidArgumentsError('count', `must be 0..${maxBlindingPairs}`);
  if (blinding === undefined) throw new InvalidArgumentsError('keyShare', 'was not prepared');
  const key = requireVerificationKey(setup, virtualId);
  while (blinding.size < count) blinding.add(drawBlinding(setup.parameters, key, random, verificationKeyTable));
}
