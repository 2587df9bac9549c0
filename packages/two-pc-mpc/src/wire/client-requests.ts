/**
 * What a client asks of a validator, as bodies of envelopes signed by its account key (and the replies to them). The same bytes go to every
 * validator, so that each checks the request itself.
 *
 * @module
 */
import {
  type Blame,
  DecodeError,
  type Digest,
  type PresignId,
  Reader,
  type SessionId,
  concat,
  digest,
  digestTagged,
  encodeBytes,
  encodeList,
  encodeText,
  encodeUint16,
  encodeUint8,
  presignId,
  sessionId,
} from '@dwallet/sigma';
import type { Fact } from '../certificates.ts';
import { hashMessage, hashSchemeId, hashSchemes } from '../ecdsa/sign/message-hash.ts';
import type { HashScheme } from '../types.ts';

/** Kinds of client envelopes. */
export const clientKind = {
  registerUserKey: 'client/register-user-key',
  createDWallet: 'client/create-dwallet',
  acceptDWallet: 'client/accept-dwallet',
  takePresign: 'client/take-presign',
  sign: 'client/sign',
} as const;

/** Largest message to sign, in bytes. */
export const maxMessageBytes = 1024 * 1024;
/** Largest SignMsg, in bytes: fits every profile. */
export const maxSignMessageBytes = 16 * 1024;

/** network id: what every envelope is bound to. */
export const networkIdOf = (name: string, profile: string, committee: Digest): Digest =>
  digestTagged('network-id', [encodeText(name), encodeText(profile), committee]);

/** create-dwallet: the opening's fresh 32 bytes, then DkgMsg. */
export const encodeCreateDWallet = (fresh: Uint8Array, message: Uint8Array): Uint8Array =>
  concat(fresh, encodeBytes(message));

export function decodeCreateDWallet(bytes: Uint8Array): { readonly fresh: Uint8Array; readonly message: Uint8Array } {
  const reader = new Reader(bytes, 'CreateDWallet');
  const fresh = reader.fixed('fresh', 32);
  const message = reader.bytes('message', maxSignMessageBytes);
  reader.end();
  return { fresh, message };
}

/** accept-dwallet: dWallet id, then AcceptMsg. */
export const encodeAcceptDWallet = (id: SessionId, acceptance: Uint8Array): Uint8Array =>
  concat(id, encodeBytes(acceptance));

export function decodeAcceptDWallet(bytes: Uint8Array): { readonly id: SessionId; readonly acceptance: Uint8Array } {
  const reader = new Reader(bytes, 'AcceptDWallet');
  const id = sessionId(reader.fixed('id', 32));
  const acceptance = reader.bytes('acceptance', 1024);
  reader.end();
  return { id, acceptance };
}

/**
 * Names one approved request: dWallet, hash scheme, message digest and a nonce of the client. A presign is assigned to this digest before the
 * client answers it, so the message is fixed first.
 */
export const signRequestDigest = (id: SessionId, scheme: HashScheme, message: Uint8Array, nonce: Uint8Array): Digest =>
  digestTagged('sign-request', [id, encodeUint8(hashSchemeId(scheme)), hashMessage(scheme, message), nonce]);

/** take-presign: dWallet id, request digest. */
export const encodeTakePresign = (id: SessionId, request: Digest): Uint8Array => concat(id, request);

export function decodeTakePresign(bytes: Uint8Array): { readonly id: SessionId; readonly request: Digest } {
  const reader = new Reader(bytes, 'TakePresign');
  const id = sessionId(reader.fixed('id', 32));
  const request = digest(reader.fixed('request', 32));
  reader.end();
  return { id, request };
}

/** One signature asked for. */
export interface SignRequest {
  readonly id: SessionId;
  readonly presignId: PresignId;
  readonly hashScheme: HashScheme;
  /** 32 bytes; makes equal messages different requests. */
  readonly nonce: Uint8Array;
  /** The message itself. */
  readonly message: Uint8Array;
  /** SignMsg. */
  readonly signMessage: Uint8Array;
}

export const encodeSignRequest = (request: SignRequest): Uint8Array =>
  concat(
    request.id,
    request.presignId,
    encodeUint8(hashSchemeId(request.hashScheme)),
    request.nonce,
    encodeBytes(request.message),
    encodeBytes(request.signMessage),
  );

export function decodeSignRequest(bytes: Uint8Array): SignRequest {
  const reader = new Reader(bytes, 'SignRequest');
  const id = sessionId(reader.fixed('id', 32));
  const presign = presignId(reader.fixed('presignId', 32));
  const hashScheme = hashSchemes[reader.uint8('hashScheme')];
  if (hashScheme === undefined) throw new DecodeError(reader.path('hashScheme'), 'is unknown');
  const nonce = reader.fixed('nonce', 32);
  const message = reader.bytes('message', maxMessageBytes);
  const signMessage = reader.bytes('signMessage', maxSignMessageBytes);
  reader.end();
  return { id, presignId: presign, hashScheme, nonce, message, signMessage };
}

/** Replies are lists of byte strings of a fixed number. */
export const encodeParts = (parts: readonly Uint8Array[]): Uint8Array => encodeList(parts);

export function decodeParts(bytes: Uint8Array, name: string, count: number, maxBytes = 8 * 1024 * 1024): Uint8Array[] {
  const reader = new Reader(bytes, name);
  reader.count('count', count, count);
  const parts = Array.from({ length: count }, (_, i) => reader.bytes(`[${i}]`, maxBytes));
  reader.end();
  return parts;
}

/** What validators certify when they give a presign to one (dWallet, request), irrevocably (MPC 5.8 rule 1). */
export const assignmentFact = (presign: PresignId, id: SessionId, request: Digest): Fact => ({
  kind: 'presign-assignment',
  id: presign,
  version: 0n,
  digest: digestTagged('presign-assignment', [presign, id, request]),
});

/** Faults as (validator, check, reason), with the answer to a signature. */
export const encodeBlame = (blamed: readonly Blame[]): Uint8Array =>
  encodeList(
    blamed.map(({ party, check, reason }) =>
      concat(encodeUint16(party), encodeBytes(encodeText(check)), encodeBytes(encodeText(reason))),
    ),
  );

export function decodeBlame(bytes: Uint8Array): Blame[] {
  const list = new Reader(bytes, 'Blame');
  const count = list.count('count', 0, 1024);
  const blamed = Array.from({ length: count }, (_, i) => {
    const reader = new Reader(list.bytes(`[${i}]`, 8192), `Blame[${i}]`);
    const text = (field: string): string => new TextDecoder().decode(reader.bytes(field, 4096));
    const fault: Blame = { party: reader.uint16('party'), check: text('check'), reason: text('reason') };
    reader.end();
    return fault;
  });
  list.end();
  return blamed;
}

/** The identifiers of a presign batch, as sent beside its certificate. */
export function presignIdsOf(bytes: Uint8Array): PresignId[] {
  const reader = new Reader(bytes, 'PresignBatch');
  const count = reader.count('count', 1, 64);
  const ids = Array.from({ length: count }, (_, i) => presignId(reader.bytes(`[${i}]`, 32)));
  reader.end();
  return ids;
}
