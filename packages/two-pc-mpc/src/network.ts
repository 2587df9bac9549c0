/**
 * What a validator needs.
 *
 * @module
 */
export type * from './types.ts';
export * from './network-setup/setup-commitment.ts';
export * from './session-id.ts';
export * from './session-generations.ts';
export * from './certificates.ts';
export * from './signatures.ts';
export * from './user-encryption-key.ts';
export * from './network-setup/setup-record.ts';
export * from './dwallet-dkg/dkg-message.ts';
export * from './dwallet-dkg/record.ts';
export * from './ecdsa/presign/presign-record.ts';
export * from './inbox.ts';
export * from './network-setup/round-1-contribute.ts';
export * from './network-setup/aggregate.ts';
export * from './dwallet-dkg/network-verify.ts';
export * from './ecdsa/presign/presign-session.ts';
export * from './ecdsa/presign/round-1-encrypt-mask.ts';
export * from './ecdsa/presign/round-2-agree.ts';
export * from './ecdsa/presign/round-3-encrypt-nonces.ts';
export * from './ecdsa/presign/finalize.ts';
export { type OwnerSigningPolicy, acceptedSigningPolicy, verifyAcceptance } from './dwallet-dkg/client-accept.ts';
export * from './dwallet-dkg/randomizers.ts';
export * from './ecdsa/presign/target.ts';
export * from './proofs/encryption-of-discrete-log.ts';
export * from './proofs/scaled-ciphertexts.ts';
export * from './proofs/scaled-ciphertext-with-discrete-log.ts';
export * from './ecdsa/sign/complete-signature.ts';
export * from './ecdsa/sign/message-hash.ts';
export { type AssignedPresign, assignPresign } from './ecdsa/sign/assigned-presign.ts';
export * from './ecdsa/sign/network-verify.ts';
export * from './ecdsa/sign/sign-message.ts';
export * from './ecdsa/single-use.ts';
export * from './ecdsa/sign/identifiable-abort.ts';
export * from './ecdsa/sign/network-decrypt.ts';
export * from './ecdsa/sign/signature-record.ts';
export * from './wire/envelope.ts';
export * from './wire/call.ts';
export * from './wire/client-requests.ts';
export * from './wire/peek.ts';
export * from './compute/pool.ts';
export * from './compute/job-context.ts';
export * from './compute/inline-pool.ts';
export * from './compute/worker-pool.ts';
export * from './compute/setting.ts';
export * from './compute/network-jobs.ts';
export {
  type EncodedMaskAgreement,
  type EncodedPresign,
  type FinalizedPresignBytes,
  agreeOnMasksIn,
  encryptMaskIn,
  encryptNoncesIn,
  finalizePresignsIn,
} from './compute/presign-jobs.ts';
