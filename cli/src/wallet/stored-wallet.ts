/**
 * What a keystore knows of its dWallets, read without the network: for lists and addresses. The keystore is authenticated and the record in it was
 * verified when it was stored.
 *
 * @module
 */
import type { WalletData } from '@dwallet/client-sdk/node';
import { fromHex } from '../inspect/text.ts';
import { readDWalletRecord } from '../inspect/records.ts';

export interface StoredDWallet {
  /** 64 hex characters. */
  readonly id: string;
  /** X, 33 bytes compressed. */
  readonly publicKey: Uint8Array;
  /** Presigns that are reserved for it. */
  readonly reservations: number;
}

export interface StoredWalletView {
  /** Id of the pinned network, hex. */
  readonly networkId: string | undefined;
  /** Accepted by their owner. */
  readonly dwallets: readonly StoredDWallet[];
  /** Begun, and never accepted: nothing can be signed with them. */
  readonly unfinished: readonly string[];
}

/** @throws DecodeError */
export const readStoredWallet = ({ network, wallets }: WalletData): StoredWalletView => ({
  networkId: network?.id,
  dwallets: wallets.flatMap(({ id, record, reservations }) =>
    record === undefined
      ? []
      : [{ id, publicKey: readDWalletRecord(fromHex(record)).publicKey, reservations: reservations?.length ?? 0 }],
  ),
  unfinished: wallets.flatMap(({ id, record }) => (record === undefined ? [id] : [])),
});
