/**
 * A wallet back from its recovery seed and what validators store (MPC 3.5): nothing here believes a validator.
 *
 * @module
 */
import { CheckError, DecodeError, type Digest, Secret, encodeScalar } from '@dwallet/sigma';
import {
  type Committee,
  type NetworkSetup,
  decodeCertificate,
  decodeDWalletRecord,
  dwalletFact,
  recoverUserShare,
  verifyAcceptance,
  verifyCertificate,
} from '@dwallet/two-pc-mpc/client';
import { hex } from './hex.ts';
import type { StoredWallet } from './wallet-store.ts';

/** Kind of the envelope with which an account asks for its dWallets. */
export const listDWalletsKind = 'client/list-dwallets';

export interface ListRequest {
  /** Kind {@link listDWalletsKind}, empty body, signed by the account. */
  readonly envelope: Uint8Array;
  readonly signal?: AbortSignal;
}

/** A dWallet as one validator tells it. Unverified. */
export interface ListedDWallet {
  readonly record: Uint8Array;
  readonly certificate: Uint8Array;
  /** Empty before the owner accepted. */
  readonly acceptance: Uint8Array;
}

export interface RecoveryContext {
  readonly setup: NetworkSetup;
  readonly committee: Committee;
  /** The account, 32 bytes. */
  readonly owner: Uint8Array;
  /** Id of the user encryption key that the seed gives. */
  readonly userKeyId: Digest;
  readonly userSecretKey: Secret<bigint>;
  /** dWallets that need no recovery, hex. */
  readonly known: ReadonlySet<string>;
}

/**
 * What can be recovered from the answers of several validators. An answer that does not verify counts for nothing: another validator may have the
 * right one. A record under a quorum certificate is the only one of its session.
 * @throws CheckError MPC:A2 when a certified and accepted dWallet of this account is not opened by this seed.
 */
export function openRecoverable(
  listed: readonly ListedDWallet[],
  { setup, committee, owner, userKeyId, userSecretKey, known }: RecoveryContext,
): { readonly wallets: StoredWallet[]; readonly notAccepted: number } {
  const wallets = new Map<string, StoredWallet>();
  const open = new Set<string>();
  for (const { record: bytes, certificate, acceptance } of listed) {
    const opened = verified(() => {
      const record = decodeDWalletRecord(setup, bytes);
      verifyCertificate(committee, decodeCertificate(certificate), dwalletFact(record), 'MPC:A1');
      return record;
    });
    if (opened === undefined || hex(opened.owner) !== hex(owner)) continue;
    const id = hex(opened.sessionId);
    if (known.has(id) || wallets.has(id)) continue;
    const policy = acceptance.length > 0 ? verified(() => verifyAcceptance(opened, acceptance)) : undefined;
    if (policy === undefined) {
      open.add(id);
      continue;
    }
    // From here on nobody else can be wrong: quorum and owner have signed this record.
    if (opened.share.mode === 'encrypted' && hex(opened.share.userKeyId) !== hex(userKeyId))
      throw new CheckError('MPC:A2', 'upk_id', 'is not the key of this recovery seed');
    // Its owner keeps the share elsewhere.
    if (opened.share.mode === 'none') continue;
    const share =
      opened.share.mode === 'public'
        ? new Secret(opened.share.userShare)
        : recoverUserShare(setup, opened, userSecretKey);
    const encoded = encodeScalar(setup.curve, share.expose());
    const allowed = policy === 'raw-digests' ? { rawDigests: true as const } : {};
    wallets.set(id, { id, userShare: hex(encoded), record: hex(bytes), ...allowed });
    encoded.fill(0);
    share.destroy();
  }
  for (const id of wallets.keys()) open.delete(id);
  return { wallets: [...wallets.values()], notAccepted: open.size };
}

/** @returns undefined for what does not decode or verify. */
function verified<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof CheckError || error instanceof DecodeError) return undefined;
    throw error;
  }
}
