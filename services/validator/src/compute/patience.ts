/**
 * How long a job may take before its thread is taken for hung. Far beyond what it takes on a slow and busy machine, with the tables that a new thread
 * builds first: what is ended too early is computed again, what hangs is noticed some time.
 *
 * @module
 */
import type { Job } from '@dwallet/two-pc-mpc/network';

const minuteMs = 60_000;

/** By what the names of jobs begin with. Somebody waits for the first ones; a batch of presigns of a large committee may take minutes. */
const limits: readonly (readonly [string, number])[] = [
  ['sign/', 3 * minuteMs],
  ['dwallet/', 5 * minuteMs],
  ['presign/', 20 * minuteMs],
];
const otherMs = 20 * minuteMs;

/** Milliseconds. */
export const patienceFor = ({ name }: Pick<Job, 'name'>): number =>
  limits.find(([prefix]) => name.startsWith(prefix))?.[1] ?? otherMs;
