/**
 * The only door to a client message: checks first, one message per presign for ever, stored before it can be sent (MPC 5.4, 8.4).
 *
 * @module
 */
import { CheckError, type Random, type Secret } from '@dwallet/sigma';
import type { Committee } from '../certificates.ts';
import { type PresignCertificate, verifyPresignCertificate } from '../ecdsa/presign/presign-record.ts';
import { targetPresign } from '../ecdsa/presign/target.ts';
import { createSignMessage } from '../ecdsa/sign/client-sign.ts';
import { hashMessage } from '../ecdsa/sign/message-hash.ts';
import { decodeSignMessageHeader } from '../ecdsa/sign/sign-message.ts';
import type { DWalletRecord, HashScheme, NetworkSetup, Presign } from '../types.ts';
import { bytesEqual } from '../wire/format.ts';
import { checkOwnRecord } from './check-dwallet.ts';
import { checkPresignElements } from './check-presign.ts';
import type { SignMessageStore } from './sign-message-store.ts';

export interface SignOnceArguments {
  readonly store: SignMessageStore;
  /** Certified and pinned (MPC:V1). */
  readonly setup: NetworkSetup;
  readonly record: DWalletRecord;
  readonly presign: Presign;
  /** What shows that the presign is the network's, and the committee that signed it (MPC:V3). */
  readonly certificate: PresignCertificate;
  readonly committee: Committee;
  /** x_A. */
  readonly userShare: Secret<bigint>;
  readonly hashScheme: HashScheme;
  /** The exact message that the user saw and approved (MPC:V5); its digest is computed here. */
  readonly message: Uint8Array;
  readonly random: Random;
}

/**
 * Returns the client message for (presign, dWallet, message): a new one if the presign is unused, the stored bytes otherwise (MPC:V4, MPC:T13).
 * The bytes are durable before the promise resolves, so no two different messages for one presign can leave this function, whatever crashes.
 * @throws CheckError MPC:V2, MPC:V3, MPC:V4 (the presign already served another message), MPC:V6.
 */
export async function signOnce(args: SignOnceArguments): Promise<Uint8Array> {
  const { store, setup, record, presign, userShare, hashScheme, message, random } = args;
  const { curve } = setup;
  const messageDigest = hashMessage(hashScheme, message);

  const requireSameRequest = (bytes: Uint8Array): Uint8Array => {
    const header = decodeSignMessageHeader(curve, bytes);
    const same =
      bytesEqual(header.presignId, presign.presignId) &&
      header.publicKey.equals(record.publicKey) &&
      header.hashScheme === hashScheme &&
      bytesEqual(header.messageDigest, messageDigest);
    if (!same) throw new CheckError('MPC:V4', 'presign', 'was already used for another message');
    return bytes;
  };

  const stored = await store.get(presign.presignId);
  if (stored !== undefined) return requireSameRequest(stored);

  checkOwnRecord(setup, record, userShare);
  verifyPresignCertificate(setup, args.committee, presign, args.certificate);
  checkPresignElements(setup, presign);
  const targeted = targetPresign(setup, presign, record);
  const bytes = createSignMessage({ setup, record, presign: targeted, userShare, hashScheme, message, random });
  // Another call may have stored its bytes meanwhile: those are the message, and ours never existed.
  return requireSameRequest(await store.putIfAbsent(presign.presignId, bytes));
}
