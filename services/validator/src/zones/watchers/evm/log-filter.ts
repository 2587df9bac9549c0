/**
 * Filters of logs: as a question to a node, as a check of its answer, and against the Bloom filter of a block (Ethereum Yellow Paper, 4.3.1),
 * which tells where something that was not answered may be.
 *
 * @module
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { LogValue } from './rpc-values.ts';

/** Any of the addresses, and at each place any of the topics; undefined: anything. Lower-case hex with `0x`. */
export interface LogFilter {
  readonly addresses: readonly string[];
  readonly topics: readonly (readonly string[] | undefined)[];
}

export const matches = ({ addresses, topics }: LogFilter, log: LogValue): boolean =>
  addresses.includes(log.address) &&
  topics.every((allowed, i) => allowed === undefined || allowed.includes(log.topics[i] ?? ''));

/** Three bits of 2048 per item. */
function bitsOf(item: string): readonly number[] {
  const digest = keccak_256(Buffer.from(item.slice(2), 'hex'));
  return [0, 2, 4].map((i) => (((digest[i] as number) << 8) | (digest[i + 1] as number)) & 2047);
}

/** Asks Bloom filters whether a block may have a log that matches. "No" is certain. */
export function bloomTest({ addresses, topics }: LogFilter): (bloom: Uint8Array) => boolean {
  const groups = [addresses, ...topics.filter((allowed) => allowed !== undefined)].map((items) => items.map(bitsOf));
  const has = (bloom: Uint8Array, bit: number): boolean => (((bloom[255 - (bit >> 3)] ?? 0) >> (bit & 7)) & 1) === 1;
  return (bloom) => groups.every((items) => items.some((bits) => bits.every((bit) => has(bloom, bit))));
}
