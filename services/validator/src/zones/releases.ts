/**
 * Releases: before a vault signs, the validators agree which nonce or coins its payment of an entry uses (ASSET:10). Each votes for what the vault's owner
 * asked of itself, in a sign request that it verified.
 *
 * @module
 */
import { encodeText } from '@dwallet/sigma';
import {
  type Refusal,
  type ReleaseRecord,
  type World,
  type WorldEvent,
  applyEvent,
  releaseRecord,
  slotId,
} from '@dwallet/zones';
import type { RecordStore } from '../store/record-store.ts';
import { type Draft, type EventSource, draftKey } from './draft.ts';
import { WaitingRoom } from './waiting-room.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Releases that owners asked for and the log does not have; of the vault with most of them the oldest goes first, and comes again with its request. */
const mostWanted = 1024;

/** Ascending by id, as a release has its slots. */
const sorted = (release: ReleaseRecord): ReleaseRecord => ({
  ...release,
  slots: [...release.slots].sort((a, b) => Buffer.compare(encodeText(a.id), encodeText(b.id))),
});

/** Whether all slots of a release are booked for its entry. */
export const isReleased = (
  { slots: used }: Pick<World, 'slots'>,
  { publicKey, chain, entry, slots }: ReleaseRecord,
): boolean =>
  slots.every((slot) => {
    const use = used.get(slotId(publicKey, chain, slot));
    return use?.entry === hex(entry) && use.claim === slot.claim;
  });

/** What the world says against a release, and always will: what slots and entries serve stays. */
export function neverReleased(world: World, release: ReleaseRecord): Refusal | undefined {
  const outcome = applyEvent(world, { kind: 'release', release: sorted(release) });
  return outcome.ok || outcome.rule !== 'ASSET:10' ? undefined : outcome;
}

export class Releases implements EventSource {
  readonly #wanted: WaitingRoom<ReleaseRecord>;
  /** The slots that were booked when what waits was last looked through. */
  #lookedAt: World['slots'] | undefined;

  constructor(store: RecordStore) {
    this.#wanted = new WaitingRoom({
      store,
      name: 'release',
      most: mostWanted,
      keyOf,
      laneOf: ({ publicKey }) => hex(publicKey),
      encode: (release) => releaseRecord.encode(release),
      decode: (bytes) => releaseRecord.decode(bytes),
    });
  }

  get waiting(): number {
    return this.#wanted.size;
  }

  /** The owner of the vault asked for it: from now on this validator agrees to it. @returns its key. */
  want(release: ReleaseRecord): string {
    this.#lookedAt = undefined;
    return this.#wanted.add(sorted(release));
  }

  *drafts(world: World): Iterable<Draft> {
    this.#dropDone(world);
    for (const [key, release] of this.#wanted.entries())
      yield {
        key,
        lane: `releases:${hex(release.publicKey)}`,
        ordered: false,
        make: () => ({ kind: 'release', release }),
      };
  }

  /** What is booked, and what never will be. */
  #dropDone(world: World): void {
    if (this.#lookedAt === world.slots) return;
    this.#lookedAt = world.slots;
    for (const [key, release] of this.#wanted.entries())
      if (isReleased(world, release) || neverReleased(world, release) !== undefined) this.#wanted.delete(key);
  }

  judge(world: World, event: WorldEvent): Refusal | undefined {
    if (event.kind !== 'release') return undefined;
    return this.#wanted.has(keyOf(event.release)) || isReleased(world, event.release)
      ? undefined
      : { ok: false, rule: 'ASSET:10', reason: 'the vault’s owner asked this validator for no such release' };
  }
}

const keyOf = (release: ReleaseRecord): string => draftKey({ kind: 'release', release });
