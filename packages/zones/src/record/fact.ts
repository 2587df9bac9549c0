/**
 * What validators certify about zones: (kind, id, version) -> digest. The shape of the quorum certificates' facts, without their package: the
 * validator's certificate layer takes these as they are. One digest per (kind, id, version) is what makes every rule here agreed upon.
 *
 * @module
 */
import { type Digest, digestTagged, encodeText } from '@dwallet/sigma';

export const zoneFactKinds = [
  'zone',
  'asset',
  'ledger-entry',
  'source-event',
  'release',
  'cluster',
  'cluster-message',
  'cluster-heartbeat',
  'cluster-head',
  'cluster-settlement',
  'dwallet-policy',
] as const;
export type ZoneFactKind = (typeof zoneFactKinds)[number];

export interface ZoneFact {
  readonly kind: ZoneFactKind;
  /** 32 bytes: what there is one digest of. */
  readonly id: Uint8Array;
  /** 0 .. 2^64 - 1: height, nonce, version. */
  readonly version: bigint;
  readonly digest: Digest;
}

/** Id of a fact: 32 bytes over the names that it is about. */
export const factId = (kind: ZoneFactKind, ...names: readonly string[]): Digest =>
  digestTagged(`zones/id/${kind}`, names.map(encodeText));

export const zoneFact = (kind: ZoneFactKind, names: readonly string[], version: bigint, value: Digest): ZoneFact => ({
  kind,
  id: factId(kind, ...names),
  version,
  digest: value,
});
