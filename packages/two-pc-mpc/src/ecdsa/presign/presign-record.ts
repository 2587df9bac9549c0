/**
 * The universal presign as stored and sent, its identity, and what validators certify (MPC 4.5, 4.6, MPC:V3).
 *
 * @module
 */
import { type Ciphertext, encodeCiphertext, readCiphertext } from '@dwallet/class-groups';
import {
  CheckError,
  DecodeError,
  type Digest,
  type PresignId,
  Reader,
  type SessionId,
  concat,
  digestTagged,
  encodeUint16,
  encodeUint8,
  hashTagged,
  presignId,
  readPoint,
  sessionId,
} from '@dwallet/sigma';
import { type Committee, type Fact, type QuorumCertificate, verifyCertificate } from '../../certificates.ts';
import { requireSameSetup } from '../../network-setup/setup-commitment.ts';
import type { NetworkSetup, Presign } from '../../types.ts';
import {
  bytesEqual,
  header,
  messageType,
  readCurveId,
  readDigest,
  readHeader,
  requireLength,
} from '../../wire/format.ts';
import { maxBatch, presignKind } from './presign-session.ts';

type PresignFields = Omit<Presign, 'presignId'>;

const ciphertextsOf = ({ mask, maskedShares, maskedNonces }: PresignFields): Ciphertext[] => [
  mask,
  ...maskedShares,
  ...maskedNonces,
];

/** Every field but the identifier, in the order of MPC 4.5. */
const fieldItems = ({ curve, parameters }: NetworkSetup, presign: PresignFields): Uint8Array[] => [
  encodeUint8(presignKind.universal),
  presign.sessionId,
  encodeUint16(presign.index),
  encodeUint8(curve.id),
  presign.setup,
  ...ciphertextsOf(presign).map((ciphertext) => encodeCiphertext(parameters, ciphertext)),
  ...presign.publicNonces.map((point) => curve.encodePoint(point)),
];

/** presign_id = H_T("presign-id", all other fields, 32). */
export const derivePresignId = (setup: NetworkSetup, presign: PresignFields): PresignId =>
  presignId(hashTagged('presign-id', fieldItems(setup, presign), 32));

/** The record with its identifier. */
export const createPresign = (setup: NetworkSetup, fields: PresignFields): Presign => ({
  ...fields,
  presignId: derivePresignId(setup, fields),
});

/** kind, sid, index, curve, G_com, five ciphertexts, two points. presign_id is derived, not sent. */
export const encodePresign = (setup: NetworkSetup, presign: Presign): Uint8Array =>
  concat(header(messageType.presignRecord), ...fieldItems(setup, presign));

const presignBytes = ({ curve, parameters }: NetworkSetup): number =>
  70 + 10 * parameters.group.elementBytes + 2 * curve.pointBytes;

/**
 * Strict: elements valid and squares, nonce points valid and not O (MPC:V6).
 * @throws DecodeError; CheckError MPC:V3 for a presign of another setup.
 */
export function decodePresign(setup: NetworkSetup, bytes: Uint8Array): Presign {
  const { curve, parameters } = setup;
  requireLength(bytes, [presignBytes(setup)], 'Presign');
  const reader = new Reader(bytes, 'Presign');
  readHeader(reader, messageType.presignRecord);
  reader.constant('kind', presignKind.universal);
  const session = sessionId(reader.fixed('sessionId', 32));
  const index = reader.uint16('index');
  if (index >= maxBatch) throw new DecodeError(reader.path('index'), `is not below ${maxBatch}`);
  readCurveId(reader, curve, 'curve');
  const commitment = readDigest(reader, 'setup');
  requireSameSetup(setup, commitment, 'MPC:V3', reader.path('setup'));
  const read = (field: string) => readCiphertext(reader, parameters, field);
  const presign = createPresign(setup, {
    sessionId: session,
    index,
    setup: commitment,
    mask: read('ct_gamma'),
    maskedShares: [read('ct_gammax0'), read('ct_gammax1')],
    maskedNonces: [read('ct_gammak0'), read('ct_gammak1')],
    publicNonces: [readPoint(reader, curve, 'R_B,0'), readPoint(reader, curve, 'R_B,1')],
  });
  reader.end();
  return presign;
}

/** Session, index and identifier of an encoded presign. */
export interface PresignIdentification {
  readonly presignId: PresignId;
  readonly sessionId: SessionId;
  readonly index: number;
}

/**
 * The identifier of an encoded presign without parsing its elements: whoever uses the presign decodes it strictly.
 * @throws DecodeError; CheckError MPC:V3 for a presign of another setup.
 */
export function identifyPresign(setup: NetworkSetup, bytes: Uint8Array): PresignIdentification {
  const { curve, parameters } = setup;
  requireLength(bytes, [presignBytes(setup)], 'Presign');
  const reader = new Reader(bytes, 'Presign');
  readHeader(reader, messageType.presignRecord);
  const kind = reader.fixed('kind', 1);
  if (kind[0] !== presignKind.universal) throw new DecodeError(reader.path('kind'), 'is unknown');
  const session = sessionId(reader.fixed('sessionId', 32));
  const index = reader.uint16('index');
  if (index >= maxBatch) throw new DecodeError(reader.path('index'), `is not below ${maxBatch}`);
  readCurveId(reader, curve, 'curve');
  const commitment = readDigest(reader, 'setup');
  requireSameSetup(setup, commitment, 'MPC:V3', reader.path('setup'));
  const ciphertexts = Array.from({ length: 5 }, (_, i) =>
    reader.fixed(`ciphertext[${i}]`, 2 * parameters.group.elementBytes),
  );
  const points = [reader.fixed('R_B,0', curve.pointBytes), reader.fixed('R_B,1', curve.pointBytes)];
  reader.end();
  const items = [kind, session, encodeUint16(index), encodeUint8(curve.id), commitment, ...ciphertexts, ...points];
  return { presignId: presignId(hashTagged('presign-id', items, 32)), sessionId: session, index };
}

/** What validators certify: the identifiers of all presigns of a session, in order. One batch per session. */
export const presignBatchFact = (session: SessionId, ids: readonly PresignId[]): Fact => ({
  kind: 'presign-batch',
  id: session,
  version: 0n,
  digest: presignBatchDigest(ids),
});

export const presignBatchDigest = (ids: readonly PresignId[]): Digest => digestTagged('presign-batch', ids);

/** How anybody learns that a presign is the network's: all identifiers of its session under one certificate. */
export interface PresignCertificate {
  readonly ids: readonly PresignId[];
  readonly certificate: QuorumCertificate;
}

/**
 * MPC:V3: quorum-certified, of this setup, kind and curve; identifier recomputed from the fields.
 * @throws CheckError MPC:V3.
 */
export function verifyPresignCertificate(
  setup: NetworkSetup,
  committee: Committee,
  presign: Presign,
  { ids, certificate }: PresignCertificate,
): void {
  requireSameSetup(setup, presign.setup, 'MPC:V3', 'presign.setup');
  const id = derivePresignId(setup, presign);
  if (!bytesEqual(id, presign.presignId)) {
    throw new CheckError('MPC:V3', 'presign.presignId', 'is not the digest of the other fields');
  }
  const listed = ids[presign.index];
  if (ids.length > maxBatch || listed === undefined || !bytesEqual(listed, id)) {
    throw new CheckError('MPC:V3', 'presign.index', 'is not at its place in the certified batch');
  }
  verifyCertificate(committee, certificate, presignBatchFact(presign.sessionId, ids), 'MPC:V3');
}
