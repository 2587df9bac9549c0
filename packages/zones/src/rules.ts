/**
 * All rules in one object, and the transitions under them. Tests take the object apart to show what each rule is for; the package exports
 * the transitions only.
 *
 * @module
 */
import { type EntrySource, entryMatchesSource, judgeEntryWith } from './asset/judge.ts';
import { ledgerRules } from './asset/ledger.ts';
import type { LedgerEntry } from './asset/record.ts';
import {
  type AttestationRules,
  type Attestation,
  type Committee,
  type Tally,
  attestWith,
  attestationRules,
} from './cluster/attestations.ts';
import type { ClusterRecord } from './cluster/record.ts';
import { clusterRules, nodeClusterRule } from './cluster/transition.ts';
import { governanceRules } from './governance/proposal.ts';
import type { Outcome, Refusal, Rule } from './outcome.ts';
import {
  type AuthoriseRules,
  type SignRequest,
  authoriseWith,
  exactPayment,
  readOrOptedIn,
} from './policy/authorise.ts';
import { rawNeverVault } from './policy/dwallet-policy.ts';
import { oneRelease } from './policy/release.ts';
import type { RuleId } from './rule-ids.ts';
import { type World, type WorldEvent, applyEventWith, oneAssetPerVault, zoneStatusWith } from './world.ts';
import { type EffectiveStatus, zoneRules } from './zone/rules.ts';

export interface Rules extends AuthoriseRules, AttestationRules {
  readonly 'CLUSTER:10': Rule<{ readonly record: ClusterRecord; readonly nodes: ReadonlySet<string> }>;
}

export const productRules: Rules & Readonly<Record<RuleId, unknown>> = {
  ...governanceRules,
  ...zoneRules,
  ...ledgerRules,
  ...clusterRules,
  ...attestationRules,
  'ZONE:1': { policy: rawNeverVault, request: readOrOptedIn },
  'ZONE:3': (cluster, chain) => cluster.members.has(chain),
  'ASSET:8': oneAssetPerVault,
  'ASSET:9': exactPayment,
  'ASSET:10': oneRelease,
  'ASSET:11': entryMatchesSource,
  'CLUSTER:10': nodeClusterRule,
};

/** The world after one certified event, or the rule that refuses it. Total and deterministic. */
export const applyEvent = (world: World, event: WorldEvent): Outcome<World> =>
  applyEventWith(productRules, world, event);

/** Judges a ledger entry before the vote. @returns undefined if nothing speaks against it. */
export const judgeEntry = (world: World, entry: LedgerEntry, source: EntrySource): Refusal | undefined =>
  judgeEntryWith(productRules, world, entry, source);

/** Judges a sign request. @returns the world in which it counts: durable before a share leaves. */
export const authorise = (world: World, request: SignRequest): Outcome<World> =>
  authoriseWith(productRules, world, request);

/** A zone's status as it takes effect at `now` (ms); undefined for a chain that is no zone. */
export const zoneStatus = (world: World, chain: string, now: number): EffectiveStatus | undefined =>
  zoneStatusWith(productRules, world, chain, now);

/** Counts one attestation. */
export const attest = (committee: Committee, tally: Tally, attestation: Attestation): Outcome<Tally> =>
  attestWith(productRules, committee, tally, attestation);

/** CLUSTER:10. @param nodes - chains for which this validator has a healthy node of its own. */
export const canServe = (record: ClusterRecord, nodes: ReadonlySet<string>): Refusal | undefined =>
  productRules['CLUSTER:10']({ record, nodes });
