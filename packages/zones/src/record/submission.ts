/**
 * What clients submit to validators about zones: a record with the approvals of its governance, or an order to mint. Strict.
 *
 * @module
 */
import { DecodeError, Reader, concat, encodeBytes, encodeText, encodeUint16, encodeUint8 } from '@dwallet/sigma';
import { type MintOrder, mintOrderDigest } from '../asset/record.ts';
import { type Approval, type Proposal, approvalRecord, proposalRecord } from '../governance/proposal.ts';
import type { WorldEvent } from '../world.ts';
import { sameBytes } from './codec.ts';
import { decodeWorldEvent, encodeWorldEvent } from './world-event.ts';

/** An order of an OwnerChain's governance to its vault, with what shows it. */
export interface OrderedMint {
  readonly order: MintOrder;
  readonly proposal: Proposal;
  readonly approvals: readonly Approval[];
}

export type Submission =
  /** A record of governance: zone, asset, dWallet policy, cluster. */
  { readonly kind: 'record'; readonly event: WorldEvent } | ({ readonly kind: 'mint' } & OrderedMint);

const maxApprovals = 256;

const isRecord = (event: WorldEvent): boolean =>
  ['zone', 'asset', 'dwallet', 'new-cluster'].includes(event.kind) ||
  (event.kind === 'cluster' && event.event.kind === 'amendment');

export const encodeSubmission = (submission: Submission): Uint8Array =>
  submission.kind === 'record'
    ? concat(encodeUint8(0), encodeBytes(encodeWorldEvent(submission.event)))
    : concat(
        encodeUint8(1),
        encodeBytes(encodeText(submission.order.asset)),
        encodeBytes(encodeText(submission.order.amount.toString())),
        encodeBytes(encodeText(submission.order.recipient)),
        encodeBytes(proposalRecord.encode(submission.proposal)),
        encodeUint16(submission.approvals.length),
        ...submission.approvals.map((approval) => encodeBytes(approvalRecord.encode(approval))),
      );

/** @throws DecodeError naming the field. */
export function decodeSubmission(bytes: Uint8Array): Submission {
  const reader = new Reader(bytes, 'Submission');
  const kind = reader.uint8('kind');
  if (kind === 0) {
    const event = decodeWorldEvent(reader.bytes('event', 1_500_000));
    reader.end();
    if (!isRecord(event)) throw new DecodeError('Submission.event', 'is nothing that governance decides');
    return { kind: 'record', event };
  }
  if (kind !== 1) throw new DecodeError('Submission.kind', 'is unknown');
  const text = (field: string, most: number): string => new TextDecoder().decode(reader.bytes(field, most));
  const asset = text('asset', 180);
  const amount = text('amount', 80);
  if (!/^[1-9][0-9]{0,77}$/.test(amount))
    throw new DecodeError('Submission.amount', 'is not a positive decimal number');
  const order = { asset, amount: BigInt(amount), recipient: text('recipient', 128) };
  const proposal = proposalRecord.decode(reader.bytes('proposal', 1024));
  const count = reader.uint16('approvals');
  if (count > maxApprovals) throw new DecodeError('Submission.approvals', `exceeds ${maxApprovals}`);
  const approvals = Array.from({ length: count }, (_, i) =>
    approvalRecord.decode(reader.bytes(`approvals[${i}]`, 256)),
  );
  reader.end();
  if (order.amount >> 256n !== 0n) throw new DecodeError('Submission.amount', 'exceeds 32 bytes');
  if (!sameBytes(mintOrderDigest(order), proposal.body))
    throw new DecodeError('Submission.proposal', 'is about another order');
  return { kind: 'mint', order, proposal, approvals };
}
