/**
 * The messages of one signature between validators: what a leader collects, what a fault is judged from, and what evidence keeps.
 *
 * @module
 */
import {
  type DecryptionShares,
  type ProvedDecryptionShares,
  receiveProvedShares,
  receiveShares,
} from '@dwallet/class-groups';
import {
  type Blame,
  DecodeError,
  type Digest,
  Reader,
  type ValidatorId,
  concat,
  encodeList,
  encodeUint16,
  validatorId,
} from '@dwallet/sigma';
import {
  type Committee,
  type Envelope,
  type SigningDecryption,
  abortRequest,
  decodeParts,
  encodeParts,
  requireVerified,
} from '@dwallet/two-pc-mpc/network';
import { decodeList, openMemberEnvelope } from '../core.ts';

/** Messages of one signature, as a leader collects them and as evidence keeps them. */
export interface SignatureTranscript {
  /** The client's envelope. */
  readonly request: Uint8Array;
  /** E of MPC 5.7: the validators that were asked. */
  readonly expected: readonly ValidatorId[];
  /** Envelopes with optimistic shares. */
  readonly published: readonly Uint8Array[];
  /** Envelopes with proved shares. */
  readonly proved: readonly Uint8Array[];
}

const maxMembers = 128;

export const encodeTranscript = (t: SignatureTranscript): Uint8Array =>
  encodeParts([t.request, encodeExpected(t.expected), encodeList(t.published), encodeList(t.proved)]);

/** Strict. @throws DecodeError */
export function decodeTranscript(bytes: Uint8Array): SignatureTranscript {
  const [request, expected, published, proved] = decodeParts(bytes, 'SignatureTranscript', 4) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  return {
    request,
    expected: decodeExpected(expected),
    published: decodeList(published, 'published', maxMembers),
    proved: decodeList(proved, 'proved', maxMembers),
  };
}

export const encodeExpected = (validators: readonly ValidatorId[]): Uint8Array =>
  concat(...validators.map((v) => encodeUint16(v)));

/** @throws DecodeError; InvalidArgumentsError for a number that no validator has. */
export function decodeExpected(bytes: Uint8Array): ValidatorId[] {
  const reader = new Reader(bytes, 'expected');
  const validators: ValidatorId[] = [];
  while (reader.remaining > 0) validators.push(validatorId(reader.uint16(`[${validators.length}]`)));
  return validators;
}

/** What the envelopes of a transcript say. */
export interface OpenedShares {
  readonly published: readonly DecryptionShares[];
  readonly proved: readonly ProvedDecryptionShares[];
  /** Malformed answers to exactly this request (MPC:S12, MPC:S13). An answer to another request is nobody's fault. */
  readonly blamed: readonly Blame[];
}

/** @throws DecodeError for an envelope that is none, or a validator that is there twice; RefusedError NOT_A_MEMBER. */
export function openShares(
  committee: Committee,
  networkId: Digest,
  transcript: SignatureTranscript,
  decryption: SigningDecryption,
): OpenedShares {
  const blamed: Blame[] = [];
  const { presignId: session } = requireVerified(decryption.verified).presign;
  const openOnce = (
    bytes: Uint8Array,
    kind: string,
    seen: Set<ValidatorId>,
  ): { from: ValidatorId; envelope: Envelope } => {
    const opened = openMemberEnvelope(committee, networkId, bytes, kind, session);
    if (seen.has(opened.from)) throw new DecodeError('SignatureTranscript', `validator ${opened.from} is in it twice`);
    seen.add(opened.from);
    return opened;
  };
  const publishers = new Set<ValidatorId>();
  const published = transcript.published.flatMap((bytes) => {
    const { from, envelope } = openOnce(bytes, 'sign/share', publishers);
    const received = receiveShares(decryption.request, from, envelope.body);
    if (received.status === 'blamed') blamed.push(received.blame);
    return received.status === 'accepted' ? [received.message] : [];
  });
  const provers = new Set<ValidatorId>();
  const proved = transcript.proved.flatMap((bytes) => {
    const { from, envelope } = openOnce(bytes, 'sign/proof', provers);
    const received = receiveProvedShares(abortRequest(decryption), from, envelope.body);
    if (received.status === 'blamed') blamed.push(received.blame);
    return received.status === 'accepted' ? [received.message] : [];
  });
  return { published, proved, blamed };
}
