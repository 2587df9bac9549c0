/**
 * Randomness is always an argument. A `Random` yields fresh bytes at each call; a seeded one is a deterministic stream.
 *
 * @module
 */
import { shake256 } from '@noble/hashes/sha3.js';
import { InvalidArgumentsError } from './errors.ts';
import { encodeList, encodeText, encodeUint32, concat } from './encoding.ts';

/** Returns `length` fresh random bytes. */
export type Random = (length: number) => Uint8Array;

const toBigInt = (bytes: Uint8Array): bigint => {
  let hex = '0x0';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return BigInt(hex);
};

/** Uniform integer in [0, 2^bits). */
export function uniformBits(random: Random, bits: number): bigint {
  if (!Number.isInteger(bits) || bits < 0) throw new InvalidArgumentsError('bits', 'must be a non-negative integer');
  if (bits === 0) return 0n;
  const bytes = random((bits + 7) >> 3);
  const value = toBigInt(bytes) & ((1n << BigInt(bits)) - 1n);
  bytes.fill(0);
  return value;
}

/** Uniform integer in [0, bound) by rejection sampling (CG pitfall 34). */
export function uniformBelow(random: Random, bound: bigint): bigint {
  if (bound <= 0n) throw new InvalidArgumentsError('bound', 'must be positive');
  const bits = (bound - 1n).toString(2).length;
  for (;;) {
    const value = uniformBits(random, bits);
    if (value < bound) return value;
  }
}

/** Uniform integer in [1, bound). */
export function uniformNonZero(random: Random, bound: bigint): bigint {
  return uniformBelow(random, bound - 1n) + 1n;
}

/** Deterministic stream of SHAKE256("dwallet/v1/random" || seed). The seed is 32 bytes or more. */
export function seededRandom(seed: Uint8Array): Random {
  if (seed.length < 32) throw new InvalidArgumentsError('seed', 'must be at least 32 bytes');
  const xof = shake256.create({ dkLen: 32 }).update(concat(encodeText('dwallet/v1/random'), encodeList([seed])));
  return (length) => xof.xof(length);
}

/**
 * The generator of one round of one validator (MPC 1.5): every input that the round consumes is in the seed, so that the same tuple
 * with other inputs never draws the same masks.
 * @param root - 32 bytes or more, the validator's root secret.
 * @param inputs - the received messages, the public input and the committee, as canonical bytes.
 */
export function roundRandom(
  root: Uint8Array,
  session: Uint8Array,
  round: string,
  attempt: number,
  inputs: readonly Uint8Array[],
): Random {
  const digest = shake256(encodeList(inputs), { dkLen: 64 });
  const seed = shake256(
    concat(
      encodeText('dwallet/v1/round-seed'),
      encodeList([root, session, encodeText(round), encodeUint32(attempt), digest]),
    ),
    { dkLen: 64 },
  );
  const random = seededRandom(seed);
  seed.fill(0);
  return random;
}

/** Hedged randomness (MPC 5.2 step 3): a stream keyed by a secret, fresh bytes and the public context together. */
export function hedgedRandom(random: Random, secret: Uint8Array, context: readonly Uint8Array[]): Random {
  const fresh = random(64);
  const seed = shake256(concat(encodeText('dwallet/v1/hedged'), encodeList([secret, fresh, ...context])), {
    dkLen: 64,
  });
  const stream = seededRandom(seed);
  fresh.fill(0);
  seed.fill(0);
  return stream;
}
