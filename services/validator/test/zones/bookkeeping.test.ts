/** What one validator keeps for itself: what waits for the log, what counts against ceilings; and how its proposer meets errors. */
import { DecodeError, digest, encodeText } from '@dwallet/sigma';
import {
  type Limit,
  type Outflow,
  PersistentMap,
  type World,
  assetProposal,
  emptyWorld,
  longestWindowMs,
  mintOrderDigest,
  nativeAsset,
} from '@dwallet/zones';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { RefusedError } from '../../src/core.ts';
import { MemoryRecordStore } from '../../src/store/record-store.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { hasGovernance, zonesSchema } from '../../src/zones/config.ts';
import { CountedRequests } from '../../src/zones/counted-requests.ts';
import type { Draft, EventSource } from '../../src/zones/draft.ts';
import { decodePlain, encodePlain } from '../../src/zones/log/plain-values.ts';
import { LedgerSource } from '../../src/zones/ledger-source.ts';
import { Proposer, type ProposerOptions } from '../../src/zones/proposer.ts';
import { RecordSource } from '../../src/zones/record-source.ts';
import { Releases } from '../../src/zones/releases.ts';
import { WaitingRoom } from '../../src/zones/waiting-room.ts';
import { hex } from '../helpers/toy-network.ts';
import {
  account,
  assetOfX,
  assetX,
  bytes32,
  chains,
  defi,
  fakeKey,
  keyOf,
  policyFor,
  zone,
  zoneEvent,
} from './zone-network.ts';

describe('a waiting room', () => {
  const room = (store: MemoryRecordStore, name = 'a', most = 3, laneOf = (_text: string) => 'all') =>
    new WaitingRoom<string>({
      store,
      name,
      most,
      keyOf: (text) => text.slice(0, 1),
      laneOf,
      encode: encodeText,
      decode(bytes) {
        const text = new TextDecoder().decode(bytes);
        if (text.startsWith('!')) throw new DecodeError('Text', 'is nothing');
        return text;
      },
    });

  it('keeps what waits, the newest of so many, in order and over a restart; one spelling per key', () => {
    const store = new MemoryRecordStore();
    const other = room(store, 'b');
    other.add('z');
    const first = room(store);
    for (const text of ['v', 'w', 'x', 'y']) expect(first.add(text)).toBe(text);
    first.add('w2');
    const found = ['w', 'x', 'y'];
    for (const one of [first, room(store)]) {
      expect(one.entries()).toEqual([
        ['w', 'w2'],
        ['x', 'x'],
        ['y', 'y'],
      ]);
      expect([one.size, one.has('v'), one.get('w')]).toEqual([3, false, 'w2']);
    }
    expect(store.list('zone-waiting')).toHaveLength(found.length + 1);
    // What this program cannot read goes; a new one has a place of its own after a restart.
    const id = store.list('zone-waiting').find((name) => name.startsWith('a.')) as string;
    store.put('zone-waiting', id, encodeText('!'));
    const again = room(store);
    expect(again.entries().map(([key]) => key)).toEqual(['x', 'y']);
    again.add('u');
    expect(
      room(store)
        .entries()
        .map(([key]) => key),
    ).toEqual(['x', 'y', 'u']);
    for (const key of ['x', 'y', 'u', 'nobody']) again.delete(key);
    expect(again.size).toBe(0);
    expect(store.list('zone-waiting')).toEqual([expect.stringMatching(/^b\./) as unknown]);
  });

  it('where it is full, who has most makes place: a flood pushes out itself, before and after a restart', () => {
    const store = new MemoryRecordStore();
    const laned = (): WaitingRoom<string> => room(store, 'a', 6, (text) => text.slice(1));
    const first = laned();
    for (const text of ['a one', 'b two', 'c flood', 'd flood', 'e flood', 'f two', 'g flood']) first.add(text);
    expect(first.entries().map(([key]) => key)).toEqual(['a', 'b', 'd', 'e', 'f', 'g']);
    const again = laned();
    for (const key of 'hijklm') again.add(`${key} flood`);
    again.add('n one');
    expect(again.entries().map(([key]) => key)).toEqual(['a', 'b', 'f', 'l', 'm', 'n']);
    // All have two: with the one that came, its own lane is the fullest.
    again.add('o flood');
    for (const one of [again, laned()])
      expect(one.entries().map(([key]) => key)).toEqual(['a', 'b', 'f', 'm', 'n', 'o']);
  });
});

describe('one who floods a waiting room', () => {
  it('pushes out nobody else: releases by vault, orders by asset, records by client and by what they are about', () => {
    const store = new MemoryRecordStore();
    const [quietVault, loudVault] = [fakeKey('quiet'), fakeKey('loud')];
    const release = (dwallet: Uint8Array, n: number) => ({
      publicKey: dwallet,
      chain: defi,
      entry: digest(bytes32(`${hex(dwallet)}/${n}`)),
      slots: [{ id: `nonce:${n}`, claim: '' }],
    });
    const releases = new Releases(store);
    releases.want(release(quietVault, 0));
    for (let n = 0; n < 1100; n++) releases.want(release(loudVault, n));
    const judged = (of: ReturnType<typeof release>) => releases.judge(emptyWorld, { kind: 'release', release: of });
    expect(releases.waiting).toBe(1024);
    expect(judged(release(quietVault, 0))).toBeUndefined();
    expect([judged(release(loudVault, 77)), judged(release(loudVault, 76))]).toMatchObject([
      undefined,
      { rule: 'ASSET:10' },
    ]);

    const orders = new LedgerSource({ watchers: new Map(), maxSkewMs: 1, watchFrom: () => 0, store });
    const proposal = { ...assetProposal(assetOfX(fakeKey('v'))), subject: 'mint' as const };
    const order = (asset: string, n: number): string => {
      const wanted = { asset, amount: BigInt(n + 1), recipient: account('ann') };
      return orders.order({ order: wanted, proposal: { ...proposal, body: mintOrderDigest(wanted) }, approvals: [] });
    };
    const quiet = order(nativeAsset(defi) ?? '', 0);
    for (let n = 0; n < 1030; n++) order(assetX, n);
    expect(orders.waiting).toBe(1024);
    expect([...orders.drafts(emptyWorld, 0)].map(({ key }) => key)).toContain(quiet);

    const owners = new Map([
      [hex(fakeKey('quiet')), bytes32('ann')],
      ...Array.from({ length: 300 }, (_, n) => [hex(fakeKey(`loud ${n}`)), bytes32('eve')] as const),
    ]);
    const records = new RecordSource({
      dwallet(publicKey) {
        const owner = owners.get(hex(publicKey));
        return owner === undefined ? undefined : { owner, signed: 'no' };
      },
      maxSkewMs: 1,
      certified: () => 'none',
      firstZone: () => true,
      store,
    });
    const policy = (name: string): string =>
      records.submit({ kind: 'dwallet', record: policyFor(fakeKey(name)), approvals: [] });
    const kept = [policy('quiet'), records.submit(zoneEvent(zone(defi)))];
    for (let n = 0; n < 300; n++) policy(`loud ${n}`);
    expect(records.waiting).toBe(256);
    expect([...records.drafts(emptyWorld, 0)].map(({ key }) => key)).toEqual(expect.arrayContaining(kept));
  });
});

describe('plain values', () => {
  it('are read as they were written; what is none, or is cut or goes on, is refused', () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(undefined, true, false),
        fc.double({ noNaN: true }),
        fc.bigInt(),
        fc.string(),
        fc.uint8Array({ maxLength: 300 }),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
        fc.array(fc.string(), { maxLength: 4 }).map((items) => new Set(items)),
        fc.dictionary(
          fc.string().filter((name) => name !== '__proto__'),
          tie('value'),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    })).value;
    fc.assert(
      fc.property(value, (one) => {
        const bytes = encodePlain(one);
        expect(decodePlain(bytes)).toEqual(one);
        expect(encodePlain(decodePlain(bytes))).toEqual(bytes);
        expect(() => decodePlain(bytes.slice(0, -1))).toThrow(DecodeError);
        expect(() => decodePlain(new Uint8Array([...bytes, 0]))).toThrow(/goes on/);
      }),
      { numRuns: 300 },
    );
    const shared = { a: 1n };
    const [first, second] = decodePlain(encodePlain([shared, shared])) as [object, object];
    expect(first).toBe(second);
    const keys = ['aa', 'ab', 'b0', '01'].map((start) => start.padEnd(64, '0'));
    const map = keys.reduce((made, key, i) => made.set(key, i), PersistentMap.empty<number>());
    const again = decodePlain(encodePlain(map)) as typeof map;
    expect(keys.map((key) => again.get(key))).toEqual([0, 1, 2, 3]);
    expect([again.size, [...again.entries()]]).toEqual([4, [...map.entries()]]);
    for (const none of [null, Symbol('a'), () => 1, new Date(0), [new RegExp('a')]])
      expect(() => encodePlain(none)).toThrow(/a snapshot holds/);
  });
});

describe('what counts against ceilings', () => {
  const day = 86_400_000;
  const assets = [`${defi}/slip44:60`, `${defi}/erc20:0x${'11'.repeat(20)}`] as const;
  const others = [defi, chains[0]] as const;
  const keys = ['02aa', '02bb'] as const;
  const windows = [1, 1000, day, 3 * day, longestWindowMs] as const;
  const limitsOf = (seed: number): Limit[] =>
    assets.flatMap((asset, a) =>
      windows.filter((_, i) => ((seed >> (a + i)) & 1) === 1).map((windowMs) => ({ asset, windowMs, ceiling: 1n })),
    );
  const worldOf = (seed: number): World => ({
    ...emptyWorld,
    zones: new Map(
      others.map((chain) => [
        chain,
        {
          record: zone(chain, { limits: limitsOf(seed) }),
          digest: new Uint8Array(32) as never,
          fault: undefined,
          outflows: [],
        },
      ]),
    ),
    dwallets: new Map(
      keys.map((key) => [
        key,
        {
          policy: policyFor(new Uint8Array(33), { limits: limitsOf(seed * 7 + 3) }),
          digest: new Uint8Array(32) as never,
          outflows: [],
        },
      ]),
    ),
  });
  /** As ZONE:5 adds up. */
  const left = (flows: readonly Outflow[], { asset, windowMs }: Limit, now: number): bigint =>
    flows.reduce((sum, flow) => (flow.asset === asset && flow.time > now - windowMs ? sum + flow.amount : sum), 0n);

  it('adds up to what adding up everything does, whatever is undone, repeated, restarted, and however the clock goes', async () => {
    const step = fc.record({
      ms: fc.oneof(fc.integer({ min: -500, max: 2000 }), fc.integer({ min: 0, max: 8 * day })),
      key: fc.constantFrom(...keys),
      chain: fc.constantFrom(...others),
      amounts: fc.array(fc.tuple(fc.constantFrom(...assets), fc.bigInt({ min: 0n, max: 100n })), { maxLength: 3 }),
      end: fc.constantFrom('kept', 'kept', 'kept', 'undone', 'asked again', 'restarted'),
      later: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1023 }), fc.array(step, { maxLength: 40 }), async (seed, steps) => {
        const store = new MemoryRecordStore();
        const world = worldOf(seed);
        let counted = new CountedRequests(store);
        const plain: { name: string; chain: string; dwallet: string; flows: Outflow[] }[] = [];
        let time = 100 * day;
        for (const [i, { ms, key: dwallet, chain, amounts, end, later }] of steps.entries()) {
          time += ms;
          const known = plain.filter((one) => one.dwallet === dwallet && one.chain === chain);
          const again = end === 'asked again' ? known.at(-1)?.name : undefined;
          const name = again ?? `r${i}`;
          const flows = amounts.map(([asset, amount]) => ({ asset, amount, time }));
          const work = (): void => {
            const seen = counted.in(world, { chain, dwallet, but: name, time });
            const rest = plain.filter((one) => one.name !== name);
            for (const limit of limitsOf(seed))
              expect(left(seen.zones.get(chain)?.outflows ?? [], limit, time)).toBe(
                left(
                  rest.filter((one) => one.chain === chain).flatMap((one) => one.flows),
                  limit,
                  time,
                ),
              );
            for (const limit of limitsOf(seed * 7 + 3))
              expect(left(seen.dwallets.get(dwallet)?.outflows ?? [], limit, time)).toBe(
                left(
                  rest.filter((one) => one.dwallet === dwallet).flatMap((one) => one.flows),
                  limit,
                  time,
                ),
              );
            // No work that grows with what came before: a flow per limit at most.
            expect(seen.zones.get(chain)?.outflows.length ?? 0).toBeLessThanOrEqual(limitsOf(seed).length);
            if (!counted.has(name)) counted.add(name, { chain, dwallet, flows });
            if (end === 'undone') throw new Error('undone');
          };
          const isNew = store.get('zone-counted', name) === undefined;
          if (end === 'undone') expect(() => store.transaction(work)).toThrow('undone');
          else {
            store.transaction(work);
            if (isNew) plain.push({ name, chain, dwallet, flows });
          }
          if (later) await Promise.resolve();
          if (end === 'restarted') counted = new CountedRequests(store);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('does not fill the disk: what no window reaches goes, a few with each new one, and not because a start has a wrong clock', () => {
    const store = new MemoryRecordStore();
    const counted = new CountedRequests(store);
    const flows = (time: number): Outflow[] => [{ asset: assets[0], amount: 1n, time }];
    const add = (name: string, time: number): void =>
      counted.add(name, { chain: defi, dwallet: keys[0], flows: flows(time) });
    for (let i = 0; i < 100; i++) add(`old${i}`, day + i);
    // Undone, and asked again when another request has been forgotten for its time: kept by its own.
    expect(() =>
      store.transaction(() => {
        add('new0', day);
        throw new Error('undone');
      }),
    ).toThrow('undone');
    for (let i = 0; i < 30; i++) add(`new${i}`, 40 * day + i);
    expect(store.list('zone-counted')).toHaveLength(30);
    const limits = [{ asset: assets[0], windowMs: longestWindowMs, ceiling: 1n }];
    const world = {
      ...worldOf(0),
      zones: new Map([
        [defi, { record: zone(defi, { limits }), digest: new Uint8Array(32) as never, fault: undefined, outflows: [] }],
      ]),
    };
    const sum = (but: string, time: number, of = counted): unknown =>
      of.in(world, { chain: defi, dwallet: keys[0], but, time }).zones.get(defi)?.outflows;
    // What was seen in a transaction that is undone after all is taken back.
    expect(() =>
      store.transaction(() => {
        add('seen', 40 * day + 30);
        expect(sum('nobody', 40 * day + 30)).toMatchObject([{ amount: 31n }]);
        throw new Error('undone');
      }),
    ).toThrow('undone');
    expect(sum('nobody', 40 * day + 30)).toMatchObject([{ amount: 30n }]);
    // The disk still has what no sum has any more: it is not taken off twice.
    const behind = new MemoryRecordStore();
    const slow = new CountedRequests(behind);
    const moved = { chain: defi, dwallet: keys[0] };
    for (let i = 0; i < 100; i++) slow.add(`old${i}`, { ...moved, flows: flows(day + i) });
    slow.add('new', { ...moved, flows: flows(40 * day) });
    expect(slow.has('old99')).toBe(true);
    expect(sum('old99', day + 100, slow)).toMatchObject([{ amount: 1n }]);
    // A start reads them by name, and forgets by time.
    new CountedRequests(behind).add('next', { ...moved, flows: flows(40 * day + 1) });
    expect(behind.list('zone-counted')).toHaveLength(101 - 2 * 4 + 1);
    const restarted = new CountedRequests(store);
    // A start with a clock that is years ahead forgets nothing.
    restarted.in(world, { chain: defi, dwallet: keys[0], but: 'nobody', time: 4000 * day });
    const now = restarted.in(world, { chain: defi, dwallet: keys[0], but: 'nobody', time: 40 * day + 30 });
    expect(now.zones.get(defi)?.outflows).toMatchObject([{ amount: 30n }]);
  });
});

describe('a proposer', () => {
  /** Time that goes on when the test says so. */
  class Hands implements Clock {
    time = 0;
    timers: { at: number; fn: () => void }[] = [];
    now(): number {
      return this.time;
    }
    after(ms: number, fn: () => void): () => void {
      const timer = { at: this.time + ms, fn };
      this.timers.push(timer);
      return () => void (this.timers = this.timers.filter((one) => one !== timer));
    }
    soon(fn: () => void): void {
      fn();
    }
    async run(ms: number): Promise<void> {
      for (const end = this.time + ms; ; ) {
        await new Promise((resolve) => setImmediate(resolve));
        const [next] = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) {
          this.time = end;
          return;
        }
        this.timers = this.timers.filter((one) => one !== next);
        this.time = Math.max(this.time, next.at);
        next.fn();
      }
    }
  }
  const draftOf = (chain: string): Draft => ({
    key: chain,
    lane: chain,
    ordered: false,
    make: () => zoneEvent(zone(chain)),
  });

  function make(lead: () => unknown, sources: readonly EventSource[]) {
    const clock = new Hands();
    const notes: string[] = [];
    const failures: string[] = [];
    const at: number[] = [];
    const log = {
      height: 0n,
      state: { world: emptyWorld, isClosed: false },
      agreement: { rank: () => 0 },
      lead: async (next: () => Uint8Array | undefined) => {
        const batch = next();
        if (batch === undefined) return { kind: 'idle' };
        at.push(clock.time);
        return lead();
      },
    };
    const proposer = new Proposer({
      log: log as unknown as ProposerOptions['log'],
      sources,
      clock,
      time: () => clock.time,
      turnMs: 10,
      judge: () => undefined,
      refused: () => {},
      note: (text) => notes.push(text),
      failed: (why) => failures.push(why),
    });
    return { clock, notes, failures, at, proposer, log };
  }
  const good: EventSource = { drafts: () => [draftOf(defi)], judge: () => undefined };

  it('tries again soon, and later each time, when others do not agree; it pauses for what trying again does not mend', async () => {
    const daily = make(() => Promise.reject(new RefusedError('UNAVAILABLE', 'too few')), [good]);
    daily.proposer.start();
    await daily.clock.run(1000);
    expect(daily.at).toEqual([0, 100, 300, 700]);
    expect(new Set(daily.failures)).toEqual(new Set(['agreement']));
    for (const [error, why] of [
      [new StoreError('STORE_DISK_FULL', 'full'), 'store'],
      [new TypeError('secret words'), 'unforeseen'],
    ] as const) {
      const broken = make(() => Promise.reject(error), [good]);
      broken.proposer.start();
      broken.proposer.poke();
      await broken.clock.run(9000);
      broken.proposer.poke();
      await broken.clock.run(900);
      expect(broken.at).toEqual([0]);
      await broken.clock.run(200);
      expect(broken.at).toEqual([0, 10_000]);
      expect(broken.failures).toEqual([why, why]);
      expect(broken.notes.join()).not.toContain('secret words');
      broken.proposer.stop();
    }
    daily.proposer.stop();
    // From the start again once they agreed.
    let turns = 0;
    const mended = make(() => {
      turns++;
      return turns === 3 ? { kind: 'idle' } : Promise.reject(new RefusedError('UNAVAILABLE', 'too few'));
    }, [good]);
    mended.proposer.start();
    await mended.clock.run(350);
    expect(mended.at.slice(0, 3)).toEqual([0, 100, 300]);
    mended.proposer.poke();
    await mended.clock.run(150);
    expect(mended.at[4]).toBe((mended.at[3] ?? 0) + 100);
    mended.proposer.stop();
  });

  it('goes on with other sources when one fails, says so once in a while, and proposes nothing in a closed log', async () => {
    let broken = true;
    const bad: EventSource = {
      *drafts() {
        yield draftOf(chains[0]);
        if (broken) throw new TypeError('secret words');
      },
      judge: () => undefined,
    };
    const made = make(() => ({ kind: 'failed', error: new Error('too few') }), [bad, good]);
    made.proposer.start();
    await made.clock.run(5000);
    expect(made.at.length).toBeGreaterThan(3);
    expect(made.failures).toEqual(['unforeseen']);
    expect(made.notes.join()).not.toContain('secret words');
    await made.clock.run(16_000);
    expect(made.failures.length).toBeGreaterThan(1);
    expect(made.failures.length).toBeLessThan(4);
    broken = false;
    made.log.state.isClosed = true;
    const before = made.at.length;
    made.proposer.poke();
    await made.clock.run(60_000);
    expect(made.at.length).toBe(before);
    made.proposer.stop();
    // What a source had before it failed keeps its place; one that fails alone is asked again.
    let fails = false;
    const alone: EventSource = {
      drafts() {
        if (fails) throw new TypeError('secret words');
        return [draftOf(chains[0])];
      },
      judge: () => undefined,
    };
    const single = make(() => ({ kind: 'failed', error: new Error('too few') }), [alone]);
    single.proposer.start();
    await single.clock.run(50);
    expect(single.proposer.since(chains[0])).toBe(0);
    fails = true;
    await single.clock.run(5000);
    expect(single.proposer.since(chains[0])).toBe(0);
    const turns = single.at.length;
    fails = false;
    await single.clock.run(16_000);
    expect(single.at.length).toBeGreaterThan(turns);
    single.proposer.stop();
  });
});

describe('the keys of a zone’s first record', () => {
  const key = (name: string): string => Buffer.from(keyOf(encodeText(name.padEnd(32))).publicKey).toString('hex');
  const config = (governance?: object) =>
    zonesSchema.parse([
      {
        chain: defi,
        nodes: [{ name: 'a', kind: 'evm', url: 'http://127.0.0.1:1' }],
        finality: { kind: 'finalised' },
        from: 0,
        ...(governance === undefined ? {} : { governance }),
      },
    ])[0] as Parameters<typeof hasGovernance>[0];
  const record = (threshold: number, ...names: string[]) => ({
    governance: { threshold, keys: names.map((name) => keyOf(encodeText(name.padEnd(32)))) },
  });

  it('are those that the operator configured, if he did', () => {
    const expected = config({ threshold: 2, keys: [key('a'), key('b')] });
    expect(hasGovernance(expected, record(2, 'b', 'a'))).toBe(true);
    expect(hasGovernance(expected, record(1, 'a', 'b'))).toBe(false);
    expect(hasGovernance(expected, record(2, 'a', 'eve'))).toBe(false);
    expect(hasGovernance(expected, record(2, 'a', 'b', 'eve'))).toBe(false);
    expect(hasGovernance(config(), record(1, 'eve'))).toBe(true);
    for (const wrong of [
      { threshold: 0, keys: [key('a')] },
      { threshold: 2, keys: [key('a')] },
      { threshold: 1, keys: [] },
      { threshold: 1, keys: [key('a'), key('a')] },
      { threshold: 1, keys: ['ab'] },
      { threshold: 1, keys: [`04${key('a')}`] },
    ])
      expect(() => config(wrong), JSON.stringify(wrong)).toThrow();
    expect(() => config({ threshold: 1, keys: [`02${key('a')}`] })).not.toThrow();
  });
});
