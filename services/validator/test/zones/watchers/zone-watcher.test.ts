/** The follower of one chain in virtual time: histories with reorganisations, crashes at every write, faults on both tracks, assets that come later. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest } from '@dwallet/sigma';
import { LmdbStore } from '../../../src/store/lmdb-store.ts';
import { MemoryRecordStore } from '../../../src/store/record-store.ts';
import { compareFinality } from '../../../src/zones/watchers/finality.ts';
import type { ObservedMessage } from '../../../src/zones/watchers/watcher.ts';
import { type WatcherRecords, WatcherStore } from '../../../src/zones/watchers/watcher-store.ts';
import {
  ScriptedChain,
  TestClock,
  eventOf,
  listening,
  scriptedNode,
  scriptedWatcher,
  target,
  tokenOf,
} from './scripted-chain.ts';

const confirmations = 3;
const references = (watcher: ReturnType<typeof scriptedWatcher>): string[] =>
  watcher.assetEvents(0, 10_000).map(({ value }) => value.reference);
/** What is final in a chain, in its order. */
const finalReferences = ({ blocks }: ScriptedChain): string[] =>
  blocks.slice(0, blocks.length - confirmations + 1).flatMap(({ events }) => events.map(({ reference }) => reference));

const message = (nonce: bigint): ObservedMessage => ({
  kind: 'message',
  cluster: new Uint8Array(32).fill(1),
  to: new Uint8Array(32).fill(2),
  nonce,
  sentAt: 5,
  payload: Uint8Array.of(Number(nonce)),
});

/** Fails at the nth write, as a process does that is killed: what a transaction had not finished is gone. */
function dying(store: MemoryRecordStore, dieAt: number): WatcherRecords {
  let writes = 0;
  return {
    get: (kind, id) => store.get(kind, id),
    put(kind, id, value) {
      writes += 1;
      if (writes === dieAt) throw new Error('killed');
      store.put(kind, id, value);
    },
    transaction: (work) => store.transaction(work),
  };
}

describe('what becomes final', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('blocks' as const), count: fc.integer({ min: 1, max: 6 }) }),
    },
    // Never deeper than what is not final yet.
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('reorganise' as const), count: fc.integer({ min: 1, max: 2 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('silence' as const) }) },
  );

  it('is reported once, in order, without gaps, through reorganisations above finality, restarts and silence', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const chainUnderTest = new ScriptedChain();
        const node = scriptedNode(chainUnderTest);
        const records = new MemoryRecordStore();
        const clock = new TestClock();
        let watcher = scriptedWatcher(node, records, clock);
        watcher.start();
        let id = 0;
        const add = (count: number): void => {
          for (let i = 0; i < count; i++) {
            chainUnderTest.add(id % 3 === 0 ? [eventOf(`e${id}`), eventOf(`f${id}`)] : []);
            id += 1;
          }
        };
        let before: string[] = [];
        for (const item of steps) {
          if (item.kind === 'blocks') add(item.count);
          else if (item.kind === 'reorganise') {
            const count = Math.min(item.count, chainUnderTest.blocks.length - 1);
            chainUnderTest.cut(count);
            add(count + 1);
          } else if (item.kind === 'restart') {
            await watcher.stop();
            watcher = scriptedWatcher(node, records, clock);
            watcher.start();
          } else {
            node.silent = true;
            await clock.pass(5000);
            node.silent = false;
          }
          await clock.pass(20_000);
          const now = references(watcher);
          expect(now.slice(0, before.length)).toEqual(before);
          expect(now).toEqual(finalReferences(chainUnderTest));
          expect(watcher.faults()).toEqual([]);
          before = now;
        }
        await watcher.stop();
      }),
      { numRuns: 100 },
    );
  });

  it('survives being killed at every single write, without a gap or a repeat', async () => {
    const chainUnderTest = new ScriptedChain();
    for (let i = 0; i < 12; i++) chainUnderTest.add(i % 2 === 0 ? [eventOf(`e${i}`)] : [], [message(BigInt(i))]);
    const node = scriptedNode(chainUnderTest);
    const options = { clusterConfirmations: 1 };
    let died = true;
    for (let dieAt = 1; died; dieAt++) {
      const store = new MemoryRecordStore();
      const clock = new TestClock();
      const { observer, told } = listening();
      const first = scriptedWatcher(node, dying(store, dieAt), clock, { ...options, observer });
      first.start();
      await clock.pass(0);
      died = told.some(([what]) => what === 'unforeseen');
      await first.stop();
      // All or nothing: what can be looked up is what is in the stream.
      const left = new WatcherStore(store, first.chain);
      for (const { reference } of chainUnderTest.blocks.flatMap(({ events }) => events)) {
        expect(left.position(reference) ?? -1, `write ${dieAt}`).toBeLessThan(left.cursor('final').next);
      }
      const second = scriptedWatcher(node, store, clock, options);
      second.start();
      await clock.pass(5000);
      expect(references(second), `write ${dieAt}`).toEqual(finalReferences(chainUnderTest));
      const nonces = second.clusterEvents(0).map(({ value }) => (value.kind === 'message' ? value.nonce : undefined));
      expect(nonces, `write ${dieAt}`).toEqual(Array.from({ length: 12 }, (_, i) => BigInt(i)));
      await second.stop();
      if (!died) expect(dieAt).toBeGreaterThan(30);
    }
  });

  it('is on disk when it is reported (LMDB)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dwallet-watcher-'));
    const open = () =>
      LmdbStore.open({
        folder,
        owner: new Uint8Array(32).fill(1),
        networkId: digest(new Uint8Array(32)),
        random: (bytes) => new Uint8Array(bytes).fill(3),
      });
    try {
      const chainUnderTest = new ScriptedChain();
      for (let i = 0; i < 6; i++) chainUnderTest.add([eventOf(`e${i}`)], [message(BigInt(i))]);
      const clock = new TestClock();
      const options = { clusterConfirmations: 1 };
      const store = open();
      const first = scriptedWatcher(scriptedNode(chainUnderTest), store, clock, options);
      first.start();
      await clock.pass(5000);
      await first.stop();
      await store.close();
      const again = open();
      const second = scriptedWatcher(scriptedNode(chainUnderTest), again, clock, options);
      expect(references(second)).toEqual(['e0', 'e1', 'e2', 'e3']);
      expect(second.clusterEvents(5)).toEqual([{ position: 5, block: chainUnderTest.tip, value: message(5n) }]);
      await again.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('follows the finalised tag where the zone says so', async () => {
    const chainUnderTest = new ScriptedChain();
    chainUnderTest.finalisedBehind = 5;
    for (let i = 1; i < 8; i++) chainUnderTest.add([eventOf(`e${i}`)]);
    const clock = new TestClock();
    const finality = { kind: 'finalised', confirmations: 0 } as const;
    const watcher = scriptedWatcher(scriptedNode(chainUnderTest), new MemoryRecordStore(), clock, { finality });
    watcher.start();
    await clock.pass(3000);
    expect(references(watcher)).toEqual(['e1', 'e2']);
    expect(watcher.event('e2')).toMatchObject({ view: { eventHeight: 2, headHeight: 7, finalisedHeight: 2 } });
    await watcher.stop();
  });
});

describe('safety faults', () => {
  it('final track: names the first block that differs, and stops everything until acknowledged', async () => {
    const chainUnderTest = new ScriptedChain();
    for (let i = 1; i <= 10; i++) chainUnderTest.add([eventOf(`e${i}`)]);
    const clock = new TestClock();
    const { observer, told } = listening();
    const node = scriptedNode(chainUnderTest);
    const watcher = scriptedWatcher(node, new MemoryRecordStore(), clock, { observer });
    watcher.start();
    await clock.pass(3000);
    const [told4, told8] = [chainUnderTest.blocks[4]!.head, chainUnderTest.blocks[8]!.head];
    chainUnderTest.cut(7);
    for (let i = 4; i <= 12; i++) chainUnderTest.add([eventOf(`new${i}`)]);
    await clock.pass(3000);
    const fault = {
      chain: watcher.chain,
      track: 'final',
      reported: told4,
      conflicting: chainUnderTest.blocks[4]!.head,
      reportedTip: told8,
      conflictingTip: chainUnderTest.tip,
    };
    expect(watcher.status()).toEqual({ kind: 'forked', fault });
    expect(told).toContainEqual(['forked', watcher.chain, 'final']);
    expect(watcher.event('e2').kind).toBe('unavailable');
    const { asked } = node;
    await clock.pass(100_000);
    expect(node.asked).toBe(asked);
    watcher.acknowledge('final');
    await clock.pass(3000);
    expect(watcher.event('e3').kind).toBe('final');
    expect(watcher.event('e4')).toEqual({ kind: 'unknown' });
    expect(watcher.event('new4').kind).toBe('final');
    // What comes back in the other chain counts again, from its new block.
    chainUnderTest.add([eventOf('e4')]);
    chainUnderTest.add();
    chainUnderTest.add();
    await clock.pass(3000);
    expect(watcher.event('e4')).toMatchObject({ kind: 'final', view: { eventHeight: 13 } });
    await watcher.stop();
  });

  it('a single wrong block hash is a contradiction of the node, not a fault of the zone', async () => {
    const chainUnderTest = new ScriptedChain();
    for (let i = 1; i <= 10; i++) chainUnderTest.add([eventOf(`e${i}`)]);
    const clock = new TestClock();
    const honest = scriptedNode(chainUnderTest);
    let lie = false;
    const node = {
      ...honest,
      head: async (height: number, signal: AbortSignal) => {
        const head = await honest.head(height, signal);
        return lie && height === 8 ? { ...head, hash: 'ab'.repeat(32) } : head;
      },
    };
    const watcher = scriptedWatcher(node, new MemoryRecordStore(), clock);
    watcher.start();
    await clock.pass(3000);
    lie = true;
    chainUnderTest.cut(2);
    for (let i = 0; i < 4; i++) chainUnderTest.add();
    await clock.pass(20_000);
    expect(watcher.status()).toMatchObject({ kind: 'inconsistent', check: 'parent-hash' });
    expect(watcher.faults()).toEqual([]);
    lie = false;
    await clock.pass(60_000);
    expect(watcher.status().kind).toBe('following');
    await watcher.stop();
  });

  it('cluster track: the member forked, and the final track goes on', async () => {
    const chainUnderTest = new ScriptedChain();
    for (let i = 1; i <= 6; i++) chainUnderTest.add([eventOf(`e${i}`)], [message(BigInt(i))]);
    const clock = new TestClock();
    const { observer, told } = listening();
    const records = new MemoryRecordStore();
    const options = { clusterConfirmations: 1, observer };
    const watcher = scriptedWatcher(scriptedNode(chainUnderTest), records, clock, options);
    watcher.start();
    await clock.pass(3000);
    const gone = chainUnderTest.tip;
    expect(watcher.clusterHead()).toEqual(gone);
    chainUnderTest.cut(1);
    chainUnderTest.add([], [message(60n)]);
    chainUnderTest.add([eventOf('late')], [message(61n)]);
    chainUnderTest.add();
    chainUnderTest.add();
    await clock.pass(3000);
    expect(watcher.faults()).toMatchObject([
      { track: 'cluster', reported: gone, conflicting: chainUnderTest.blocks[6]!.head },
    ]);
    expect(told).toContainEqual(['forked', watcher.chain, 'cluster']);
    expect([watcher.status().kind, watcher.clusterHead()]).toEqual(['following', undefined]);
    expect(references(watcher)).toEqual(['e1', 'e2', 'e3', 'e4', 'e5', 'late']);
    expect(watcher.clusterEvents(0)).toHaveLength(6);
    watcher.acknowledge('cluster');
    await clock.pass(3000);
    const nonces = watcher.clusterEvents(5).map(({ value }) => (value.kind === 'message' ? value.nonce : undefined));
    expect(nonces).toEqual([6n, 60n, 61n]);
    expect(watcher.clusterHead()).toEqual(chainUnderTest.tip);
    await watcher.stop();
  });
});

describe('the finality of the zone’s record', () => {
  const recorded = (depth: number) => ({ kind: 'confirmations', confirmations: depth }) as const;

  it('counts where it is stricter than the configured one, and takes back nothing that was reported', async () => {
    const chainUnderTest = new ScriptedChain();
    for (let i = 1; i <= 8; i++) chainUnderTest.add([eventOf(`e${i}`)]);
    const clock = new TestClock();
    const watcher = scriptedWatcher(scriptedNode(chainUnderTest), new MemoryRecordStore(), clock);
    watcher.requireFinality(recorded(5));
    watcher.start();
    await clock.pass(3000);
    expect(references(watcher)).toEqual(['e1', 'e2', 'e3', 'e4']);
    // Deep for the configuration, not for the record: nobody was told of them.
    chainUnderTest.cut(4);
    for (let i = 5; i <= 9; i++) chainUnderTest.add([eventOf(`new${i}`)]);
    await clock.pass(3000);
    expect([watcher.faults(), references(watcher).at(-1)]).toEqual([[], 'new5']);
    // Weaker than the configuration: that counts.
    watcher.requireFinality(recorded(1));
    await clock.pass(3000);
    expect(references(watcher).at(-1)).toBe('new7');
    watcher.requireFinality(recorded(6));
    chainUnderTest.add();
    await clock.pass(3000);
    expect([watcher.status().kind, references(watcher).at(-1)]).toEqual(['following', 'new7']);
    await watcher.stop();
  });

  it('by the finalised tag: nothing counts without it, and it does not go back', async () => {
    const chainUnderTest = new ScriptedChain();
    for (let i = 1; i <= 8; i++) chainUnderTest.add([eventOf(`e${i}`)]);
    const clock = new TestClock();
    const watcher = scriptedWatcher(scriptedNode(chainUnderTest), new MemoryRecordStore(), clock);
    watcher.requireFinality({ kind: 'finalised', confirmations: 0 });
    watcher.start();
    await clock.pass(3000);
    expect([watcher.status().kind, references(watcher)]).toEqual(['following', []]);
    chainUnderTest.finalisedBehind = 5;
    await clock.pass(3000);
    expect(references(watcher)).toEqual(['e1', 'e2', 'e3']);
    // The tag is further than three confirmations: both must say so.
    chainUnderTest.finalisedBehind = 0;
    await clock.pass(3000);
    expect(references(watcher).at(-1)).toBe('e6');
    chainUnderTest.finalisedBehind = 2;
    await clock.pass(3000);
    expect(watcher.status()).toMatchObject({ kind: 'inconsistent', check: 'finalised-back' });
    await watcher.stop();
  });

  it('is compared with the configuration', () => {
    const tag = { kind: 'finalised', confirmations: 0 } as const;
    expect([
      compareFinality(recorded(3), recorded(3)),
      compareFinality(recorded(4), recorded(3)),
      compareFinality(recorded(2), recorded(3)),
      compareFinality(tag, recorded(3)),
      compareFinality(tag, tag),
    ]).toEqual(['same', 'configuration-stricter', 'record-stricter', 'different-kinds', 'same']);
  });
});

describe('what the chain runs', () => {
  const code = (name: string) => ({ digest: digest(createHash('sha256').update(name).digest()), contracts: [] });

  it('is looked at in the newest block before its events can be read, and nowhere else', async () => {
    const chainUnderTest = new ScriptedChain();
    for (let i = 1; i <= 10; i++) chainUnderTest.add([], [message(BigInt(i))]);
    const looked: number[] = [];
    const upgraded = 12;
    chainUnderTest.runs = ({ height }) => {
      looked.push(height);
      return code(height < upgraded ? 'old' : 'new');
    };
    const clock = new TestClock();
    const store = new MemoryRecordStore();
    const { observer, told } = listening();
    // What a reader would find at the moment at which an event of the new code becomes readable.
    const found: unknown[] = [];
    const records: WatcherRecords = {
      get: (kind, id) => store.get(kind, id),
      put(kind, id, value) {
        if (kind === 'zone-watch-event' && id.endsWith(`cluster.${'10'.padStart(16, '0')}`))
          found.push(watcher.configuration()?.digest);
        store.put(kind, id, value);
      },
      transaction: (work) => store.transaction(work),
    };
    const node = scriptedNode(chainUnderTest);
    const watcher = scriptedWatcher(node, records, clock, { clusterConfirmations: 1, observer });
    watcher.start();
    // Four blocks at a time: older ones are read without their state, which few nodes have.
    await clock.pass(0);
    expect([watcher.configuration(), looked]).toEqual([{ ...code('old'), block: chainUnderTest.tip }, [10]]);
    await clock.pass(5000);
    expect(looked).toEqual([10]);
    chainUnderTest.add();
    chainUnderTest.add([], [message(11n)]);
    await clock.pass(1000);
    expect([looked, found]).toEqual([[10, 12], [code('new').digest]]);
    expect(told.filter(([what]) => what === 'running')).toHaveLength(2);
    // A restart with nothing new to report looks again.
    await watcher.stop();
    expect(watcher.configuration()).toBeUndefined();
    watcher.start();
    await clock.pass(1000);
    expect([looked, watcher.configuration()?.digest]).toEqual([[10, 12, 12], code('new').digest]);
    // Nothing is known from a node that does not answer, nor of a member that forked.
    node.silent = true;
    await clock.pass(1000);
    expect(watcher.configuration()).toBeUndefined();
    node.silent = false;
    await clock.pass(20_000);
    expect(watcher.configuration()).toBeDefined();
    chainUnderTest.cut(1);
    chainUnderTest.add();
    chainUnderTest.add();
    await clock.pass(2000);
    expect([watcher.status().kind, watcher.faults().length, watcher.configuration()]).toEqual([
      'following',
      1,
      undefined,
    ]);
    await watcher.stop();
  });
});

describe('assets', () => {
  it('count from their own first block, whatever else is read', async () => {
    const chainUnderTest = new ScriptedChain();
    for (let i = 1; i <= 8; i++) chainUnderTest.add([eventOf(`x${i}`), eventOf(`y${i}`, 'y')]);
    const clock = new TestClock();
    const targets = [target('x', 5), target('y', 3)];
    const watcher = scriptedWatcher(scriptedNode(chainUnderTest), new MemoryRecordStore(), clock, { targets });
    watcher.start();
    await clock.pass(3000);
    expect(references(watcher)).toEqual(['y3', 'y4', 'x5', 'y5', 'x6', 'y6']);
    await watcher.stop();
  });

  it('one that is watched later is searched for from its own first block, also over restarts, and never twice', async () => {
    const chainUnderTest = new ScriptedChain();
    for (let i = 1; i <= 20; i++) chainUnderTest.add([eventOf(`x${i}`), eventOf(`y${i}`, 'y')]);
    const clock = new TestClock();
    const records = new MemoryRecordStore();
    const node = scriptedNode(chainUnderTest);
    const first = scriptedWatcher(node, records, clock);
    first.start();
    await clock.pass(3000);
    const xs = Array.from({ length: 18 }, (_, i) => `x${i + 1}`);
    expect(references(first)).toEqual(xs);
    first.watch(target('y', 5));
    // One step only, then a restart.
    await clock.pass(1000);
    await first.stop();
    const second = scriptedWatcher(node, records, clock, { targets: [target('x'), target('y', 5)] });
    second.start();
    chainUnderTest.add([eventOf('x21'), eventOf('y21', 'y')]);
    await clock.pass(5000);
    const ys = Array.from({ length: 15 }, (_, i) => `y${i + 5}`);
    expect(references(second).toSorted()).toEqual([...xs, 'x19', ...ys].toSorted());
    await second.stop();
    // Left out for a while, then watched again: what happened meanwhile is found.
    const third = scriptedWatcher(node, records, clock);
    third.start();
    chainUnderTest.add([eventOf('y22', 'y')]);
    for (let i = 0; i < 4; i++) chainUnderTest.add();
    await clock.pass(5000);
    expect(third.event('y22')).toEqual({ kind: 'unknown' });
    third.watch(target('y', 5));
    await clock.pass(10_000);
    expect(third.event('y22').kind).toBe('final');
    expect(new Set(references(third)).size).toBe(references(third).length);
    expect(
      third.assetEvents(0, 1000).filter(({ value }) => value.token === tokenOf('y') && value.reference === 'y4'),
    ).toEqual([]);
    await third.stop();
  });
});

describe('bounds', () => {
  it('keeps a bounded window while nothing becomes final, and does not spin', async () => {
    const chainUnderTest = new ScriptedChain();
    chainUnderTest.finalisedBehind = 1000;
    for (let i = 1; i <= 200; i++) chainUnderTest.add();
    const clock = new TestClock();
    const node = scriptedNode(chainUnderTest);
    const finality = { kind: 'finalised', confirmations: 0 } as const;
    const watcher = scriptedWatcher(node, new MemoryRecordStore(), clock, { finality });
    watcher.start();
    await clock.pass(3000);
    const { asked } = node;
    await clock.pass(10_000);
    // Per second: the tip, and the newest block that is kept.
    expect(node.asked - asked).toBeLessThanOrEqual(2 * 11);
    expect(watcher.status()).toMatchObject({ kind: 'following', caughtUp: false });
    chainUnderTest.finalisedBehind = 2;
    await clock.pass(20_000);
    expect(watcher.status()).toMatchObject({ caughtUp: true, final: { height: 198 } });
    await watcher.stop();
  });

  it('a slow node holds up its own zone only, and stopping does not wait for it', async () => {
    const clock = new TestClock();
    const [slow, quick] = [new ScriptedChain(), new ScriptedChain()];
    for (const item of [slow, quick]) for (let i = 1; i <= 6; i++) item.add([eventOf(`e${i}`)]);
    const slowNode = scriptedNode(slow);
    let open = (): void => {};
    slowNode.gate = new Promise((resolve) => {
      open = resolve;
    });
    const store = new MemoryRecordStore();
    const one = scriptedWatcher(slowNode, store, clock, { chain: 'eip155:70' });
    const other = scriptedWatcher(scriptedNode(quick), store, clock);
    one.start();
    other.start();
    await clock.pass(5000);
    expect([one.status().kind, other.status().kind]).toEqual(['starting', 'following']);
    expect(references(other)).toHaveLength(4);
    const stopped = one.stop();
    open();
    await stopped;
    expect(one.status().kind).toBe('stopped');
    await other.stop();
    const { asked } = slowNode;
    await clock.pass(100_000);
    expect(slowNode.asked).toBe(asked);
  });

  it('a failing node is asked less and less often', async () => {
    const clock = new TestClock();
    const node = scriptedNode(new ScriptedChain());
    node.silent = true;
    const watcher = scriptedWatcher(node, new MemoryRecordStore(), clock);
    watcher.start();
    await clock.pass(60_000);
    expect(node.asked).toBeLessThan(10);
    expect(watcher.status()).toMatchObject({ kind: 'silent', since: 2_000_000_000_000 });
    await watcher.stop();
  });
});
