/**
 * Preparation of a presign while the wallet waits for something to sign: all checks of the presign, all randomness, and everything that does
 * not depend on the message (kernel.md section 7). What is left for `signOnce` is about a tenth of the work.
 *
 * A prepared presign is the most dangerous object of a wallet. Two messages made from one give x_A to whoever sees both: their proofs share
 * masks, and so w = (z - z') / (e - e') (MPC 1.5). The message cannot be hashed into the randomness, as it is without preparation, so nothing but
 * single use protects here. Therefore:
 * - it exists in memory only: it has no encoding, does not print itself, and its content cannot be cloned into another thread;
 * - it is emptied BEFORE its secrets meet a message, so that an error, a crash or a second caller finds nothing to use;
 * - it is bound to one presign, and the message store stays the guard across processes: one message per presign for ever (MPC:V4);
 * - a wallet must not prepare where the memory of a process may be restored or copied (snapshots of virtual machines, forks).
 *
 * @module
 */
import { BugError, CheckError, InvalidArgumentsError, type PresignId, type Random, type Secret } from '@dwallet/sigma';
import type { Committee } from '../certificates.ts';
import { type PresignCertificate, verifyPresignCertificate } from '../ecdsa/presign/presign-record.ts';
import { targetPresign } from '../ecdsa/presign/target.ts';
import type { ComputePool, RunOptions } from '../compute/pool.ts';
import {
  type MessageDraft,
  type SignTarget,
  completeMessage,
  prepareMessage,
  prepareMessageIn,
} from '../ecdsa/sign/client-sign.ts';
import type { hashMessage } from '../ecdsa/sign/message-hash.ts';
import { type Steps, finish, finishWithPauses } from '../ecdsa/sign/steps.ts';
import type { DWalletRecord, HashScheme, NetworkSetup, Presign } from '../types.ts';
import { bytesEqual } from '../wire/format.ts';
import { checkOwnRecord } from './check-dwallet.ts';
import { checkPresignElements } from './check-presign.ts';

export interface PreparePresignArguments {
  /** Certified and pinned (MPC:V1). With a table of pk for speed. */
  readonly setup: NetworkSetup;
  readonly record: DWalletRecord;
  readonly presign: Presign;
  /** What shows that the presign is the network's, and the committee that signed it (MPC:V3). */
  readonly certificate: PresignCertificate;
  readonly committee: Committee;
  /** x_A: C_kx and the hedge of the randomness need it. */
  readonly userShare: Secret<bigint>;
  readonly random: Random;
}

/**
 * All checks of record and presign before secrets touch them, and the presign targeted to the dWallet.
 * @throws CheckError MPC:V2, MPC:V3, MPC:V6.
 */
export function openPresign(args: Omit<PreparePresignArguments, 'random'>): SignTarget {
  const { setup, record, presign, userShare } = args;
  checkOwnRecord(setup, record, userShare);
  verifyPresignCertificate(setup, args.committee, presign, args.certificate);
  checkPresignElements(setup, presign);
  return { setup, record, presign: targetPresign(setup, presign, record), userShare };
}

const redacted = '[secret]';

class Prepared {
  #draft: MessageDraft | undefined;
  /** Public: which presign this is for. */
  readonly presignId: PresignId;

  constructor(draft: MessageDraft) {
    this.#draft = draft;
    this.presignId = draft.draft.presign.presignId;
    Object.freeze(this);
  }

  /** Hands the content out once. @throws BugError the second time. */
  static take(prepared: Prepared): MessageDraft {
    const draft = prepared.#draft;
    if (draft === undefined) throw new BugError('a prepared presign was used twice, or after it was destroyed');
    prepared.#draft = undefined;
    return draft;
  }
  static isOne(value: object): value is Prepared {
    return #draft in value;
  }
  /** @throws InvalidArgumentsError unless it is for this presign and dWallet. */
  static requireFor(prepared: Prepared, presign: Presign, record: DWalletRecord): void {
    const own = prepared.#draft?.draft;
    if (own === undefined) return;
    const fits =
      bytesEqual(own.presign.presignId, presign.presignId) &&
      own.presign.publicKey.equals(record.publicKey) &&
      own.userPublicShare.equals(record.userPublicShare);
    if (!fits) throw new InvalidArgumentsError('prepared', 'belongs to another presign or dWallet');
  }

  get used(): boolean {
    return this.#draft === undefined;
  }
  /** Forgets the secrets. The presign can still be signed with, without preparation, if it never was. */
  destroy(): void {
    this.#draft = undefined;
  }
  toString(): string {
    return redacted;
  }
  toJSON(): string {
    return redacted;
  }
  [Symbol.toPrimitive](): string {
    return redacted;
  }
  /** Node's `util.inspect`, hence `console.log`. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return redacted;
  }
}

/** Serves one message. The class stays in this module, so {@link preparePresign} is its only source. */
export type PreparedPresign = Prepared;

/**
 * MPC:V2, MPC:V3 and MPC:V6, then the work: about 30 powers of 1000 bits, and 0.5 MB of memory at CLG-128 until it is used or destroyed.
 * @throws CheckError MPC:V2, MPC:V3, MPC:V6.
 * Randomness: hedged with x_A, 64 fresh bytes, presign and dWallet, but not with the message.
 */
export const preparePresign = (args: PreparePresignArguments): PreparedPresign => finish(prepareInSteps(args));

/**
 * {@link preparePresign} in some thirty steps of at most four powers each, for a thread that has other work.
 * @param pause - awaited between two steps. When it rejects, the preparation ends with its reason, and all that was drawn is dropped: the presign
 * itself is untouched by that.
 */
export const preparePresignInSteps = (
  args: PreparePresignArguments,
  pause: () => Promise<void>,
): Promise<PreparedPresign> => finishWithPauses(prepareInSteps(args), pause);

/**
 * {@link preparePresign} with the work in a pool. What the pool sees serves this preparation only and is overwritten; the prepared presign never
 * leaves this thread. When it fails, all that was drawn is dropped.
 * @throws CheckError MPC:V2, MPC:V3, MPC:V6; ComputeError.
 */
export async function preparePresignIn(
  pool: ComputePool,
  args: PreparePresignArguments,
  options: RunOptions = {},
): Promise<PreparedPresign> {
  return new Prepared(await prepareMessageIn(pool, openPresign(args), args.random, options));
}

function* prepareInSteps(args: PreparePresignArguments): Steps<Prepared> {
  const target = openPresign(args);
  yield;
  return new Prepared(yield* prepareMessage(target, args.random));
}

/**
 * The message from a prepared presign, which is empty before the work begins. Only for `signOnce`, which stores the message before it leaves.
 * @param userShare - x_A of the dWallet that it was prepared for.
 * @throws BugError for a second use; InvalidArgumentsError for another presign or dWallet; CheckError MPC:V2 for another x_A.
 */
export function signPrepared(
  prepared: PreparedPresign,
  { presign, record, userShare }: { presign: Presign; record: DWalletRecord; userShare: Secret<bigint> },
  hashScheme: HashScheme,
  messageDigest: ReturnType<typeof hashMessage>,
): Uint8Array {
  if (typeof prepared !== 'object' || prepared === null || !Prepared.isOne(prepared)) {
    throw new BugError('something else took the place of a prepared presign');
  }
  Prepared.requireFor(prepared, presign, record);
  const { curve } = record;
  if (!curve.multiply(curve.G, userShare.expose()).equals(record.userPublicShare)) {
    throw new CheckError('MPC:V2', 'dwallet.userPublicShare', 'is not the public point of the user share');
  }
  const bytes = completeMessage(Prepared.take(prepared), userShare, hashScheme, messageDigest);
  // R_B = O or r = 0: 2^-255.
  if (bytes === undefined) throw new BugError('the prepared nonce is not usable');
  return bytes;
}
