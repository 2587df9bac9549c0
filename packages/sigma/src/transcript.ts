/**
 * The random oracles. MPC 1.6: `H_T`, `H_q`; class-groups.md 4.2: `H_lambda`. One tag is one oracle.
 *
 * @module
 */
import { shake256 } from '@noble/hashes/sha3.js';
import {
  bytesToInteger,
  concat,
  encodeBytes,
  encodeList,
  encodeText,
  encodeUint16,
  encodeUint32,
  mod,
} from './encoding.ts';
import { type Digest, digest } from './ids.ts';

/** Bits of every Fiat-Shamir challenge (lambda of CG 0, kappa of MPC 0.2). Not configurable: soundness rests on it. */
export const challengeBits = 128;

/** ENC(("2pcmpc-v1", tag, items)): what H_T hashes. */
export const taggedInput = (tag: string, items: readonly Uint8Array[]): Uint8Array =>
  concat(encodeBytes(encodeText('2pcmpc-v1')), encodeBytes(encodeText(tag)), encodeList(items));

/** H_T(tag, items, L) of MPC 1.6: the first `length` bytes of SHAKE256 over ENC(("2pcmpc-v1", tag, items)). */
export const hashTagged = (tag: string, items: readonly Uint8Array[], length: number): Uint8Array =>
  shake256(taggedInput(tag, items), { dkLen: length });

/** H_T with 32 bytes, as a typed digest. */
export const digestTagged = (tag: string, items: readonly Uint8Array[]): Digest => digest(hashTagged(tag, items, 32));

/** H_q(tag, items, count) of MPC 1.6: scalars in [0, q) with bias 2^-128, from 48 bytes each. */
export function hashToScalars(tag: string, items: readonly Uint8Array[], count: number, q: bigint): bigint[] {
  return Array.from({ length: count }, (_, i) =>
    mod(bytesToInteger(hashTagged(tag, [...items, encodeUint32(i)], 48)), q),
  );
}

/** H_lambda(tag, items...) of CG 4.2: `count` integers in [0, 2^128), 16 bytes each from one SHAKE256 stream. */
export function hashLambda(tag: string, items: readonly Uint8Array[], count = 1): bigint[] {
  const name = encodeText(tag);
  const input = concat(encodeText('CLG-v1/FS'), encodeUint16(name.length), name, ...items.map(encodeBytes));
  const out = shake256(input, { dkLen: 16 * count });
  return Array.from({ length: count }, (_, i) => bytesToInteger(out.subarray(16 * i, 16 * i + 16)));
}

/** XOF(tag, data, len) of CG 2.3: SHAKE256(tag || data). */
export const xof = (tag: string, data: Uint8Array, length: number): Uint8Array =>
  shake256(concat(encodeText(tag), data), { dkLen: length });

/** What a sigma proof hashes, in transcript order. */
export interface TranscriptInput {
  /** Canonical bytes of the complete context (MPC 1.3 or CG 4.2 item 1). */
  readonly context: Uint8Array;
  /** Name and version of the language, then all of its public parameters: every base, key, bound. */
  readonly parameters: readonly Uint8Array[];
  /** Every component of every statement. */
  readonly statements: readonly Uint8Array[];
  /** Every component of the mask. */
  readonly mask: readonly Uint8Array[];
}

/** Turns a transcript into `count` challenges in [0, 2^128). */
export type ChallengeOracle = (input: TranscriptInput, count: number) => bigint[];

/** MPC 1.6: P, seed, then one hash per challenge. */
export const mpcChallenges: ChallengeOracle = ({ context, parameters, statements, mask }, count) => {
  const p = hashTagged('fs/params', parameters, 64);
  const seed = hashTagged('fs/seed', [context, p, encodeList(statements), encodeList(mask)], 64);
  return Array.from({ length: count }, (_, j) =>
    bytesToInteger(hashTagged('fs/chal', [seed, encodeUint32(j + 1)], 16)),
  );
};

/** CG 4.2: one hash with the items in order context, language parameters, statements, masks. */
export const clgChallenges =
  (tag: string): ChallengeOracle =>
  ({ context, parameters, statements, mask }, count) =>
    hashLambda(tag, [context, ...parameters, ...statements, ...mask], count);

/** The context tuple of MPC 1.3. `publicKey` is the dWallet key X where the protocol has one. */
export interface ProtocolContext {
  readonly role: 'client' | 'validator';
  /** 0 for the client, the validator's number otherwise. */
  readonly party: number;
  readonly session: Uint8Array;
  readonly protocol: string;
  readonly round: string;
  readonly proof: string;
  readonly publicKey?: Uint8Array;
  /** G_com of MPC 2.5; absent only in the setup protocol itself, which makes it. */
  readonly setup?: Uint8Array;
  /** Further items that the protocol binds, such as the nu seed of MPC 6.13 or the user's encryption key. */
  readonly extra?: readonly Uint8Array[];
}

const optional = (bytes: Uint8Array | undefined): Uint8Array =>
  bytes === undefined ? Uint8Array.of(0) : concat(Uint8Array.of(1), bytes);

/** Injective encoding of {@link ProtocolContext}; every field is in it. */
export function encodeContext(context: ProtocolContext): Uint8Array {
  return encodeList([
    encodeText(context.role),
    encodeUint16(context.party),
    context.session,
    encodeText(context.protocol),
    encodeText(context.round),
    encodeText(context.proof),
    optional(context.publicKey),
    optional(context.setup),
    encodeList(context.extra ?? []),
  ]);
}
