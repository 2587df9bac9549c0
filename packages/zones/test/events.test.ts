/** Events, authorities and submissions as bytes: one encoding each, and the release of a vault as an event. */
import { DecodeError } from '@dwallet/sigma';
import { describe, expect, it } from 'vitest';
import {
  type Authority,
  type LedgerEntry,
  type WorldEvent,
  applyEvent,
  clusterProposal,
  decodeAuthority,
  decodeSubmission,
  decodeWorldEvent,
  encodeAuthority,
  encodeSubmission,
  encodeWorldEvent,
  eventFacts,
  eventScope,
  ledgerEntry,
  mintOrderDigest,
  noDigest,
  releaseFact,
  releaseFactIn,
  releaseRecord,
  slotId,
} from '../src/index.ts';
import { applyEventWith } from '../src/world.ts';
import {
  approveBy,
  asset,
  assetEvent,
  assetWorld,
  assetX,
  bytes32,
  clusterEvent,
  clusterOfChains,
  dapp,
  defi,
  evmAccount,
  expectOk,
  governanceOf,
  historyRules,
  owner,
  policy,
  policyEvent,
  walletKey,
  zone,
  zoneEvent,
} from './helpers/build.ts';

const entry: LedgerEntry = {
  asset: assetX,
  height: 0n,
  prev: assetWorld.assets.get(assetX)?.ledger.head ?? noDigest,
  kind: 'mint',
  from: owner,
  to: owner,
  amount: 10n,
  recipient: evmAccount('ann'),
  sourceEvent: { chain: owner, reference: 'e:0' },
  time: 1000,
};
const release = {
  publicKey: walletKey('vault/X'),
  chain: owner,
  entry: ledgerEntry.digest(entry),
  slots: [{ id: 'nonce:4', claim: '' }],
};
const cluster = clusterOfChains('fast', [dapp, defi]);
const head = {
  cluster: 'fast',
  member: dapp,
  height: 0n,
  time: 5,
  state: bytes32('a'),
  version: 0n,
  prev: noDigest,
  consumed: [],
  sent: [],
};
const ofCluster = (event: (WorldEvent & { kind: 'cluster' })['event']): WorldEvent => ({
  kind: 'cluster',
  cluster: 'fast',
  event,
});
const message = { cluster: 'fast', from: dapp, to: defi, nonce: 3n, sentAt: 7, payload: new Uint8Array([1]) };
const events: readonly WorldEvent[] = [
  zoneEvent(zone(owner)),
  assetEvent(asset('X', owner, [owner, dapp])),
  policyEvent(policy('w'), 'w'),
  clusterEvent(cluster, 12),
  { kind: 'entry', entry },
  { kind: 'release', release },
  ofCluster({ kind: 'message', message }),
  ofCluster({ kind: 'delivery', delivery: { cluster: 'fast', from: dapp, to: defi, nonce: 3n, at: 9 } }),
  ofCluster({ kind: 'heartbeat', heartbeat: { cluster: 'fast', member: dapp, at: 9 } }),
  ofCluster({ kind: 'head', head }),
  ofCluster({ kind: 'conflict', heads: [head, { ...head, state: bytes32('b') }] }),
  ofCluster({
    kind: 'settlement',
    settlement: {
      cluster: 'fast',
      interval: 0n,
      time: 9,
      prev: noDigest,
      heads: [{ member: dapp, head: bytes32('h') }],
      roots: [],
    },
  }),
  ofCluster({ kind: 'configuration', report: { cluster: 'fast', member: dapp, configuration: bytes32('c') } }),
  ofCluster({
    kind: 'amendment',
    record: cluster,
    approvals: approveBy(clusterProposal(cluster), governanceOf(dapp).keys),
    at: 4,
  }),
];

describe('events', () => {
  it('have one encoding, facts of their own, and a scope', () => {
    const ids = new Set<string>();
    for (const event of events) {
      const bytes = encodeWorldEvent(event);
      expect(decodeWorldEvent(bytes)).toEqual(event);
      expect(() => decodeWorldEvent(new Uint8Array([...bytes, 0]))).toThrow(DecodeError);
      for (let length = 0; length < bytes.length; length += 7)
        expect(() => decodeWorldEvent(bytes.slice(0, length))).toThrow(DecodeError);
      expect(eventScope(event).id).not.toBe('');
      for (const { kind, id, version } of eventFacts(event)) ids.add(`${kind}.${id.join()}.${version}`);
    }
    // Zone, asset, policy, cluster (twice the same), entry with its source event, message, word, head, settlement.
    expect(ids.size).toBe(10);
    const kind = encodeWorldEvent({ kind: 'entry', entry });
    kind[2] = 99;
    expect(() => decodeWorldEvent(kind)).toThrow(/kind/);
  });

  it('release an entry once, by the vault that pays it', () => {
    const minted = expectOk(applyEventWith(historyRules, assetWorld, { kind: 'entry', entry }));
    const once = expectOk(applyEvent(minted, { kind: 'release', release }));
    const slot = slotId(release.publicKey, owner, { id: 'nonce:4' });
    expect(once.slots.get(slot)).toMatchObject({ claim: '' });
    expect(releaseFactIn(once, release)).toEqual(releaseFact(entry, slot));
    expect(releaseFactIn(minted, release)).toBeUndefined();
    expectOk(applyEvent(once, { kind: 'release', release }));
    const no = (change: Partial<typeof release>): string => {
      const outcome = applyEvent(once, { kind: 'release', release: { ...release, ...change } });
      return outcome.ok ? 'accepted' : outcome.rule;
    };
    expect(no({ slots: [{ id: 'nonce:5', claim: '' }] })).toBe('ASSET:10');
    expect(no({ entry: bytes32('no entry') })).toBe('ASSET:9');
    expect(no({ publicKey: walletKey('vault/Y') })).toBe('ASSET:9');
    expect(no({ chain: dapp })).toBe('ASSET:9');
    expect(() => releaseRecord.encode({ ...release, slots: [] })).toThrow(/slots/);
  });
});

describe('authorities and submissions', () => {
  it('have one encoding', () => {
    const authorities: readonly Authority[] = [
      { kind: 'zone', zone: owner },
      { kind: 'entry', zone: owner, asset: assetX, height: 7n },
      { kind: 'settlement', zone: owner, cluster: 'fast', interval: 2n },
    ];
    for (const authority of authorities) {
      const bytes = encodeAuthority(authority);
      expect(decodeAuthority(bytes)).toEqual(authority);
      for (let length = 0; length < bytes.length; length++)
        expect(() => decodeAuthority(bytes.slice(0, length))).toThrow(DecodeError);
      expect(() => decodeAuthority(new Uint8Array([...bytes, 0]))).toThrow(DecodeError);
    }
    const order = { asset: assetX, amount: 5n, recipient: evmAccount('ann') };
    const proposal = {
      subject: 'mint' as const,
      id: assetX,
      version: 1n,
      prev: noDigest,
      body: mintOrderDigest(order),
    };
    const approvals = approveBy(proposal, governanceOf(owner).keys);
    for (const submission of [
      { kind: 'record', event: events[0] as WorldEvent },
      { kind: 'mint', order, proposal, approvals },
    ] as const)
      expect(decodeSubmission(encodeSubmission(submission))).toEqual(submission);
    const other = { ...proposal, body: bytes32('other') };
    expect(() => decodeSubmission(encodeSubmission({ kind: 'mint', order, proposal: other, approvals }))).toThrow(
      /another order/,
    );
    // Only what governance decides is submitted: everything else is seen by validators themselves.
    for (const event of events.slice(4, 13))
      expect(() => decodeSubmission(encodeSubmission({ kind: 'record', event }))).toThrow(
        /nothing that governance decides/,
      );
  });
});
