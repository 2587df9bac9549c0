import type { ObservedEvent } from '@dwallet/zones';
import { describe, expect, it } from 'vitest';
import { Backlog, mostAgain, mostFresh, patienceMs } from '../../src/zones/backlog.ts';
import type { Positioned } from '../../src/zones/watchers/index.ts';

const block = { height: 1, hash: '00', parent: '00', time: 1 };

/** A chain's stream, and what the log has booked of it. */
class Stream {
  readonly events: Positioned<ObservedEvent>[] = [];
  readonly booked = new Set<string>();
  readonly backlog = new Backlog((from, limit) => this.events.slice(from, from + limit));
  add(name: string, count: number): void {
    for (let i = 0; i < count; i++) {
      const value = { reference: `${name}${i}` } as ObservedEvent;
      this.events.push({ position: this.events.length, block, value });
    }
  }
  open(time: number) {
    const { fresh, again } = this.backlog.open(({ reference }) => !this.booked.has(reference), time);
    return { fresh: fresh.map(({ reference }) => reference), again: again.map(({ reference }) => reference) };
  }
}

describe('events of a chain that no entry spends', () => {
  it('keep no place for ever: dust that no rule allows does not hold up what comes after it', () => {
    const stream = new Stream();
    stream.add('dust', mostFresh);
    stream.add('good', 2);
    expect(stream.open(0).fresh).toHaveLength(mostFresh);
    expect(stream.open(patienceMs - 1).fresh.some((name) => name.startsWith('good'))).toBe(false);
    expect(stream.open(patienceMs).fresh).toEqual(['good0', 'good1']);
    // It comes back, a part at a time, and in its turn all of it; memory is bounded.
    const seen = new Set<string>();
    for (let round = 1; round <= 1 + mostFresh / mostAgain; round++) {
      const { fresh, again } = stream.open(round * patienceMs);
      expect(fresh).toEqual(['good0', 'good1']);
      expect(again.length).toBeLessThanOrEqual(mostAgain);
      for (const name of again) seen.add(name);
    }
    expect(seen.size).toBe(mostFresh);
  });

  it('stay while nobody wants their place, and go when they are booked', () => {
    const stream = new Stream();
    stream.add('first', mostFresh);
    expect(stream.open(0).fresh).toHaveLength(mostFresh);
    expect(stream.open(10 * patienceMs)).toMatchObject({ again: [] });
    expect(stream.open(10 * patienceMs).fresh).toHaveLength(mostFresh);
    stream.add('next', 1);
    stream.booked.add('first0');
    // The place of the booked one is enough.
    expect(stream.open(11 * patienceMs).fresh.at(-1)).toBe('next0');
    expect(stream.open(11 * patienceMs).fresh[0]).toBe('first1');
    stream.add('last', 1);
    expect(stream.open(12 * patienceMs - 1)).toMatchObject({ fresh: ['next0', 'last0'] });
    // What was booked meanwhile does not come back.
    for (let i = 0; i < mostFresh; i++) stream.booked.add(`first${i}`);
    for (const round of [13, 14, 15]) expect(stream.open(round * patienceMs).again).toEqual([]);
  });
});
