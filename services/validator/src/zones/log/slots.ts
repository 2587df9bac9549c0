/**
 * Slots of the zone log as bytes and facts. A slot holds a batch of events of the world; its digest covers the digest of the slot before, so one certificate
 * covers the whole history.
 *
 * @module
 */
import {
  DecodeError,
  type Digest,
  Reader,
  concat,
  digestTagged,
  encodeBytes,
  encodeText,
  encodeUint16,
  encodeUint64,
} from '@dwallet/sigma';
import type { Fact } from '@dwallet/two-pc-mpc/network';
import { type RuleId, ruleTexts } from '@dwallet/zones';

/** Events of one slot, and bytes of all of them. */
export const maxBatchEvents = 256;
export const maxBatchBytes = 2 * 1024 * 1024;

/** Events in order, 1..{@link maxBatchEvents}. */
export const encodeBatch = (events: readonly Uint8Array[]): Uint8Array =>
  concat(encodeUint16(events.length), ...events.map(encodeBytes));

/** Strict. @throws DecodeError */
export function decodeBatch(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length > maxBatchBytes) throw new DecodeError('Batch.length', `exceeds ${maxBatchBytes} bytes`);
  const reader = new Reader(bytes, 'Batch');
  const count = reader.uint16('count');
  if (count < 1 || count > maxBatchEvents)
    throw new DecodeError('Batch.count', `${count} is not in 1..${maxBatchEvents}`);
  const events = Array.from({ length: count }, (_, i) => reader.bytes(`[${i}]`, maxBatchBytes));
  reader.end();
  return events;
}

/** What stands before slot 0. */
export const logGenesis = (networkId: Digest): Digest => digestTagged('zones/log-genesis', [networkId]);

/** @param before - digest of the slot before. */
export const slotDigest = (slot: bigint, before: Digest, batch: Uint8Array): Digest =>
  digestTagged('zones/log-slot', [encodeUint64(slot), before, batch]);

const factOf = (networkId: Digest, slot: bigint, value: Digest, version: bigint): Fact => ({
  kind: 'zone-log',
  id: digestTagged('zones/log-id', [networkId, encodeUint64(slot)]),
  version,
  digest: value,
});

/** Vote of the first phase of a ballot. */
export const preparedSlotFact = (networkId: Digest, slot: bigint, value: Digest, ballot: bigint): Fact =>
  factOf(networkId, slot, value, 2n * ballot);

/** Vote of the second phase: its certificate decides the slot for ever. */
export const decidedSlotFact = (networkId: Digest, slot: bigint, value: Digest, ballot: bigint): Fact =>
  factOf(networkId, slot, value, 2n * ballot + 1n);

/** A batch with a certificate of one phase over its slot. */
export interface CertifiedBatch {
  readonly batch: Uint8Array;
  readonly certificate: Uint8Array;
}

/** Every message between validators about the log begins with its slot, 8 bytes. */
export interface SlotMessage {
  readonly slot: bigint;
  /** 0 where the message is not about a ballot. */
  readonly ballot: bigint;
  readonly batch: Uint8Array;
  /** What a quorum prepared earlier, prepared now, or decided; empty for none. */
  readonly certificate: Uint8Array;
}

const maxCertificateBytes = 16_384;
const none = new Uint8Array(0);

export const encodeSlotMessage = ({ slot, ballot, batch, certificate }: SlotMessage): Uint8Array =>
  concat(encodeUint64(slot), encodeUint64(ballot), encodeBytes(batch), encodeBytes(certificate));

/** Strict. @throws DecodeError */
export function decodeSlotMessage(bytes: Uint8Array): SlotMessage {
  const reader = new Reader(bytes, 'SlotMessage');
  const slot = reader.uint64('slot');
  const ballot = reader.uint64('ballot');
  const batch = reader.bytes('batch', maxBatchBytes);
  const certificate = reader.bytes('certificate', maxCertificateBytes);
  reader.end();
  return { slot, ballot, batch, certificate };
}

/** What a member tells a leader about a slot. */
export interface SlotStatus {
  /** Its next undecided slot. */
  readonly height: bigint;
  /** The last ballot that it took part in, for that slot. */
  readonly ballot: bigint;
  /** What it is locked on there, or the decided batch of the slot that was asked for. */
  readonly locked: CertifiedBatch | undefined;
  readonly decided: CertifiedBatch | undefined;
}

const encodeCertified = (value: CertifiedBatch | undefined): Uint8Array =>
  concat(encodeBytes(value?.batch ?? none), encodeBytes(value?.certificate ?? none));

const readCertified = (reader: Reader, field: string): CertifiedBatch | undefined => {
  const batch = reader.bytes(`${field}.batch`, maxBatchBytes);
  const certificate = reader.bytes(`${field}.certificate`, maxCertificateBytes);
  return batch.length === 0 ? undefined : { batch, certificate };
};

export const encodeSlotStatus = ({ height, ballot, locked, decided }: SlotStatus): Uint8Array =>
  concat(encodeUint64(height), encodeUint64(ballot), encodeCertified(locked), encodeCertified(decided));

export function decodeSlotStatus(bytes: Uint8Array): SlotStatus {
  const reader = new Reader(bytes, 'SlotStatus');
  const status = {
    height: reader.uint64('height'),
    ballot: reader.uint64('ballot'),
    locked: readCertified(reader, 'locked'),
    decided: readCertified(reader, 'decided'),
  };
  reader.end();
  return status;
}

/** A member's answer to a proposal: its vote, or which event it does not agree to. */
export type ProposalAnswer =
  | { readonly kind: 'vote'; readonly signature: Uint8Array }
  | { readonly kind: 'refused'; readonly event: number; readonly rule: RuleId; readonly reason: string };

const maxReason = 1024;
const isRule = (name: string): name is RuleId => Object.hasOwn(ruleTexts, name);

export const encodeProposalAnswer = (answer: ProposalAnswer): Uint8Array =>
  answer.kind === 'vote'
    ? concat(Uint8Array.of(1), answer.signature)
    : concat(
        Uint8Array.of(0),
        encodeUint16(answer.event),
        encodeBytes(encodeText(answer.rule)),
        encodeBytes(encodeText(answer.reason.slice(0, maxReason / 4))),
      );

export function decodeProposalAnswer(bytes: Uint8Array): ProposalAnswer {
  const reader = new Reader(bytes, 'ProposalAnswer');
  const kind = reader.uint8('kind');
  if (kind > 1) throw new DecodeError(reader.path('kind'), 'is unknown');
  const text = (field: string, most: number): string => new TextDecoder().decode(reader.bytes(field, most));
  // A name that nobody knows would become a label of metrics.
  const rule = (): RuleId => {
    const name = text('rule', 32);
    if (!isRule(name)) throw new DecodeError(reader.path('rule'), 'is unknown');
    return name;
  };
  const answer: ProposalAnswer =
    kind === 1
      ? { kind: 'vote', signature: reader.fixed('signature', 64) }
      : { kind: 'refused', event: reader.uint16('event'), rule: rule(), reason: text('reason', maxReason) };
  reader.end();
  return answer;
}

/** A decided slot as it is stored and handed to others: batch and certificate. */
export const encodeDecided = (value: CertifiedBatch): Uint8Array => encodeCertified(value);
export function decodeDecided(bytes: Uint8Array): CertifiedBatch {
  const reader = new Reader(bytes, 'DecidedSlot');
  const value = readCertified(reader, 'slot');
  reader.end();
  if (value === undefined) throw new DecodeError('DecidedSlot', 'is empty');
  return value;
}
