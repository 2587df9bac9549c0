/**
 * Names as the gateway contract has them: 32 bytes.
 *
 * @module
 */
import { type ClusterMessage, type ClusterRecord, type Delivery } from '@dwallet/zones';
import { constantTimeEqual, encodeText } from '@dwallet/sigma';
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { ObservedDelivery, ObservedMessage } from './watcher.ts';

/** keccak-256 of a cluster's name or of a CAIP-2 id in UTF-8. */
export const nameHash = (name: string): Uint8Array => keccak_256(encodeText(name));

const memberOf = ({ members }: ClusterRecord, hash: Uint8Array): string | undefined =>
  members.find(({ chain }) => constantTimeEqual(nameHash(chain), hash))?.chain;

/** A message of `chain` in the words of a cluster's record; undefined if it is not of this cluster or not for a member. */
export function messageOf(record: ClusterRecord, chain: string, observed: ObservedMessage): ClusterMessage | undefined {
  const to = memberOf(record, observed.to);
  if (to === undefined || to === chain || !constantTimeEqual(nameHash(record.cluster), observed.cluster))
    return undefined;
  const { nonce, sentAt, payload } = observed;
  return { cluster: record.cluster, from: chain, to, nonce, sentAt, payload };
}

/** A delivery on `chain` in the words of a cluster's record; undefined if it is not of this cluster or not from a member. */
export function deliveryOf(record: ClusterRecord, chain: string, observed: ObservedDelivery): Delivery | undefined {
  const from = memberOf(record, observed.from);
  if (from === undefined || from === chain || !constantTimeEqual(nameHash(record.cluster), observed.cluster))
    return undefined;
  return { cluster: record.cluster, from, to: chain, nonce: observed.nonce, at: observed.at };
}
