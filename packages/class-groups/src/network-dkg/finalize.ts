/**
 * The outcome of the network DKG (CG 8.1.5): the qualified dealers, the network's encryption key, the verification keys, and each
 * validator's shares. Deterministic; the key is not usable before the rehearsal.
 *
 * @module
 */
import {
  AbortError,
  CheckError,
  type Digest,
  InvalidArgumentsError,
  Secret,
  ThresholdNotReachedError,
  type ValidatorId,
  bitLength,
  constantTimeEqual,
  digestTagged,
  encodeList,
  encodeUint16,
} from '@dwallet/sigma';
import { multiplyCommitments, powerOfHWith, verificationValues } from '../sharing/commitments.ts';
import type { DecryptionKeyShare, SharingState } from '../sharing/sharing-state.ts';
import { genesisShareBits } from '../sharing/sizes.ts';
import { type DealSet, dealOf } from './round-1-deal.ts';
import { type Judgement, type ReceivedShares, checkJudgement } from './round-2-acknowledge.ts';
import { type RevealOutcome, decideReveal } from './round-3-reveal.ts';
import { type NetworkDkgInput, type RegisteredCommittee, contextBytes, resolvePolicy } from './session.ts';

const section = 'CG:8.1.5';

/** The key before its rehearsal. The name of the field is a warning: nothing but the rehearsal may use it. */
export interface UnrehearsedKey {
  readonly unrehearsed: SharingState;
  /** QUAL, ascending. */
  readonly qualified: readonly ValidatorId[];
  /** Weight that acknowledged or was revealed. */
  readonly servedWeight: number;
  /** 32 bytes over session, setup, QUAL, PK and all V_j: what validators certify. */
  readonly digest: Digest;
}

/**
 * QUAL, PK = prod B_i, V_j = prod Y_(i,j), with the scale E = 2^kappa (n!)^2 of `sharingScale`.
 * @param input.reveals - outcome of round 3, exactly when `decideReveal` asks for one.
 * @throws ThresholdNotReachedError below theta or W, or over the reveal budget: wait, or start anew.
 */
export function finalize(
  input: NetworkDkgInput & {
    readonly committee: RegisteredCommittee;
    readonly deals: DealSet;
    readonly judgement: Judgement;
    readonly reveals?: RevealOutcome;
  },
): UnrehearsedKey {
  const { parameters, access, committee, deals, judgement, reveals } = input;
  const { group } = parameters;
  checkJudgement(deals, judgement);
  // Refuses less than theta: whoever is silent is either revealed below or not needed.
  const decision = decideReveal(input);
  if (decision.kind === 'reveal' && reveals === undefined) {
    throw new InvalidArgumentsError('reveals', 'are missing: silent validators must be served first');
  }
  if (decision.kind === 'none' && reveals !== undefined) {
    throw new InvalidArgumentsError('reveals', 'there was nothing to reveal');
  }
  if (reveals !== undefined && !constantTimeEqual(reveals.judgement, judgement.digest)) {
    throw new InvalidArgumentsError('reveals', 'complete another judgement');
  }
  const qualified = reveals?.qualified ?? judgement.qualified;
  const unserved = decision.kind === 'reveal' ? 0 : access.weight(judgement.silent);
  const weight = access.weight(qualified);
  const { dealerWeight } = resolvePolicy(input);
  if (weight < dealerWeight) throw new ThresholdNotReachedError('qualified dealers', weight, dealerWeight);

  const product = multiplyCommitments(
    parameters,
    qualified.map((dealer) => dealOf(deals, dealer).commitments),
  );
  // One honest dealer makes this impossible; without it the key would encrypt nothing.
  if (group.isIdentity(product.constant)) throw new AbortError(`${section}: PK is the identity`, []);
  const verificationKeys = verificationValues(parameters, access, product, access.virtualIds);
  const digest = digestTagged('network-dkg/output', [
    contextBytes(input, committee.session),
    deals.digest,
    judgement.digest,
    encodeList(qualified.map((v) => encodeUint16(v))),
    group.encode(product.constant),
    encodeList(access.virtualIds.map((j) => group.encode(verificationKeys.get(j) as typeof product.constant))),
  ]);
  return {
    unrehearsed: {
      access,
      encryptionKey: { element: product.constant },
      verificationKeys,
      shareBits: outcomeShareBits(input),
    },
    qualified,
    servedWeight: access.totalWeight - unserved,
    digest,
  };
}

/** Bound of a share of this network's first key in bits. */
const outcomeShareBits = ({ parameters, access }: NetworkDkgInput): number =>
  genesisShareBits(access.totalWeight, access.threshold, parameters.randomnessBits, parameters.statisticalBits);

/**
 * d_j = sum of x_(i,j) over QUAL for each own number j.
 * @param input.received - shares accepted in round 2; a silent validator takes the revealed ones instead.
 * @throws InvalidArgumentsError if a share of a qualified dealer is missing; CheckError `CG:8.1.5` unless h^(d_j) = V_j and d_j is within its bound.
 * Secrets touched: the received shares. The result goes to the keystore.
 */
export function finalizeShares(
  input: NetworkDkgInput & {
    readonly outcome: UnrehearsedKey;
    readonly validator: ValidatorId;
    readonly received?: ReceivedShares;
    readonly reveals?: RevealOutcome;
  },
): DecryptionKeyShare[] {
  const { parameters, access, outcome, validator, received, reveals } = input;
  if (received !== undefined && received.validator !== validator) {
    throw new InvalidArgumentsError('received', `are the shares of validator ${received.validator}`);
  }
  const bits = outcomeShareBits(input);
  return access.virtualIdsOf(validator).map((virtualId) => {
    let sum = 0n;
    for (const dealer of outcome.qualified) {
      const share =
        received?.shares.get(dealer)?.get(virtualId)?.expose() ?? reveals?.revealed.get(dealer)?.get(virtualId);
      if (share === undefined) {
        throw new InvalidArgumentsError('received', `share ${virtualId} of dealer ${dealer} is missing`);
      }
      sum += share;
    }
    // Partial decryption and its proof rely on the bound. All dealt shares were checked, so this is a matter of arithmetic.
    if (sum < 0n || bitLength(sum) > bits) throw new CheckError(section, `share ${virtualId}`, 'exceeds its bound');
    const verificationKey = outcome.unrehearsed.verificationKeys.get(virtualId);
    const power = powerOfHWith(parameters, input.shareTable, sum, bits);
    if (verificationKey === undefined || !parameters.group.equals(power, verificationKey)) {
      throw new CheckError(section, `share ${virtualId}`, 'does not match its verification key');
    }
    return { virtualId, share: new Secret(sum) };
  });
}
