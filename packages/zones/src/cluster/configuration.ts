/**
 * What a chain runs, as far as a cluster approves it: the contracts that speak for it, their code and their security-critical settings. Its digest is
 * `ClusterMember.configuration`, so that those who approve an upgrade and those who watch the chain compute the same one (CLUSTER:9).
 *
 * @module
 */
import { type Digest, encodeText } from '@dwallet/sigma';
import { addressField, addressProblem, chainField } from '../record/caip.ts';
import { digestField, record, recordType, sortedList, struct } from '../record/codec.ts';

/** One word of a contract's storage. */
export interface StorageWord {
  /** 32 bytes each. */
  readonly slot: Digest;
  readonly value: Digest;
}

/** One contract as it stands after a block. */
export interface RunningContract {
  /** In its chain's one spelling. */
  readonly address: string;
  /** keccak-256 of its runtime code; of nothing where there is no contract. */
  readonly code: Digest;
  /** Security-critical settings, ascending by slot. */
  readonly storage: readonly StorageWord[];
}

export interface ChainConfiguration {
  /** CAIP-2. */
  readonly chain: string;
  /** Ascending by address (ASCII). */
  readonly contracts: readonly RunningContract[];
}

export const chainConfiguration = record<ChainConfiguration>(
  'chain-configuration',
  recordType.chainConfiguration,
  262_144,
  {
    chain: chainField,
    contracts: sortedList(
      struct<RunningContract>({
        address: addressField,
        code: digestField,
        storage: sortedList(struct<StorageWord>({ slot: digestField, value: digestField }), 0, 64, ({ slot }) => slot),
      }),
      1,
      256,
      ({ address }) => encodeText(address),
    ),
  },
  ({ chain, contracts }) => {
    const wrong = contracts
      .map(({ address }) => addressProblem(chain, address))
      .find((problem) => problem !== undefined);
    return wrong === undefined ? undefined : `address ${wrong}`;
  },
);
