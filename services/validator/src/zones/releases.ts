/**
 * Releases: before a vault signs, the validators agree which nonce or coins its payment of an entry uses (ASSET:10). Each votes for what the vault's owner
 * asked of itself, in a sign request that it verified.
 *
 * @module
 */
import type { Refusal, ReleaseRecord, World, WorldEvent } from '@dwallet/zones';
import { encodeText } from '@dwallet/sigma';
import { slotId } from '@dwallet/zones';
import { type Draft, type EventSource, draftKey } from './draft.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Releases that owners asked for and the log does not have; the oldest goes first, and comes again with its request. */
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

export class Releases implements EventSource {
  readonly #wanted = new Map<string, ReleaseRecord>();

  /** The owner of the vault asked for it: from now on this validator agrees to it. @returns its key. */
  want(release: ReleaseRecord): string {
    const wanted = sorted(release);
    const key = keyOf(wanted);
    if (!this.#wanted.has(key) && this.#wanted.size >= mostWanted)
      this.#wanted.delete([...this.#wanted.keys()][0] ?? '');
    this.#wanted.set(key, wanted);
    return key;
  }

  *drafts(world: World): Iterable<Draft> {
    for (const [key, release] of this.#wanted) {
      if (isReleased(world, release)) this.#wanted.delete(key);
      else
        yield {
          key,
          lane: `releases:${hex(release.publicKey)}`,
          ordered: false,
          make: () => ({ kind: 'release', release }),
        };
    }
  }

  judge(world: World, event: WorldEvent): Refusal | undefined {
    if (event.kind !== 'release') return undefined;
    return this.#wanted.has(keyOf(event.release)) || isReleased(world, event.release)
      ? undefined
      : { ok: false, rule: 'ASSET:10', reason: 'the vault’s owner asked this validator for no such release' };
  }
}

const keyOf = (release: ReleaseRecord): string => draftKey({ kind: 'release', release });
