/** What a validator must not forget: dWallets that may have signed, alarms, and what it was asked for; and what it says when something fails. */
import {
  type LedgerEntry,
  assetProposal,
  encodeSubmission,
  encodeWorldEvent,
  entryFact,
  mintOrderDigest,
  worldVersion,
} from '@dwallet/zones';
import { type ValidatorId, encodeUint64, secp256k1Curve } from '@dwallet/sigma';
import { assembleCertificate, encodeCertificate, encodeResult, signFact } from '@dwallet/two-pc-mpc/network';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeEvidence, encodeEvidence, listEvidence, verifyEvidence } from '../../src/evidence.ts';
import { decodeForkProof, encodeForkProof, forkSession } from '../../src/zones/log/fork-proof.ts';
import { encodePlain } from '../../src/zones/log/plain-values.ts';
import {
  decidedSlotFact,
  encodeBatch,
  encodeSlotMessage,
  preparedSlotFact,
  slotDigest,
} from '../../src/zones/log/slots.ts';
import { ToyStore, hex, loadRecords, toyParameters } from '../helpers/toy-network.ts';
import {
  ZoneNetwork,
  account,
  approveAs,
  asked,
  assetEvent,
  assetOfX,
  assetX,
  bytes32,
  chains,
  dapp,
  defi,
  entryOf,
  forkOf,
  owner,
  payment,
  policyEvent,
  policyFor,
  zone,
  zoneEvent,
} from './zone-network.ts';

let open: ZoneNetwork | undefined;
afterEach(() => open?.close());

const quick = { turnMs: 40, phaseMs: 1000, waitMs: 300, lookMs: 150 };
const all = [1, 2, 3, 4];

/** What a program without snapshots and places left. */
class ZoneNetworkStore extends ToyStore {
  constructor(store: ToyStore) {
    super();
    const records = store.dump();
    delete records['zone-snapshot'];
    delete records['zone-place'];
    loadRecords(this, records);
  }
}

/** What these validators sign of a batch for a slot. */
function certified(
  net: ZoneNetwork,
  slot: bigint,
  batch: Uint8Array,
  signers: readonly number[],
  ballot: bigint,
  factOf: typeof decidedSlotFact,
) {
  const { committee, networkId } = net.network;
  const fact = factOf(networkId, slot, slotDigest(slot, net.zones(1).log.before(slot), batch), ballot);
  const votes = signers.map((i) => signFact(committee, fact, i as ValidatorId, net.network.keystore(i).identity));
  return { batch, certificate: encodeCertificate(assembleCertificate(committee, fact, votes).certificate) };
}

/** A decided slot as more than f faulty validators could make it. */
const decided = (net: ZoneNetwork, slot: bigint, batch: Uint8Array, signers: readonly number[], ballot: bigint) =>
  encodeSlotMessage({ slot, ballot: 0n, ...certified(net, slot, batch, signers, ballot, decidedSlotFact) });

describe('a validator that was restored from a backup', () => {
  it('agrees to no vault of a dWallet that may have signed after the backup, and to one that is certainly younger', async () => {
    const net = (open = new ZoneNetwork({ zones: { timing: { ...quick, waitMs: 2000 } } }));
    for (const chain of chains) await net.submit(zoneEvent(zone(chain)));
    const generation = { id: bytes32('another life'), restored: true };
    const store = net.network.store(4) as ToyStore;
    store.generation = generation;
    net.network.down.add(3);
    net.network.restart(4);
    const vault = policyEvent(policyFor(net.vaultKey, { purpose: 'vault', subject: assetX }));
    /** What validator 4 says. Nothing is decided meanwhile. */
    const judged = async (): Promise<unknown> => {
      net.network.line = ({ method, pass }) =>
        method === 'zones/propose' || method === 'zones/offer' ? Promise.reject(new Error('cut')) : pass();
      const why = await net
        .zones(4)
        .submit(encodeSubmission({ kind: 'record', event: vault }))
        .catch((error: unknown) => error);
      net.network.line = ({ pass }) => pass();
      return why;
    };
    const forgotten = { check: 'ZONE:1', message: expect.stringMatching(/restored from a backup/) as unknown };
    // Two of the others are not enough to know which dWallets there were.
    await net.network.validator(4).catchUp();
    const bound = (): Uint8Array | undefined => store.get('restored-dwallets', hex(generation.id));
    expect(bound()).toBeUndefined();
    expect(await judged()).toMatchObject(forgotten);
    net.network.down.clear();
    // One of them lists what nobody can show: it keeps nothing from being known.
    net.network.line = ({ to, method, bytes, pass }) => {
      const listed = method === 'records/list' && new TextDecoder().decode(net.network.bodyOf(bytes)) === 'dwallet';
      return listed && to === 2 ? Promise.resolve(encodeResult(bytes32('made up'))) : pass();
    };
    await net.network.validator(4).catchUp();
    net.network.line = ({ pass }) => pass();
    const known = hex(bound() ?? new Uint8Array(0));
    expect(known).toContain(hex(net.dwallet(1).record.sessionId));
    expect(known).toContain(hex(bytes32('made up')));
    expect(await judged()).toMatchObject(forgotten);
    net.network.restart(4);
    expect(await judged()).toMatchObject(forgotten);
    // One that was not among them is younger than the restore.
    store.put('restored-dwallets', hex(generation.id), bytes32('made up'));
    net.network.restart(4);
    expect(await judged()).toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('a fork of the log', () => {
  it('closes everything visibly, over restarts too, and is evidence that anybody can judge and that closes others', async () => {
    const net = (open = await ZoneNetwork.ready({ zones: { snapshotSlots: 1 } }));
    net.mint(100n, 'm:1');
    await net.until((i) => net.height(i) === 1);
    const slot = net.zones(1).log.height;
    const batchOf = (settlementMs: number): Uint8Array => {
      const prev = net.zones(1).state.world.zones.get(dapp)?.digest as never;
      return encodeBatch([encodeWorldEvent(zoneEvent(zone(dapp, { settlementMs, version: 1n, prev })))]);
    };
    const [first, second] = [batchOf(1), batchOf(2)] as const;
    for (const i of all) await net.network.ask(4, i, 'zones/decide', decided(net, slot, first, [1, 2, 3], 9n));
    const before = net.zones(2).state.world.zones.get(dapp)?.record;
    expect(before?.settlementMs).toBe(1);
    // Of validators that nobody would show both to, 2 sees both.
    await net.network.ask(4, 2, 'zones/decide', decided(net, slot, second, [2, 3, 4], 10n));
    expect(net.zones(2).state.closed).toMatch(/two batches were decided for slot/);
    // What is decided from here on changes nothing at 2, now and after a restart.
    const prev = net.zones(1).state.world.zones.get(owner)?.digest as never;
    await net.submit(zoneEvent(zone(owner, { settlementMs: 5, version: 1n, prev })), 1);
    await net.until((i) => net.zones(i).log.height === slot + 2n);
    const settled = (i: number): number | undefined => net.zones(i).state.world.zones.get(owner)?.record.settlementMs;
    expect([settled(1), settled(2)]).toEqual([5, 60_000]);
    expect(net.zones(2).log.judge(first)?.reason).toMatch(/the zone log contradicts itself/);
    // It kept no snapshot of what came later, and takes up none.
    const heightOf = (snapshot?: Uint8Array): bigint => Buffer.from(snapshot ?? []).readBigUInt64BE(8);
    for (const i of [1, 2]) net.zones(i).log.close();
    const later = net.network.store(1).get('zone-snapshot', 'latest') as Uint8Array;
    expect(heightOf(later)).toBe(slot + 2n);
    expect(heightOf(net.network.store(2).get('zone-snapshot', 'latest'))).toBeLessThanOrEqual(slot + 1n);
    net.network.store(2).put('zone-snapshot', 'latest', later);
    const alarms: unknown[] = [];
    net.observer.alarm = (scope) => void alarms.push(scope);
    const lines = net.network.logs.length;
    net.network.restart(2);
    expect(alarms).toEqual([undefined]);
    expect(net.network.logs.slice(lines).join()).toMatch(/ALARM: closed at slot \d+ before this start: two batches/);
    const { state } = net.zones(2);
    expect([state.world.zones.get(dapp)?.record, settled(2), net.height(2)]).toEqual([before, 60_000, 1]);
    await expect(net.submit(zoneEvent(zone('eip155:77')), 2)).rejects.toMatchObject({
      check: 'ASSET:7',
      message: expect.stringMatching(/nothing is certified: closed at slot/) as unknown,
    });

    const [found] = listEvidence(net.network.store(2));
    expect(found).toMatchObject({ kind: 'zone-fork', accused: 0, check: 'ASSET:7' });
    const file = net.network.validator(2).evidence(found?.id ?? '') as Uint8Array;
    const options = { parameters: toyParameters(), curve: secp256k1Curve, networkId: net.network.networkId };
    expect(verifyEvidence(file, options)).toMatchObject({ valid: true, faults: [] });
    const evidence = decodeEvidence(file);
    const proof = decodeForkProof(evidence.material);
    const bend = (changes: Partial<typeof proof>) =>
      verifyEvidence(encodeEvidence({ ...evidence, material: encodeForkProof({ ...proof, ...changes }) }), options);
    const [a, b] = proof.decided;
    // Honest validators prepare another batch in a later ballot: prepared is not decided.
    const prepared = certified(net, slot, b.batch, [2, 3, 4], 10n, preparedSlotFact);
    for (const changes of [
      { decided: [a, a] },
      { decided: [a, prepared] },
      { decided: [{ ...a, certificate: b.certificate }, b] },
      { decided: [{ ...a, batch: b.batch }, b] },
      { before: bytes32('elsewhere') },
    ] as const)
      expect(bend(changes).valid).toBe(false);
    const next = { ...proof, slot: slot + 1n };
    for (const changes of [
      { accused: 3 },
      { session: forkSession(net.network.networkId, next) },
      { session: forkSession(net.network.networkId, next), material: encodeForkProof(next) },
    ])
      expect(verifyEvidence(encodeEvidence({ ...evidence, ...changes }), options).valid).toBe(false);
    expect(verifyEvidence(file, { ...options, networkId: bytes32('another network') }).valid).toBe(false);
    // In one ballot, whoever voted for both is named.
    const twice = decided(net, slot, second, [2, 3, 4], 9n);
    net.network.restart(3);
    await net.network.ask(4, 3, 'zones/decide', twice);
    const [forked] = listEvidence(net.network.store(3)).filter(({ kind }) => kind === 'zone-fork');
    const named = verifyEvidence(net.network.validator(3).evidence(forked?.id ?? '') as Uint8Array, options);
    expect(named.faults.map(({ party }) => party)).toEqual([2, 3]);
    // Others learn it, judge it, and close.
    expect(net.zones(1).state.isClosed).toBe(false);
    await net.network.validator(1).learnEvidence();
    expect(net.zones(1).state.closed).toMatch(/two batches were decided/);
    expect(listEvidence(net.network.store(1)).map(({ kind }) => kind)).toContain('zone-fork');
    net.network.restart(1);
    expect(net.zones(1).state.isClosed).toBe(true);
  });
});

describe('what validators were asked for', () => {
  it('is not lost when all of them are killed before they agreed: records, orders, releases; and is gone when done', async () => {
    const net = (open = new ZoneNetwork({ zones: { timing: quick } }));
    const eventually = async (work: () => Promise<void>): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        const done = await work().then(
          () => true,
          () => false,
        );
        if (done) return;
      }
      throw new Error('never');
    };
    const waiting = (): number[] => all.map((i) => net.network.store(i).list('zone-waiting').length);
    /** Submissions reach everybody, and nothing is agreed on until everybody was killed. */
    const overDeath = async (ask: () => Promise<unknown>): Promise<void> => {
      net.network.line = ({ method, pass }) => (method === 'zones/propose' ? Promise.reject(new Error('cut')) : pass());
      await ask();
      expect(waiting()).toEqual([1, 1, 1, 1]);
      net.network.killAll();
      net.network.line = ({ pass }) => pass();
    };
    for (const chain of chains) await eventually(() => net.submit(zoneEvent(zone(chain))));
    const vault = policyFor(net.vaultKey, { purpose: 'vault', subject: assetX });
    await eventually(() => net.submit(policyEvent(vault)));
    await net.until((i) => net.zones(i).log.height === net.zones(1).log.height && waiting()[i - 1] === 0);
    const record = assetOfX(net.vaultKey, { issuance: 'vault' });
    await overDeath(() => expect(net.submit(assetEvent(record))).rejects.toThrow(/not agreed in time/));
    await net.until((i) => net.zones(i).state.world.assets.size === 1);

    const order = { asset: assetX, amount: 50n, recipient: account('ann') };
    const proposal = {
      ...assetProposal(record),
      subject: 'mint' as const,
      version: 1n,
      body: mintOrderDigest(order),
    };
    await net.until((i) => waiting()[i - 1] === 0);
    await overDeath(() => expect(net.order(order, proposal)).rejects.toThrow(/not agreed in time/));
    await net.until((i) => net.height(i) === 1);
    net.transfer(owner, defi, 30n, 't:1');
    await net.until((i) => net.height(i) === 2 && waiting()[i - 1] === 0);

    const ask = () => Promise.all(all.map((i) => asked(net, i, payment(), entryOf(1n))));
    await overDeath(async () =>
      expect(await ask()).toEqual(Array(4).fill(expect.stringMatching(/not agreed in time/) as unknown)),
    );
    await net.until((i) => net.zones(i).state.world.releases.size === 1);
    await net.until((i) => waiting()[i - 1] === 0);
    for (const i of all) expect(net.zones(i).waiting()).toEqual({ record: 0, order: 0, release: 0 });
    // What never can be is not kept either: the entry is paid with another nonce.
    expect(approveAs(proposal, owner)).toHaveLength(1);
    expect(await asked(net, 1, payment({ nonce: 9 }), entryOf(1n))).toBe('ASSET:10');
    expect(net.zones(1).waiting().release).toBe(0);
  });
});

describe('a snapshot of the world', () => {
  it('is what reading all slots gives, is taken up instead of them, and is of this log and this program or none', async () => {
    const net = (open = await ZoneNetwork.ready({ zones: { snapshotSlots: 4 } }));
    net.mint(1000n, 'm:1');
    for (let i = 0; i < 9; i++) net.transfer(owner, i % 2 === 0 ? defi : dapp, 1n, `t:${i}`);
    await net.until((i) => net.height(i) === 10);
    expect(await Promise.all(all.map((i) => asked(net, i, payment({ amount: 1n }), entryOf(1n))))).toContain('allowed');
    const prev = (chain: string) => net.zones(1).state.world.zones.get(chain)?.digest as never;
    for (const chain of chains) await net.submit(zoneEvent(zone(chain, { version: 1n, prev: prev(chain) })));
    net.zones(2).state.close({ kind: 'asset', id: assetX }, 'a contradiction');
    await net.submit(
      policyEvent(
        policyFor(net.vaultKey, {
          purpose: 'vault',
          subject: assetX,
          version: 1n,
          prev: net.zones(1).state.world.dwallets.get(hex(net.vaultKey))?.digest as never,
        }),
      ),
    );
    await net.until((i) => net.zones(i).log.height === net.zones(1).log.height);
    const world = (i: number): string => hex(encodePlain(net.zones(i).state.parts()));
    const store = net.network.store(2) as ToyStore;
    /** Starts validator 2 again. @returns how many slots a snapshot covered, and how many were read. */
    const start = (): [number, number] => {
      const from = net.network.logs.length;
      net.network.down.add(2);
      net.network.restart(2);
      const line = net.network.logs.slice(from).find((text) => text.startsWith('the zone log: snapshot of'));
      const [, covered, read] = /snapshot of (\d+) slots, (\d+) more/.exec(line ?? '') ?? [];
      return [Number(covered), Number(read)];
    };
    const height = Number(net.zones(2).log.height);
    const before = world(2);
    const [covered, read] = start();
    expect(covered).toBeGreaterThan(4);
    expect(covered + read).toBe(height);
    expect(world(2)).toBe(before);
    expect(net.zones(2).state.fault({ kind: 'asset', id: assetX })).toBe('a contradiction');
    expect(net.network.logs).toContain('ALARM: a contradiction');
    for (const slot of [0n, 3n, BigInt(height)])
      expect(hex(net.zones(2).log.before(slot))).toBe(hex(net.zones(1).log.before(slot)));
    // Another program's, another log's, one of slots that are not there: all slots are read, and give the same but for what a test closed.
    const snapshot = store.get('zone-snapshot', 'latest') as Uint8Array;
    expect(snapshot.slice(0, 8)).toEqual(encodeUint64((1n << 32n) + BigInt(worldVersion)));
    const bend = (at: number): Uint8Array => snapshot.map((byte, i) => (i === at ? byte ^ 1 : byte));
    for (const bad of [bend(7), bend(14), bend(15), bend(20), snapshot.slice(0, 20)]) {
      store.put('zone-snapshot', 'latest', bad);
      expect(start()[1]).toBe(height);
      expect(net.zones(2).state.faults()).toEqual([]);
      net.zones(2).state.close({ kind: 'asset', id: assetX }, 'a contradiction');
      expect(world(2)).toBe(before);
    }
    // Places of facts that an older program did not keep are made when all is read.
    const [entry] = net.zones(1).state.entries(assetX);
    const fact = entryFact(entry as LedgerEntry);
    const place = net.zones(2).state.place(fact);
    expect(place).toEqual(net.zones(1).state.place(fact));
    const bare = new ZoneNetworkStore(store);
    net.network.stores[1] = bare;
    expect(start()[1]).toBe(height);
    expect(net.zones(2).state.place(fact)).toEqual(place);
    net.network.down.clear();
    net.transfer(owner, defi, 1n, 't:last');
    await net.until((i) => net.height(i) === 11, [1, 3, 4]);
  });
});

describe('a safety fault of a chain', () => {
  it('is acknowledged by the operator who names the block that he looked at', async () => {
    const net = (open = await ZoneNetwork.ready());
    const fault = forkOf(defi);
    net.watcher(1, defi).forked = [fault];
    const zones = net.zones(1);
    expect(zones.faults()).toEqual([fault]);
    const missing = { code: 'NOT_FOUND' };
    expect(() => zones.acknowledge(defi, 'final', fault.reported.hash)).toThrow(expect.objectContaining(missing));
    expect(() => zones.acknowledge(defi, 'cluster', fault.conflicting.hash)).toThrow(expect.objectContaining(missing));
    expect(() => zones.acknowledge(owner, 'final', fault.conflicting.hash)).toThrow(expect.objectContaining(missing));
    expect(zones.faults()).toEqual([fault]);
    expect(zones.acknowledge(defi, 'final', fault.conflicting.hash)).toEqual(fault);
    expect(zones.faults()).toEqual([]);
  });
});
