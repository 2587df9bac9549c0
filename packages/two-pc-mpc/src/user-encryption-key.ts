/**
 * User encryption keys (MPC 3.7): derived from a root seed, one per curve, registered with an account signature.
 *
 * @module
 */
import type { EncryptionKey, PublicParameters } from '@dwallet/class-groups';
import {
  CheckError,
  type Curve,
  type Digest,
  InvalidArgumentsError,
  Reader,
  Secret,
  bytesToInteger,
  concat,
  digestTagged,
  encodeUint8,
  hashTagged,
  readElement,
} from '@dwallet/sigma';
import {
  decodePublicKey,
  publicKeyBytes,
  signItems,
  signatureBytes,
  signingPublicKey,
  verifyItems,
} from './signatures.ts';
import type { UserEncryptionKey } from './types.ts';
import { header, messageType, readCurveId, readHeader, requireLength, underCheck } from './wire/format.ts';

/**
 * usk: the first R bits of XOF("user-class-group-key", curve, class-group setup, seed); upk = h^usk. The curve is hashed, so no two curves
 * share a secret key; nor do two profiles.
 * @param seed - 32 bytes; whoever has it recovers every encrypted user share.
 */
export function deriveUserKey(
  curve: Curve,
  parameters: PublicParameters,
  seed: Secret<Uint8Array>,
): { readonly secretKey: Secret<bigint>; readonly encryptionKey: EncryptionKey } {
  const bytes = seed.expose();
  if (bytes.length !== 32) throw new InvalidArgumentsError('seed', 'must be 32 bytes');
  if (curve.q !== parameters.q) throw new InvalidArgumentsError('curve', 'is not the curve of this class group');
  const bits = parameters.randomnessBits;
  const stream = hashTagged('user-class-group-key', [encodeUint8(curve.id), parameters.digest, bytes], (bits + 7) >> 3);
  const usk = bytesToInteger(stream) & ((1n << BigInt(bits)) - 1n);
  stream.fill(0);
  return { secretKey: new Secret(usk), encryptionKey: { element: parameters.powerOfH(usk, bits) } };
}

/** Identifier of a registration: digest of (curve, class-group setup, upk, account key). */
export const userKeyId = (
  curve: Curve,
  parameters: PublicParameters,
  key: EncryptionKey,
  account: Uint8Array,
): Digest =>
  digestTagged('user-encryption-key', [
    encodeUint8(curve.id),
    parameters.digest,
    parameters.group.encode(key.element),
    account,
  ]);

const signedItems = (curve: Curve, parameters: PublicParameters, key: EncryptionKey): Uint8Array[] => [
  encodeUint8(curve.id),
  parameters.digest,
  parameters.group.encode(key.element),
];

/** RegisterUpk: curve, upk, account key, account signature over (curve, class-group setup, upk). */
export function registerUserKey(
  curve: Curve,
  parameters: PublicParameters,
  key: EncryptionKey,
  accountKey: Secret<Uint8Array>,
): Uint8Array {
  return concat(
    header(messageType.registerUserKey),
    encodeUint8(curve.id),
    parameters.group.encode(key.element),
    signingPublicKey(accountKey),
    signItems(accountKey, 'register-user-key', signedItems(curve, parameters, key)),
  );
}

/**
 * Checks a registration (MPC:K5): upk a valid square, not the identity, of this curve's class group, signed by its owner.
 * @throws DecodeError, CheckError with MPC:K5.
 */
export function verifyUserKeyRegistration(
  curve: Curve,
  parameters: PublicParameters,
  bytes: Uint8Array,
): UserEncryptionKey {
  const { group } = parameters;
  requireLength(bytes, [3 + group.elementBytes + publicKeyBytes + signatureBytes], 'RegisterUpk');
  const reader = new Reader(bytes, 'RegisterUpk');
  readHeader(reader, messageType.registerUserKey);
  underCheck('MPC:K5', () => readCurveId(reader, curve, 'curve'));
  const element = underCheck('MPC:K5', () => readElement(reader, group, 'upk'));
  if (group.isIdentity(element)) throw new CheckError('MPC:K5', reader.path('upk'), 'is the identity');
  const account = underCheck('MPC:K5', () =>
    decodePublicKey(reader.fixed('account', publicKeyBytes), reader.path('account')),
  );
  const signature = reader.fixed('signature', signatureBytes);
  reader.end();
  const key = { element };
  if (!verifyItems(account, 'register-user-key', signedItems(curve, parameters, key), signature)) {
    throw new CheckError('MPC:K5', reader.path('signature'), "is not the account owner's");
  }
  return { key, id: userKeyId(curve, parameters, key, account), account };
}
