/**
 * Round 3 of the network DKG: reveal the shares of silent validators (CG 8.1.4), only if there are any and only within the budget.
 *
 * There is one list of silent validators for all dealers (pitfall 38). Every qualified dealer opens the shares of that list; one that does
 * not, or opens wrong ones, is dropped.
 *
 * @module
 */
import {
  type Blame,
  CheckError,
  type Digest,
  InvalidArgumentsError,
  Reader,
  ThresholdNotReachedError,
  type ValidatorId,
  type VirtualId,
  concat,
  constantTimeEqual,
  encodeUint,
  encodeUint32,
} from '@dwallet/sigma';
import { evaluatePolynomial, shareBits } from '../sharing/polynomial.ts';
import { checkShares } from './check-shares.ts';
import { type DealSecrets, type DealSet, dealOf } from './round-1-deal.ts';
import { type Judgement, checkJudgement } from './round-2-acknowledge.ts';
import {
  type InboxEntry,
  type NetworkDkgInput,
  type RegisteredCommittee,
  messageTypes,
  messageVersion,
  readHeader,
  resolvePolicy,
  shapeOf,
  shareBytes,
  sortInbox,
} from './session.ts';

const section = 'CG:8.1.4';

/** Whether a reveal takes place. */
export type RevealDecision =
  /** Everybody answered, or the policy theta is met without the silent ones. */
  | { readonly kind: 'none' }
  /** Every qualified dealer opens its shares of these numbers. */
  | { readonly kind: 'reveal'; readonly shares: readonly VirtualId[] };

/** Opened shares of one dealer, by number, ascending. */
export type RevealedShares = ReadonlyMap<VirtualId, bigint>;

/** What follows from all reveal messages. */
export interface RevealOutcome {
  /** Digest of the judgement that it completes. */
  readonly judgement: Digest;
  /** Dealers that remain, ascending. */
  readonly qualified: readonly ValidatorId[];
  /** Shares of the silent validators, by dealer; public. */
  readonly revealed: ReadonlyMap<ValidatorId, RevealedShares>;
  readonly blamed: readonly Blame[];
}

/**
 * Decides on the reveal.
 * @throws ThresholdNotReachedError if the silent validators weigh more than R_max and too few others remain (theta): wait for them, or start
 *   anew without them. Prefer waiting over revealing.
 */
export function decideReveal(input: NetworkDkgInput & { readonly judgement: Judgement }): RevealDecision {
  const { access, judgement } = input;
  const { maxRevealedWeight, servedWeight } = resolvePolicy(input);
  const silentWeight = access.weight(judgement.silent);
  if (silentWeight === 0) return { kind: 'none' };
  if (silentWeight <= maxRevealedWeight) {
    return { kind: 'reveal', shares: judgement.silent.flatMap((validator) => access.virtualIdsOf(validator)) };
  }
  const answered = access.totalWeight - silentWeight;
  if (answered >= servedWeight) return { kind: 'none' };
  throw new ThresholdNotReachedError(
    'acknowledgements',
    answered,
    Math.min(servedWeight, access.totalWeight - maxRevealedWeight),
  );
}

function requireReveal(input: NetworkDkgInput & { readonly judgement: Judgement }): readonly VirtualId[] {
  const decision = decideReveal(input);
  if (decision.kind === 'none') throw new InvalidArgumentsError('judgement', 'there is nothing to reveal');
  return decision.shares;
}

/** Size of a message that reveals as many shares as the policy allows. */
export const largestRevealBytes = (input: NetworkDkgInput): number =>
  2 + 32 + 32 + 4 + resolvePolicy(input).maxRevealedWeight * shareBytes(input);

/** version || type || session (32) || judgement digest (32) || u32 count || each share in ceil(ell_sh / 8) bytes, ascending numbers. */
export function encodeReveal(
  input: NetworkDkgInput & { readonly judgement: Judgement },
  shares: RevealedShares,
): Uint8Array {
  return concat(
    Uint8Array.of(messageVersion, messageTypes.reveal),
    input.context.session,
    input.judgement.digest,
    encodeUint32(shares.size),
    ...[...shares.values()].map((share) => encodeUint(share, shareBytes(input))),
  );
}

/** Strict. @throws DecodeError; CheckError for another session or judgement. */
export function decodeReveal(
  input: NetworkDkgInput & { readonly judgement: Judgement },
  bytes: Uint8Array,
): RevealedShares {
  const numbers = requireReveal(input);
  const reader = new Reader(bytes, 'RevealMessage');
  readHeader(reader, input, messageTypes.reveal, section);
  if (!constantTimeEqual(reader.fixed('judgement', 32), input.judgement.digest)) {
    throw new CheckError(section, reader.path('judgement'), 'is not the judgement of this session');
  }
  reader.count('shares', numbers.length, numbers.length);
  const bound = 1n << BigInt(shareBits(shapeOf(input)));
  const shares = new Map<VirtualId, bigint>();
  for (const j of numbers) shares.set(j, reader.uint(`shares[${j}]`, shareBytes(input), bound));
  reader.end();
  return shares;
}

/**
 * Opens this dealer's shares of all silent validators.
 * @throws ThresholdNotReachedError over the budget; InvalidArgumentsError if there is nothing to reveal, if this dealer is not qualified or
 *   if it revealed for another list before. Secrets touched: the polynomial, at public points only.
 */
export function reveal(
  input: NetworkDkgInput & {
    readonly deals: DealSet;
    readonly judgement: Judgement;
    readonly secrets: DealSecrets;
  },
): { message: Uint8Array } {
  const { deals, judgement, secrets } = input;
  checkJudgement(deals, judgement);
  const numbers = requireReveal(input);
  if (!judgement.qualified.includes(secrets.dealer)) {
    throw new InvalidArgumentsError('secrets', `validator ${secrets.dealer} is not a qualified dealer`);
  }
  const shares = new Map(numbers.map((j) => [j, evaluatePolynomial(secrets.polynomial, j)]));
  // Own shares must be those of the own deal: a polynomial of another attempt must never leave.
  if (!checkShares(input, dealOf(deals, secrets.dealer), shares).ok) {
    throw new InvalidArgumentsError('secrets', 'do not belong to the deal of this session');
  }
  secrets.bindReveal(judgement.digest);
  return { message: encodeReveal(input, shares) };
}

/**
 * Checks all reveals: 0 <= x < 2^ell_sh and h^x = Y. A qualified dealer whose reveal is wrong is dropped and blamed; one that is silent is
 * dropped (silence is no evidence).
 */
export function verifyReveals(
  input: NetworkDkgInput & {
    readonly committee: RegisteredCommittee;
    readonly deals: DealSet;
    readonly judgement: Judgement;
    readonly inbox: readonly InboxEntry[];
  },
): RevealOutcome {
  const { deals, judgement } = input;
  checkJudgement(deals, judgement);
  requireReveal(input);
  // What others than qualified dealers send in this round is of no use and no fault.
  const members = new Set(input.access.validators);
  const inbox = input.inbox.filter(({ from }) => !members.has(from) || judgement.qualified.includes(from));
  const { messages, blamed } = sortInbox(input, inbox, section, 'first', (dealer, bytes) => {
    const shares = decodeReveal(input, bytes);
    const result = checkShares(input, dealOf(deals, dealer), shares);
    if (!result.ok) throw new CheckError(section, 'RevealMessage.shares', result.reason);
    return shares;
  });
  return { judgement: judgement.digest, qualified: [...messages.keys()], revealed: messages, blamed };
}
