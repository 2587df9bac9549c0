/**
 * The setup as stored and sent, what validators certify about it, and how a client opens it (MPC 2.5, MPC:V1).
 *
 * @module
 */
import { type PublicParameters, encodeCiphertext, readCiphertext } from '@dwallet/class-groups';
import {
  CheckError,
  type Curve,
  type Digest,
  Reader,
  concat,
  digestTagged,
  encodeUint8,
  readElement,
  readPoint,
} from '@dwallet/sigma';
import { type Committee, type Fact, decodeCertificate, verifyCertificate } from '../certificates.ts';
import type { NetworkSetup } from '../types.ts';
import { bytesEqual, header, messageType, readCurveId, readDigest, readHeader, requireLength } from '../wire/format.ts';
import { createNetworkSetup } from './setup-commitment.ts';

/** curve, digest of the class-group parameters, pk, X_B,0, X_B,1, ct_0, ct_1. G_com is recomputed, never sent. */
export function encodeSetupRecord(setup: NetworkSetup): Uint8Array {
  const { curve, parameters, encryptionKey, publicShares, shareCiphertexts } = setup;
  return concat(
    header(messageType.setupRecord),
    encodeUint8(curve.id),
    parameters.digest,
    parameters.group.encode(encryptionKey.element),
    ...publicShares.map((point) => curve.encodePoint(point)),
    ...shareCiphertexts.map((ciphertext) => encodeCiphertext(parameters, ciphertext)),
  );
}

/** Strict. @throws DecodeError; CheckError MPC:N6 for degenerate public shares. */
export function decodeSetupRecord(curve: Curve, parameters: PublicParameters, bytes: Uint8Array): NetworkSetup {
  requireLength(bytes, [35 + 5 * parameters.group.elementBytes + 2 * curve.pointBytes], 'SetupRecord');
  const reader = new Reader(bytes, 'SetupRecord');
  readHeader(reader, messageType.setupRecord);
  readCurveId(reader, curve, 'curve');
  if (!bytesEqual(readDigest(reader, 'parameters'), parameters.digest)) {
    throw new CheckError('MPC:V1', reader.path('parameters'), 'is made for other class-group parameters');
  }
  const element = readElement(reader, parameters.group, 'pk');
  if (parameters.group.isIdentity(element)) throw new CheckError('MPC:V1', reader.path('pk'), 'is the identity');
  const publicShares = [readPoint(reader, curve, 'X_B,0'), readPoint(reader, curve, 'X_B,1')] as const;
  const shareCiphertexts = [
    readCiphertext(reader, parameters, 'ct_0'),
    readCiphertext(reader, parameters, 'ct_1'),
  ] as const;
  reader.end();
  return createNetworkSetup({ curve, parameters, encryptionKey: { element }, publicShares, shareCiphertexts });
}

/**
 * What validators certify: one setup per network key and curve. The id is the key, so a second setup for the same key needs a higher
 * version (and serves new dWallets only).
 */
export const setupFact = (setup: NetworkSetup, version = 0n): Fact => ({
  kind: 'network-setup',
  id: digestTagged('network-key', [
    encodeUint8(setup.curve.id),
    setup.parameters.digest,
    setup.parameters.group.encode(setup.encryptionKey.element),
  ]),
  version,
  digest: setup.commitment,
});

/**
 * MPC:V1: the client's only way to a setup. The record is quorum-certified and, once pinned, equal to the pinned G_com.
 * @param args.committee - pinned by the client.
 * @throws DecodeError, CheckError.
 */
export function openNetworkSetup(args: {
  readonly curve: Curve;
  readonly parameters: PublicParameters;
  readonly committee: Committee;
  readonly record: Uint8Array;
  readonly certificate: Uint8Array;
  readonly pinned?: Digest;
}): NetworkSetup {
  const setup = decodeSetupRecord(args.curve, args.parameters, args.record);
  const certificate = decodeCertificate(args.certificate);
  verifyCertificate(args.committee, certificate, setupFact(setup, certificate.fact.version), 'MPC:V1');
  if (args.pinned !== undefined && !bytesEqual(args.pinned, setup.commitment)) {
    throw new CheckError('MPC:V1', 'SetupRecord', 'is not the pinned setup');
  }
  return setup;
}
