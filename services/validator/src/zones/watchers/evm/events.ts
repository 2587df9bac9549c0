/**
 * The logs that watchers know: ERC-20 `Transfer`, and the gateway's three events (docs/zones.md, What validators see).
 *
 * @module
 */
import { DecodeError, Reader, bytesToInteger, concat, encodeText } from '@dwallet/sigma';
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { ObservedDelivery, ObservedMessage } from '../watcher.ts';
import type { LogValue } from './rpc-values.ts';

export const toHex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;
export const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.slice(2), 'hex'));

const signature = (text: string): string => toHex(keccak_256(encodeText(text)));
const selector = (text: string): string => signature(text).slice(0, 10);

export const eventTopics = {
  transfer: signature('Transfer(address,address,uint256)'),
  departure: signature('Departure(address,address,uint256,bytes)'),
  message: signature('Message(bytes32,bytes32,address,uint64,bytes)'),
  delivered: signature('Delivered(bytes32,bytes32,uint64,bytes32)'),
} as const;

export const callSelectors = {
  transfer: selector('transfer(address,uint256)'),
  burn: selector('burn(uint256)'),
} as const;

/** Longest message through a gateway, without its sender: together they are a payload of 64 kB. */
export const maxMessageBytes = 65_536 - 20;

/** An address as a topic or an argument: 32 bytes. */
export const padded = (address: string): string => `0x${'0'.repeat(24)}${address.slice(2)}`;
export const zeroAddress = `0x${'0'.repeat(40)}`;

/** The address in a topic, or undefined if the topic is none. */
const addressIn = (topic: string | undefined): string | undefined =>
  topic?.startsWith(`0x${'0'.repeat(24)}`) === true ? `0x${topic.slice(26)}` : undefined;

export interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
}

/** An ERC-20 transfer; undefined for other logs, such as those of ERC-721. */
export function readTransfer({ topics, data }: LogValue): Transfer | undefined {
  const [topic, second, third] = topics;
  const [from, to] = [addressIn(second), addressIn(third)];
  if (topic !== eventTopics.transfer || topics.length !== 3 || data.length !== 66) return undefined;
  return from === undefined || to === undefined ? undefined : { from, to, amount: BigInt(data) };
}

/** One word, then bytes, as the ABI lays them out and in no other way. */
function wordAndBytes(
  data: string,
  name: string,
  maxLength: number,
): { readonly word: bigint; readonly bytes: Uint8Array } {
  const reader = new Reader(fromHex(data), name);
  const word = bytesToInteger(reader.fixed('word', 32));
  if (reader.uint('offset', 32, 1n << 256n) !== 64n) throw new DecodeError(reader.path('offset'), 'is not 64');
  const length = Number(reader.uint('length', 32, BigInt(maxLength) + 1n));
  const bytes = reader.fixed('bytes', length);
  if (reader.fixed('padding', (32 - (length % 32)) % 32).some((byte) => byte !== 0)) {
    throw new DecodeError(reader.path('padding'), 'is not zero');
  }
  reader.end();
  return { word, bytes };
}

const nonce = (word: bigint, name: string): bigint => {
  if (word >= 1n << 64n) throw new DecodeError(`${name}.nonce`, 'is larger than 64 bits');
  return word;
};

export interface Departure {
  readonly token: string;
  readonly from: string;
  readonly amount: bigint;
  readonly destination: Uint8Array;
}

/** @throws DecodeError. @returns undefined if it is another event. */
export function readDeparture({ topics, data }: LogValue, maxLength: number): Departure | undefined {
  const [topic, second, third] = topics;
  const [token, from] = [addressIn(second), addressIn(third)];
  if (topic !== eventTopics.departure || token === undefined || from === undefined) return undefined;
  const { word, bytes } = wordAndBytes(data, 'Departure', maxLength);
  return { token, from, amount: word, destination: bytes };
}

/** A message that the gateway sent. @throws DecodeError. @returns undefined if it is another event. */
export function readMessage({ topics, data }: LogValue, time: number): ObservedMessage | undefined {
  const [topic, cluster, to, sender] = topics;
  const from = addressIn(sender);
  if (topic !== eventTopics.message || cluster === undefined || to === undefined || from === undefined)
    return undefined;
  const { word, bytes } = wordAndBytes(data, 'Message', maxMessageBytes);
  return {
    kind: 'message',
    cluster: fromHex(cluster),
    to: fromHex(to),
    nonce: nonce(word, 'Message'),
    sentAt: time,
    payload: concat(fromHex(from), bytes),
  };
}

/** A message that the gateway took. @throws DecodeError. @returns undefined if it is another event. */
export function readDelivery({ topics, data }: LogValue, time: number): ObservedDelivery | undefined {
  const [topic, cluster, from] = topics;
  if (topic !== eventTopics.delivered || cluster === undefined || from === undefined) return undefined;
  const reader = new Reader(fromHex(data), 'Delivered');
  const word = bytesToInteger(reader.fixed('nonce', 32));
  const payloadHash = reader.fixed('payloadHash', 32);
  reader.end();
  return {
    kind: 'delivery',
    cluster: fromHex(cluster),
    from: fromHex(from),
    nonce: nonce(word, 'Delivered'),
    at: time,
    payloadHash,
  };
}
