import type { ClusterState } from '@dwallet/zones';
import { describe, expect, it } from 'vitest';
import { ClusterView } from '../../src/zones/cluster-view.ts';
import {
  type ChainWatcher,
  type ClusterObservation,
  type Positioned,
  nameHash,
} from '../../src/zones/watchers/index.ts';
import { bytes32, dapp, defi } from './zone-network.ts';

const name = 'fast';
const cluster = {
  record: {
    cluster: name,
    version: 0,
    members: [dapp, defi].map((chain) => ({
      chain,
      governance: [],
      configuration: bytes32(chain),
      settlementMs: 60_000,
    })),
  },
  channels: new Map(),
} as unknown as ClusterState;

/** The cluster once the first message of dapp is in its log. */
const taken: ClusterState = {
  ...cluster,
  channels: new Map([[`${dapp}>${defi}`, { from: dapp, to: defi, base: 0n, messages: [{} as never], consumed: 0n }]]),
};

const sent: Positioned<ClusterObservation> = {
  position: 0,
  block: { height: 7, hash: '00', parent: '00', time: 10 },
  value: {
    kind: 'message',
    cluster: nameHash(name),
    to: nameHash(defi),
    nonce: 0n,
    sentAt: 10,
    payload: new Uint8Array([1]),
  },
} as unknown as Positioned<ClusterObservation>;

describe('what waits for the log of a cluster', () => {
  it('is forgotten when the decided log has it, not when a batch that may never be decided has it', () => {
    const watcher = {
      chain: dapp,
      clusterEvents: (from: number) => (from === 0 ? [sent] : []),
    } as unknown as ChainWatcher;
    let committed = cluster;
    const view = new ClusterView(watcher, () => committed);
    expect(view.waiting(cluster)).toHaveLength(1);
    expect(view.waiting(taken)).toHaveLength(0);
    expect(view.waiting(cluster)).toHaveLength(1);
    committed = taken;
    expect(view.waiting(taken)).toHaveLength(0);
    expect(view.waiting(cluster)).toHaveLength(0);
  });
});
