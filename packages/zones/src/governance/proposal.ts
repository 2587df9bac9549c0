/**
 * Proposals and approvals. A proposal names what changes, from which version to which, and the digest of the whole new record; an
 * approval is one key's signature over the digest of the proposal.
 *
 * Ed25519 keys sign the tagged digest. ECDSA keys sign a personal message (EIP-191) that a person can read, so an ordinary dWallet approves
 * with the formats it has, and raw digests are never needed.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { type Digest, concat, encodeText } from '@dwallet/sigma';
import { type Rule, refuse } from '../outcome.ts';
import { byteString, counter, digestField, hex, oneOf, record, recordType, sameBytes, text } from '../record/codec.ts';
import { type GovernanceKey, type GovernanceSet, keyField } from './keys.ts';

export type ProposalSubject = 'zone' | 'asset' | 'cluster' | 'dwallet' | 'mint';

export interface Proposal {
  readonly subject: ProposalSubject;
  /** CAIP-2 chain, CAIP-19 asset, cluster id, or hex of a public key. */
  readonly id: string;
  /** The version that it leads to; for a mint order its own number. */
  readonly version: bigint;
  /** Digest of the version before; zeros for the first. */
  readonly prev: Digest;
  /** Digest of the new record, or of the order. */
  readonly body: Digest;
}

export interface Approval {
  readonly key: GovernanceKey;
  /** Digest of the proposal. */
  readonly proposal: Digest;
  /** 64 bytes: Ed25519, or r || s with low s. */
  readonly signature: Uint8Array;
}

export const proposalRecord = record<Proposal>('proposal', recordType.proposal, 512, {
  subject: oneOf(['zone', 'asset', 'cluster', 'dwallet', 'mint']),
  id: text(180, (id) => (id === '' ? 'is empty' : undefined)),
  version: counter,
  prev: digestField,
  body: digestField,
});

export const approvalRecord = record<Approval>('approval', recordType.approval, 256, {
  key: keyField,
  proposal: digestField,
  signature: byteString(64, 64),
});

/** What an Ed25519 key signs. */
export const approvalBytes = (proposal: Digest): Uint8Array =>
  concat(encodeText('dwallet-zones-v1/approve/'), proposal);

/** The text that an ECDSA key signs as a personal message (EIP-191). */
export const approvalText = (proposal: Digest): string =>
  `I approve a change of governance in the dWallet network.\nProposal: ${hex(proposal)}`;

/** Digest of {@link approvalText} as EIP-191 version 0x45 has it: 32 bytes. */
export function approvalDigest(proposal: Digest): Uint8Array {
  const message = encodeText(approvalText(proposal));
  return keccak_256(concat(encodeText(`\x19Ethereum Signed Message:\n${message.length}`), message));
}

/** Whether the signature is by this key over this proposal. Never throws. */
export function verifyApproval({ key, proposal, signature }: Approval): boolean {
  if (signature.length !== 64) return false;
  try {
    return key.scheme === 'ed25519'
      ? ed25519.verify(signature, approvalBytes(proposal), key.publicKey, { zip215: false })
      : secp256k1.verify(signature, approvalDigest(proposal), key.publicKey, { prehash: false, lowS: true });
  } catch {
    return false;
  }
}

const sameKey = (a: GovernanceKey, b: GovernanceKey): boolean =>
  a.scheme === b.scheme && sameBytes(a.publicKey, b.publicKey);

/** One approval per key and proposal, the first: nobody makes validators verify more signatures than there are keys. */
function distinctApprovals(approvals: readonly Approval[]): readonly Approval[] {
  const seen = new Set<string>();
  return approvals.filter(({ key, proposal }) => {
    const name = `${key.scheme}:${hex(key.publicKey)}:${hex(proposal)}`;
    return seen.has(name) ? false : seen.add(name);
  });
}

/** The keys of `set` that approved `proposal`: each counts once, whoever else signed too. */
export function approvingKeys(
  rules: Pick<GovernanceRules, 'GOVERNANCE:4'>,
  set: GovernanceSet,
  proposal: Digest,
  approvals: readonly Approval[],
): number {
  const distinct = distinctApprovals(approvals);
  return set.keys.filter((key) =>
    distinct.some(
      (approval) => sameKey(approval.key, key) && rules['GOVERNANCE:4']({ proposal, approval }) === undefined,
    ),
  ).length;
}

/** Whether this key approved `proposal`. */
export const approvedBy = (key: GovernanceKey, proposal: Digest, approvals: readonly Approval[]): boolean =>
  distinctApprovals(approvals).some(
    (approval) => sameKey(approval.key, key) && sameBytes(approval.proposal, proposal) && verifyApproval(approval),
  );

/** A change of one record that governance decides. */
export interface Change {
  /** Keys in force before the change; for the first version its own. */
  readonly governance: GovernanceSet;
  readonly proposal: Proposal;
  readonly approvals: readonly Approval[];
  /** Version and digest in force; undefined before the first. */
  readonly current: { readonly version: bigint; readonly digest: Digest } | undefined;
  /** Undefined if nothing that must stay has changed; else what. */
  readonly altered: string | undefined;
}

export const noDigest = new Uint8Array(32) as Digest;

export interface GovernanceRules {
  readonly 'GOVERNANCE:1': Rule<Change & { readonly verify: Pick<GovernanceRules, 'GOVERNANCE:4'> }>;
  readonly 'GOVERNANCE:2': Rule<Change>;
  readonly 'GOVERNANCE:3': Rule<Change>;
  readonly 'GOVERNANCE:4': Rule<{ readonly proposal: Digest; readonly approval: Approval }>;
}

export const governanceRules: GovernanceRules = {
  'GOVERNANCE:1': ({ governance, proposal, approvals, verify }) => {
    const have = approvingKeys(verify, governance, proposalRecord.digest(proposal), approvals);
    return have >= governance.threshold
      ? undefined
      : refuse('GOVERNANCE:1', `${have} of ${governance.threshold} approvals by the keys of ${proposal.id}`);
  },
  'GOVERNANCE:2': ({ current, proposal }) => {
    const version = current === undefined ? 0n : current.version + 1n;
    if (proposal.version !== version) return refuse('GOVERNANCE:2', `version ${proposal.version} must be ${version}`);
    return sameBytes(proposal.prev, current?.digest ?? noDigest)
      ? undefined
      : refuse('GOVERNANCE:2', 'names another record as the one before');
  },
  'GOVERNANCE:3': ({ altered }) => (altered === undefined ? undefined : refuse('GOVERNANCE:3', altered)),
  'GOVERNANCE:4': ({ proposal, approval }) =>
    sameBytes(approval.proposal, proposal) && verifyApproval(approval)
      ? undefined
      : refuse('GOVERNANCE:4', 'an approval does not sign this proposal'),
};

/** All rules for a change. */
export const judgeChange = (rules: GovernanceRules, change: Change): ReturnType<Rule<Change>> =>
  rules['GOVERNANCE:2'](change) ?? rules['GOVERNANCE:3'](change) ?? rules['GOVERNANCE:1']({ ...change, verify: rules });
