/**
 * What validators keep in snapshots of the world. Whoever changes a field of it has to write it down here, and sees that `worldVersion` must be raised with it.
 */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Ledger, LedgerOutflow } from '../src/asset/ledger.ts';
import type {
  CertifiedHead,
  Channel,
  ClusterState,
  MemberState,
  MessageState,
  SafetyFault,
} from '../src/cluster/state.ts';
import { worldVersion } from '../src/index.ts';
import type { AssetState, DWalletState, Release, SlotUse, World, ZoneState } from '../src/world.ts';
import type { Outflow } from '../src/zone/rules.ts';

/** All fields of a type, and nothing else: the compiler sees to it. */
const fields = <T>(names: Readonly<Record<keyof T, true>>): string => Object.keys(names).join(' ');
const t = true as const;

const shape = [
  fields<World>({ zones: t, assets: t, clusters: t, dwallets: t, releases: t, slots: t }),
  fields<ZoneState>({ record: t, digest: t, fault: t, outflows: t }),
  fields<Outflow>({ asset: t, time: t, amount: t }),
  fields<AssetState>({ record: t, digest: t, ledger: t }),
  fields<Ledger>({
    asset: t,
    height: t,
    head: t,
    time: t,
    supply: t,
    balances: t,
    spent: t,
    entries: t,
    outflows: t,
  }),
  fields<LedgerOutflow>({ chain: t, time: t, amount: t }),
  fields<DWalletState>({ policy: t, digest: t, outflows: t }),
  fields<Release>({ anchor: t }),
  fields<SlotUse>({ entry: t, claim: t }),
  fields<ClusterState>({
    record: t,
    digest: t,
    members: t,
    channels: t,
    fault: t,
    left: t,
    interval: t,
    settlement: t,
    settledAt: t,
  }),
  fields<MemberState>({ chain: t, word: t, seq: t, fastPath: t, previous: t, heads: t, settled: t }),
  fields<Channel>({ from: t, to: t, base: t, messages: t, consumed: t }),
  fields<MessageState>({ digest: t, sentAt: t, sentSeq: t, consumedSeq: t, void: t, slow: t }),
  fields<CertifiedHead>({ digest: t, head: t }),
  fields<SafetyFault>({ member: t, at: t, suspectAfter: t, evidence: t, inDoubt: t }),
].join('\n');

it('a world of this version has these fields', () => {
  const digest = createHash('sha256').update(shape).digest('hex').slice(0, 16);
  expect([worldVersion, digest]).toEqual([1, '8e50e32c8bd0300a']);
});
