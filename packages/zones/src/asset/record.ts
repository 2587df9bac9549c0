/**
 * Records of an asset: where it lives, who holds its vaults, and the entries of its ledger.
 *
 * @module
 */
import { type Digest, concat, digestTagged, encodeBytes, encodeText, encodeUint } from '@dwallet/sigma';
import { addressField, addressProblem, assetChain, assetField, chainField } from '../record/caip.ts';
import {
  amount,
  byteString,
  counter,
  digestField,
  oneOf,
  record,
  recordType,
  sortedList,
  struct,
  text,
  time,
} from '../record/codec.ts';
import { type ZoneFact, factId, zoneFact } from '../record/fact.ts';

/** The asset on one chain. Amounts count in the same smallest unit on every chain. */
export interface Deployment {
  /** CAIP-2. */
  readonly chain: string;
  /** CAIP-19 on this chain. */
  readonly token: string;
  /** The vault's address on this chain. */
  readonly vault: string;
  /** The vault dWallet's public key: 33 bytes, compressed. */
  readonly vaultKey: Uint8Array;
  /** How the vault pays out: from what it holds, or with the mint call of a token whose minter it is. */
  readonly release: 'transfer' | 'mint';
  /** The highest fee of one release, in the smallest unit of the chain's own coin. */
  readonly maxFee: bigint;
}

export interface AssetRecord {
  /** CAIP-19 on the OwnerChain: its first part is the OwnerChain. */
  readonly asset: string;
  /** Ascending by chain; the OwnerChain is one of them. */
  readonly deployments: readonly Deployment[];
  /** Who makes new units: the OwnerChain's own contract (entries follow its events), or the vault by order of its governance. */
  readonly issuance: 'chain' | 'vault';
  readonly version: bigint;
  readonly prev: Digest;
}

export const ownerChain = (asset: string): string => assetChain(asset);

export const assetRecord = record<AssetRecord>(
  'asset',
  recordType.asset,
  65_536,
  {
    asset: assetField,
    deployments: sortedList(
      struct<Deployment>({
        chain: chainField,
        token: assetField,
        vault: addressField,
        vaultKey: byteString(33, 33),
        release: oneOf(['transfer', 'mint']),
        maxFee: amount,
      }),
      1,
      128,
      ({ chain }) => encodeText(chain),
    ),
    issuance: oneOf(['chain', 'vault']),
    version: counter,
    prev: digestField,
  },
  ({ asset, deployments }) => {
    for (const { chain, token, vault } of deployments) {
      if (assetChain(token) !== chain) return `${token} is not on ${chain}`;
      const wrong = addressProblem(chain, vault);
      if (wrong !== undefined) return `vault on ${chain} ${wrong}`;
    }
    const home = deployments.find(({ chain }) => chain === ownerChain(asset));
    return home?.token === asset ? undefined : 'lacks its own token on the OwnerChain';
  },
);

/** Where value left. */
export interface SourceEvent {
  readonly chain: string;
  /** Names the event for ever, whatever block it is in: transaction id and log or output index, or `order:` and a proposal's digest. */
  readonly reference: string;
}

export interface LedgerEntry {
  readonly asset: string;
  /** 0, 1, 2, ... without gaps. */
  readonly height: bigint;
  /** Digest of the entry before; of the asset's id for the first. */
  readonly prev: Digest;
  readonly kind: 'mint' | 'burn' | 'transfer';
  /** CAIP-2. Both are the OwnerChain for mint and burn. */
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
  /** Who is paid on `to`; empty where no vault pays (a burn, or a mint that the OwnerChain's contract made itself). */
  readonly recipient: string;
  readonly sourceEvent: SourceEvent;
  /** Agreed time of the entry, ms; never before the entry before it. */
  readonly time: number;
}

const sourceEventField = struct<SourceEvent>({
  chain: chainField,
  reference: text(160, (value) =>
    /^[-_.:%#/a-zA-Z0-9]{1,160}$/.test(value) ? undefined : 'is not an event reference',
  ),
});

export const ledgerEntry = record<LedgerEntry>(
  'ledger-entry',
  recordType.ledgerEntry,
  2048,
  {
    asset: assetField,
    height: counter,
    prev: digestField,
    kind: oneOf(['mint', 'burn', 'transfer']),
    from: chainField,
    to: chainField,
    amount,
    recipient: text(128, () => undefined),
    sourceEvent: sourceEventField,
    time,
  },
  ({ amount: value, kind, to, recipient, from, sourceEvent }) => {
    if (value === 0n) return 'amount is zero';
    if (sourceEvent.chain !== from) return 'the source event is on another chain than `from`';
    if (recipient === '') return kind === 'transfer' ? 'a transfer lacks its recipient' : undefined;
    if (kind === 'burn') return 'a burn has no recipient';
    return addressProblem(to, recipient) === undefined ? undefined : `recipient is not an address of ${to}`;
  },
);

export const genesisDigest = (asset: string): Digest => digestTagged('zones/ledger-genesis', [encodeText(asset)]);

/** What a source event is called when it is spent: 32 bytes. */
export const sourceEventId = ({ chain, reference }: SourceEvent): Digest => factId('source-event', chain, reference);

/** What an order of the OwnerChain's governance says (`issuance: vault`). Its digest is the body of a proposal of subject `mint`. */
export interface MintOrder {
  readonly asset: string;
  readonly amount: bigint;
  readonly recipient: string;
}

export const mintOrderDigest = ({ asset, amount: value, recipient }: MintOrder): Digest =>
  digestTagged('zones/mint-order', [
    concat(encodeBytes(encodeText(asset)), encodeUint(value, 32), encodeBytes(encodeText(recipient))),
  ]);

export const assetFactOf = (asset: AssetRecord): ZoneFact =>
  zoneFact('asset', [asset.asset], asset.version, assetRecord.digest(asset));

/** One entry per height of an asset. */
export const entryFact = (entry: LedgerEntry): ZoneFact =>
  zoneFact('ledger-entry', [entry.asset], entry.height, ledgerEntry.digest(entry));

/** One entry per source event, over all assets: certify it together with {@link entryFact}. */
export const sourceEventFact = (entry: LedgerEntry): ZoneFact => ({
  kind: 'source-event',
  id: sourceEventId(entry.sourceEvent),
  version: 0n,
  digest: ledgerEntry.digest(entry),
});
