/**
 * Governance of the demonstration: Ed25519 keys, one per chain, and records with their approvals.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { type Digest, hashTagged } from '@dwallet/sigma';
import {
  type Approval,
  type AssetRecord,
  type ClusterRecord,
  type DWalletPolicy,
  type GovernanceKey,
  type GovernanceSet,
  type Proposal,
  type WorldEvent,
  type ZoneRecord,
  approvalBytes,
  assetProposal,
  clusterProposal,
  clusterRecord,
  dwalletProposal,
  encodeSubmission,
  noDigest,
  ownerChain,
  proposalRecord,
  zoneProposal,
} from '@dwallet/zones';
import type { WalletData } from '@dwallet/client-sdk';

/** Signs proposals; the secret stays in here. */
export interface Signer {
  readonly key: GovernanceKey;
  approve(proposal: Proposal): Approval;
}

function signerOf(secret: Uint8Array): Signer {
  const key: GovernanceKey = { scheme: 'ed25519', publicKey: ed25519.getPublicKey(secret) };
  return {
    key,
    approve(proposal) {
      const digest: Digest = proposalRecord.digest(proposal);
      return { key, proposal: digest, signature: ed25519.sign(approvalBytes(digest), secret) };
    },
  };
}
export const newSigner = (): Signer => signerOf(new Uint8Array(randomBytes(32)));
/** The account of a wallet: owner of its dWallets. */
export const accountSigner = ({ seed }: WalletData): Signer =>
  signerOf(hashTagged('wallet-account-key', [new Uint8Array(Buffer.from(seed, 'hex'))], 32));

export const alone = ({ key }: Signer): GovernanceSet => ({ keys: [key], threshold: 1 });

/** Keys of the chains' governance. */
export class Governments {
  readonly #signers = new Map<string, Signer>();
  of(chain: string): Signer {
    const known = this.#signers.get(chain) ?? newSigner();
    this.#signers.set(chain, known);
    return known;
  }
}

const submission = (event: WorldEvent): Uint8Array => encodeSubmission({ kind: 'record', event });
const first = { version: 0n, prev: noDigest };

export function zoneSubmission(
  governments: Governments,
  terms: Pick<ZoneRecord, 'chain' | 'role' | 'finality'> & { readonly settlementMs?: number },
): Uint8Array {
  const signer = governments.of(terms.chain);
  const record: ZoneRecord = {
    settlementMs: 0,
    ...terms,
    governance: alone(signer),
    limits: [],
    status: 'active',
    ...first,
  };
  return submission({ kind: 'zone', record, approvals: [signer.approve(zoneProposal(record))] });
}

export function policySubmission(
  owner: Signer,
  terms: Pick<DWalletPolicy, 'publicKey' | 'purpose' | 'subject'>,
): Uint8Array {
  const record: DWalletPolicy = {
    ...terms,
    owner: alone(owner),
    rawDigest: false,
    calls: false,
    zones: [],
    limits: [],
    ...first,
  };
  return submission({ kind: 'dwallet', record, approvals: [owner.approve(dwalletProposal(record))] });
}

export function assetSubmission(
  governments: Governments,
  terms: Pick<AssetRecord, 'asset' | 'deployments' | 'issuance'>,
): Uint8Array {
  const record: AssetRecord = { ...terms, ...first };
  const approvals = [governments.of(ownerChain(record.asset)).approve(assetProposal(record))];
  return submission({ kind: 'asset', record, approvals });
}

export function clusterSubmission(
  governments: Governments,
  terms: Omit<ClusterRecord, 'version' | 'prev'>,
  at: number,
): Uint8Array {
  const record: ClusterRecord = { ...terms, ...first };
  const proposal = clusterProposal(record);
  const approvals = record.members.map(({ chain }) => governments.of(chain).approve(proposal));
  return submission({ kind: 'new-cluster', record, approvals, at });
}

/** A joint decision of all members of a cluster. @param at - ms, about now. */
export function amendmentSubmission(
  governments: Governments,
  before: ClusterRecord,
  changes: Partial<ClusterRecord>,
  at: number,
): Uint8Array {
  const record: ClusterRecord = {
    ...before,
    ...changes,
    version: before.version + 1n,
    prev: clusterRecord.digest(before),
  };
  const proposal = clusterProposal(record);
  const approvals = before.members.map(({ chain }) => governments.of(chain).approve(proposal));
  return submission({
    kind: 'cluster',
    cluster: record.cluster,
    event: { kind: 'amendment', record, approvals, at },
  });
}
