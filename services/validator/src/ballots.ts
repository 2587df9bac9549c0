/**
 * What agreements by ballots share (sessions/fixed-inbox.ts, zones/log/agreement.ts): the numbers of ballots, and when another leader's was faster.
 *
 * @module
 */
import type { ValidatorId } from '@dwallet/sigma';
import type { Answer, Core } from './core.ts';

/** How far one proposal may move a member's ballot: nobody uses up the numbers. */
export const maxBallotJump = 2n ** 24n;
/** Largest ballot: the version of its facts fits in 64 bits. */
export const maxBallot = 2n ** 62n;

/**
 * A ballot of this leader above those that were reported, and not further above the (f + 1)-th lowest than members go at once.
 * @param isOwn - whether a ballot is this leader's; one of as many as there are validators is.
 */
export function ballotAbove(
  { committee: { access } }: Pick<Core, 'committee'>,
  reported: ReadonlyMap<ValidatorId, bigint>,
  isOwn: (ballot: bigint) => boolean,
): bigint {
  const ascending = [...reported].sort(([, a], [, b]) => (a < b ? -1 : 1));
  const highest = ascending.at(-1)?.[1] ?? 0n;
  let weight = 0;
  const low = ascending.find(([validator]) => (weight += access.weightOf(validator)) > access.maxFaulty)?.[1] ?? 0n;
  const reach = low + maxBallotJump - BigInt(access.validators.length);
  let ballot = (highest < reach ? highest : reach) + 1n;
  while (!isOwn(ballot)) ballot++;
  return ballot;
}

/** Whether a member says that it is bound to another ballot or value. */
export const isContended = (answer: Answer): boolean =>
  'error' in answer && 'code' in answer.error && answer.error.code === 'ALREADY_VOTED';

/** A while that grows and differs between leaders. @param firstMs - of the first attempt, 0, at most. */
export function pauseAfter(
  { options: { clock, random } }: Pick<Core, 'options'>,
  attempt: number,
  firstMs: number,
): Promise<void> {
  const ms = (firstMs * 2 ** attempt * (1 + (random(1)[0] as number))) / 256;
  return new Promise((resolve) => void clock.after(ms, () => resolve()));
}
