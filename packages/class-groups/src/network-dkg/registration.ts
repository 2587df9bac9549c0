/**
 * Registration (CG 8.1.1): every validator posts a fresh ristretto255 key of this epoch, to which its shares are encrypted.
 *
 * Stricter than CG 8.1.1: the key comes with a proof of knowledge bound to its owner. Without it, whoever copies an honest validator's
 * key and is ordered first makes the honest one look like the copier.
 *
 * @module
 */
import {
  CheckError,
  InvalidArgumentsError,
  type Random,
  Reader,
  type Secret,
  ThresholdNotReachedError,
  type Blame,
  type ValidatorId,
  concat,
} from '@dwallet/sigma';
import { encodeClgContext } from '../proofs/context.ts';
import {
  type RistrettoPoint,
  type SchnorrProof,
  encodeRistretto,
  encodeSchnorr,
  multiplyRistretto,
  proveSchnorr,
  readRistretto,
  readSchnorr,
  ristrettoBase,
  ristrettoBytes,
  sampleRistrettoScalar,
  schnorrProofBytes,
  verifySchnorr,
} from './ristretto-proofs.ts';
import {
  type InboxEntry,
  type NetworkDkgInput,
  type RegisteredCommittee,
  messageTypes,
  messageVersion,
  proofContext,
  readHeader,
  sessionOf,
  sortInbox,
} from './session.ts';

const section = 'CG:8.1.1';

/** K_v = k_v G0 with its canonical bytes. */
export interface KemPublicKey {
  readonly point: RistrettoPoint;
  /** 32 bytes. */
  readonly bytes: Uint8Array;
}

/** k_v: for one epoch only, erased with the other secrets of the DKG. */
export interface KemSecret {
  readonly validator: ValidatorId;
  readonly scalar: Secret<bigint>;
}

/** K_v and the proof of knowledge of k_v. */
export interface RegisterMessage {
  readonly key: RistrettoPoint;
  readonly proof: SchnorrProof;
}

/** The committee is not known by its KEM keys yet: the identity keys stand in. */
const registrationContext = (input: NetworkDkgInput, validator: ValidatorId): Uint8Array =>
  encodeClgContext(
    proofContext(input, sessionOf(input, input.context.identities), 'register', validator, 'kem-key', []),
  );

/** Exact size of a registration. */
export const registerMessageBytes = 2 + 32 + ristrettoBytes + schnorrProofBytes;

/** version || type || session (32) || K_v (32) || proof (64). */
export const encodeRegister = (input: NetworkDkgInput, { key, proof }: RegisterMessage): Uint8Array =>
  concat(
    Uint8Array.of(messageVersion, messageTypes.register),
    input.context.session,
    encodeRistretto(key),
    encodeSchnorr(proof),
  );

/** Strict. @throws DecodeError; CheckError for another session. */
export function decodeRegister(input: NetworkDkgInput, bytes: Uint8Array): RegisterMessage {
  const reader = new Reader(bytes, 'RegisterMessage');
  readHeader(reader, input, messageTypes.register, section);
  const key = readRistretto(reader, 'key');
  const proof = readSchnorr(reader, 'proof');
  reader.end();
  return { key, proof };
}

/**
 * Makes this validator's key of the epoch.
 * @param random - fresh.
 * @returns 130 bytes to broadcast, and k_v.
 */
export function register(
  input: NetworkDkgInput & { readonly validator: ValidatorId },
  random: Random,
): { message: Uint8Array; secret: KemSecret } {
  input.access.weightOf(input.validator);
  const scalar = sampleRistrettoScalar(random);
  const key = multiplyRistretto(ristrettoBase, scalar.expose());
  const proof = proveSchnorr(registrationContext(input, input.validator), key, scalar, random);
  return { message: encodeRegister(input, { key, proof }), secret: { validator: input.validator, scalar } };
}

/**
 * Checks all registrations. A key must be canonical, not the identity, proven, and not that of an earlier validator.
 *
 * Every validator must have registered: one that cannot receive would be silent later, and waiting is better than revealing (CG 8.1.4).
 *
 * @throws ThresholdNotReachedError while a valid registration is missing; `registered` and `blamed` of
 * {@link collectRegistrations} say whose.
 */
export function verifyRegistrations(input: NetworkDkgInput & { readonly inbox: readonly InboxEntry[] }): {
  committee: RegisteredCommittee;
  blamed: readonly Blame[];
} {
  const { access } = input;
  const { keys, blamed } = collectRegistrations(input);
  if (keys.size !== access.validators.length) {
    throw new ThresholdNotReachedError('registrations', access.weight(keys.keys()), access.totalWeight);
  }
  const bytes = access.validators.map((validator) => keys.get(validator)?.bytes as Uint8Array);
  return { committee: { keys, session: sessionOf(input, bytes) }, blamed };
}

/** The valid registrations so far, and who misbehaved. */
export function collectRegistrations(input: NetworkDkgInput & { readonly inbox: readonly InboxEntry[] }): {
  keys: ReadonlyMap<ValidatorId, KemPublicKey>;
  blamed: readonly Blame[];
} {
  const taken = new Set<string>();
  const { messages, blamed } = sortInbox(input, input.inbox, section, 'first', (from, bytes) => {
    const { key, proof } = decodeRegister(input, bytes);
    if (!verifySchnorr(registrationContext(input, from), key, proof)) {
      throw new CheckError(section, 'RegisterMessage.proof', 'does not verify');
    }
    const encoded = encodeRistretto(key);
    if (taken.has(encoded.join())) {
      throw new CheckError(section, 'RegisterMessage.key', 'is the key of an earlier validator');
    }
    taken.add(encoded.join());
    return { point: key, bytes: encoded };
  });
  return { keys: messages, blamed };
}

/** The registered key of a member. */
export function kemKeyOf({ keys }: RegisteredCommittee, validator: ValidatorId): KemPublicKey {
  const key = keys.get(validator);
  if (key === undefined) throw new InvalidArgumentsError('committee', `validator ${validator} has no registered key`);
  return key;
}

/** Refuses a k_v that does not belong to the registered K_v: it could open nothing and would blame everybody. */
export function checkKemSecret(committee: RegisteredCommittee, { validator, scalar }: KemSecret): void {
  if (!multiplyRistretto(ristrettoBase, scalar.expose()).equals(kemKeyOf(committee, validator).point)) {
    throw new InvalidArgumentsError('kemSecret', `is not the key that validator ${validator} registered`);
  }
}
