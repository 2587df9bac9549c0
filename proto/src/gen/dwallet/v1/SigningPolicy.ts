// @ts-nocheck: generated.
/**
 * What the owner of a dWallet lets validators sign with it; decided with the acceptance, for ever.
 */
export const SigningPolicy = {
  /**
   * The owner has not accepted yet.
   */
  SIGNING_POLICY_UNSPECIFIED: 'SIGNING_POLICY_UNSPECIFIED',
  /**
   * Only transactions and messages that every validator reads by itself.
   */
  SIGNING_POLICY_TRANSACTIONS: 'SIGNING_POLICY_TRANSACTIONS',
  /**
   * Raw bytes as well, which no validator can read or judge.
   */
  SIGNING_POLICY_RAW_DIGESTS: 'SIGNING_POLICY_RAW_DIGESTS',
} as const;

/**
 * What the owner of a dWallet lets validators sign with it; decided with the acceptance, for ever.
 */
export type SigningPolicy =
  /**
   * The owner has not accepted yet.
   */
  | 'SIGNING_POLICY_UNSPECIFIED'
  | 0
  /**
   * Only transactions and messages that every validator reads by itself.
   */
  | 'SIGNING_POLICY_TRANSACTIONS'
  | 1
  /**
   * Raw bytes as well, which no validator can read or judge.
   */
  | 'SIGNING_POLICY_RAW_DIGESTS'
  | 2

/**
 * What the owner of a dWallet lets validators sign with it; decided with the acceptance, for ever.
 */
export type SigningPolicy__Output = typeof SigningPolicy[keyof typeof SigningPolicy]
