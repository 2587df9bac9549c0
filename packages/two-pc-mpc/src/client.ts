/**
 * What a wallet needs.
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
export * from './dwallet-dkg/client-create.ts';
export * from './dwallet-dkg/client-accept.ts';
export * from './dwallet-dkg/randomizers.ts';
export * from './ecdsa/presign/target.ts';
export * from './proofs/encryption-of-discrete-log.ts';
export * from './client/check-dwallet.ts';
export * from './client/check-presign.ts';
export * from './client/check-signature.ts';
export * from './client/sign-message-store.ts';
export {
  preparePresign,
  preparePresignIn,
  preparePresignInSteps,
  type PreparePresignArguments,
  type PreparedPresign,
} from './client/prepare-presign.ts';
export * from './client/sign-once.ts';
export * from './ecdsa/sign/complete-signature.ts';
export * from './ecdsa/sign/message-hash.ts';
export * from './ecdsa/sign/sign-message.ts';
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
export { clientJobs } from './compute/client-jobs.ts';
