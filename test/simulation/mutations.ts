/**
 * Guards taken away one at a time, to show that the simulation has teeth: each must be found within the schedules that CI runs. They wrap
 * what a validator is given (its store, its committee, the package that it verifies with); no source is edited.
 *
 * @module
 */
import type { AccessStructure } from '@dwallet/class-groups';
import type { ValidatorId } from '@dwallet/sigma';
import type { Committee } from '@dwallet/two-pc-mpc/network';
import { committee } from './base.ts';
import { type StoreMutation, markerKind } from './disk.ts';
import type { ViolationKind } from './invariants.ts';
import { broken } from './observed-network.ts';
import type { Mutation } from './schedule.ts';

const lazy = (...kinds: readonly string[]): StoreMutation => ({ lazy: (kind) => kinds.includes(kind) });
const overwrites = (...kinds: readonly string[]): StoreMutation => ({ overwrites: (kind) => kinds.includes(kind) });

/** As if two of four were a quorum. */
function smallQuorum(): Committee {
  const { access } = committee;
  const few: AccessStructure = Object.create(access, {
    threshold: { value: 2 },
    isAuthorized: { value: (validators: Iterable<ValidatorId>) => access.weight(validators) >= 2 },
  });
  return { ...committee, access: few };
}

export interface NamedMutation extends Mutation {
  readonly name: string;
  /** One of these shows it. */
  readonly shownBy: readonly ViolationKind[];
  readonly switch?: keyof typeof broken;
  /** One that has shown it, where many do not: it is tried first, then all others in their order. */
  readonly seed?: number;
}

export const mutations: readonly NamedMutation[] = [
  {
    name: 'the marker is not on disk before the share',
    store: lazy(markerKind),
    shownBy: ['unmarked-share'],
  },
  {
    name: 'a marker is lost in a crash',
    store: lazy(markerKind),
    shownBy: ['marker-went-back'],
  },
  {
    name: 'a vote is sent before it is on disk',
    store: lazy('vote'),
    shownBy: ['two-votes', 'conflicting-certificates'],
  },
  {
    name: 'votes replace votes',
    store: overwrites('vote'),
    shownBy: ['two-votes', 'conflicting-certificates'],
  },
  {
    name: 'the certificate of a binding is not verified',
    switch: 'bindings',
    seed: 368,
    shownBy: ['second-decryption'],
  },
  {
    name: 'two of four are a quorum',
    committee: smallQuorum(),
    shownBy: ['conflicting-certificates', 'second-decryption'],
  },
  {
    name: 'assignments are not compared',
    switch: 'assignments',
    seed: 96,
    shownBy: ['wrong-answer'],
  },
  {
    name: 'the certificate that a request shows for its assignment is not verified',
    switch: 'shownAssignments',
    seed: 371,
    shownBy: ['wrong-answer'],
  },
  {
    name: 'the certificate that a request shows for its assignment is not looked at',
    switch: 'unseenAssignments',
    seed: 50,
    shownBy: ['no-progress'],
  },
  {
    name: 'assignments and their votes replace each other',
    store: overwrites('assignment', 'vote'),
    shownBy: ['two-assignments'],
  },
  {
    name: 'a contribution is made again',
    store: { forgets: (kind) => kind === 'contribution' },
    freshRandomness: true,
    shownBy: ['two-contributions'],
  },
  {
    name: 'a restored validator goes on as before',
    store: { forgetsRestore: true },
    shownBy: ['two-votes'],
  },
  {
    name: 'a signature is answered before it is on disk',
    store: lazy('signature'),
    shownBy: ['lost-answer'],
  },
];

/** Runs something under a mutation and puts everything back. */
export async function under<T>(mutation: NamedMutation, work: () => Promise<T>): Promise<T> {
  if (mutation.switch !== undefined) broken[mutation.switch] = true;
  try {
    return await work();
  } finally {
    for (const name of Object.keys(broken) as (keyof typeof broken)[]) broken[name] = false;
  }
}
