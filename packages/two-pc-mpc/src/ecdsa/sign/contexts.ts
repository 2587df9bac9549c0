/**
 * Contexts of the proofs of signing (MPC 1.3, 5.2, 5.7). One name, one use.
 *
 * @module
 */
import { type Curve, type Digest, encodeContext, encodeText } from '@dwallet/sigma';
import type { TargetedPresign } from '../../types.ts';

/** pi_k, pi_alpha, pi_beta: made before the nonce hash exists, and hashed by it. */
export type FirstStageProof = 'pi_k' | 'pi_alpha' | 'pi_beta';
/** The proofs that depend on the nonce hash. */
export type SecondStageProof = 'pi_kx' | 'pi_RB' | 'pi_R' | 'pi_ctalphabeta' | 'pi_ctA';

const protocol = 'ecdsa-sign';

/** What a context takes from a presign: known before the targeting is computed. */
export type PresignIdentity = Pick<TargetedPresign, 'presignId' | 'sessionId' | 'setup' | 'publicKey'>;

/** (A, 0, sid of the presign, "ecdsa-sign", "1", name, X, G_com), with the presign id because one session makes many presigns. */
export const firstStageContext = (curve: Curve, presign: PresignIdentity, proof: FirstStageProof): Uint8Array =>
  encodeContext({
    role: 'client',
    party: 0,
    session: presign.sessionId,
    protocol,
    round: '1',
    proof,
    publicKey: curve.encodePoint(presign.publicKey),
    setup: presign.setup,
    extra: [presign.presignId],
  });

/** As {@link firstStageContext}, with the nu seed, which binds the whole first stage, m and the hash scheme (MPC 6.13). */
export const secondStageContext = (
  curve: Curve,
  presign: PresignIdentity,
  proof: SecondStageProof,
  nonceSeed: Digest,
): Uint8Array =>
  encodeContext({
    role: 'client',
    party: 0,
    session: presign.sessionId,
    protocol,
    round: '1',
    proof,
    publicKey: curve.encodePoint(presign.publicKey),
    setup: presign.setup,
    extra: [presign.presignId, nonceSeed],
  });

/**
 * What shares and proofs of partial decryption are bound to besides session, prover, expected set and both ciphertexts, which the
 * decryption request itself covers: ("ecdsa-sign", "2", "PartialDec", X, G_com, presign id, D) (MPC 5.7).
 */
export const partialDecryptionBinding = (
  curve: Curve,
  presign: PresignIdentity,
  bindingDigest: Digest,
): readonly Uint8Array[] => [
  encodeText(protocol),
  encodeText('2'),
  encodeText('PartialDec'),
  curve.encodePoint(presign.publicKey),
  presign.setup,
  presign.presignId,
  bindingDigest,
];

/** Protocol name and version of the decryption session. */
export const decryptionProtocol = { protocol, protocolVersion: 1 } as const;
