/**
 * What a client asks of a validator, as bodies of envelopes signed by its account key (and the replies to them). The same bytes go to every
 * validator, so that each checks the request itself.
 *
 * @module
 */
import {
  type Blame,
  type Curve,
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
import { type Fact, maxCertificateBytes } from '../certificates.ts';
import { hashMessage, hashSchemeId, hashSchemes } from '../ecdsa/sign/message-hash.ts';
import { bindingDigest, decodeSignMessageHeader } from '../ecdsa/sign/sign-message.ts';
import { type NamedGenerations, encodeGenerations, nonceBytes, readGenerations } from '../session-generations.ts';
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
/** Largest encoded request of a chain, in bytes: a PSBT with its previous transactions. */
export const maxChainRequestBytes = 1024 * 1024;
/** Largest authority, in bytes. */
export const maxAuthorityBytes = 4096;
/** Largest SignMsg, in bytes: fits every profile. */
export const maxSignMessageBytes = 16 * 1024;

/** network id: what every envelope is bound to. */
export const networkIdOf = (name: string, profile: string, committee: Digest): Digest =>
  digestTagged('network-id', [encodeText(name), encodeText(profile), committee]);

/**
 * Parts of the reply to `network`: name, weights, identity keys, network key and setup with their certificates, and the answering validator's statement of
 * the generation of its store. Nothing of it is verified. @throws DecodeError
 */
export const decodeNetworkReply = (reply: Uint8Array) =>
  decodeParts(reply, 'Network', 8) as [
    name: Uint8Array,
    weights: Uint8Array,
    identityKeys: Uint8Array,
    key: Uint8Array,
    keyCertificate: Uint8Array,
    setup: Uint8Array,
    setupCertificate: Uint8Array,
    generation: Uint8Array,
  ];

/** create-dwallet: what the fresh bytes of the session id are the digest of (nonce, 32 bytes, and generations), then DkgMsg. */
export const encodeCreateDWallet = ({ nonce, generations }: NamedGenerations, message: Uint8Array): Uint8Array =>
  concat(nonce, encodeGenerations(generations), encodeBytes(message));

/** @throws DecodeError */
export function decodeCreateDWallet(bytes: Uint8Array): {
  readonly named: NamedGenerations;
  readonly message: Uint8Array;
} {
  const reader = new Reader(bytes, 'CreateDWallet');
  const nonce = reader.fixed('nonce', nonceBytes);
  const generations = readGenerations(reader);
  const message = reader.bytes('message', maxSignMessageBytes);
  reader.end();
  return { named: { nonce, generations }, message };
}

/** accept-dwallet: dWallet id, then AcceptMsg, which carries the owner's signing policy. */
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
 * What the owner wants signed: bytes that say themselves what they are, or a request of a chain that every validator reads by itself and
 * derives the message from. This package does not know chains: whoever decodes a request reads it.
 */
export type SignContent =
  | { readonly kind: 'raw'; readonly hashScheme: HashScheme; readonly message: Uint8Array }
  | {
      readonly kind: 'request';
      /** Canonical encoding of chain, format and raw unsigned bytes (`encodeRequest` of `@dwallet/chains`). */
      readonly request: Uint8Array;
      /** Which of the messages in it is signed, from 0: an input of a PSBT, for example. */
      readonly payload: number;
    };

/** A content, and what its owner says entitles him to it. */
export interface SignOrder {
  readonly content: SignContent;
  /** For the policies of validators, such as the certified entry that a vault pays; opaque here. At most {@link maxAuthorityBytes}. */
  readonly authority: Uint8Array;
}

/** What the key signs: hash(message). */
export interface MessageToSign {
  readonly hashScheme: HashScheme;
  readonly message: Uint8Array;
}

const contentKinds: readonly SignContent['kind'][] = ['raw', 'request'];

const encodeContent = (content: SignContent): Uint8Array => {
  const kind = encodeUint8(contentKinds.indexOf(content.kind));
  return content.kind === 'raw'
    ? concat(kind, encodeUint8(hashSchemeId(content.hashScheme)), encodeBytes(content.message))
    : concat(kind, encodeUint16(content.payload), encodeBytes(content.request));
};

/** 32 bytes: names content and authority. Assignment and binding both cover it, so two orders that differ in anything are two requests. */
export const signOrderDigest = ({ content, authority }: SignOrder): Digest =>
  digestTagged('sign-order', [encodeContent(content), authority]);

/** An order of bytes that nobody reads. */
export const rawOrder = (
  hashScheme: HashScheme,
  message: Uint8Array,
  authority: Uint8Array = new Uint8Array(0),
): SignOrder => ({ content: { kind: 'raw', hashScheme, message }, authority });

/**
 * What a presign is assigned to (MPC 5.8 rule 1), beside the dWallet: one order that is known, or a place that one order will take (a
 * reservation). Two kinds, two tags: no digest of one is a digest of the other.
 */
export type PresignRequest =
  | {
      readonly kind: 'message';
      readonly hashScheme: HashScheme;
      /** 32 bytes. */
      readonly messageDigest: Digest;
      /** {@link signOrderDigest}. */
      readonly order: Digest;
      /** 32 bytes; makes equal orders different requests. */
      readonly nonce: Uint8Array;
    }
  | { readonly kind: 'reservation' /** 32 bytes. */; readonly nonce: Uint8Array };

export type PresignRequestKind = PresignRequest['kind'];

/** Byte that stands for each kind. */
const requestKinds: readonly PresignRequestKind[] = ['message', 'reservation'];

/** How many presigns one dWallet may hold by reservations that have signed nothing yet. Every validator counts for itself. */
export const maxReservedPresigns = 4;

/** 32 bytes: what validators store and certify. */
export const presignRequestDigest = (id: SessionId, request: PresignRequest): Digest =>
  request.kind === 'message'
    ? digestTagged('sign-request', [
        id,
        encodeUint8(hashSchemeId(request.hashScheme)),
        request.messageDigest,
        request.order,
        request.nonce,
      ])
    : digestTagged('sign-reservation', [id, request.nonce]);

/**
 * The request for a known order: its digest is fixed before the client learns which presign it gets.
 * @param signed - the message that the order's content comes to.
 */
export const messageRequest = (
  order: SignOrder,
  { hashScheme, message }: MessageToSign,
  nonce: Uint8Array,
): PresignRequest => ({
  kind: 'message',
  hashScheme,
  messageDigest: hashMessage(hashScheme, message),
  order: signOrderDigest(order),
  nonce,
});

/** {@link messageRequest} for raw bytes without an authority. */
export const rawMessageRequest = (hashScheme: HashScheme, message: Uint8Array, nonce: Uint8Array): PresignRequest =>
  messageRequest(rawOrder(hashScheme, message), { hashScheme, message }, nonce);

/**
 * take-presign: dWallet id, kind, then what the digest is made of, so that validators know which kind they assign. They derive the digest.
 */
export const encodeTakePresign = (id: SessionId, request: PresignRequest): Uint8Array =>
  concat(
    id,
    encodeUint8(requestKinds.indexOf(request.kind)),
    ...(request.kind === 'message'
      ? [encodeUint8(hashSchemeId(request.hashScheme)), request.messageDigest, request.order]
      : []),
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
    const order = digest(reader.fixed('order', 32));
    request = { kind, hashScheme, messageDigest, order, nonce: reader.fixed('nonce', 32) };
  } else {
    request = { kind, nonce: reader.fixed('nonce', 32) };
  }
  reader.end();
  return { id, kind, request: presignRequestDigest(id, request) };
}

/** One signature asked for. */
export interface SignRequest extends SignOrder {
  readonly id: SessionId;
  readonly presignId: PresignId;
  /** What the presign was taken for. */
  readonly assignedTo: PresignRequestKind;
  /** 32 bytes: that of the {@link PresignRequest}. */
  readonly nonce: Uint8Array;
  /** SignMsg. */
  readonly signMessage: Uint8Array;
  /**
   * Encoded certificate of {@link assignmentFact}, as take-presign answered it. Without it, validators must find it among each other, and a leader that
   * keeps it from them makes them refuse. Not part of D: it is evidence for the request, not a part of what is signed.
   */
  readonly assignment?: Uint8Array;
}

export const encodeSignRequest = (request: SignRequest): Uint8Array =>
  concat(
    request.id,
    request.presignId,
    encodeUint8(requestKinds.indexOf(request.assignedTo)),
    request.nonce,
    encodeContent(request.content),
    encodeBytes(request.authority),
    encodeBytes(request.signMessage),
    request.assignment === undefined ? new Uint8Array(0) : encodeBytes(request.assignment),
  );

/** The last field, which is there as a whole or not at all. */
function readAssignment(reader: Reader): Pick<SignRequest, 'assignment'> {
  if (reader.remaining === 0) return {};
  const assignment = reader.bytes('assignment', maxCertificateBytes);
  if (assignment.length === 0) throw new DecodeError(reader.path('assignment'), 'is there and empty');
  return { assignment };
}

function readContent(reader: Reader): SignContent {
  const kind = contentKinds[reader.uint8('content')];
  switch (kind) {
    case 'raw':
      return { kind, hashScheme: readHashScheme(reader), message: reader.bytes('message', maxMessageBytes) };
    case 'request': {
      const payload = reader.uint16('payload');
      return { kind, payload, request: reader.bytes('request', maxChainRequestBytes) };
    }
    default:
      throw new DecodeError(reader.path('content'), 'is unknown');
  }
}

/** Strict. @throws DecodeError */
export function decodeSignRequest(bytes: Uint8Array): SignRequest {
  const reader = new Reader(bytes, 'SignRequest');
  const id = sessionId(reader.fixed('id', 32));
  const presign = presignId(reader.fixed('presignId', 32));
  const assignedTo = readRequestKind(reader, 'assignedTo');
  const nonce = reader.fixed('nonce', 32);
  const content = readContent(reader);
  const authority = reader.bytes('authority', maxAuthorityBytes);
  const signMessage = reader.bytes('signMessage', maxSignMessageBytes);
  const assignment = readAssignment(reader);
  reader.end();
  return { id, presignId: presign, assignedTo, nonce, content, authority, signMessage, ...assignment };
}

/**
 * The request digest that the presign of a sign request must have been assigned to (MPC:S1). For a reservation the order is not in it: what ties
 * the presign to one order is the binding to D, which covers order, message digest and client bytes (MPC 5.8 rules 2 and 3).
 * @param signed - the message that the content comes to, as whoever checks the request has read it.
 */
export const assignedRequestOf = (request: SignRequest, signed: MessageToSign): Digest =>
  presignRequestDigest(
    request.id,
    request.assignedTo === 'message'
      ? messageRequest(request, signed, request.nonce)
      : { kind: 'reservation', nonce: request.nonce },
  );

/** D of MPC 5.8 for a sign request: what a quorum binds its presign to. Reads the header of SignMsg only. @throws DecodeError */
export const boundDigestOf = (curve: Curve, request: SignRequest): Digest =>
  bindingDigest(
    curve,
    decodeSignMessageHeader(curve, request.signMessage),
    signOrderDigest(request),
    request.signMessage,
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
