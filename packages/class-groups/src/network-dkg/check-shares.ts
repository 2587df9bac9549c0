/**
 * The one decision on which acknowledging and judging rest: does this body, opened with this Diffie-Hellman value, hold the right shares
 * (CG 8.1.3)? The receiver and the judges run the same code, so an honest complaint is always upheld.
 *
 * @module
 */
import type { ValidatorId, VirtualId } from '@dwallet/sigma';
import { powerOfHWith, verificationValues } from '../sharing/commitments.ts';
import { shareBits } from '../sharing/polynomial.ts';
import { openShares } from './kem.ts';
import { kemKeyOf } from './registration.ts';
import type { Deal } from './round-1-deal.ts';
import { type RistrettoPoint, encodeRistretto } from './ristretto-proofs.ts';
import { type NetworkDkgInput, type RegisteredCommittee, contextBytes, shapeOf, shareBytes } from './session.ts';

/** Shares by number, or why they are refused (without their values). */
export type ShareCheck =
  | { readonly ok: true; readonly shares: ReadonlyMap<VirtualId, bigint> }
  | { readonly ok: false; readonly reason: string };

/** 0 <= x_j < 2^ell_sh and h^(x_j) = Y_j for each number, against this one deal (pitfall 37). */
export function checkShares(input: NetworkDkgInput, deal: Deal, shares: ReadonlyMap<VirtualId, bigint>): ShareCheck {
  const { parameters } = input;
  const shape = shapeOf(input);
  const bits = shareBits(shape);
  for (const [j, share] of shares) {
    if (share < 0n || share >> BigInt(bits) !== 0n) return { ok: false, reason: `share ${j} is out of range` };
  }
  const values = verificationValues(parameters, shape, deal.commitments, [...shares.keys()]);
  for (const [j, value] of values) {
    const power = powerOfHWith(parameters, input.shareTable, shares.get(j) as bigint, bits);
    if (!parameters.group.equals(power, value)) {
      return { ok: false, reason: `share ${j} does not match the commitments` };
    }
  }
  return { ok: true, shares };
}

/** Opens the body for `receiver` with S and checks the shares. @param shared - S = k_v R_i. */
export function checkBody(
  input: NetworkDkgInput & { readonly committee: RegisteredCommittee },
  deal: Deal,
  receiver: ValidatorId,
  shared: RistrettoPoint,
): ShareCheck {
  const { committee, access } = input;
  const numbers = access.virtualIdsOf(receiver);
  const scope = {
    context: contextBytes(input, committee.session),
    dealer: deal.dealer,
    receiver,
    ephemeral: encodeRistretto(deal.ephemeral),
    key: kemKeyOf(committee, receiver).bytes,
  };
  const body = deal.bodies.get(receiver) as Uint8Array;
  const sharedBytes = encodeRistretto(shared);
  const opened = openShares(scope, sharedBytes, body, numbers.length, shareBytes(input));
  sharedBytes.fill(0);
  if (opened === undefined) return { ok: false, reason: 'the body does not open' };
  return checkShares(input, deal, new Map(numbers.map((j, i) => [j, opened[i] as bigint])));
}
