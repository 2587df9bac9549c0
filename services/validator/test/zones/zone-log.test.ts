import { DecodeError, type ValidatorId, hashTagged, seededRandom, encodeText } from '@dwallet/sigma';
import {
  assembleCertificate,
  decodeCertificate,
  encodeCertificate,
  encodeResult,
  signFact,
  verifyCertificate,
} from '@dwallet/two-pc-mpc/network';
import { type LedgerEntry, type ZoneFact, encodeWorldEvent, entryFact, ledgerEntry } from '@dwallet/zones';
import { afterEach, describe, expect, it } from 'vitest';
import {
  decidedSlotFact,
  decodeBatch,
  decodeDecided,
  decodeProposalAnswer,
  decodeSlotMessage,
  decodeSlotStatus,
  encodeBatch,
  encodeDecided,
  encodeProposalAnswer,
  encodeSlotMessage,
  encodeSlotStatus,
  maxBatchBytes,
  preparedSlotFact,
  slotDigest,
} from '../../src/zones/log/slots.ts';
import { LedgerSource } from '../../src/zones/ledger-source.ts';
import { ToyStore, hex, loadRecords } from '../helpers/toy-network.ts';
import { ZoneNetwork, account, assetX, bytes32, dapp, defi, owner, tokenX, zone, zoneEvent } from './zone-network.ts';

let open: ZoneNetwork | undefined;
afterEach(() => open?.close());

const none = new Uint8Array(0);
const digestsOf = (net: ZoneNetwork, i: number): string[] =>
  net
    .zones(i)
    .state.entries(assetX)
    .map((entry) => hex(ledgerEntry.digest(entry)));
/** All logs are the same up to the shortest one. */
function expectOneLog(net: ZoneNetwork): void {
  const logs = [1, 2, 3, 4].map((i) => net.zones(i).log);
  const common = logs.map(({ height }) => height).reduce((a, b) => (a < b ? a : b));
  for (const log of logs) expect(hex(log.before(common))).toBe(hex((logs[0] as (typeof logs)[0]).before(common)));
}
/** A certificate that more than f validators could make. */
function certifySlot(net: ZoneNetwork, slot: bigint, batch: Uint8Array, signers: readonly number[]): Uint8Array {
  const { committee, networkId } = net.network;
  const fact = decidedSlotFact(networkId, slot, slotDigest(slot, net.zones(1).log.before(slot), batch), 9n);
  const votes = signers.map((i) => signFact(committee, fact, i as ValidatorId, net.network.keystore(i).identity));
  return encodeCertificate(assembleCertificate(committee, fact, votes).certificate);
}

describe('slots as bytes', () => {
  it('have one strict encoding, and a digest over everything before them', () => {
    const batch = encodeBatch([Uint8Array.of(1), Uint8Array.of(2)]);
    expect(decodeBatch(batch)).toHaveLength(2);
    for (const bad of [
      encodeBatch([]),
      encodeBatch(Array.from({ length: 257 }, () => Uint8Array.of(1))),
      encodeBatch([new Uint8Array(maxBatchBytes)]),
      new Uint8Array([...batch, 0]),
      batch.slice(0, -1),
    ])
      expect(() => decodeBatch(bad)).toThrow(DecodeError);
    const message = encodeSlotMessage({ slot: 1n, ballot: 2n, batch, certificate: none });
    expect(() => decodeSlotMessage(new Uint8Array([...message, 0]))).toThrow(DecodeError);
    const status = encodeSlotStatus({ height: 1n, ballot: 2n, locked: undefined, decided: undefined });
    expect(() => decodeSlotStatus(new Uint8Array([...status, 0]))).toThrow(DecodeError);
    expect(() => decodeDecided(encodeDecided({ batch: none, certificate: none }))).toThrow(/empty/);
    const refusal = encodeProposalAnswer({ kind: 'refused', event: 0, rule: 'ASSET:7', reason: 'r' });
    for (const bad of [
      new Uint8Array([2, ...refusal.slice(1)]),
      // Rules become labels of metrics: nobody makes up new ones.
      encodeProposalAnswer({ kind: 'refused', event: 0, rule: 'ASSET:99' as never, reason: 'r' }),
      encodeProposalAnswer({ kind: 'refused', event: 0, rule: 'constructor' as never, reason: 'r' }),
      new Uint8Array(64).fill(1),
      new Uint8Array([...encodeProposalAnswer({ kind: 'vote', signature: new Uint8Array(64) }), 0]),
    ])
      expect(() => decodeProposalAnswer(bad)).toThrow(DecodeError);
    const [a, b] = [bytes32('a'), bytes32('b')];
    const value = slotDigest(1n, a, batch);
    const facts = [
      preparedSlotFact(a, 1n, value, 1n),
      decidedSlotFact(a, 1n, value, 1n),
      preparedSlotFact(a, 1n, value, 2n),
      preparedSlotFact(b, 1n, value, 1n),
      preparedSlotFact(a, 2n, value, 1n),
    ];
    expect(new Set(facts.map(({ id, version }) => `${hex(id)}.${version}`)).size).toBe(facts.length);
    const digests = [value, slotDigest(2n, a, batch), slotDigest(1n, b, batch), slotDigest(1n, a, none)];
    expect(new Set(digests.map(hex)).size).toBe(digests.length);
  });
});

describe('the zone log', () => {
  it('certifies records and entries; every validator has the same, now and after a restart', async () => {
    const net = (open = await ZoneNetwork.ready());
    net.mint(100n, 'm:1');
    net.transfer(owner, defi, 30n, 't:1');
    await net.until((i) => net.height(i) === 2);
    expect(new Set([1, 2, 3, 4].map((i) => String(digestsOf(net, i)))).size).toBe(1);
    const { ledger } = net.zones(3).state.world.assets.get(assetX) ?? {};
    expect([...(ledger?.balances ?? [])]).toEqual([
      [owner, 70n],
      [defi, 30n],
    ]);
    // Anybody can verify one entry by its certificate alone.
    const entry = net.zones(2).state.entries(assetX)[1] as LedgerEntry;
    const certificate = decodeCertificate(await net.zones(2).certificate(entryFact(entry)));
    verifyCertificate(net.network.committee, certificate, entryFact(entry), 'ASSET:7');
    // A direct transfer is refused, and the two legs named; the rest goes on.
    net.transfer(defi, dapp, 10n, 't:2');
    net.transfer(defi, owner, 10n, 't:3');
    await net.until((i) => net.height(i) === 3);
    await net.until(() => net.zones(1).refusalOf(defi, 't:2') !== undefined);
    expect(net.zones(1).refusalOf(defi, 't:2')).toMatchObject({
      rule: 'ASSET:3',
      legs: [
        { from: defi, to: owner },
        { from: owner, to: dapp },
      ],
    });
    // What is spent waits no longer, and takes no place of what comes.
    const source = new LedgerSource({
      watchers: net.watchers[0] as (typeof net.watchers)[0],
      maxSkewMs: 0,
      watchFrom: () => 0,
      store: new ToyStore(),
    });
    expect([...source.drafts(net.zones(1).state.world, Date.now())].map(({ key }) => key)).toEqual([
      `event:${defi}:t:2`,
    ]);
    net.network.restartAll();
    expect(net.height(2)).toBe(3);
    // The same again at another validator changes nothing; another record of that version is refused.
    await expect(net.submit(zoneEvent(zone(owner)), 4)).resolves.toBeUndefined();
    await expect(net.submit(zoneEvent(zone(owner, { settlementMs: 1 })), 3)).rejects.toThrow(/version 0 must be 1/);
    // One that was away learns what it missed.
    net.network.down.add(4);
    net.transfer(defi, owner, 5n, 't:4');
    await net.until((i) => net.height(i) === 4, [1, 2, 3]);
    expect(net.height(4)).toBe(3);
    net.network.down.delete(4);
    await net.until((i) => net.height(i) === 4);
    expectOneLog(net);
  });

  it('is one log and goes on while all lead at once, lines fail, one validator lies and everything is killed', async () => {
    const net = (open = await ZoneNetwork.ready({
      zones: { timing: { turnMs: 0, phaseMs: 300, waitMs: 6000, lookMs: 200 } },
    }));
    // Validator 4 invents and alters what its chains show; nobody follows it.
    for (const chain of [owner, defi, dapp])
      net.watcher(4, chain).bend = (event) => ({ ...event, amount: event.amount + 1n });
    const random = seededRandom(hashTagged('zone-log-lines', [encodeText('1')], 32));
    let dropped = 0;
    net.network.line = async ({ method, from, pass }) => {
      const draw = random(1)[0] as number;
      if (!method.startsWith('zones/') || from === undefined) return pass();
      if (draw < 40) {
        dropped++;
        throw new Error('the line broke');
      }
      const reply = await pass();
      // An answer that is lost after its vote was stored.
      if (draw > 240) throw new Error('the answer was lost');
      return reply;
    };
    net.mint(1000n, 'm:1');
    for (let i = 0; i < 12; i++) {
      net.transfer(owner, i % 2 === 0 ? defi : dapp, 10n, `t:${i}`);
      if (i === 5) net.network.killAll();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await net.until((i) => net.height(i) === 13);
    net.network.line = ({ pass }) => pass();
    expectOneLog(net);
    expect(dropped).toBeGreaterThan(0);
    const entries = net.zones(1).state.entries(assetX);
    expect(new Set(entries.map(({ sourceEvent }) => sourceEvent.reference)).size).toBe(13);
    expect(entries.every(({ amount }) => amount === 10n || amount === 1000n)).toBe(true);
    for (const i of [1, 2, 3, 4]) expect(net.zones(i).state.faults()).toEqual([]);
  });

  it('spends an event once, whichever write a validator dies at', async () => {
    const net = (open = await ZoneNetwork.ready());
    net.mint(1000n, 'm:1');
    await net.until((i) => net.height(i) === 1);
    // Every writing of a slot has about six writes: each run ends at another one.
    for (let at = 1; at <= 6; at++) {
      const victim = (at % 4) + 1;
      const store = net.network.store(victim) as ToyStore;
      const put = store.put.bind(store);
      let writes = 0;
      store.put = (kind, id, value) => {
        if (++writes > at) store.killed = true;
        put(kind, id, value);
      };
      const others = [1, 2, 3, 4].filter((i) => i !== victim);
      net.transfer(owner, defi, 1n, `t:${at}`);
      await net.until((i) => net.height(i) === at + 1, others);
      const copy = new ToyStore();
      store.killed = false;
      loadRecords(copy, store.dump());
      store.killed = true;
      net.network.stores[victim - 1] = copy;
      net.network.restart(victim);
      await net.until((i) => net.height(i) === at + 1);
    }
    expectOneLog(net);
    for (const i of [1, 2, 3, 4]) expect(net.zones(i).state.faults()).toEqual([]);
  });

  it('agrees to no entry that differs in any field from what its own node shows', async () => {
    const net = (open = await ZoneNetwork.ready());
    net.mint(100n, 'm:1');
    await net.until((i) => net.height(i) === 1);
    // Only validator 1 may see the event, so that nobody certifies it meanwhile.
    for (const i of [2, 3, 4]) net.watcher(i, owner).current = { kind: 'starting' };
    net.network.down.add(1);
    net.transfer(owner, defi, 30n, 't:1');
    net.watcher(2, owner).current = undefined;
    net.network.down.add(2);
    const { state, log } = net.zones(2);
    const ledger = state.world.assets.get(assetX)?.ledger;
    if (ledger === undefined) throw new Error('no asset');
    const good: LedgerEntry = {
      asset: assetX,
      height: ledger.height,
      prev: ledger.head,
      kind: 'transfer',
      from: owner,
      to: defi,
      amount: 30n,
      recipient: account('ann'),
      sourceEvent: { chain: owner, reference: 't:1' },
      time: Date.now(),
    };
    const slot = log.height;
    let ballot = 0n;
    const propose = async (entry: LedgerEntry): Promise<string> => {
      do ballot++;
      while (log.agreement.owner(slot, ballot) !== 4);
      const batch = encodeBatch([encodeWorldEvent({ kind: 'entry', entry })]);
      const body = encodeSlotMessage({ slot, ballot, batch, certificate: none });
      const answer = decodeProposalAnswer(await net.network.ask(4, 2, 'zones/propose', body));
      return answer.kind === 'vote' ? 'vote' : answer.rule;
    };
    const refused: Record<string, string> = {};
    const bad: readonly Partial<LedgerEntry>[] = [
      { asset: tokenX(defi) },
      { height: 7n },
      { prev: ledgerEntry.digest(good) },
      { kind: 'mint', to: owner, recipient: '' },
      { to: dapp },
      { amount: 31n },
      { recipient: account('eve') },
      { sourceEvent: { chain: owner, reference: 't:9' } },
      { sourceEvent: { chain: owner, reference: 'm:1' } },
      { time: Date.now() + 60_000 },
      { time: Date.now() - 60_000 },
    ];
    for (const [i, fields] of bad.entries())
      refused[`${i} ${Object.keys(fields).join()}`] = await propose({ ...good, ...fields });
    expect(refused).toEqual({
      '0 asset': 'ASSET:7',
      '1 height': 'ASSET:7',
      '2 prev': 'ASSET:7',
      '3 kind,to,recipient': 'ASSET:11',
      '4 to': 'ASSET:11',
      '5 amount': 'ASSET:11',
      '6 recipient': 'ASSET:11',
      '7 sourceEvent': 'ASSET:11',
      '8 sourceEvent': 'ASSET:6',
      '9 time': 'ASSET:7',
      '10 time': 'ASSET:7',
    });
    expect(await propose(good)).toBe('vote');
    // Another validator's ballot, and a second batch in one ballot, are refused by the agreement itself.
    const again = encodeSlotMessage({
      slot,
      ballot,
      batch: encodeBatch([encodeWorldEvent(zoneEvent(zone(owner)))]),
      certificate: none,
    });
    await expect(net.network.ask(3, 2, 'zones/propose', again)).rejects.toThrow(/another leader/);
    const other = { ...good, time: good.time + 1 };
    const batch = encodeBatch([encodeWorldEvent({ kind: 'entry', entry: other })]);
    const body = encodeSlotMessage({ slot, ballot, batch, certificate: none });
    await expect(net.network.ask(4, 2, 'zones/propose', body)).rejects.toThrow(/already voted/);
  });

  it('closes an asset when a quorum certified what the rules refuse, and everything when it decided twice', async () => {
    const net = (open = await ZoneNetwork.ready());
    net.mint(100n, 'm:1');
    await net.until((i) => net.height(i) === 1);
    const ledger = net.zones(1).state.world.assets.get(assetX)?.ledger;
    if (ledger === undefined) throw new Error('no asset');
    const entry: LedgerEntry = {
      asset: assetX,
      height: ledger.height,
      prev: ledger.head,
      kind: 'transfer',
      from: defi,
      to: owner,
      amount: 1n,
      recipient: account('eve'),
      sourceEvent: { chain: defi, reference: 'invented' },
      time: Date.now(),
    };
    const slot = net.zones(1).log.height;
    const decide = (batch: Uint8Array, signers: readonly number[]): Promise<Uint8Array[]> => {
      const certificate = certifySlot(net, slot, batch, signers);
      const body = encodeSlotMessage({ slot, ballot: 0n, batch, certificate });
      return Promise.all([1, 2, 3, 4].map((i) => net.network.ask(4, i, 'zones/decide', body)));
    };
    const forged = encodeBatch([encodeWorldEvent({ kind: 'entry', entry })]);
    expect(() => certifySlot(net, slot, forged, [3, 4])).toThrow(/weight 2, need 3/);
    await decide(forged, [2, 3, 4]);
    for (const i of [1, 2, 3, 4]) {
      expect(net.zones(i).state.fault({ kind: 'asset', id: assetX })).toMatch(/ASSET:4/);
      expect(net.zones(i).state.fault({ kind: 'zone', id: owner })).toBeUndefined();
    }
    expect(net.network.logs.some((line) => line.startsWith('ALARM: a quorum certified what ASSET:4 refuses'))).toBe(
      true,
    );
    // Nothing more about the asset, everything about others.
    net.transfer(owner, defi, 30n, 't:1');
    await net.submit(
      zoneEvent(zone(dapp, { version: 1n, prev: net.zones(1).state.world.zones.get(dapp)?.digest as never })),
    );
    expect(net.height(1)).toBe(1);
    // A second batch for the same slot.
    await decide(encodeBatch([encodeWorldEvent(zoneEvent(zone(owner)))]), [1, 2, 3]);
    expect(net.zones(2).state.isClosed).toBe(true);
    net.network.restart(2);
    expect(net.zones(2).state.isClosed).toBe(true);
    // It agrees to nothing more.
    const { log } = net.zones(2);
    const leader = log.agreement.owner(log.height, 1n);
    const good = encodeBatch([encodeWorldEvent(zoneEvent(zone(owner)))]);
    const body = encodeSlotMessage({ slot: log.height, ballot: 1n, batch: good, certificate: none });
    expect(decodeProposalAnswer(await net.network.ask(leader, 2, 'zones/propose', body))).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/contradicts itself/) as unknown,
    });
  });

  it.each([
    ['size', 2, maxBatchBytes - 6],
    ['number of slots', 256, 1],
  ])(
    'a restored validator takes no answer that was cut at its %s for all that others have',
    async (_, count, bytes) => {
      const net = (open = await ZoneNetwork.ready());
      const slot = net.zones(1).log.height;
      const batch = encodeBatch([new Uint8Array(bytes)]);
      const slots = Array.from({ length: count }, (_unused, i) => {
        const at = slot + BigInt(i);
        const decided = { batch, certificate: certifySlot(net, at, batch, [1, 2, 4]) };
        net.zones(1).log.decide(at, decided);
        return decided;
      });
      const request = encodeSlotMessage({ slot, ballot: 0n, batch: none, certificate: none });
      const full = encodeResult(net.zones(1).log.fetch(request));
      (net.network.store(3) as ToyStore).generation = { id: new Uint8Array(32).fill(5), restored: true };
      net.network.restart(3);
      const { log } = net.zones(3);
      let calls = 0;
      net.network.line = async ({ from, method, pass }) => {
        if (from !== (3 as ValidatorId) || method !== 'zones/fetch') return pass();
        if (++calls <= 3) return encodeResult(new Uint8Array(2));
        // What it asks for reaches it before the answers: they bring nothing new, and are not all that there is.
        slots.forEach((decided, i) => log.decide(slot + BigInt(i), decided));
        return full;
      };
      await log.boundAfterRestore();
      expect([calls, log.height, log.mayVote(2n ** 40n)]).toEqual([6, slot + BigInt(count), false]);
      net.network.line = ({ pass }) => pass();
      await log.boundAfterRestore();
      expect(log.mayVote(log.height + 2n)).toBe(true);
    },
  );

  it('closes everything, for ever, over two digests of one fact and over a slot that nobody can read', async () => {
    const net = (open = await ZoneNetwork.ready());
    net.mint(100n, 'm:1');
    await net.until((i) => net.height(i) === 1);
    const [minted] = net.zones(1).state.entries(assetX);
    // Validator 3 has once signed another entry of the next height.
    const { kind, id, version } = entryFact({ ...(minted as LedgerEntry), height: 1n });
    net.network.store(3).putOnce('vote', `${kind}.${hex(id)}.${version}`, bytes32('another entry'));
    net.transfer(owner, defi, 30n, 't:1');
    await net.until((i) => net.height(i) === 2);
    expect([1, 2, 3, 4].map((i) => net.zones(i).state.isClosed)).toEqual([false, false, true, false]);
    net.network.restart(3);
    expect(net.zones(3).state.isClosed).toBe(true);
    // One that lies about its signatures keeps nobody from a certificate, and 3 signs nothing else than it once did.
    net.network.line = ({ to, method, pass }) =>
      to === (4 as ValidatorId) && method === 'zones/certify'
        ? Promise.resolve(encodeResult(new Uint8Array(128).fill(1)))
        : pass();
    const [first, second] = net.zones(2).state.entries(assetX).map(entryFact);
    const certified = decodeCertificate(await net.zones(2).certificate(first as ZoneFact));
    verifyCertificate(net.network.committee, certified, first as ZoneFact, 'ASSET:7');
    await expect(net.zones(2).certificate(second as ZoneFact)).rejects.toThrow(/need 3/);
    net.network.line = ({ pass }) => pass();
    const slot = net.zones(1).log.height;
    const garbage = encodeBatch([Uint8Array.of(9, 9)]);
    const certificate = certifySlot(net, slot, garbage, [1, 2, 3]);
    const body = encodeSlotMessage({ slot, ballot: 0n, batch: garbage, certificate });
    await net.network.ask(4, 1, 'zones/decide', body);
    expect(net.zones(1).state.isClosed).toBe(true);
    net.network.restart(1);
    expect(net.zones(1).state.isClosed).toBe(true);
    // A log with a gap is no log.
    net.network.store(2).put('zone-log', '99'.padStart(20, '0'), none);
    expect(() => net.network.restart(2)).toThrow(/not in the store/);
  });
});
