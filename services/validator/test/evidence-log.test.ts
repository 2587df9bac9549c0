/** What is kept of what others sign: everything that can be read back, and nothing else, whatever its size. */
import { type ValidatorId, digestTagged, sessionId } from '@dwallet/sigma';
import {
  type Fact,
  InlinePool,
  type Peer,
  encodeResult,
  maxBodyBytes,
  networkJobs,
  signFact,
} from '@dwallet/two-pc-mpc/network';
import { afterAll, expect, it } from 'vitest';
import { systemClock } from '../src/clock.ts';
import { Core } from '../src/core.ts';
import { EvidenceLog } from '../src/evidence-log.ts';
import { NetworkState } from '../src/network-state.ts';
import { silentObserver } from '../src/observer.ts';
import { MemoryRecordStore } from '../src/store/record-store.ts';
import { StoreError } from '../src/store/store-error.ts';
import { ToyNetwork, curve, fixture, networkName, randomFor, v } from './helpers/toy-network.ts';

const network = new ToyNetwork({ from: fixture(), label: 'evidence log' });
afterAll(() => network.close());

/** A log of validator 1, and what it skips. */
function make(store = new MemoryRecordStore()) {
  const skipped: string[] = [];
  const core = new Core({
    index: v(1),
    committee: network.committee,
    networkId: network.networkId,
    networkName,
    parameters: network.parameters,
    curve,
    keystore: network.keystore(1),
    store,
    random: randomFor('evidence log'),
    peers: new Map(),
    log: () => {},
    timeouts: { answerMs: 1000, sharesMs: 1000, fetchMs: 1000 },
    clock: systemClock,
    observer: { ...silentObserver, skipped: (what) => void skipped.push(what) },
    compute: new InlinePool(networkJobs, network.parameters, curve),
  });
  return { core, skipped, log: new EvidenceLog(core, new NetworkState(core.options)) };
}

it('two messages as long as messages may be are kept; what is longer than a file may be is left out', () => {
  const { core, skipped, log } = make();
  const equivocate = (fill: number, bytes: number): void => {
    const session = sessionId(new Uint8Array(32).fill(fill));
    for (const body of [1, 2])
      core.witness.message(v(2), session, 'ecdsa-presign/round-1', new Uint8Array(bytes), Uint8Array.of(body));
  };
  equivocate(1, maxBodyBytes);
  expect(log.list()).toMatchObject([{ accused: 2, kind: 'equivocation-message' }]);
  expect(skipped).toEqual([]);
  equivocate(2, (3 * maxBodyBytes) / 2);
  expect(skipped).toEqual(['evidence that is too large']);
  // One that could not be read would hide all others.
  expect(log.list()).toHaveLength(1);
});

it('faults of one check do not keep out those of another one', () => {
  const { log } = make();
  const blame = (n: number, check: string): void => {
    const session = sessionId(new Uint8Array(32).fill(n));
    const request = { protocol: 'ecdsa-presign', session, step: '', input: new Uint8Array(0), certificates: [] };
    log.session('ecdsa-presign', { ...request, history: [] }, [{ party: v(2), check, reason: 'a test says so' }]);
  };
  for (let n = 0; n < 70; n++) blame(n, 'MPC:P1');
  expect(log.list()).toHaveLength(64);
  blame(70, 'MPC:P2');
  expect(log.list().filter(({ check }) => check === 'MPC:P2')).toHaveLength(1);
});

it('a vote counts although the disk has no room for what it proves; that is kept when there is room again', async () => {
  let full = true;
  class FullDisk extends MemoryRecordStore {
    override put(kind: string, id: string, value: Uint8Array): void {
      if (full) throw new StoreError('STORE_DISK_FULL', 'the disk is full');
      super.put(kind, id, value);
    }
  }
  const { core, skipped, log } = make(new FullDisk());
  const id = new Uint8Array(32);
  const factOf = (what: string): Fact => ({ kind: 'presign-binding', id, version: 0n, digest: digestTagged(what, []) });
  const [one, other] = [factOf('one'), factOf('other')];
  const vote = async (fact: Fact, index: number): Promise<Uint8Array> =>
    signFact(network.committee, fact, v(index), network.keystore(index).identity).signature;
  core.witness.vote(v(2), one, await vote(one, 2));
  core.serveSelf = async () => encodeResult(await vote(other, 1));
  const peers = core.options.peers as Map<ValidatorId, Peer>;
  for (const i of [2, 3, 4]) peers.set(v(i), { call: async () => encodeResult(await vote(other, i)) });
  const gather = () => core.gatherVotes('sign/bind', new Uint8Array(0), other);
  expect((await gather()).weight).toBe(4);
  expect([skipped, log.list()]).toEqual([['evidence that cannot be stored'], []]);
  full = false;
  expect((await gather()).weight).toBe(4);
  expect(log.list()).toMatchObject([{ accused: 2, kind: 'equivocation-vote' }]);
});
