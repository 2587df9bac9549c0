/**
 * The objects that pass between the steps of the protocol. Greek letters are spelled; comments give the symbol of 2pc-mpc.md.
 *
 * @module
 */
import type { Ciphertext, EncryptionKey, PublicParameters } from '@dwallet/class-groups';
import type { FixedBaseTable } from '@dwallet/kernel';
import type { Curve, Digest, Point, PresignId, SessionId } from '@dwallet/sigma';

/** A long-lived ciphertext with tables of its two components: ct_0 and ct_1 of the setup. */
export interface TabledCiphertext extends Ciphertext {
  readonly table1?: FixedBaseTable;
  readonly table2?: FixedBaseTable;
  /** For factors of 256 bits; the others are for their masks. */
  readonly shortTable1?: FixedBaseTable;
  readonly shortTable2?: FixedBaseTable;
}

/** Network-level setup of one curve (MPC 2). Clients hold it only after checking its quorum certificate (MPC:V1). */
export interface NetworkSetup {
  readonly curve: Curve;
  readonly parameters: PublicParameters;
  /** pk. */
  readonly encryptionKey: EncryptionKey;
  /** X_B,0 and X_B,1. */
  readonly publicShares: readonly [Point, Point];
  /** ct_0 and ct_1: encryptions of x_B,0 and x_B,1. */
  readonly shareCiphertexts: readonly [TabledCiphertext, TabledCiphertext];
  /** G_com = H_T("setup", ...) of MPC 2.5; in every context. */
  readonly commitment: Digest;
}

/** mu_0, mu_1, mu_G (MPC 3.1) or nu_0, nu_1, nu_G (MPC 5.3). */
export type Randomizers = readonly [bigint, bigint, bigint];

/** User encryption key upk = h^usk with the identifier of its registration (MPC 3.7). */
export interface UserEncryptionKey {
  readonly key: EncryptionKey;
  /** 32 bytes: digest of (curve, upk, account key). */
  readonly id: Digest;
  /** Ed25519 account key, 32 bytes, which signed the registration. */
  readonly account: Uint8Array;
}

/** How the user's share is kept (MPC 3.1 step 5). */
export type ShareMode =
  | { readonly mode: 'encrypted'; readonly userKeyId: Digest; readonly shareCiphertext: Ciphertext }
  | { readonly mode: 'public'; readonly userShare: bigint }
  | { readonly mode: 'none' };

/** Output of the dWallet DKG (MPC 3.6): public, the same at every validator and at the client. */
export interface DWalletRecord {
  readonly sessionId: SessionId;
  readonly setup: Digest;
  readonly curve: Curve;
  /** X = X_A + X_B. */
  readonly publicKey: Point;
  /** X_A. */
  readonly userPublicShare: Point;
  /** X_B. */
  readonly networkPublicShare: Point;
  /** ct_key: encryption of x_B under the network key, computed from public data, never decrypted. */
  readonly networkShareCiphertext: Ciphertext;
  readonly randomizers: Randomizers;
  readonly share: ShareMode;
  /** Ed25519 account key of the owner, 32 bytes. */
  readonly owner: Uint8Array;
  /**
   * 32-byte digest of (X, X_A, X_B, mu's, G_com) and of session, share mode and owner: what client and network compare (MPC:A1,
   * MPC:K7) and the owner signs (MPC:A3).
   */
  readonly digest: Digest;
}

/** Universal presign (MPC 4.5): usable once, by any universal dWallet of the setup. */
export interface Presign {
  readonly presignId: PresignId;
  readonly sessionId: SessionId;
  /** Position in its batch. */
  readonly index: number;
  readonly setup: Digest;
  /** ct_gamma. */
  readonly mask: Ciphertext;
  /** ct_gamma x,0 and ct_gamma x,1. */
  readonly maskedShares: readonly [Ciphertext, Ciphertext];
  /** ct_gamma k,0 and ct_gamma k,1. */
  readonly maskedNonces: readonly [Ciphertext, Ciphertext];
  /** R_B,0 and R_B,1. */
  readonly publicNonces: readonly [Point, Point];
}

/** A presign bound to one public key X (MPC 4.7); all of signing sees only this shape. */
export interface TargetedPresign {
  readonly presignId: PresignId;
  readonly sessionId: SessionId;
  readonly setup: Digest;
  readonly publicKey: Point;
  readonly mask: Ciphertext;
  /** ct_gamma x: encryption of gamma x_B. */
  readonly maskedShare: Ciphertext;
  readonly maskedNonces: readonly [Ciphertext, Ciphertext];
  readonly publicNonces: readonly [Point, Point];
  /** 32-byte digest of everything above: an input of the nonce hash. */
  readonly digest: Digest;
}

/** Hash schemes of ECDSA on secp256k1: MPC 0.4, and `sha512-half` (the first 32 bytes of SHA-512) for the XRP Ledger. */
export type HashScheme = 'keccak256' | 'sha256' | 'sha256d' | 'sha512-half';

/** Final signature (MPC 5.7): low-s, with recovery id 0..3. */
export interface EcdsaSignature {
  readonly r: bigint;
  readonly s: bigint;
  readonly recoveryId: number;
}
