/**
 * What the owner of a dWallet allowed it to do. A vault and a cluster's dWallet are bound to their purpose for ever.
 *
 * @module
 */
import { encodeText } from '@dwallet/sigma';
import type { Digest } from '@dwallet/sigma';
import { type GovernanceSet, governanceField } from '../governance/keys.ts';
import { type Rule, refuse } from '../outcome.ts';
import { chainField } from '../record/caip.ts';
import {
  boolean,
  byteString,
  counter,
  digestField,
  hex,
  oneOf,
  record,
  recordType,
  sortedList,
  text,
} from '../record/codec.ts';
import { type ZoneFact, zoneFact } from '../record/fact.ts';
import { type Limit, limitField, limitKey } from '../zone/record.ts';

export interface DWalletPolicy {
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
  /** Who may change this policy: the dWallet's owner. */
  readonly owner: GovernanceSet;
  readonly purpose: 'ordinary' | 'vault' | 'cluster';
  /** Asset (CAIP-19) or cluster that it serves; empty for an ordinary one. */
  readonly subject: string;
  /** Opt-in to signatures over digests that nobody has read. */
  readonly rawDigest: boolean;
  /** Opt-in to calls and typed data that the validators can read but not judge. */
  readonly calls: boolean;
  /** Chains that it may sign for; empty for all. */
  readonly zones: readonly string[];
  /** Ceilings of its own. */
  readonly limits: readonly Limit[];
  readonly version: bigint;
  readonly prev: Digest;
}

export const dwalletPolicyRecord = record<DWalletPolicy>(
  'dwallet-policy',
  recordType.dwalletPolicy,
  65_536,
  {
    publicKey: byteString(33, 33),
    owner: governanceField,
    purpose: oneOf(['ordinary', 'vault', 'cluster']),
    subject: text(180, () => undefined),
    rawDigest: boolean,
    calls: boolean,
    zones: sortedList(chainField, 0, 256, encodeText),
    limits: sortedList(limitField, 0, 256, limitKey),
    version: counter,
    prev: digestField,
  },
  ({ purpose, subject }) =>
    (purpose === 'ordinary') === (subject === '') ? undefined : 'subject and purpose do not fit',
);

export const dwalletPolicyFact = (policy: DWalletPolicy): ZoneFact =>
  zoneFact('dwallet-policy', [hex(policy.publicKey)], policy.version, dwalletPolicyRecord.digest(policy));

/** A policy next to the one before it. */
export interface PolicyChange {
  readonly next: DWalletPolicy;
  readonly current: DWalletPolicy | undefined;
}

/**
 * ZONE:1 for records: a vault signs no raw digests, and only a new dWallet becomes a vault. One that signed before may have signed
 * anything: a raw digest, or an approval that outlives the change.
 */
export const rawNeverVault: Rule<PolicyChange> = ({ next, current }) => {
  if (next.purpose !== 'ordinary' && (next.rawDigest || next.calls)) {
    return refuse('ZONE:1', `a ${next.purpose} signs neither raw digests nor what nobody can read`);
  }
  if (current === undefined || (current.purpose === next.purpose && current.subject === next.subject)) return undefined;
  return refuse(
    'ZONE:1',
    current.purpose === 'ordinary'
      ? `only a new dWallet becomes a ${next.purpose}`
      : `a ${current.purpose} stays what it is`,
  );
};
