/**
 * The network setup as a value and its commitment G_com (MPC 2.5), which every dWallet, presign and context carries.
 *
 * @module
 */
import {
  type Ciphertext,
  type EncryptionKey,
  type PublicParameters,
  encodeCiphertext,
  loadTable,
  withTables,
} from '@dwallet/class-groups';
import type { Element, FixedBaseTable } from '@dwallet/kernel';
import {
  CheckError,
  type Curve,
  type Digest,
  InvalidArgumentsError,
  type Point,
  bitLength,
  digestTagged,
} from '@dwallet/sigma';
import type { NetworkSetup, TabledCiphertext } from '../types.ts';

/** What a setup consists of, before its commitment. */
export interface SetupParts {
  readonly curve: Curve;
  readonly parameters: PublicParameters;
  /** pk. */
  readonly encryptionKey: EncryptionKey;
  /** X_B,0 and X_B,1. */
  readonly publicShares: readonly [Point, Point];
  /** ct_0 and ct_1. */
  readonly shareCiphertexts: readonly [Ciphertext, Ciphertext];
}

/** G_com = H_T("setup", [curve, class-group setup, pk, X_B,0, X_B,1, ct_0, ct_1], 32). */
export function setupCommitment(parts: SetupParts): Digest {
  const { curve, parameters, encryptionKey, publicShares, shareCiphertexts } = parts;
  return digestTagged('setup', [
    ...curve.parameters,
    curve.encodePoint(curve.H),
    parameters.digest,
    parameters.group.encode(encryptionKey.element),
    ...publicShares.map((point) => curve.encodePoint(point)),
    ...shareCiphertexts.map((ciphertext) => encodeCiphertext(parameters, ciphertext)),
  ]);
}

/**
 * The setup with its commitment. The parts come from `aggregateSetup` or from a certified setup record.
 * @throws CheckError MPC:N6 for degenerate public shares; InvalidArgumentsError for a class group of another curve.
 */
export function createNetworkSetup(parts: SetupParts): NetworkSetup {
  const { curve, parameters, encryptionKey, publicShares, shareCiphertexts } = parts;
  if (curve.q !== parameters.q) throw new InvalidArgumentsError('curve', 'is not the curve of this class group');
  const [first, second] = publicShares;
  if (first.is0() || second.is0()) throw new CheckError('MPC:N6', 'publicShares', 'a public share is the identity');
  if (first.equals(second) || first.equals(second.negate())) {
    throw new CheckError('MPC:N6', 'publicShares', 'the public shares are equal up to sign');
  }
  return { curve, parameters, encryptionKey, publicShares, shareCiphertexts, commitment: setupCommitment(parts) };
}

/**
 * The same setup with comb tables of pk, ct_0 and ct_1, for long and for short exponents: for whoever proves or verifies presigns again and
 * again. Costs some thousand group operations once, or nothing if the parameters' cache has them.
 */
export function withSetupTables(setup: NetworkSetup): NetworkSetup {
  const { parameters } = setup;
  const { group, q, tableBits, randomnessBits, tableCache } = parameters;
  // Scaling factors have bits(q) bits; their masks sigma + lambda more, and up to 2^16 statements share one.
  const short = bitLength(q);
  const long = short + tableBits - randomnessBits;
  const table = (element: Element, bits: number): FixedBaseTable => loadTable(group, element, bits, tableCache);
  const tabled = ({ c1, c2, ...known }: TabledCiphertext): TabledCiphertext => ({
    c1,
    c2,
    table1: known.table1 ?? table(c1, long),
    table2: known.table2 ?? table(c2, long),
    shortTable1: known.shortTable1 ?? table(c1, short),
    shortTable2: known.shortTable2 ?? table(c2, short),
  });
  const [first, second] = setup.shareCiphertexts;
  return {
    ...setup,
    encryptionKey: withTables(parameters, setup.encryptionKey),
    shareCiphertexts: [tabled(first), tabled(second)],
  };
}

/** The same setup with tables of pk: what a wallet that signs more than once needs. */
export const withKeyTables = (setup: NetworkSetup): NetworkSetup => ({
  ...setup,
  encryptionKey: withTables(setup.parameters, setup.encryptionKey),
});

/** Refuses to combine objects of two setups (MPC 2.5). @throws CheckError with the given check id. */
export function requireSameSetup(setup: NetworkSetup, other: Digest, check: string, field: string): void {
  if (!setup.commitment.every((byte, i) => byte === other[i])) {
    throw new CheckError(check, field, 'belongs to another network setup');
  }
}
