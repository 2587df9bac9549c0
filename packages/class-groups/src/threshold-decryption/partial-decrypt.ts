/**
 * Partial decryption (CG 3.6): ds_j = beta_j^(d_j) for each own virtual number and each ciphertext of the request.
 *
 * The caller has fixed the request before: a session is answered once, with one list of ciphertexts (CG 3.6, MPC 5.8). That marker is
 * durable state and lives in the store, not here.
 *
 * @module
 */
import type { Element, FixedBaseTable } from '@dwallet/kernel';
import { InvalidArgumentsError, type Random, type ValidatorId, type VirtualId } from '@dwallet/sigma';
import { blindedPower } from '../proofs/blinded-power.ts';
import type { DecryptionKeyShare } from '../sharing/sharing-state.ts';
import { loadTable } from '../table-cache.ts';
import { requireDecryptable } from './decryptable-ciphertext.ts';
import { type DecryptionRequest, verificationKeyOf } from './request.ts';
import { BlindingPool } from './blinding-pool.ts';
import { type DecryptionSetup, requireVerificationKey } from './setup.ts';

/** One validator's own share with what saves work for each ciphertext. */
export interface PreparedKeyShare extends DecryptionKeyShare {
  /** Of V_j. */
  readonly verificationKeyTable?: FixedBaseTable;
  /** Filled by `prepareBlinding`; empty at first. */
  readonly blinding?: BlindingPool;
}

/** The answer of one validator: for each of its virtual numbers, in ascending order, ds_j of each ciphertext. */
export interface DecryptionShares {
  readonly sender: ValidatorId;
  readonly shares: ReadonlyMap<VirtualId, readonly Element[]>;
}

/**
 * Adds the table of V_j (from the parameters' cache if they have one), and an empty pool of blinding pairs, to a share that will be used more than a few times.
 * @throws InvalidArgumentsError for a share of another committee.
 */
export function prepareKeyShare(setup: DecryptionSetup, share: DecryptionKeyShare): PreparedKeyShare {
  const { group, randomnessBits, tableCache } = setup.parameters;
  const key = requireVerificationKey(setup, share.virtualId);
  const verificationKeyTable = loadTable(group, key, randomnessBits, tableCache);
  return { ...share, verificationKeyTable, blinding: new BlindingPool() };
}

/**
 * The validator that holds exactly these shares.
 * @throws InvalidArgumentsError unless they are all shares of one validator, each once.
 */
export function holderOfShares({ state }: DecryptionSetup, shares: readonly DecryptionKeyShare[]): ValidatorId {
  const [first] = shares;
  if (first === undefined) throw new InvalidArgumentsError('shares', 'at least one');
  const holder = state.access.holderOf(first.virtualId);
  const own = state.access.virtualIdsOf(holder);
  if (shares.length !== own.length || own.some((id) => !shares.some(({ virtualId }) => virtualId === id)))
    throw new InvalidArgumentsError('shares', 'must be all shares of one validator');
  return holder;
}

/**
 * @param shares - all shares of one validator.
 * @param random - fresh: one blinding exponent per share and ciphertext, unless the pool of the share has a pair.
 * @throws InvalidArgumentsError for foreign or missing shares; KernelArgumentError for a share over its bound.
 * Time: variable in public values; the secret exponents go through the regular recoding on blinded bases. Secrets touched: `d_j`.
 */
export function partialDecrypt(
  request: DecryptionRequest,
  shares: readonly PreparedKeyShare[],
  random: Random,
): DecryptionShares {
  const { setup } = request;
  for (const ciphertext of request.ciphertexts) requireDecryptable(ciphertext);
  const sender = holderOfShares(setup, shares);
  const sorted = [...shares].sort((x, y) => x.virtualId - y.virtualId);
  return {
    sender,
    shares: new Map(
      sorted.map(({ virtualId, share, verificationKeyTable, blinding }) => [
        virtualId,
        request
          .basesOf(virtualId)
          .map((base) =>
            blindedPower(
              setup.parameters,
              base,
              share.expose(),
              setup.exponentBits,
              verificationKeyOf(request, virtualId),
              random,
              verificationKeyTable,
              blinding?.take(),
            ),
          ),
      ]),
    ),
  };
}
