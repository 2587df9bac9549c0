/**
 * What the Byzantine validator of the demonstration counts, and where.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a Byzantine validator did so far. */
export interface Misdeeds {
  /** Votes to prepare a batch, unread. */
  blindVotes: number;
  /** Slots in which it voted for more than one batch. */
  doubleVotes: number;
  /** Ballots of its own in which it proposed two batches and voted for both. */
  twoFaces: number;
  /** Times that it asked the victim to decide the other batch, on votes short of a quorum. */
  forksTried: number;
  /** Times that this worked. */
  forksTaken: number;
  /** Requests that it never answered. */
  withheld: number;
  /** Votes for a signature, unread. */
  blindBindings: number;
}

export const noMisdeeds = (): Misdeeds => ({
  blindVotes: 0,
  doubleVotes: 0,
  twoFaces: 0,
  forksTried: 0,
  forksTaken: 0,
  withheld: 0,
  blindBindings: 0,
});

/** In the data folder of the validator. */
const file = 'misdeeds.json';
export const misdeedsPath = (folder: string): string => join(folder, file);

export const readMisdeeds = (folder: string): Misdeeds =>
  existsSync(misdeedsPath(folder))
    ? (JSON.parse(readFileSync(misdeedsPath(folder), 'utf8')) as Misdeeds)
    : noMisdeeds();
