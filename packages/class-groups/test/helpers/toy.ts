/** Parameters, randomness and sessions for tests. The toy profile is refused by every service. */
import { type Random, digest, encodeText, seededRandom, sessionId, xof } from '@dwallet/sigma';
import { type AccessStructure, type ClgSession, type PublicParameters, committeeDigest } from '../../src/index.ts';
import { testParameters } from './test-profile.ts';

/** secp256k1, Delta_q of about 1033 bits unless a full-size profile is asked for. */
export const toyParameters: PublicParameters = testParameters();

/** 32 bytes from a label. */
export const bytes32 = (label: string): Uint8Array => xof('test/bytes32', encodeText(label), 32);

/** A reproducible stream. */
export const testRandom = (label: string): Random => seededRandom(bytes32(label));

/** A session of this committee; `overrides` for swapped contexts. */
export const testSession = (
  parameters: PublicParameters,
  access: AccessStructure,
  overrides: Partial<ClgSession> = {},
): ClgSession => ({
  network: 'test-net',
  protocol: 'threshold-decryption',
  protocolVersion: 1,
  profile: parameters.profile.id,
  epoch: 7n,
  session: sessionId(bytes32('session')),
  committee: digest(
    committeeDigest(
      access,
      access.validators.map((v) => bytes32(`kem key ${v}`)),
    ),
  ),
  totalWeight: access.totalWeight,
  threshold: access.threshold,
  ...overrides,
});
