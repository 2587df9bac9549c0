/** The joint decisions of a cluster, one by one. */
import { type Digest, InvalidArgumentsError } from '@dwallet/sigma';
import { describe, expect, it } from 'vitest';
import {
  type ClusterEvent,
  type ClusterHead,
  type ClusterRecord,
  type MessageCount,
  type Outcome,
  type World,
  chainConfiguration,
  clusterProposal,
  expectedRoots,
  headRecord,
  messagesAwaitingSettlement,
  messagesInDoubt,
  noDigest,
} from '../src/index.ts';
import { applyEventWith } from '../src/world.ts';
import {
  approveBy,
  build,
  bytes32,
  clusterEvent,
  clusterOfChains,
  dapp,
  defi,
  evmAccount,
  expectOk,
  governanceOf,
  historyRules,
  outside,
  owner,
  policy,
  policyEvent,
  zone,
  zoneEvent,
} from './helpers/build.ts';

const settlementPolicy = (name: string) =>
  policyEvent(policy(`cluster/${name}`, { purpose: 'cluster', subject: name }), `cluster/${name}`);
const three = clusterOfChains('fast', [owner, dapp, defi]);
const started = build([
  ...[owner, dapp, defi, outside].map((chain) => zoneEvent(zone(chain))),
  settlementPolicy('fast'),
  settlementPolicy('slow'),
  clusterEvent(three, 1000),
]);

const apply = (world: World, event: ClusterEvent): Outcome<World> =>
  applyEventWith(historyRules, world, { kind: 'cluster', cluster: 'fast', event });
const run = (world: World, ...events: readonly ClusterEvent[]): World =>
  events.reduce((now, event) => expectOk(apply(now, event)), world);
const state = (world: World) => {
  const cluster = world.clusters.get('fast');
  if (cluster === undefined) throw new Error('no cluster');
  return cluster;
};

const amendment = (
  world: World,
  signers: readonly string[],
  changes: (record: ClusterRecord) => Partial<ClusterRecord>,
  at = 1000,
): ClusterEvent & { kind: 'amendment' } => {
  const { record, digest } = state(world);
  const next = { ...record, version: record.version + 1n, prev: digest, ...changes(record) };
  const approvals = signers.flatMap((chain) => approveBy(clusterProposal(next), governanceOf(chain).keys));
  return { kind: 'amendment', record: next, approvals, at };
};
const joined = ({ members }: ClusterRecord): Partial<ClusterRecord> => ({
  members: [...members, ...clusterOfChains('x', [outside, owner]).members.filter(({ chain }) => chain === outside)],
  threshold: 3,
});
const without =
  (gone: string) =>
  ({ members }: ClusterRecord): Partial<ClusterRecord> => ({
    members: members.filter(({ chain }) => chain !== gone),
    threshold: 2,
  });
const message = (from: string, to: string, nonce: bigint, sentAt: number): ClusterEvent => ({
  kind: 'message',
  message: { cluster: 'fast', from, to, nonce, sentAt, payload: Uint8Array.of(Number(nonce)) },
});
const delivery = (from: string, to: string, nonce: bigint, at: number): ClusterEvent => ({
  kind: 'delivery',
  delivery: { cluster: 'fast', from, to, nonce, at },
});
const heartbeat = (member: string, at: number): ClusterEvent => ({
  kind: 'heartbeat',
  heartbeat: { cluster: 'fast', member, at },
});

/** A first head of a member, and the settlement over it alone. */
function settlementOf(world: World, member: string, time: number, sent: readonly MessageCount[]): ClusterEvent[] {
  const { record, interval, settlement: prev } = state(world);
  const parts = { cluster: 'fast', member, height: 0n, time, state: bytes32('state'), version: record.version };
  const head: ClusterHead = { ...parts, prev: noDigest, consumed: [], sent };
  const digest = headRecord.digest(head);
  const roots = expectedRoots(state(world), new Map([[member, { digest, head }]]));
  const settlement = { cluster: 'fast', interval, time, prev, heads: [{ member, head: digest }], roots };
  return [
    { kind: 'head', head },
    { kind: 'settlement', settlement },
  ];
}

describe('founding', () => {
  const found = (record: ClusterRecord, signers = record.members.map(({ chain }) => chain)): Outcome<World> =>
    applyEventWith(historyRules, started, {
      kind: 'new-cluster',
      record,
      approvals: signers.flatMap((chain) => approveBy(clusterProposal(record), governanceOf(chain).keys)),
      at: 1000,
    });
  it('needs every member, zones, their own keys, and a dWallet of its own', () => {
    const alone = (chains: readonly string[], changes: Partial<ClusterRecord> = {}): ClusterRecord =>
      clusterOfChains('slow', chains, { threshold: chains.length, ...changes });
    expectOk(found(alone([outside])));
    expect(found(alone([outside]), [])).toMatchObject({ ok: false, rule: 'CLUSTER:8' });
    expect(found(alone([outside, dapp]))).toMatchObject({ ok: false, rule: 'CLUSTER:11' });
    expect(found(alone(['eip155:77']))).toMatchObject({ ok: false, rule: 'ZONE:2' });
    expect(found(alone([outside], { settlementKey: three.settlementKey }))).toMatchObject({
      ok: false,
      rule: 'ZONE:1',
    });
    expect(found(alone([outside], { deltaMs: 60_000 }))).toMatchObject({ ok: false, rule: 'CLUSTER:11' });
    const foreign = alone([outside]);
    const members = foreign.members.map((member) => ({ ...member, governance: governanceOf('eve') }));
    const record = { ...foreign, members };
    const approvals = approveBy(clusterProposal(record), governanceOf('eve').keys);
    expect(applyEventWith(historyRules, started, { kind: 'new-cluster', record, approvals, at: 1 })).toMatchObject({
      ok: false,
      rule: 'CLUSTER:8',
    });
    expect(found({ ...three, version: 1n, prev: state(started).digest })).toMatchObject({
      ok: false,
      rule: 'GOVERNANCE:3',
    });
  });
});

describe('joint governance', () => {
  it('joining needs the threshold, the one that joins, and a start in step', () => {
    const world = run(
      started,
      ...[dapp, defi, owner].map((chain) => heartbeat(chain, 1015)),
      ...[dapp, defi].map((chain) => heartbeat(chain, 1030)),
    );
    expect(apply(world, amendment(world, [owner, outside], joined, 1020))).toMatchObject({
      ok: false,
      rule: 'CLUSTER:8',
    });
    expect(apply(world, amendment(world, [owner, dapp], joined, 1020))).toMatchObject({ ok: false, rule: 'CLUSTER:8' });
    expect(apply(world, amendment(world, [owner, dapp, outside], joined, 1005))).toMatchObject({
      ok: false,
      rule: 'CLUSTER:2',
    });
    expect(apply(world, amendment(world, [owner, dapp, outside], joined, 1040))).toMatchObject({
      ok: false,
      rule: 'CLUSTER:2',
    });
    const grown = run(world, amendment(world, [owner, dapp, outside], joined, 1020));
    expect([...state(grown).members.keys()]).toContain(outside);
    run(grown, message(outside, dapp, 0n, 1021));
  });

  it('who left does not come back into the same cluster', () => {
    const left = run(started, amendment(started, [owner, dapp], without(defi)));
    const back = amendment(left, [owner, dapp, defi], () => ({ members: three.members, threshold: 2 }));
    expect(apply(left, back)).toMatchObject({ ok: false, rule: 'CLUSTER:8' });
  });

  it('an approved upgrade stays on the fast path, an unapproved one leaves it and comes back when approved', () => {
    const report = (name: string): ClusterEvent => ({
      kind: 'configuration',
      report: { cluster: 'fast', member: defi, configuration: bytes32(name) },
    });
    const upgraded = (record: ClusterRecord): Partial<ClusterRecord> => ({
      members: record.members.map((member) =>
        member.chain === defi ? { ...member, configuration: bytes32('v2') } : member,
      ),
    });
    const slow = run(started, report('v2'));
    expect(state(slow).members.get(defi)?.fastPath).toBe(false);
    // The others no longer wait for it.
    const ahead = run(slow, heartbeat(owner, 1020), heartbeat(dapp, 1040), heartbeat(owner, 1060));
    const approved = run(ahead, amendment(ahead, [owner, dapp, defi], upgraded));
    expect(apply(approved, report('v2'))).toMatchObject({ ok: false, rule: 'CLUSTER:9' });
    const inStep = run(approved, heartbeat(defi, 1045), report('v2'));
    expect(state(inStep).members.get(defi)?.fastPath).toBe(true);
  });

  it('an approved upgrade never leaves the fast path, before or after the change on the chain; the way back is none', () => {
    const report = (configuration: Digest): ClusterEvent => ({
      kind: 'configuration',
      report: { cluster: 'fast', member: defi, configuration },
    });
    const [v1, v2] = [three.members.find(({ chain }) => chain === defi)?.configuration as Digest, bytes32('v2')];
    const isFast = (world: World): boolean | undefined => state(world).members.get(defi)?.fastPath;
    const changed = (record: ClusterRecord): Partial<ClusterRecord> => ({
      members: record.members.map((member) => (member.chain === defi ? { ...member, configuration: v2 } : member)),
    });
    const everybody = [owner, dapp, defi];
    const decided = run(started, amendment(started, everybody, changed), report(v1));
    expect(isFast(decided)).toBe(true);
    expect(isFast(run(decided, report(bytes32('v3'))))).toBe(false);
    const done = run(decided, report(v2));
    expect(isFast(done)).toBe(true);
    expect(isFast(run(done, report(v1)))).toBe(false);
    // Seen off the fast path, it comes back with either.
    expect(isFast(run(decided, report(bytes32('v3')), report(v1)))).toBe(true);
    // The next joint decision ends what was approved before.
    const again = run(
      decided,
      amendment(decided, everybody, () => ({ deltaMs: 30 })),
    );
    expect(isFast(run(again, report(v1)))).toBe(false);
  });

  it('what is sent off the fast path waits for settlement, also when the member is back; what was sent before does not', () => {
    const configuration = three.members.find(({ chain }) => chain === defi)?.configuration as Digest;
    const report = (found: Digest): ClusterEvent => ({
      kind: 'configuration',
      report: { cluster: 'fast', member: defi, configuration: found },
    });
    const world = run(
      started,
      message(defi, owner, 0n, 1002),
      message(dapp, defi, 0n, 1002),
      report(bytes32('v2')),
      message(defi, owner, 1n, 1004),
      message(dapp, defi, 1n, 1004),
      message(dapp, owner, 0n, 1005),
    );
    const waiting = { ok: false, rule: 'CLUSTER:9' };
    const some = run(world, delivery(defi, owner, 0n, 1006), delivery(dapp, defi, 0n, 1006));
    for (const now of [some, run(some, report(configuration))]) {
      expect(apply(now, delivery(defi, owner, 1n, 1007))).toMatchObject(waiting);
      expect(apply(now, delivery(dapp, defi, 1n, 1007))).toMatchObject(waiting);
      run(now, delivery(dapp, owner, 0n, 1007));
    }
    expect(messagesAwaitingSettlement(state(some)).size).toBe(2);
    // Nobody has to wait for what has to wait itself, nor for what comes after it.
    const back = run(some, report(configuration), message(defi, owner, 2n, 1010), delivery(dapp, owner, 0n, 1010));
    const on = run(back, heartbeat(dapp, 1015), heartbeat(defi, 1015), heartbeat(owner, 1015));
    const later = run(on, heartbeat(dapp, 1030), heartbeat(defi, 1030), heartbeat(owner, 1030));
    const settled = run(later, ...settlementOf(later, defi, 1030, [{ chain: owner, count: 3n }]));
    expect(messagesAwaitingSettlement(state(settled)).size).toBe(1);
    run(settled, delivery(defi, owner, 1n, 1031), delivery(defi, owner, 2n, 1032));
    // What was sent on the fast path is due once it can be delivered.
    expect(apply(settled, heartbeat(owner, 1034))).toMatchObject({ ok: false, rule: 'CLUSTER:3' });
  });
});

describe('what a chain runs', () => {
  it('is one digest of its contracts, whose form is one: sorted, spelled, every word', () => {
    const [low, high] = [evmAccount('a'), evmAccount('b')].sort() as [string, string];
    const of = (address: string, code: string, storage: readonly (readonly [string, string])[] = []) => ({
      address,
      code: bytes32(code),
      storage: storage.map(([slot, value]) => ({ slot: bytes32(slot), value: bytes32(value) })),
    });
    const base = { chain: defi, contracts: [of(low, 'x', [['s', 'v']]), of(high, 'y')] };
    const others = [
      { ...base, chain: dapp },
      { ...base, contracts: [of(low, 'x', [['s', 'w']]), of(high, 'y')] },
      { ...base, contracts: [of(low, 'x', [['t', 'v']]), of(high, 'y')] },
      { ...base, contracts: [of(low, 'x'), of(high, 'y')] },
      { ...base, contracts: [of(low, 'y', [['s', 'v']]), of(high, 'x')] },
      { ...base, contracts: [of(low, 'x', [['s', 'v']])] },
    ];
    const digests = [base, ...others].map((item) => Buffer.from(chainConfiguration.digest(item)).toString('hex'));
    expect(new Set(digests).size).toBe(digests.length);
    expect(chainConfiguration.decode(chainConfiguration.encode(base))).toEqual(base);
    for (const wrong of [
      { ...base, contracts: base.contracts.toReversed() },
      { ...base, contracts: [] },
      { ...base, contracts: [of(low.toLowerCase(), 'x')] },
    ])
      expect(() => chainConfiguration.digest(wrong)).toThrow(InvalidArgumentsError);
  });
});

describe('a safety fault from beginning to end', () => {
  const head = (member: string, name: string, time: number, version = 0n): ClusterHead => ({
    cluster: 'fast',
    member,
    height: 0n,
    time,
    state: bytes32(name),
    version,
    prev: noDigest,
    consumed: [],
    sent: [],
  });
  const world = run(
    started,
    message(dapp, defi, 0n, 1002),
    message(dapp, defi, 1n, 1008),
    message(defi, owner, 0n, 1009),
    delivery(dapp, defi, 0n, 1010),
    message(defi, owner, 1n, 1011),
    delivery(dapp, defi, 1n, 1012),
    message(defi, owner, 2n, 1013),
  );
  const faulty = run(world, { kind: 'conflict', heads: [head(dapp, 'one', 1005), head(dapp, 'two', 1006)] });

  it('lists exactly what is in doubt', () => {
    expect(messagesInDoubt(state(faulty)).map(({ from, to, nonce }) => [from, to, nonce])).toEqual([
      [dapp, defi, 1n],
      [defi, owner, 2n],
    ]);
  });

  it('what stands is delivered, what is in doubt is not; the guilty one leaves, the others go on', () => {
    const some = run(faulty, delivery(defi, owner, 0n, 1014), delivery(defi, owner, 1n, 1015));
    expect(apply(some, delivery(defi, owner, 2n, 1016))).toMatchObject({ ok: false, rule: 'CLUSTER:5' });
    expect(apply(some, message(defi, owner, 3n, 1016))).toMatchObject({ ok: false, rule: 'CLUSTER:5' });
    expect(apply(some, heartbeat(owner, 1026))).toMatchObject({ ok: false, rule: 'CLUSTER:5' });
    // The guilty member's approval does not count.
    expect(apply(some, amendment(some, [owner, dapp], without(dapp)))).toMatchObject({ ok: false, rule: 'CLUSTER:8' });
    const healed = run(some, amendment(some, [owner, defi], without(dapp)));
    expect(state(healed).fault).toBeUndefined();
    run(
      healed,
      message(defi, owner, 3n, 1016),
      delivery(defi, owner, 3n, 1017),
      heartbeat(owner, 1030),
      heartbeat(defi, 1040),
    );
    // Its zone stays quarantined until its own governance answers for it.
    expect(healed.zones.get(dapp)?.fault).toEqual({ at: 1005, cluster: 'fast' });
    const answered = { ...zone(dapp), version: 1n, prev: healed.zones.get(dapp)?.digest ?? noDigest };
    expect(build([zoneEvent(answered)], healed).zones.get(dapp)?.fault).toBeUndefined();
    // Not before the cluster has dealt with it.
    expect(build([zoneEvent(answered)], faulty).zones.get(dapp)?.fault).toBeDefined();
  });

  it('what was sent off the fast path is not due, and what became void hides nothing that is sent after it', () => {
    const [v1, v2] = [three.members.find(({ chain }) => chain === defi)?.configuration as Digest, bytes32('v2')];
    const report = (configuration: Digest): ClusterEvent => ({
      kind: 'configuration',
      report: { cluster: 'fast', member: defi, configuration },
    });
    const sent = run(started, message(dapp, defi, 0n, 1003), report(v2), message(defi, owner, 0n, 1004));
    const tainted = run(
      run(sent, ...settlementOf(sent, defi, 1003, [{ chain: owner, count: 1n }])),
      delivery(dapp, defi, 0n, 1006),
      message(defi, owner, 1n, 1008),
      { kind: 'conflict', heads: [head(dapp, 'one', 1002), head(dapp, 'two', 1002)] },
    );
    const healed = run(tainted, amendment(tainted, [owner, defi], without(dapp)), report(v1));
    const ahead = run(healed, ...[1020, 1040].flatMap((at) => [heartbeat(owner, at), heartbeat(defi, at)]));
    const late = run(ahead, message(defi, owner, 2n, 1045), heartbeat(owner, 1060), heartbeat(defi, 1065));
    expect(apply(late, heartbeat(owner, 1065))).toMatchObject({ ok: false, rule: 'CLUSTER:3' });
    run(late, delivery(defi, owner, 0n, 1062), delivery(defi, owner, 2n, 1063), heartbeat(owner, 1065));
  });

  it('heads under different versions of the cluster do not convict', () => {
    const heads = [head(dapp, 'one', 1005), head(dapp, 'two', 1005, 1n)] as const;
    expect(apply(world, { kind: 'conflict', heads })).toMatchObject({ ok: false, rule: 'CLUSTER:12' });
  });
});
