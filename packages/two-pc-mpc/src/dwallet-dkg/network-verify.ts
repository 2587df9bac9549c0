/**
 * dWallet DKG, network (MPC 3.3): every validator verifies the client's message by itself and derives the record. No validator talks to
 * another.
 *
 * @module
 */
import { CheckError, type Digest, type Random, discreteLog, verify, verifyFischlin } from '@dwallet/sigma';
import { requireSameSetup } from '../network-setup/setup-commitment.ts';
import { encryptedDiscreteLog, encryptionOfDiscreteLog } from '../proofs/encryption-of-discrete-log.ts';
import { type SessionOpening, deriveSessionId } from '../session-id.ts';
import { signatureBytes, verifyItems } from '../signatures.ts';
import type { DWalletRecord, NetworkSetup, UserEncryptionKey } from '../types.ts';
import { userKeyId } from '../user-encryption-key.ts';
import { bytesEqual } from '../wire/format.ts';
import { type DkgMessage, decodeDkgMessage, dlogProofContext, shareProofContext } from './dkg-message.ts';
import { deriveRecord } from './record.ts';

/** What the validator's store knows about a session id. */
export interface SessionRegistration {
  /** Registered opening: it fixes type and owner of the id. */
  readonly opening: SessionOpening;
  /** True once any message was accepted under the id. Ids are used once, for ever. */
  readonly used: boolean;
}

export interface VerifyDWalletArgs {
  readonly setup: NetworkSetup;
  /** DkgMsg as received. */
  readonly message: Uint8Array;
  /** The store's entry for the message's session id. */
  readonly registration: (sessionId: Uint8Array) => SessionRegistration | undefined;
  /** Registered user keys, as `verifyUserKeyRegistration` returned them. */
  readonly userKey: (id: Digest) => UserEncryptionKey | undefined;
  /** This validator's own secret randomness for combined verification. */
  readonly random: Random;
}

/**
 * MPC:K1 to MPC:K8, cheapest first.
 * @returns The record to certify with `dwalletFact`. The caller marks the session id as used in the same transaction.
 * @throws DecodeError, CheckError with the id of the failed check.
 */
export function verifyDWallet(args: VerifyDWalletArgs): DWalletRecord {
  const { setup, random } = args;
  // MPC:K2 (valid X_A, not O), the ranges of MPC:K3, K5 and K6, and squares are made by the decoder.
  const message = decodeDkgMessage(setup, args.message);
  requireSameSetup(setup, message.setup, 'MPC:K8', 'DkgMsg.setup');
  requireOwnSession(args, message);
  if (message.share.mode === 'public') {
    const { curve } = setup;
    if (!curve.multiplyVartime(curve.G, message.share.userShare).equals(message.userPublicShare)) {
      throw new CheckError('MPC:K6', 'DkgMsg.x_A', 'is not the logarithm of X_A');
    }
  }
  const context = dlogProofContext(setup.commitment, message.sessionId);
  if (!verifyFischlin(discreteLog(setup.curve), context, [message.userPublicShare], message.proof, random)) {
    throw new CheckError('MPC:K3', 'DkgMsg.pi_DL', 'does not verify');
  }
  const record = deriveRecord(setup, message);
  if (record === undefined) throw new CheckError('MPC:K4', 'DkgMsg.X_A', 'leads to X or X_B being the identity');
  if (!bytesEqual(record.digest, message.outputDigest)) {
    throw new CheckError('MPC:K7', 'DkgMsg.output', 'differs from the output that the network derives');
  }
  requireRecoverableShare(args, message, record);
  return record;
}

/** MPC:K1: registered, unused, of the user kind, and the message is signed by who registered it. */
function requireOwnSession({ registration, message: bytes }: VerifyDWalletArgs, message: DkgMessage): void {
  const fail = (field: string, reason: string): never => {
    throw new CheckError('MPC:K1', `DkgMsg.${field}`, reason);
  };
  const entry = registration(message.sessionId);
  if (entry === undefined) return fail('sessionId', 'is not registered');
  if (entry.used) fail('sessionId', 'was used before');
  if (entry.opening.type !== 'USER') fail('sessionId', 'is not a session of a user');
  if (!bytesEqual(deriveSessionId(entry.opening), message.sessionId)) fail('sessionId', 'is not what was registered');
  if (!bytesEqual(entry.opening.sender, message.account)) fail('account', 'is not who registered the session');
  const signed = bytes.subarray(0, bytes.length - signatureBytes);
  if (!verifyItems(message.account, 'dkg', [signed], message.signature)) {
    fail('signature', "is not the account owner's");
  }
}

/** MPC:K5: whoever holds the seed of upk can always recover exactly x_A. */
function requireRecoverableShare(
  { setup, userKey, random }: VerifyDWalletArgs,
  { share, sessionId, userPublicShare }: DkgMessage,
  { publicKey }: DWalletRecord,
): void {
  if (share.mode !== 'encrypted') return;
  const { curve, parameters } = setup;
  const registered = userKey(share.userKeyId);
  if (
    registered === undefined ||
    !bytesEqual(userKeyId(curve, parameters, registered.key, registered.account), share.userKeyId)
  ) {
    throw new CheckError('MPC:K5', 'DkgMsg.upk_id', 'is not a registered key of this curve');
  }
  const { key } = registered;
  const holds = verify(
    {
      language: encryptionOfDiscreteLog(curve, parameters, key),
      context: shareProofContext(setup, sessionId, publicKey, key),
      statements: [encryptedDiscreteLog(share.shareCiphertext, userPublicShare)],
      proof: share.proof,
    },
    random,
  );
  if (!holds) throw new CheckError('MPC:K5', 'DkgMsg.pi_U', 'does not verify');
}
