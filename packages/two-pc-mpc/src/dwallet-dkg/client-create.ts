/**
 * dWallet DKG, client (MPC 3.1): makes the user's share and the one message to the network.
 *
 * @module
 */
import { encrypt } from '@dwallet/class-groups';
import {
  BugError,
  CheckError,
  type Random,
  Secret,
  type SessionId,
  concat,
  discreteLog,
  encodeFischlin,
  prove,
  proveFischlin,
  uniformNonZero,
} from '@dwallet/sigma';
import { encryptedDiscreteLog, encryptionOfDiscreteLog } from '../proofs/encryption-of-discrete-log.ts';
import { signItems, signingPublicKey } from '../signatures.ts';
import type { NetworkSetup, UserEncryptionKey } from '../types.ts';
import { bytesEqual } from '../wire/format.ts';
import { userKeyId } from '../user-encryption-key.ts';
import {
  type DkgMessage,
  type DkgShare,
  dlogProofContext,
  encodeUnsignedDkgMessage,
  shareProofContext,
} from './dkg-message.ts';
import { derivePublicKey, keyRandomizers } from './randomizers.ts';
import { deriveRecord } from './record.ts';

export interface CreateDWalletArgs {
  /** Opened with `openNetworkSetup` (MPC:V1). */
  readonly setup: NetworkSetup;
  /** From `openSession('USER', account public key, ..)`, registered at the network. */
  readonly sessionId: SessionId;
  /** How the user's share is kept; `encrypted` needs the user's registered key. */
  readonly share:
    | { readonly mode: 'encrypted'; readonly userKey: UserEncryptionKey }
    | { readonly mode: 'public' }
    | { readonly mode: 'none' };
  /** Ed25519 account key of the owner. */
  readonly accountKey: Secret<Uint8Array>;
  /** Fresh; never a stream that another dWallet was made from (MPC 8.5). */
  readonly random: Random;
}

/**
 * What a wallet keeps until the network answers. There is deliberately no public key here: only `acceptDWallet` gives one, after all
 * checks (MPC:A4).
 */
export interface PendingDWallet {
  /** DkgMsg, about 2.8 kB at CLG-128 in encrypted mode. Store it with the share before it is sent; a retry sends these bytes. */
  readonly message: Uint8Array;
  /** x_A. */
  readonly userShare: Secret<bigint>;
}

/**
 * x_A <- [1, q), X_A, pi_DL (Fischlin), randomizers, X; then ct_U with pi_U, or x_A in clear, or nothing.
 * @throws CheckError MPC:K5 for a user key that is not of this curve.
 * Secrets touched: x_A, eta.
 */
export function createDWallet(args: CreateDWalletArgs): PendingDWallet {
  const { setup, sessionId, accountKey, random } = args;
  const { curve } = setup;
  const account = signingPublicKey(accountKey);
  const language = discreteLog(curve);
  for (let attempt = 0; attempt < 16; attempt++) {
    const x = uniformNonZero(random, curve.q);
    const userPublicShare = curve.multiply(curve.G, x);
    const proof = proveFischlin(
      language,
      dlogProofContext(setup.commitment, sessionId),
      [userPublicShare],
      [x],
      random,
    );
    const randomizers = keyRandomizers(setup, sessionId, userPublicShare, encodeFischlin(language, proof));
    const { networkPublicShare, publicKey } = derivePublicKey(setup, userPublicShare, randomizers);
    if (networkPublicShare.is0() || publicKey.is0()) continue;
    const share = makeShare(args, x, userPublicShare, publicKey);
    const record = deriveRecord(setup, { sessionId, userPublicShare, proof, share, account });
    if (record === undefined) throw new BugError('the record differs from its own randomizers');
    const unsigned: Omit<DkgMessage, 'signature'> = {
      sessionId,
      setup: setup.commitment,
      userPublicShare,
      proof,
      share,
      outputDigest: record.digest,
      account,
    };
    const bytes = encodeUnsignedDkgMessage(setup, unsigned);
    return { message: concat(bytes, signItems(accountKey, 'dkg', [bytes])), userShare: new Secret(x) };
  }
  throw new BugError('X or X_B was the identity 16 times in a row');
}

function makeShare(
  { setup, sessionId, share, random }: CreateDWalletArgs,
  x: bigint,
  userPublicShare: DkgMessage['userPublicShare'],
  publicKey: DkgMessage['userPublicShare'],
): DkgShare {
  if (share.mode === 'none') return { mode: 'none' };
  if (share.mode === 'public') return { mode: 'public', userShare: x };
  const { curve, parameters } = setup;
  const { key, id, account } = share.userKey;
  if (!bytesEqual(id, userKeyId(curve, parameters, key, account))) {
    throw new CheckError('MPC:K5', 'userKey', 'is not a registered key of this curve');
  }
  const { ciphertext, randomness } = encrypt(parameters, key, x, random);
  const proof = prove(
    encryptionOfDiscreteLog(curve, parameters, key),
    shareProofContext(setup, sessionId, publicKey, key),
    [encryptedDiscreteLog(ciphertext, userPublicShare)],
    [[x, randomness]],
    random,
  );
  return { mode: 'encrypted', userKeyId: id, shareCiphertext: ciphertext, proof };
}
