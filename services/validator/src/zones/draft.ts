/**
 * What this validator wants in the zone log, and what it answers about what others want there: the shape that all sources of events share.
 *
 * @module
 */
import type { Refusal, World, WorldEvent } from '@dwallet/zones';
import { encodeWorldEvent } from '@dwallet/zones';
import { digestTagged } from '@dwallet/sigma';

/** Something that should become an event of the log. */
export interface Draft {
  /** Names it for ever: the same wish at the same validator has the same key. */
  readonly key: string;
  /** Where it comes from: what stands in a lane holds up nothing in another one (ZONE:3). */
  readonly lane: string;
  /** Whether the lane keeps its order: nothing of it goes before this. */
  readonly ordered: boolean;
  /** The event on top of `world`. @param time - ms since the Unix epoch. @returns why not, if the world does not allow one. */
  make(world: World, time: number): WorldEvent | Refusal;
}

/** Key of the draft of an event, the same at every validator. */
export function draftKey(event: WorldEvent): string {
  if (event.kind === 'entry') {
    const { chain, reference } = event.entry.sourceEvent;
    return reference.startsWith('order:') ? reference : `event:${chain}:${reference}`;
  }
  return `${event.kind}:${Buffer.from(digestTagged('zones/draft', [encodeWorldEvent(event)])).toString('hex')}`;
}

export const isRefusal = (made: WorldEvent | Refusal): made is Refusal => 'ok' in made;

/** One kind of events: drafts what this validator saw, and judges what others say they saw. */
export interface EventSource {
  /** In the order of each lane. Cheap: asked again at every turn. */
  drafts(world: World, time: number): Iterable<Draft>;
  /**
   * What speaks against an event beside the rules of the world: what this validator's own node shows, what it was asked for itself.
   * @returns undefined for nothing, or for an event of another source.
   */
  judge(world: World, event: WorldEvent, time: number): Refusal | undefined;
}
