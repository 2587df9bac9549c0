/** A trusted dealer for tests only: one polynomial of CG 3.2 with the kappa factor, E = 2^kappa (n!)^2. Production has no dealer. */
import { type Random, Secret, type ValidatorId, type VirtualId } from '@dwallet/sigma';
import {
  type AccessStructure,
  type DecryptionKeyShare,
  type PublicParameters,
  type SharingState,
  finalShareBits,
  withTable,
} from '../../src/index.ts';
import { evaluatePolynomial, samplePolynomial } from '../../src/sharing/polynomial.ts';

export interface Dealing {
  readonly state: SharingState;
  /** b with PK = h^b: known to tests, to nobody in production. */
  readonly secret: bigint;
  /** d_j for every virtual number. */
  readonly shares: ReadonlyMap<VirtualId, DecryptionKeyShare>;
  sharesOf(validator: ValidatorId): DecryptionKeyShare[];
}

/**
 * @param options.negative - subtracts 2^(ell_d - 60) X from the polynomial, so that every d_j is negative (as after a reconfiguration).
 */
export function dealShares(
  parameters: PublicParameters,
  access: AccessStructure,
  random: Random,
  options: { readonly negative?: boolean } = {},
): Dealing {
  const { totalWeight, threshold } = access;
  const polynomial = samplePolynomial({ totalWeight, threshold, secretBits: parameters.randomnessBits }, random);
  const bits = finalShareBits(totalWeight, threshold, parameters.randomnessBits);
  const slope = options.negative === true ? 1n << BigInt(bits - 60) : 0n;
  const shares = new Map<VirtualId, DecryptionKeyShare>();
  const verificationKeys = new Map();
  for (const j of access.virtualIds) {
    const d = evaluatePolynomial(polynomial, j) - slope * BigInt(j);
    shares.set(j, { virtualId: j, share: new Secret(d) });
    verificationKeys.set(j, parameters.group.powerVartime(parameters.h, d));
  }
  const secret = polynomial.secret.expose();
  const encryptionKey = withTable(parameters, {
    element: parameters.powerOfH(secret, parameters.randomnessBits),
  });
  return {
    state: { access, encryptionKey, verificationKeys },
    secret,
    shares,
    sharesOf: (validator) => access.virtualIdsOf(validator).map((j) => shares.get(j) as DecryptionKeyShare),
  };
}
