/**
 * What a validator needs.
 *
 * @module
 */
export type * from './types.ts';
export * from './network-setup/setup-commitment.ts';
export * from './dwallet-dkg/randomizers.ts';
export * from './ecdsa/presign/target.ts';
export * from './proofs/encryption-of-discrete-log.ts';
export * from './proofs/scaled-ciphertexts.ts';
export * from './proofs/scaled-ciphertext-with-discrete-log.ts';
export * from './ecdsa/sign/complete-signature.ts';
export * from './ecdsa/sign/message-hash.ts';
export * from './ecdsa/sign/network-verify.ts';
export * from './ecdsa/sign/sign-message.ts';
export * from './ecdsa/single-use.ts';
export * from './ecdsa/sign/identifiable-abort.ts';
export * from './ecdsa/sign/network-decrypt.ts';
export * from './ecdsa/sign/signature-record.ts';
