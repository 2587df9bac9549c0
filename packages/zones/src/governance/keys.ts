/**
 * Governance keys: Ed25519, or the ECDSA public key of an ordinary dWallet.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { type Field, byteString, checked, integer, oneOf, sortedList, struct } from '../record/codec.ts';

export type KeyScheme = 'ed25519' | 'ecdsa-secp256k1';

export interface GovernanceKey {
  readonly scheme: KeyScheme;
  /** Ed25519: 32 bytes. ECDSA: 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
}

export interface GovernanceSet {
  /** Distinct, ascending by encoding. */
  readonly keys: readonly GovernanceKey[];
  /** How many of them must approve, 1 .. keys. */
  readonly threshold: number;
}

function keyProblem({ scheme, publicKey }: GovernanceKey): string | undefined {
  try {
    if (scheme === 'ed25519') {
      if (publicKey.length !== 32) return 'must be 32 bytes';
      const point = ed25519.Point.fromBytes(publicKey, false);
      return point.isSmallOrder() || !point.isTorsionFree() ? 'is not an Ed25519 public key' : undefined;
    }
    if (publicKey.length !== 33) return 'must be 33 bytes';
    secp256k1.Point.fromBytes(publicKey);
    return undefined;
  } catch {
    return `is not a public key of ${scheme}`;
  }
}

/** Keys were found good before: points cost more to check than records to read. Bounded. */
const known = new Map<string, true>();
function checkedKey(key: GovernanceKey): string | undefined {
  const name = `${key.scheme}:${key.publicKey.join()}`;
  if (known.has(name)) return undefined;
  const wrong = keyProblem(key);
  if (wrong === undefined) {
    if (known.size >= 4096) known.clear();
    known.set(name, true);
  }
  return wrong;
}

export const keyField: Field<GovernanceKey> = checked(
  struct<GovernanceKey>({ scheme: oneOf(['ed25519', 'ecdsa-secp256k1']), publicKey: byteString(32, 33) }),
  checkedKey,
);

export const governanceField: Field<GovernanceSet> = checked(
  struct<GovernanceSet>({ keys: sortedList(keyField, 1, 64), threshold: integer(1, 64) }),
  ({ keys, threshold }) => (threshold <= keys.length ? undefined : 'threshold exceeds the number of keys'),
);
