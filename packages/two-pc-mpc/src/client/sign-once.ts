/**
 * The only door to a client message: checks first, one message per presign for ever, stored before it can be sent (MPC 5.4, 8.4).
 *
 * @module
 */
import { CheckError, type Digest, concat } from '@dwallet/sigma';
import type { ComputePool } from '../compute/pool.ts';
import { createSignMessage, createSignMessageIn } from '../ecdsa/sign/client-sign.ts';
import { hashMessage } from '../ecdsa/sign/message-hash.ts';
import { decodeSignMessageHeader } from '../ecdsa/sign/sign-message.ts';
import type { DWalletRecord, HashScheme } from '../types.ts';
import { bytesEqual } from '../wire/format.ts';
import { type PreparePresignArguments, type PreparedPresign, openPresign, signPrepared } from './prepare-presign.ts';
import type { SignMessageStore } from './sign-message-store.ts';

export interface SignOnceArguments extends PreparePresignArguments {
  readonly store: SignMessageStore;
  readonly hashScheme: HashScheme;
  /** The exact message that the user saw and approved (MPC:V5); its digest is computed here. */
  readonly message: Uint8Array;
  /** What validators are told about it (`signOrderDigest`): one presign serves one order, as they see it too. */
  readonly order: Digest;
  /** From `preparePresign` for this presign and dWallet; empty afterwards, whatever happens. */
  readonly prepared?: PreparedPresign;
  /** Where a message that is not prepared is computed; default: here. */
  readonly pool?: ComputePool;
}

/**
 * Returns the client message for (presign, dWallet, message): a new one if the presign is unused, the stored bytes otherwise (MPC:V4, MPC:T13).
 * The bytes are durable before the promise resolves, so no two different messages for one presign can leave this function, whatever crashes.
 * @throws CheckError MPC:V2, MPC:V3, MPC:V4 (the presign already served another message), MPC:V6; BugError and InvalidArgumentsError for a
 * prepared presign that was used already or is another's.
 */
export async function signOnce(args: SignOnceArguments): Promise<Uint8Array> {
  try {
    return await signOrRepeat(args);
  } finally {
    // Also when the stored message was found, or something failed: this presign is not prepared any more.
    args.prepared?.destroy();
  }
}

async function signOrRepeat(args: SignOnceArguments): Promise<Uint8Array> {
  const { store, setup, record, presign, hashScheme, message, order, prepared } = args;
  const { curve } = setup;
  const messageDigest = hashMessage(hashScheme, message);

  const requireSameRequest = (found: Uint8Array): Uint8Array => {
    const { presignId } = decodeSignMessageHeader(curve, found);
    if (!bytesEqual(presignId, presign.presignId) || !servesOrder(record, found, { hashScheme, messageDigest, order }))
      throw new CheckError('MPC:V4', 'presign', 'was already used for another message');
    return found.slice(0, -orderBytes);
  };

  const stored = await store.get(presign.presignId);
  if (stored !== undefined) return requireSameRequest(stored);

  const bytes =
    prepared === undefined ? await createMessage(args) : signPrepared(prepared, args, hashScheme, messageDigest);
  // Another call may have stored its bytes meanwhile: those are the message, and ours never existed.
  return requireSameRequest(await store.putIfAbsent(presign.presignId, concat(bytes, order)));
}

const orderBytes = 32;

/**
 * Whether what a message store has for a presign (SignMsg, then the digest of the order) is for this dWallet, message and order. Another one is never
 * sent with that presign.
 */
export function servesOrder(
  record: DWalletRecord,
  stored: Uint8Array,
  asked: { readonly hashScheme: HashScheme; readonly messageDigest: Digest; readonly order: Digest },
): boolean {
  const header = decodeSignMessageHeader(record.curve, stored);
  return (
    header.publicKey.equals(record.publicKey) &&
    header.hashScheme === asked.hashScheme &&
    bytesEqual(header.messageDigest, asked.messageDigest) &&
    bytesEqual(stored.subarray(-orderBytes), asked.order)
  );
}

/** What a pool computes for a call that turns out to be the second one never existed either: it is dropped like any other loser. */
async function createMessage(args: SignOnceArguments): Promise<Uint8Array> {
  const { hashScheme, message, random, pool } = args;
  const request = { ...openPresign(args), hashScheme, message, random };
  return pool === undefined ? createSignMessage(request) : createSignMessageIn(pool, request);
}
