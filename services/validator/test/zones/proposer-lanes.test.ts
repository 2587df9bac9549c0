import { type WorldEvent, decodeWorldEvent, emptyWorld } from '@dwallet/zones';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { Draft } from '../../src/zones/draft.ts';
import type { BatchRefusal, LeadOutcome } from '../../src/zones/log/agreement.ts';
import { decodeBatch } from '../../src/zones/log/slots.ts';
import type { ZoneLog } from '../../src/zones/log/zone-log.ts';
import { Proposer } from '../../src/zones/proposer.ts';
import { zone, zoneEvent } from './zone-network.ts';

/** Drafts of first records of zones, in two lanes; a log whose members refuse all of one lane, one at a time. */
class Members {
  readonly batches: string[][] = [];
  readonly decided = new Set<string>();
  readonly #drafts: readonly Draft[];

  constructor(lanes: Readonly<Record<string, number>>) {
    let chainId = 5000;
    this.#drafts = Object.entries(lanes).flatMap(([lane, count]) =>
      Array.from({ length: count }, (_, i): Draft => {
        const event: WorldEvent = zoneEvent(zone(`eip155:${chainId++}`, { settlementMs: lane === 'bad' ? 1 : 2 }));
        return { key: `${lane} ${i}`, lane, ordered: false, make: () => event };
      }),
    );
  }

  #laneOf(event: WorldEvent): string {
    return event.kind === 'zone' && event.record.settlementMs === 1 ? 'bad' : 'good';
  }

  async #lead(next: () => Uint8Array | undefined): Promise<LeadOutcome> {
    const batch = next();
    if (batch === undefined) return { kind: 'idle' };
    const events = decodeBatch(batch).map(decodeWorldEvent);
    this.batches.push(events.map((event) => this.#laneOf(event)));
    const event = events.findIndex((one) => this.#laneOf(one) === 'bad');
    const refusals: BatchRefusal[] = [{ event, rule: 'ASSET:11', reason: 'not seen' }];
    if (event >= 0) return { kind: 'refused', refusals, batch };
    for (const one of events) if (one.kind === 'zone') this.decided.add(one.record.chain);
    return { kind: 'decided', slot: 0n };
  }

  proposer(): Proposer {
    const open = (draft: Draft): boolean => {
      const made = draft.make(emptyWorld, 0);
      return !('kind' in made && made.kind === 'zone' && this.decided.has(made.record.chain));
    };
    return new Proposer({
      log: {
        state: { world: emptyWorld, isClosed: false },
        height: 0n,
        agreement: { rank: () => 0 },
        lead: (next: () => Uint8Array | undefined) => this.#lead(next),
      } as unknown as ZoneLog,
      sources: [{ drafts: () => this.#drafts.filter(open), judge: () => undefined }],
      clock: systemClock,
      time: () => 0,
      turnMs: 0,
      judge: () => undefined,
      refused: () => {},
      note: () => {},
      failed: () => {},
    });
  }
}

describe('lanes of the proposer', () => {
  it('a lane of which members refused something is proposed apart: it holds up nothing of another one', async () => {
    const members = new Members({ bad: 30, good: 20 });
    const proposer = members.proposer();
    proposer.start();
    while (members.batches.length < 16) await new Promise((resolve) => setTimeout(resolve, 1));
    proposer.stop();
    expect(members.decided.size).toBe(20);
    const mixed = members.batches.map((batch) => new Set(batch).size > 1);
    // The first batch had both; after it, none has.
    expect(mixed).toEqual([true, ...Array<boolean>(members.batches.length - 1).fill(false)]);
    // What is not refused goes first, though the other lane has far more.
    expect(members.batches.findIndex((batch) => batch.every((lane) => lane === 'good'))).toBeLessThan(4);
  });
});
