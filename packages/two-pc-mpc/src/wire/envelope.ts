/**
 * The signed wire message: every byte that one validator (or account) says to another travels in one of these, and it is what
 * evidence consists of. The signature binds network, sender, session, kind and body.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import {
  DecodeError,
  type Digest,
  Reader,
  type Secret,
  concat,
  digest,
  digestTagged,
  encodeBytes,
  encodeText,
  encodeUint8,
} from '@dwallet/sigma';

const version = 1;
const typeEnvelope = 0x45;
/** Largest body in bytes: a batch of 64 presigns stays well below. */
export const maxBodyBytes = 8 * 1024 * 1024;

export interface Envelope {
  /** 32 bytes: {@link networkIdOf}. A message of one network means nothing in another. */
  readonly networkId: Digest;
  /** Ed25519 public key, 32 bytes: a validator's identity key or a user's account key. */
  readonly sender: Uint8Array;
  /** 32 bytes. */
  readonly session: Uint8Array;
  /** What the body is, such as `presign/round-1`. */
  readonly kind: string;
  readonly body: Uint8Array;
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array;
}

const signedBytes = (e: Omit<Envelope, 'signature'>): Uint8Array =>
  digestTagged('envelope', [e.networkId, e.sender, e.session, encodeText(e.kind), e.body]);

/** Signs a body. @param secretKey - Ed25519 seed, 32 bytes. */
export function sealEnvelope(
  secretKey: Secret<Uint8Array>,
  fields: {
    readonly networkId: Digest;
    readonly session: Uint8Array;
    readonly kind: string;
    readonly body: Uint8Array;
  },
): Envelope {
  const unsigned = { ...fields, sender: ed25519.getPublicKey(secretKey.expose()) };
  return { ...unsigned, signature: ed25519.sign(signedBytes(unsigned), secretKey.expose()) };
}

export const encodeEnvelope = (e: Envelope): Uint8Array =>
  concat(
    encodeUint8(version),
    encodeUint8(typeEnvelope),
    e.networkId,
    e.sender,
    e.session,
    encodeBytes(encodeText(e.kind)),
    encodeBytes(e.body),
    e.signature,
  );

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses and verifies: the signature holds under the sender named inside, and the network is ours.
 * Who the sender is (which validator, whether an account may do this) is the caller's check.
 */
export function openEnvelope(bytes: Uint8Array, networkId: Digest): Envelope {
  const reader = new Reader(bytes, 'Envelope');
  reader.constant('version', version);
  reader.constant('type', typeEnvelope);
  const network = reader.fixed('networkId', 32);
  const sender = reader.fixed('sender', 32);
  const session = reader.fixed('session', 32);
  const kindBytes = reader.bytes('kind', 64);
  const body = reader.bytes('body', maxBodyBytes);
  const signature = reader.fixed('signature', 64);
  reader.end();
  if (network.some((byte, i) => byte !== networkId[i]))
    throw new DecodeError('Envelope.networkId', 'belongs to another network');
  let kind: string;
  try {
    kind = utf8.decode(kindBytes);
  } catch (cause) {
    throw new DecodeError('Envelope.kind', 'is not UTF-8', undefined, { cause });
  }
  const envelope: Envelope = { networkId, sender, session, kind, body, signature };
  if (!verifies(envelope)) throw new DecodeError('Envelope.signature', 'does not verify under the sender key');
  return envelope;
}

function verifies(envelope: Envelope): boolean {
  try {
    return ed25519.verify(envelope.signature, signedBytes(envelope), envelope.sender, { zip215: false });
  } catch {
    // Malformed keys and signatures are simply not valid.
    return false;
  }
}

/** Identity of an envelope for sets and evidence. */
export const envelopeDigest = (e: Envelope): Digest => digest(digestTagged('envelope-id', [encodeEnvelope(e)]));
