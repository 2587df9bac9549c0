/**
 * Events of the world as bytes, for the log on which the validators agree: what happened, and the approvals that go with it. One encoding each.
 *
 * @module
 */
import { DecodeError, Reader, concat, encodeBytes, encodeUint16 } from '@dwallet/sigma';
import {
  type LedgerEntry,
  assetFactOf,
  assetRecord,
  entryFact,
  ledgerEntry,
  sourceEventFact,
} from '../asset/record.ts';
import {
  clusterFact,
  clusterRecord,
  headFact,
  headRecord,
  heartbeatFact,
  heartbeatRecord,
  messageFact,
  messageRecord,
  settlementFact,
  settlementRecord,
} from '../cluster/record.ts';
import type { ClusterEvent, ConfigurationReport, Delivery } from '../cluster/transition.ts';
import { type Approval, approvalRecord } from '../governance/proposal.ts';
import { dwalletPolicyFact, dwalletPolicyRecord } from '../policy/dwallet-policy.ts';
import { releaseRecord } from '../policy/release.ts';
import type { WorldEvent } from '../world.ts';
import { zoneFactOf, zoneRecord } from '../zone/record.ts';
import { chainField } from './caip.ts';
import {
  type RecordCodec,
  counter,
  digestField,
  hex,
  record,
  recordType,
  recordVersion,
  sameBytes,
  text,
  time,
} from './codec.ts';
import type { ZoneFact } from './fact.ts';

const name = text(64, (value) => (/^[-_.a-z0-9]{1,64}$/.test(value) ? undefined : 'is no name of a cluster'));

const deliveryRecord = record<Delivery>('cluster-delivery', recordType.delivery, 512, {
  cluster: name,
  from: chainField,
  to: chainField,
  nonce: counter,
  at: time,
});

const configurationRecord = record<ConfigurationReport>('cluster-configuration', recordType.configuration, 512, {
  cluster: name,
  member: chainField,
  configuration: digestField,
});

/** Kinds in their order on the wire. Only ever appended. */
const kinds = [
  'zone',
  'asset',
  'dwallet',
  'new-cluster',
  'amendment',
  'entry',
  'release',
  'message',
  'delivery',
  'heartbeat',
  'head',
  'conflict',
  'settlement',
  'configuration',
] as const;
type Kind = (typeof kinds)[number];

const maxApprovals = 4096;
const maxRecordBytes = 1_048_576;

interface Parts {
  readonly kind: Kind;
  /** One record, or the two heads of a conflict. */
  readonly records: readonly Uint8Array[];
  readonly approvals: readonly Approval[];
  readonly at: number;
}

const plain = <T>(kind: Kind, codec: RecordCodec<T>, value: T): Parts => ({
  kind,
  records: [codec.encode(value)],
  approvals: [],
  at: 0,
});
const approved = <T>(
  kind: Kind,
  codec: RecordCodec<T>,
  {
    record: value,
    approvals,
    at = 0,
  }: { readonly record: T; readonly approvals: readonly Approval[]; readonly at?: number },
): Parts => ({ ...plain(kind, codec, value), approvals, at });

function clusterParts(event: ClusterEvent): Parts {
  switch (event.kind) {
    case 'message':
      return plain('message', messageRecord, event.message);
    case 'delivery':
      return plain('delivery', deliveryRecord, event.delivery);
    case 'heartbeat':
      return plain('heartbeat', heartbeatRecord, event.heartbeat);
    case 'head':
      return plain('head', headRecord, event.head);
    case 'conflict':
      return { kind: 'conflict', records: event.heads.map((head) => headRecord.encode(head)), approvals: [], at: 0 };
    case 'settlement':
      return plain('settlement', settlementRecord, event.settlement);
    case 'configuration':
      return plain('configuration', configurationRecord, event.report);
    case 'amendment':
      return approved('amendment', clusterRecord, event);
  }
}

function parts(event: WorldEvent): Parts {
  switch (event.kind) {
    case 'zone':
      return approved('zone', zoneRecord, event);
    case 'asset':
      return approved('asset', assetRecord, event);
    case 'dwallet':
      return approved('dwallet', dwalletPolicyRecord, event);
    case 'new-cluster':
      return approved('new-cluster', clusterRecord, event);
    case 'cluster':
      return clusterParts(event.event);
    case 'entry':
      return plain('entry', ledgerEntry, event.entry);
    case 'release':
      return plain('release', releaseRecord, event.release);
  }
}

/** version, type, kind, records, approvals, time. @throws InvalidArgumentsError naming the field. */
export function encodeWorldEvent(event: WorldEvent): Uint8Array {
  const { kind, records, approvals, at } = parts(event);
  return concat(
    Uint8Array.of(recordVersion, recordType.worldEvent, kinds.indexOf(kind), records.length),
    ...records.map(encodeBytes),
    encodeUint16(approvals.length),
    ...approvals.map((approval) => encodeBytes(approvalRecord.encode(approval))),
    time.write(at, 'event.at'),
  );
}

const ofCluster = (cluster: string, event: ClusterEvent): WorldEvent => ({ kind: 'cluster', cluster, event });

function eventOf({
  kind,
  records: [bytes = new Uint8Array(0), second = new Uint8Array(0)],
  approvals,
  at,
}: Parts): WorldEvent {
  switch (kind) {
    case 'zone':
      return { kind, record: zoneRecord.decode(bytes), approvals };
    case 'asset':
      return { kind, record: assetRecord.decode(bytes), approvals };
    case 'dwallet':
      return { kind, record: dwalletPolicyRecord.decode(bytes), approvals };
    case 'new-cluster':
      return { kind, record: clusterRecord.decode(bytes), approvals, at };
    case 'amendment': {
      const next = clusterRecord.decode(bytes);
      return ofCluster(next.cluster, { kind, record: next, approvals, at });
    }
    case 'entry':
      return { kind, entry: ledgerEntry.decode(bytes) };
    case 'release':
      return { kind, release: releaseRecord.decode(bytes) };
    case 'message': {
      const message = messageRecord.decode(bytes);
      return ofCluster(message.cluster, { kind, message });
    }
    case 'delivery': {
      const delivery = deliveryRecord.decode(bytes);
      return ofCluster(delivery.cluster, { kind, delivery });
    }
    case 'heartbeat': {
      const heartbeat = heartbeatRecord.decode(bytes);
      return ofCluster(heartbeat.cluster, { kind, heartbeat });
    }
    case 'head': {
      const head = headRecord.decode(bytes);
      return ofCluster(head.cluster, { kind, head });
    }
    case 'conflict': {
      const heads = [headRecord.decode(bytes), headRecord.decode(second)] as const;
      return ofCluster(heads[0].cluster, { kind, heads });
    }
    case 'settlement': {
      const settlement = settlementRecord.decode(bytes);
      return ofCluster(settlement.cluster, { kind, settlement });
    }
    case 'configuration': {
      const report = configurationRecord.decode(bytes);
      return ofCluster(report.cluster, { kind, report });
    }
  }
}

/** Strict: written again it is the same bytes. @throws DecodeError naming the field. */
export function decodeWorldEvent(bytes: Uint8Array): WorldEvent {
  const reader = new Reader(bytes, 'world-event');
  reader.constant('version', recordVersion);
  reader.constant('type', recordType.worldEvent);
  const kind = kinds[reader.uint8('kind')];
  if (kind === undefined) throw new DecodeError(reader.path('kind'), 'is unknown');
  const count = reader.uint8('records');
  if (count !== (kind === 'conflict' ? 2 : 1)) throw new DecodeError(reader.path('records'), 'is a wrong number');
  const records = Array.from({ length: count }, (_, i) => reader.bytes(`record[${i}]`, maxRecordBytes));
  const length = reader.uint16('approvals');
  if (length > maxApprovals) throw new DecodeError(reader.path('approvals'), `exceeds ${maxApprovals}`);
  const approvals = Array.from({ length }, (_, i) => approvalRecord.decode(reader.bytes(`approvals[${i}]`, 256)));
  const at = time.read(reader, 'at');
  reader.end();
  const event = eventOf({ kind, records, approvals, at });
  if (!sameBytes(encodeWorldEvent(event), bytes))
    throw new DecodeError('world-event.bytes', 'are not the canonical encoding');
  return event;
}

const entryFacts = (entry: LedgerEntry): ZoneFact[] => [entryFact(entry), sourceEventFact(entry)];

function clusterFacts(event: ClusterEvent): ZoneFact[] {
  switch (event.kind) {
    case 'message':
      return [messageFact(event.message)];
    case 'heartbeat':
      return [heartbeatFact(event.heartbeat)];
    case 'head':
      return [headFact(event.head)];
    case 'settlement':
      return [settlementFact(event.settlement)];
    case 'amendment':
      return [clusterFact(event.record)];
    // These only say how members took what the facts above are about.
    case 'delivery':
    case 'conflict':
    case 'configuration':
      return [];
  }
}

/** What validators certify about an event that the world accepted. A release's fact depends on the world: see `releaseFactIn`. */
export function eventFacts(event: WorldEvent): readonly ZoneFact[] {
  switch (event.kind) {
    case 'zone':
      return [zoneFactOf(event.record)];
    case 'asset':
      return [assetFactOf(event.record)];
    case 'dwallet':
      return [dwalletPolicyFact(event.record)];
    case 'new-cluster':
      return [clusterFact(event.record)];
    case 'cluster':
      return clusterFacts(event.event);
    case 'entry':
      return entryFacts(event.entry);
    case 'release':
      return [];
  }
}

/** What an event is about: whatever goes wrong with it concerns this and nothing else (ZONE:3). */
export interface EventScope {
  readonly kind: 'zone' | 'asset' | 'cluster' | 'dwallet';
  /** CAIP-2, CAIP-19, name, or hex of a public key. */
  readonly id: string;
}

export function eventScope(event: WorldEvent): EventScope {
  switch (event.kind) {
    case 'zone':
      return { kind: 'zone', id: event.record.chain };
    case 'asset':
      return { kind: 'asset', id: event.record.asset };
    case 'entry':
      return { kind: 'asset', id: event.entry.asset };
    case 'dwallet':
      return { kind: 'dwallet', id: hex(event.record.publicKey) };
    case 'release':
      return { kind: 'dwallet', id: hex(event.release.publicKey) };
    case 'new-cluster':
      return { kind: 'cluster', id: event.record.cluster };
    case 'cluster':
      return { kind: 'cluster', id: event.cluster };
  }
}
