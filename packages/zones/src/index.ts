/**
 * What a validator knows about chains, assets and clusters: records and rules as pure functions (docs/zones.md).
 *
 * @module
 */
export { type EntrySource, type ObservedEvent, orderReference } from './asset/judge.ts';
export { type Destination, decodeDestination, encodeDestination, maxDestinationBytes } from './asset/destination.ts';
export { type Ledger, balanceOf, pruneOutflows } from './asset/ledger.ts';
export {
  type AssetRecord,
  type Deployment,
  type LedgerEntry,
  type MintOrder,
  type SourceEvent,
  assetFactOf,
  assetRecord,
  entryFact,
  genesisDigest,
  ledgerEntry,
  mintOrderDigest,
  ownerChain,
  sourceEventFact,
  sourceEventId,
} from './asset/record.ts';
export {
  type Attestation,
  type Committee,
  type Tally,
  certifiedDigests,
  isEquivocation,
  newTally,
} from './cluster/attestations.ts';
export {
  type ChainConfiguration,
  type RunningContract,
  type StorageWord,
  chainConfiguration,
} from './cluster/configuration.ts';
export {
  type ClusterHead,
  type ClusterMember,
  type ClusterMessage,
  type ClusterRecord,
  type Heartbeat,
  type MessageCount,
  type MessageRoot,
  type SettledHead,
  type SettlementRecord,
  clusterFact,
  clusterRecord,
  headFact,
  headRecord,
  heartbeatFact,
  heartbeatRecord,
  messageFact,
  messageRecord,
  messagesRoot,
  settlementCalldata,
  settlementFact,
  settlementRecord,
} from './cluster/record.ts';
export { expectedRoots, messagesInDoubt } from './cluster/settlement.ts';
export {
  type ClusterState,
  type MemberState,
  type SafetyFault,
  channelOf,
  messagesAwaitingSettlement,
  nextDelivery,
  nextNonce,
} from './cluster/state.ts';
export { type ClusterStatus, clusterStatus, describeStatus, horizon } from './cluster/synchrony.ts';
export { type ClusterEvent, type ConfigurationReport, type Delivery, mayRun } from './cluster/transition.ts';
export type { GovernanceKey, GovernanceSet, KeyScheme } from './governance/keys.ts';
export {
  type Approval,
  type Proposal,
  type ProposalSubject,
  approvalBytes,
  approvalDigest,
  approvalRecord,
  approvalText,
  approvedBy,
  noDigest,
  proposalRecord,
  verifyApproval,
} from './governance/proposal.ts';
export type { Accepted, Leg, Outcome, Refusal } from './outcome.ts';
export { PersistentMap } from './persistent-map.ts';
export { type SignRequest, requestOutflows } from './policy/authorise.ts';
export { type Authority, decodeAuthority, encodeAuthority } from './policy/authority.ts';
export { type ReleaseRecord, releaseFact, releaseFactIn, releaseRecord, slotId } from './policy/release.ts';
export { type DWalletPolicy, dwalletPolicyFact, dwalletPolicyRecord } from './policy/dwallet-policy.ts';
export {
  type Movement,
  type NativeEffects,
  type OpaqueCall,
  type Slot,
  addressOfKey,
  effectsOf,
  eip1559Effects,
  opaqueEffects,
  p2wpkhEffects,
} from './policy/native-effects.ts';
export { addressProblem, assetChain, assetProblem, nativeAsset } from './record/caip.ts';
export { type EventScope, decodeWorldEvent, encodeWorldEvent, eventFacts, eventScope } from './record/world-event.ts';
export type { RecordCodec } from './record/codec.ts';
export { type OrderedMint, type Submission, decodeSubmission, encodeSubmission } from './record/submission.ts';
export { type ZoneFact, type ZoneFactKind, factId, zoneFactKinds } from './record/fact.ts';
export { type RuleId, ruleTexts } from './rule-ids.ts';
export { applyEvent, attest, authorise, canServe, judgeEntry, zoneStatus } from './rules.ts';
export {
  type AssetState,
  type DWalletState,
  type World,
  type WorldEvent,
  type ZoneState,
  worldVersion,
  assetProposal,
  clusterProposal,
  dwalletProposal,
  emptyWorld,
  zoneProposal,
} from './world.ts';
export {
  type Finality,
  type Limit,
  type ZoneRecord,
  type ZoneRole,
  longestWindowMs,
  zoneFactOf,
  zoneRecord,
} from './zone/record.ts';
export { type ChainView, type EffectiveStatus, type Outflow, isFinal } from './zone/rules.ts';
