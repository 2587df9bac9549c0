/**
 * What an adversary does to the bytes of a request: flips, drops, inserts and appends, at every position.
 *
 * @module
 */
import { type ChainError, TransactionDecodeError } from '../src/index.ts';
import { expect } from 'vitest';

/** Every single-byte change of `bytes`; long inputs are sampled with a stride. */
export function* changesOf(bytes: Uint8Array, most = 400): Generator<Uint8Array> {
  const stride = Math.max(1, Math.ceil(bytes.length / most));
  for (let at = 0; at < bytes.length; at += stride) {
    const byte = bytes[at] ?? 0;
    for (const xor of [0x01, 0x80]) yield bytes.with(at, byte ^ xor);
    yield Uint8Array.of(...bytes.slice(0, at), ...bytes.slice(at + 1));
    yield Uint8Array.of(...bytes.slice(0, at), 0, ...bytes.slice(at));
    yield bytes.slice(0, at);
  }
  yield Uint8Array.of(...bytes, 0);
  yield Uint8Array.of(...bytes, 0xff);
  yield Uint8Array.of(...bytes, ...bytes);
}

/**
 * A parser must refuse changed bytes with a typed error that names a field, or read something whose only encoding they are.
 *
 * @param most - positions to try, where one try is expensive.
 * @returns how many changes were refused.
 */
export function expectStrict(
  bytes: Uint8Array,
  parseAndEncode: (changed: Uint8Array) => Uint8Array,
  refusals: readonly (abstract new (...args: never[]) => ChainError)[] = [TransactionDecodeError],
  most?: number,
): number {
  let refused = 0;
  for (const changed of changesOf(bytes, most)) {
    let again: Uint8Array | undefined;
    try {
      again = parseAndEncode(changed);
    } catch (error) {
      refused += 1;
      if (!refusals.some((kind) => error instanceof kind)) throw error;
      expect((error as ChainError).field).not.toBe('');
    }
    if (again !== undefined) expect(again).toEqual(changed);
  }
  expect(parseAndEncode(bytes)).toEqual(bytes);
  expect(refused).toBeGreaterThan(0);
  return refused;
}

/** Every changed intent must lead to other bytes to sign. */
export function expectAllSigned<Intent>(
  intent: Intent,
  changes: readonly Partial<Intent>[],
  digest: (intent: Intent) => Uint8Array,
): void {
  const own = digest(intent);
  for (const change of changes) {
    expect(digest({ ...intent, ...change }), Object.keys(change).join()).not.toEqual(own);
  }
}
