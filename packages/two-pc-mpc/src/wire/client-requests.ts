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
 * What a presign is assigned to (MPC 5.8 rule 1), beside the dWallet: one message that is known, or a place that one message will take (a
 * reservation). Two kinds, two tags: no digest of one is a digest of the other.
 */
export type PresignRequest =
  | {
      readonly kind: 'message';
      readonly hashScheme: HashScheme;
      /** 32 bytes. */
      readonly messageDigest: Digest;
      /** 32 bytes; makes equal messages different requests. */
      readonly nonce: Uint8Array;
    }
  | { readonly kind: 'reservation' /** 32 bytes. */; readonly nonce: Uint8Array };

export type PresignRequestKind = PresignRequest['kind'];

/** Byte that stands for each kind. */
const requestKinds: readonly PresignRequestKind[] = ['message', 'reservation'];

/** How many presigns one dWallet may hold by reservations that have signed nothing yet. Every validator counts for itself. */
export const maxReservedPresigns = 4;

const messageRequestDigest = (id: SessionId, scheme: HashScheme, messageDigest: Digest, nonce: Uint8Array): Digest =>
  digestTagged('sign-request', [id, encodeUint8(hashSchemeId(scheme)), messageDigest, nonce]);

/** 32 bytes: what validators store and certify. */
export const presignRequestDigest = (id: SessionId, request: PresignRequest): Digest =>
  request.kind === 'message'
    ? messageRequestDigest(id, request.hashScheme, request.messageDigest, request.nonce)
    : digestTagged('sign-reservation', [id, request.nonce]);

/** The request for a known message: its digest is fixed before the client learns which presign it gets. */
export const messageRequest = (hashScheme: HashScheme, message: Uint8Array, nonce: Uint8Array): PresignRequest => ({
  kind: 'message',
  hashScheme,
  messageDigest: hashMessage(hashScheme, message),
  nonce,
});

/** {@link presignRequestDigest} of a request for a known message. */
export const signRequestDigest = (id: SessionId, scheme: HashScheme, message: Uint8Array, nonce: Uint8Array): Digest =>
  presignRequestDigest(id, messageRequest(scheme, message, nonce));

/**
 * take-presign: dWallet id, kind, then what the digest is made of, so that validators know which kind they assign. They derive the digest.
 */
export const encodeTakePresign = (id: SessionId, request: PresignRequest): Uint8Array =>
  concat(
    id,
    encodeUint8(requestKinds.indexOf(request.kind)),
    ...(request.kind === 'message' ? [encodeUint8(hashSchemeId(request.hashScheme)), request.messageDigest] : []),
    request.nonce,
  );

/** A take-presign as a validator sees it. */
export interface TakePresign {
  readonly id: SessionId;
  readonly kind: PresignRequestKind;
  /** {@link presignRequestDigest}. */
  readonly request: Digest;
}

const readHashScheme = (reader: Reader): HashScheme => {
  const hashScheme = hashSchemes[reader.uint8('hashScheme')];
  if (hashScheme === undefined) throw new DecodeError(reader.path('hashScheme'), 'is unknown');
  return hashScheme;
};

const readRequestKind = (reader: Reader, field: string): PresignRequestKind => {
  const kind = requestKinds[reader.uint8(field)];
  if (kind === undefined) throw new DecodeError(reader.path(field), 'is unknown');
  return kind;
};

export function decodeTakePresign(bytes: Uint8Array): TakePresign {
  const reader = new Reader(bytes, 'TakePresign');
  const id = sessionId(reader.fixed('id', 32));
  const kind = readRequestKind(reader, 'kind');
  let request: PresignRequest;
  if (kind === 'message') {
    const hashScheme = readHashScheme(reader);
    const messageDigest = digest(reader.fixed('messageDigest', 32));
    request = { kind, hashScheme, messageDigest, nonce: reader.fixed('nonce', 32) };
  } else {
    request = { kind, nonce: reader.fixed('nonce', 32) };
  }
  reader.end();
  return { id, kind, request: presignRequestDigest(id, request) };
}

/** One signature asked for. */
export interface SignRequest {
  readonly id: SessionId;
  readonly presignId: PresignId;
  /** What the presign was taken for. */
  readonly assignedTo: PresignRequestKind;
  readonly hashScheme: HashScheme;
  /** 32 bytes: that of the {@link PresignRequest}. */
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
    encodeUint8(requestKinds.indexOf(request.assignedTo)),
    encodeUint8(hashSchemeId(request.hashScheme)),
    request.nonce,
    encodeBytes(request.message),
    encodeBytes(request.signMessage),
  );

export function decodeSignRequest(bytes: Uint8Array): SignRequest {
  const reader = new Reader(bytes, 'SignRequest');
  const id = sessionId(reader.fixed('id', 32));
  const presign = presignId(reader.fixed('presignId', 32));
  const assignedTo = readRequestKind(reader, 'assignedTo');
  const hashScheme = readHashScheme(reader);
  const nonce = reader.fixed('nonce', 32);
  const message = reader.bytes('message', maxMessageBytes);
  const signMessage = reader.bytes('signMessage', maxSignMessageBytes);
  reader.end();
  return { id, presignId: presign, assignedTo, hashScheme, nonce, message, signMessage };
}

/**
 * The request digest that the presign of a sign request must have been assigned to (MPC:S1). For a reservation the message is not in it: what ties
 * the presign to one message is the binding to D, which covers message digest and client bytes (MPC 5.8 rules 2 and 3).
 */
export const assignedRequestOf = ({ id, assignedTo, hashScheme, message, nonce }: SignRequest): Digest =>
  presignRequestDigest(
    id,
    assignedTo === 'message' ? messageRequest(hashScheme, message, nonce) : { kind: 'reservation', nonce },
  );

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
