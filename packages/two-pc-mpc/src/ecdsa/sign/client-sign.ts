/**
 * The complete client message (MPC 5.2 to 5.4). Sending its result IS signing: nothing in it can be recalled.
 *
 * This file draws fresh randomness, so it is not exported: `client/sign-once.ts` is the only door, and it opens once per presign.
 *
 * @module
 */
import {
  BugError,
  type Random,
  type Secret,
  encodeScalar,
  encodeText,
  encodeUint8,
  hedgedRandom,
} from '@dwallet/sigma';
import type { DWalletRecord, HashScheme, NetworkSetup, TargetedPresign } from '../../types.ts';
import { commitNonce, sampleNonceSecrets } from './client-commit.ts';
import { evaluateSignature } from './client-evaluate.ts';
import { hashMessage, hashSchemeId, messageScalar } from './message-hash.ts';
import { encodeSignMessage } from './sign-message.ts';

export interface CreateSignMessageArguments {
  readonly setup: NetworkSetup;
  readonly record: DWalletRecord;
  readonly presign: TargetedPresign;
  /** x_A. */
  readonly userShare: Secret<bigint>;
  readonly hashScheme: HashScheme;
  /** The message itself, of any length. */
  readonly message: Uint8Array;
  readonly random: Random;
}

/**
 * Makes SignMsg.
 * @returns its canonical bytes, about 6.3 kB at CLG-128.
 * Randomness: hedged with x_A, the presign and the message (MPC:V7, MPC 5.2 step 3); a broken generator alone repeats nothing but whole messages.
 * Secrets touched: x_A, and the nonce secrets, which do not outlive this call.
 */
export function createSignMessage(args: CreateSignMessageArguments): Uint8Array {
  const { setup, record, presign, hashScheme } = args;
  const { curve, parameters } = setup;
  const messageDigest = hashMessage(hashScheme, args.message);
  const m = messageScalar(curve, messageDigest);
  const userShare = args.userShare.expose();
  const keyBytes = encodeScalar(curve, userShare);
  // Everything that a challenge of this message depends on is in the context, so that equal masks imply equal challenges.
  const random = hedgedRandom(args.random, keyBytes, [
    encodeText('ecdsa-sign/client'),
    presign.presignId,
    presign.digest,
    setup.commitment,
    curve.encodePoint(record.publicKey),
    curve.encodePoint(record.userPublicShare),
    encodeUint8(hashSchemeId(hashScheme)),
    messageDigest,
  ]);
  keyBytes.fill(0);
  const input = { curve, presign, userPublicShare: record.userPublicShare, hashScheme, message: m };
  // R_B = O or r = 0 has probability about 2^-255: one repetition is already a miracle.
  for (let attempt = 0; attempt < 4; attempt++) {
    const secrets = sampleNonceSecrets(curve, random);
    const first = commitNonce(curve, presign, userShare, secrets, random);
    const second = evaluateSignature(setup, input, first, userShare, secrets, random);
    if (second === undefined) continue;
    return encodeSignMessage(parameters, curve, {
      presignId: presign.presignId,
      publicKey: record.publicKey,
      hashScheme,
      messageDigest,
      ...first,
      ...second,
    });
  }
  throw new BugError('no usable nonce in four attempts');
}
