/**
 * Wire messages of a threshold decryption: shares without proofs (optimistic) and with proofs. The sender is never in the message: it is
 * the authenticated peer.
 *
 * Layout: version, type, 32-byte request digest, u16 count, then per virtual number in ascending order: u16 number, one element per
 * ciphertext and, in the proved message, one EDL proof.
 *
 * @module
 */
import type { Element } from '@dwallet/kernel';
import {
  type Blame,
  CheckError,
  DecodeError,
  type Proof,
  Reader,
  type ValidatorId,
  type VirtualId,
  concat,
  encodeUint16,
  encodeUint8,
  readElement,
} from '@dwallet/sigma';
import {
  encodeEqualityOfExponents,
  equalityOfExponentsBytes,
  readEqualityOfExponents,
} from '../proofs/equality-of-exponents.ts';
import type { DecryptionShares } from './partial-decrypt.ts';
import type { ProvedDecryptionShares } from './prove-share.ts';
import type { DecryptionRequest } from './request.ts';

/** First byte of both messages. */
export const decryptionMessageVersion = 1;
/** Second byte. */
export const decryptionMessageType = { shares: 0x21, provedShares: 0x22 } as const;

const headerBytes = 2 + 32 + 2;

/** Bytes of the optimistic message of a validator of `weight` numbers. */
export const shareMessageBytes = ({ setup, ciphertexts }: DecryptionRequest, weight: number): number =>
  headerBytes + weight * (2 + ciphertexts.length * setup.parameters.group.elementBytes);

/** Bytes of the proved message of a validator of `weight` numbers. */
export const provedShareMessageBytes = (request: DecryptionRequest, weight: number): number =>
  shareMessageBytes(request, weight) + weight * equalityOfExponentsBytes(request.setup);

function encode(
  request: DecryptionRequest,
  answer: DecryptionShares,
  type: number,
  proofOf: (share: VirtualId) => Uint8Array,
): Uint8Array {
  const { group } = request.setup.parameters;
  return concat(
    encodeUint8(decryptionMessageVersion),
    encodeUint8(type),
    request.digest,
    encodeUint16(answer.shares.size),
    ...[...answer.shares].map(([share, powers]) =>
      concat(encodeUint16(share), ...powers.map((power) => group.encode(power)), proofOf(share)),
    ),
  );
}

export const encodeShares = (request: DecryptionRequest, answer: DecryptionShares): Uint8Array =>
  encode(request, answer, decryptionMessageType.shares, () => new Uint8Array(0));

export const encodeProvedShares = (request: DecryptionRequest, answer: ProvedDecryptionShares): Uint8Array =>
  encode(request, answer, decryptionMessageType.provedShares, (share) =>
    encodeEqualityOfExponents(request.setup, answer.proofs.get(share) as Proof),
  );

/** The message is well-formed but answers another request: not a fault of its sender. */
class OtherRequestError extends DecodeError {}

function decode(
  request: DecryptionRequest,
  sender: ValidatorId,
  reader: Reader,
  type: number,
  readProofOf: (share: VirtualId) => void,
): DecryptionShares {
  const { setup } = request;
  reader.constant('version', decryptionMessageVersion);
  reader.constant('type', type);
  const digest = reader.fixed('request', 32);
  if (digest.some((byte, i) => byte !== request.digest[i]))
    throw new OtherRequestError(reader.path('request'), 'answers another request');
  const own = setup.state.access.virtualIdsOf(sender);
  const count = reader.uint16('count');
  if (count !== own.length)
    throw new CheckError('MPC:S12', reader.path('count'), `is ${count}, the sender holds ${own.length} numbers`);
  const shares = new Map<VirtualId, readonly Element[]>();
  for (const [i, expected] of own.entries()) {
    const share = reader.uint16(`shares[${i}].virtualId`);
    if (share !== expected)
      throw new CheckError('MPC:S12', reader.path(`shares[${i}].virtualId`), `is ${share}, must be ${expected}`);
    shares.set(
      expected,
      request.ciphertexts.map((_, l) => readElement(reader, setup.parameters.group, `shares[${i}].power[${l}]`)),
    );
    readProofOf(expected);
  }
  reader.end();
  return { sender, shares };
}

/**
 * Strict: exactly the sender's numbers in order (MPC:S12), elements with CG:P1 to CG:P7 (MPC:S13).
 * @throws DecodeError, or CheckError `MPC:S12`.
 */
export function decodeShares(request: DecryptionRequest, sender: ValidatorId, bytes: Uint8Array): DecryptionShares {
  return decode(request, sender, new Reader(bytes, 'DecryptionShares'), decryptionMessageType.shares, () => undefined);
}

/** As {@link decodeShares}, with one proof per number; proofs are parsed here and verified in `resolveDispute`. */
export function decodeProvedShares(
  request: DecryptionRequest,
  sender: ValidatorId,
  bytes: Uint8Array,
): ProvedDecryptionShares {
  const proofs = new Map<VirtualId, Proof>();
  const reader = new Reader(bytes, 'ProvedDecryptionShares');
  const answer = decode(request, sender, reader, decryptionMessageType.provedShares, (share) => {
    proofs.set(share, readEqualityOfExponents(reader, request.setup, `proof[${share}]`));
  });
  return { ...answer, proofs };
}

/** What to do with one authenticated message. */
export type Received<T> =
  | { readonly status: 'accepted'; readonly message: T }
  /** Not about this request: drop it, nobody is at fault. */
  | { readonly status: 'ignored'; readonly reason: string }
  | { readonly status: 'blamed'; readonly blame: Blame };

function receive<T>(sender: ValidatorId, read: () => T): Received<T> {
  try {
    return { status: 'accepted', message: read() };
  } catch (error) {
    if (error instanceof OtherRequestError) return { status: 'ignored', reason: error.message };
    if (error instanceof CheckError)
      return { status: 'blamed', blame: { party: sender, check: error.check, reason: error.message } };
    if (error instanceof DecodeError)
      return { status: 'blamed', blame: { party: sender, check: 'MPC:S13', reason: error.message } };
    throw error;
  }
}

/** Reads the optimistic message of an authenticated validator; its faults come back as blame (MPC:S12, MPC:S13). */
export const receiveShares = (
  request: DecryptionRequest,
  sender: ValidatorId,
  bytes: Uint8Array,
): Received<DecryptionShares> => receive(sender, () => decodeShares(request, sender, bytes));

/** Reads the proved message of an authenticated validator; its faults come back as blame (MPC:S12, MPC:S13). */
export const receiveProvedShares = (
  request: DecryptionRequest,
  sender: ValidatorId,
  bytes: Uint8Array,
): Received<ProvedDecryptionShares> => receive(sender, () => decodeProvedShares(request, sender, bytes));
